"""API tokens, and agents signed in to the pages with one."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Identity, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.database.base import Base


class ApiToken(Base):
    """A token by its SHA-256 digest; the token itself is shown once and never stored."""

    __tablename__ = "api_token"
    __table_args__ = (
        CheckConstraint(
            "role IN ('member', 'editor', 'ars', 'assurance_maladie', 'admin')", name="role"
        ),
        CheckConstraint(
            "role NOT IN ('ars', 'assurance_maladie') OR region_code IS NOT NULL",
            name="agent_region",
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    role: Mapped[str] = mapped_column(Text)
    region_code: Mapped[str | None] = mapped_column(ForeignKey("region.code"))
    cpts_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("cpts.id", ondelete="CASCADE", use_alter=True)
    )
    label: Mapped[str] = mapped_column(Text, server_default=text("''"))
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("now()")
    )
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class PageSession(Base):
    """An agent signed in to the pages, by the SHA-256 digest of the cookie's secret."""

    __tablename__ = "page_session"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    secret_hash: Mapped[bytes] = mapped_column(unique=True)
    api_token_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("api_token.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("now()")
    )
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
