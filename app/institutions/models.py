"""The table of contacts of institutions."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Identity,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

# The tables that foreign keys name must be known to the same metadata.
import app.geography.models  # noqa: F401
from app.database.base import Base


class InstitutionContact(Base):
    """A service of an institution and how to reach it; of a region or of a department."""

    __tablename__ = "institution_contact"
    __table_args__ = (
        CheckConstraint(
            "institution IN ('ars', 'assurance_maladie', 'urps', 'other')", name="institution"
        ),
        CheckConstraint("btrim(organisation) <> ''", name="organisation"),
        CheckConstraint("num_nonnulls(region_code, department_code) = 1", name="place"),
        CheckConstraint("num_nonnulls(email, phone, website) > 0", name="means"),
        UniqueConstraint(
            "region_code",
            "department_code",
            "organisation",
            "service",
            name="institution_contact_service_key",
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    region_code: Mapped[str | None] = mapped_column(
        Text, ForeignKey("region.code", ondelete="CASCADE")
    )
    department_code: Mapped[str | None] = mapped_column(
        Text, ForeignKey("department.code", ondelete="CASCADE"), index=True
    )
    institution: Mapped[str] = mapped_column(Text)
    organisation: Mapped[str] = mapped_column(Text)
    service: Mapped[str] = mapped_column(Text, server_default=text("''"))
    email: Mapped[str | None] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(Text)
    website: Mapped[str | None] = mapped_column(Text)
    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=text("now()")
    )
