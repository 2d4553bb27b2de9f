"""What must follow from the claims, worked out anew without the database's own functions."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise


@dataclass(frozen=True)
class CommuneFacts:
    """What a commune brings to a territory.

    `vintages` holds `(in force from, census year, inhabitants)`, oldest first.
    """

    code: str
    name: str
    department: str
    region: str
    vintages: tuple[tuple[date, int, int], ...]

    def population_on(self, day: date) -> tuple[int, int]:
        """Give `(census year, inhabitants)`: the latest vintage in force, else the earliest."""
        in_force = [vintage for vintage in self.vintages if vintage[0] <= day]
        _, year, population = in_force[-1] if in_force else self.vintages[0]
        return year, population


@dataclass(frozen=True)
class TierBound:
    """Populations `lower` to `upper` (not included) make a tier from one day to another."""

    tier: int
    lower: int
    upper: int | None
    since: date | None
    until: date | None


@dataclass(frozen=True)
class ClaimFacts:
    """A commune held from one day until, not including, another (None for ever)."""

    commune: str
    since: date
    until: date | None


@dataclass(frozen=True)
class Derived:
    """Everything derived but the polygons, of one CPTS over one period."""

    since: date
    until: date | None
    communes: tuple[str, ...]
    population: int
    population_year: int
    tier: int | None
    departments: tuple[str, ...]
    regions: tuple[str, ...]
    lead_department: str


@dataclass
class Geography:
    """Communes by code, the tier bounds of all times, the day of the very first vintage.

    `change_days` are those on which a population or a tier may change without any claim
    changing; the first vintage also stands for the days before it.
    """

    communes: Mapping[str, CommuneFacts]
    bounds: Sequence[TierBound]
    first_vintage: date | None
    change_days: frozenset[date] = field(init=False)

    def __post_init__(self) -> None:
        vintages = {day for commune in self.communes.values() for day, _, _ in commune.vintages}
        scale = {day for bound in self.bounds for day in (bound.since, bound.until) if day}
        self.change_days = frozenset(vintages - {self.first_vintage} | scale)

    def tier_on(self, population: int, day: date) -> int | None:
        """Give the tier of a population on a day."""
        for bound in self.bounds:
            in_force = (bound.since is None or bound.since <= day) and (
                bound.until is None or day < bound.until
            )
            above = population >= bound.lower
            if in_force and above and (bound.upper is None or population < bound.upper):
                return bound.tier
        return None


def derive(claims: Sequence[ClaimFacts], geography: Geography) -> list[Derived]:
    """Work out the derived rows of one CPTS from its claims, oldest first."""
    if not claims:
        return []
    days = {claim.since for claim in claims} | {claim.until for claim in claims if claim.until}
    last = max(days)
    endless = any(claim.until is None for claim in claims)
    first = min(days)
    days |= {day for day in geography.change_days if first < day and (endless or day < last)}
    ordered: list[date | None] = [*sorted(days)]
    if endless:
        ordered.append(None)
    rows = []
    for since, until in pairwise(ordered):
        assert since is not None
        held = sorted(
            claim.commune
            for claim in claims
            if claim.since <= since and (claim.until is None or claim.until > since)
        )
        if held:
            rows.append(_derived(since, until, held, geography))
    return rows


def _derived(
    since: date, until: date | None, held: Sequence[str], geography: Geography
) -> Derived:
    communes = [geography.communes[code] for code in held]
    by_department: Counter[str] = Counter()
    years = []
    for commune in communes:
        year, population = commune.population_on(since)
        years.append(year)
        by_department[commune.department] += population
    total = by_department.total()
    return Derived(
        since=since,
        until=until,
        communes=tuple(held),
        population=total,
        population_year=max(years),
        tier=geography.tier_on(total, since),
        departments=tuple(sorted(by_department)),
        regions=tuple(sorted({commune.region for commune in communes})),
        lead_department=min(by_department, key=lambda code: (-by_department[code], code)),
    )


def overlapping(claims: Mapping[int, Sequence[ClaimFacts]]) -> list[tuple[str, int, int]]:
    """List `(commune, CPTS, CPTS)` for every commune that is held twice on some day."""
    holdings: dict[str, list[tuple[date, date, int]]] = defaultdict(list)
    for cpts_id, own in claims.items():
        for claim in own:
            holdings[claim.commune].append((claim.since, claim.until or date.max, cpts_id))
    found = []
    for commune, held in sorted(holdings.items()):
        for (_, until, first), (since, _, second) in pairwise(sorted(held)):
            if since < until:
                found.append((commune, first, second))
    return found
