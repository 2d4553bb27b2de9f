"""The table of acts."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Identity, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.database.base import Base


class AdministrativeAct(Base):
    """One act: when, what, on what, by whom. Of people it keeps numbers, never a name."""

    __tablename__ = "administrative_act"
    __table_args__ = (CheckConstraint("btrim(kind) <> ''", name="kind"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    acted_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("clock_timestamp()"), index=True
    )
    kind: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text, server_default=text("''"))
    regions: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text("'{}'"))
    actor: Mapped[str] = mapped_column(Text)
    actor_token_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("api_token.id", ondelete="SET NULL")
    )
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
