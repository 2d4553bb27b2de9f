"""The ACI scale of one day: size tiers and what they pay, to the euro.

Bounds and amounts are dated data (`app.funding.repository`); only how a year adds up is
written here. Source: national agreement on CPTS, avenant 2.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

FUNCTIONING = "functioning"
EARLY_MISSION_CONTRACT = "early_mission_contract"

# Year 1 pays this share of each mission's fixed part, year 2 this share of the functioning.
STARTING_SHARE = Fraction(3, 4)
# The largest tier gets a tenth more on every mission from this number of members on.
INCREASED_TIER = 4
INCREASE_FROM_MEMBERS = 100
INCREASE = Fraction(11, 10)
# Above this public money a year an auditor (commissaire aux comptes) is compulsory.
AUDITOR_THRESHOLD_EUROS = 153_000


@dataclass(frozen=True)
class TierBound:
    """The populations that make a tier: from `lower` to below `upper` (None: no end)."""

    tier: int
    lower: int
    upper: int | None


@dataclass(frozen=True)
class MissionAmounts:
    """What one mission pays in a tier, euros a year; parts that it has not are 0."""

    slug: str
    label: str
    optional: bool
    fixed: int = 0
    variable: int = 0
    plan_first_year: int = 0
    plan_later_years: int = 0
    crisis: int = 0


@dataclass(frozen=True)
class TierAmounts:
    """What one tier pays, euros a year."""

    functioning: int
    early_mission_contract: int
    missions: tuple[MissionAmounts, ...]


@dataclass(frozen=True)
class TierDistance:
    """How far a population is from the tiers beside its own.

    `to_next`: inhabitants missing to the next tier, None in the last. `to_previous`:
    the fewest inhabitants whose loss leads to the tier below, None in the first.
    """

    lower_bound: int
    upper_bound: int | None
    to_next: int | None
    to_previous: int | None


@dataclass(frozen=True)
class YearTotal:
    """A sum in euros, without and with the optional missions."""

    without_optional: int
    with_optional: int


@dataclass(frozen=True)
class Funding:
    """What a CPTS of a tier is paid, euros; `missions` and totals include the increase."""

    tier: int
    increased: bool
    functioning: int
    early_mission_contract: int
    missions: tuple[MissionAmounts, ...]
    year_1: YearTotal
    year_2: YearTotal
    total_possible: YearTotal


@dataclass(frozen=True)
class FundingScale:
    """The scale in force on one day.

    Parameters: `bounds`, one or more rows for each tier, disjoint; `amounts`, by tier.
    """

    bounds: tuple[TierBound, ...]
    amounts: Mapping[int, TierAmounts]

    def tier_of(self, population: int) -> int | None:
        """Give the tier of a population, as SQL's `tier_of`; None when no bound covers it."""
        bound = self._bound_of(population)
        return bound.tier if bound else None

    def distance(self, population: int) -> TierDistance | None:
        """Tell how far a population is from the tiers beside its own."""
        bound = self._bound_of(population)
        if bound is None:
            return None
        first = all(other.lower >= bound.lower for other in self.bounds)
        return TierDistance(
            lower_bound=bound.lower,
            upper_bound=None if bound.upper is None else bound.upper - 1,
            to_next=None if bound.upper is None else bound.upper - population,
            to_previous=None if first else population - bound.lower + 1,
        )

    def funding(self, tier: int, members: int | None = None) -> Funding | None:
        """Add up what a tier pays.

        Parameters: `members`, the number of members of the association when known. None
        is returned for a tier that this day's scale does not pay.
        """
        amounts = self.amounts.get(tier)
        if amounts is None:
            return None
        increased = (
            tier == INCREASED_TIER and members is not None and members >= INCREASE_FROM_MEMBERS
        )
        rate = INCREASE if increased else Fraction(1)
        missions = tuple(_at_rate(mission, rate) for mission in amounts.missions)
        functioning = Fraction(amounts.functioning)
        return Funding(
            tier=tier,
            increased=increased,
            functioning=amounts.functioning,
            early_mission_contract=amounts.early_mission_contract,
            missions=missions,
            year_1=_total(functioning, {m: mission_year_1(m) for m in missions}),
            year_2=_total(
                functioning * STARTING_SHARE, {m: mission_year_2(m) for m in missions}
            ),
            total_possible=_total(functioning, {m: mission_at_most(m) for m in missions}),
        )

    def _bound_of(self, population: int) -> TierBound | None:
        for bound in self.bounds:
            if bound.lower <= population and (bound.upper is None or population < bound.upper):
                return bound
        return None


def mission_year_1(mission: MissionAmounts) -> Fraction:
    """Give a mission's first year: three quarters of the fixed part, the plan in full."""
    return mission.fixed * STARTING_SHARE + mission.plan_first_year


def mission_year_2(mission: MissionAmounts) -> Fraction:
    """Give a mission's second year: the fixed part, the plan's amount of later years."""
    return Fraction(mission.fixed + mission.plan_later_years)


def mission_at_most(mission: MissionAmounts) -> Fraction:
    """Give the most a mission pays in a year: the plan's first, a crisis, all indicators."""
    return Fraction(mission.fixed + mission.variable + mission.plan_first_year + mission.crisis)


def auditor_required(euros: int) -> bool:
    """Tell whether this public money in a year makes an auditor compulsory."""
    return euros > AUDITOR_THRESHOLD_EUROS


def whole_euros(amount: Fraction) -> int:
    """Round to the euro, half up."""
    return int(amount + Fraction(1, 2))


def _at_rate(mission: MissionAmounts, rate: Fraction) -> MissionAmounts:
    return MissionAmounts(
        slug=mission.slug,
        label=mission.label,
        optional=mission.optional,
        fixed=whole_euros(mission.fixed * rate),
        variable=whole_euros(mission.variable * rate),
        plan_first_year=whole_euros(mission.plan_first_year * rate),
        plan_later_years=whole_euros(mission.plan_later_years * rate),
        crisis=whole_euros(mission.crisis * rate),
    )


def _total(functioning: Fraction, missions: Mapping[MissionAmounts, Fraction]) -> YearTotal:
    core = sum(
        (paid for mission, paid in missions.items() if not mission.optional), functioning
    )
    return YearTotal(
        without_optional=whole_euros(core),
        with_optional=whole_euros(
            sum((paid for mission, paid in missions.items() if mission.optional), core)
        ),
    )
