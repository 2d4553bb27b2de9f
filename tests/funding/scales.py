"""The scale of avenant 2, as the database holds it, for tests that need no database."""

from app.funding.rules import FundingScale, MissionAmounts, TierAmounts, TierBound

_TIERS = {
    1: (50_000, 15_000, (55_000, 25_000), (25_000, 25_000), (10_000, 10_000)),
    2: (60_000, 17_500, (70_000, 30_000), (35_000, 35_000), (15_000, 15_000)),
    3: (75_000, 25_000, (90_000, 35_000), (45_000, 45_000), (17_500, 17_500)),
    4: (90_000, 30_000, (110_000, 45_000), (50_000, 50_000), (20_000, 20_000)),
}
_CRISIS = {
    1: (25_000, 12_500, 37_500),
    2: (35_000, 17_500, 52_500),
    3: (45_000, 22_500, 67_500),
    4: (50_000, 25_000, 75_000),
}
_OPTIONAL = {1: (7_500, 5_000), 2: (10_000, 7_500), 3: (15_000, 10_000), 4: (20_000, 15_000)}


def _amounts(tier: int) -> TierAmounts:
    functioning, early, access, pathways, prevention = _TIERS[tier]
    first, later, crisis = _CRISIS[tier]
    quality, support = _OPTIONAL[tier]
    return TierAmounts(
        functioning=functioning,
        early_mission_contract=early,
        missions=(
            _mission("acces_soins", *access),
            _mission("parcours", *pathways),
            _mission("prevention", *prevention),
            MissionAmounts(
                slug="crise_sanitaire",
                label="crise_sanitaire",
                optional=False,
                plan_first_year=first,
                plan_later_years=later,
                crisis=crisis,
            ),
            _mission("qualite_pertinence", quality, quality, optional=True),
            _mission("accompagnement_professionnels", support, support, optional=True),
        ),
    )


def _mission(slug: str, fixed: int, variable: int, *, optional: bool = False) -> MissionAmounts:
    return MissionAmounts(
        slug=slug, label=slug, optional=optional, fixed=fixed, variable=variable
    )


AVENANT_2 = FundingScale(
    bounds=(
        TierBound(1, 0, 40_000),
        TierBound(2, 40_000, 80_000),
        TierBound(3, 80_000, 175_001),
        TierBound(4, 175_001, None),
    ),
    amounts={tier: _amounts(tier) for tier in _TIERS},
)
