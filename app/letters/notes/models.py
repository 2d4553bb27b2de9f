"""The table of verification notes."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Identity, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.database.base import Base


class VerificationNote(Base):
    """A check as it was asked, answered and drawn; `key` is what its address is known by.

    `wordings` holds the labels of stages and the names of departments and regions of that
    day, by code.
    """

    __tablename__ = "verification_note"

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    key: Mapped[str] = mapped_column(Text, unique=True)
    created_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("now()"), index=True
    )
    question: Mapped[dict[str, Any]] = mapped_column(JSONB)
    answer: Mapped[dict[str, Any]] = mapped_column(JSONB)
    wordings: Mapped[dict[str, dict[str, str]]] = mapped_column(JSONB)
    drawing: Mapped[str] = mapped_column(Text)
