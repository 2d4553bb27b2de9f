"""The ACI scale as dated data: bounds of the size tiers and what each tier pays."""

from datetime import date

from sqlalchemy import CheckConstraint, SmallInteger, Text
from sqlalchemy.dialects.postgresql import DATERANGE, INT4RANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from app.database.base import Base


class TierBound(Base):
    """The populations that make a tier, and the days on which they do."""

    __tablename__ = "tier_bound"
    __table_args__ = (
        CheckConstraint("NOT isempty(population)", name="population"),
        CheckConstraint("NOT isempty(in_force)", name="in_force"),
        ExcludeConstraint(
            ("population", "&&"), ("in_force", "&&"), name="tier_bound_no_overlap"
        ),
    )

    tier: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    in_force: Mapped[Range[date]] = mapped_column(DATERANGE, primary_key=True)
    population: Mapped[Range[int]] = mapped_column(INT4RANGE)


class FundingAmount(Base):
    """What a tier pays for one part of one item, in euros a year."""

    __tablename__ = "funding_amount"
    __table_args__ = (
        CheckConstraint(
            "part IN ('flat', 'fixed', 'variable', 'plan_first_year', 'plan_later_years',"
            " 'crisis')",
            name="part",
        ),
        CheckConstraint("NOT isempty(in_force)", name="in_force"),
        CheckConstraint("euros >= 0", name="euros"),
        ExcludeConstraint(
            ("tier", "="),
            ("item", "="),
            ("part", "="),
            ("in_force", "&&"),
            name="funding_amount_no_overlap",
        ),
    )

    tier: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    item: Mapped[str] = mapped_column(Text, primary_key=True)
    part: Mapped[str] = mapped_column(Text, primary_key=True)
    in_force: Mapped[Range[date]] = mapped_column(DATERANGE, primary_key=True)
    euros: Mapped[int]
