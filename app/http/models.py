"""The tables of requests counted by address."""

from datetime import datetime

from sqlalchemy import DateTime, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.database.base import Base


class AddressCount(Base):
    """How often an address, known by its digest, asked for something since a moment."""

    __tablename__ = "address_count"

    what: Mapped[str] = mapped_column(Text, primary_key=True)
    address_digest: Mapped[bytes] = mapped_column(primary_key=True)
    since: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
    requests: Mapped[int]


class AddressSecret(Base):
    """What the digests of addresses are keyed with in one hour."""

    __tablename__ = "address_secret"

    hour: Mapped[datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    secret: Mapped[bytes]
