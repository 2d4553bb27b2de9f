"""The table of what was handed in with letters."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, deferred, mapped_column

# The tables that foreign keys name must be known to the same metadata.
import app.letters.record.models  # noqa: F401
from app.database.base import Base


class LetterAttachment(Base):
    """A file of a letter; `media_type` was read in its content, `name` is its sender's."""

    __tablename__ = "letter_attachment"
    __table_args__ = (
        CheckConstraint("kind IN ('letter', 'map', 'diagnosis', 'other')", name="kind"),
        CheckConstraint("btrim(name) <> '' AND length(name) <= 120", name="name"),
        CheckConstraint(
            "media_type IN ('application/pdf', 'image/png', 'image/jpeg')", name="media_type"
        ),
        CheckConstraint("sha256 = sha256(content)", name="sha256"),
        UniqueConstraint("letter_id", "sha256"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    letter_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("letter.id", ondelete="CASCADE")
    )
    kind: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(Text)
    # Read only where it is asked for.
    content: Mapped[bytes] = deferred(mapped_column(LargeBinary, nullable=False))
    sha256: Mapped[bytes]
    actor: Mapped[str] = mapped_column(Text)
    actor_token_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("api_token.id", ondelete="SET NULL")
    )
    added_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("clock_timestamp()")
    )
