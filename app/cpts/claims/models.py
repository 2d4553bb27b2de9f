"""Tables of the rule of the house: claims, and those that were refused."""

from datetime import date

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKey,
    Identity,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import DATERANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

# The tables that foreign keys name must be known to the same metadata.
import app.cpts.models
import app.geography.models  # noqa: F401
from app.database.base import Base


class Claim(Base):
    """A commune held by a CPTS over some days; no two claims hold a commune on one day."""

    __tablename__ = "claim"
    __table_args__ = (
        CheckConstraint("NOT isempty(held) AND NOT lower_inf(held)", name="held"),
        ExcludeConstraint(
            ("commune_code", "="), ("held", "&&"), name="claim_commune_held_once"
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    cpts_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("cpts.id"), index=True)
    commune_code: Mapped[str] = mapped_column(ForeignKey("commune.code"), index=True)
    held: Mapped[Range[date]] = mapped_column(DATERANGE)


class RefusedClaim(Base):
    """A claim that an import refused because another CPTS holds the commune."""

    __tablename__ = "refused_claim"
    __table_args__ = (UniqueConstraint("commune_code", "claimant_key"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    commune_code: Mapped[str] = mapped_column(ForeignKey("commune.code", ondelete="CASCADE"))
    cpts_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("cpts.id", ondelete="CASCADE")
    )
    claimant_name: Mapped[str] = mapped_column(Text)
    claimant_finess: Mapped[str | None] = mapped_column(Text)
    claimant_key: Mapped[str] = mapped_column(
        Text, Computed("search_key(claimant_name)", persisted=True), nullable=False, index=True
    )
    claimant_stage: Mapped[str | None] = mapped_column(ForeignKey("stage.slug"))
    refused_on: Mapped[date]


class PlannedChange(Base):
    """What a validated letter changes on a day to come: a CPTS gains or loses a commune.

    The claims hold it already. These rows say which of their later beginnings and ends a
    letter has settled, so that no other change drops them. Letters stand above the
    registry and are never deleted: `letter_id` is a number here, without a foreign key.
    """

    __tablename__ = "planned_change"
    __table_args__ = (CheckConstraint("change IN ('add', 'withdraw')", name="change"),)

    letter_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    cpts_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("cpts.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    commune_code: Mapped[str] = mapped_column(
        ForeignKey("commune.code", ondelete="CASCADE"), primary_key=True, index=True
    )
    change: Mapped[str] = mapped_column(Text)
    effective_on: Mapped[date]
