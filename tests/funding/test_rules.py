"""The scale adds up to the totals that the federation prints."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.funding.rules import auditor_required, whole_euros
from tests.funding.scales import AVENANT_2


@pytest.mark.parametrize(
    ("population", "tier"),
    [
        (0, 1),
        (39_999, 1),
        (40_000, 2),
        (79_999, 2),
        (80_000, 3),
        (175_000, 3),
        (175_001, 4),
        (3_000_000, 4),
    ],
)
def test_the_tier_changes_exactly_at_its_bounds(population: int, tier: int) -> None:
    assert AVENANT_2.tier_of(population) == tier


def test_a_population_that_no_bound_covers_has_no_tier() -> None:
    assert replace(AVENANT_2, bounds=()).tier_of(40_000) is None


@pytest.mark.parametrize(
    ("amount", "euros"), [(Fraction(1, 2), 1), (Fraction(49, 100), 0), (Fraction(3, 2), 2)]
)
def test_half_a_euro_is_a_whole_one(amount: Fraction, euros: int) -> None:
    assert whole_euros(amount) == euros


def test_what_is_paid_says_for_which_tier_and_missions() -> None:
    funding = AVENANT_2.funding(3)
    assert funding is not None
    assert funding.tier == 3
    paid = [(mission.slug, mission.label) for mission in funding.missions]
    assert paid == [(each.slug, each.label) for each in AVENANT_2.amounts[3].missions]


@pytest.mark.parametrize(
    ("tier", "year_1", "year_2", "possible"),
    [
        (1, (142_500, 151_875), (140_000, 152_500), 287_500),
        (2, (185_000, 198_125), (182_500, 200_000), 382_500),
        (3, (234_375, 253_125), (231_250, 256_250), 487_500),
        (4, (275_000, 301_250), (272_500, 307_500), 580_000),
    ],
)
def test_a_tier_is_paid_to_the_euro(
    tier: int, year_1: tuple[int, int], year_2: tuple[int, int], possible: int
) -> None:
    funding = AVENANT_2.funding(tier)
    assert funding is not None
    assert (funding.year_1.without_optional, funding.year_1.with_optional) == year_1
    assert (funding.year_2.without_optional, funding.year_2.with_optional) == year_2
    assert funding.total_possible.with_optional == possible


@pytest.mark.parametrize(
    ("tier", "euros"), [(1, 15_000), (2, 17_500), (3, 25_000), (4, 30_000)]
)
def test_the_early_mission_contract_is_flat(tier: int, euros: int) -> None:
    for members in (None, 100):
        funding = AVENANT_2.funding(tier, members)
        assert funding is not None
        assert funding.early_mission_contract == euros


def test_tier_4_with_100_members_gets_a_tenth_more_on_missions_but_not_on_functioning() -> None:
    plain, increased = AVENANT_2.funding(4, 99), AVENANT_2.funding(4, 100)
    assert plain is not None
    assert increased is not None
    assert not plain.increased
    assert increased.increased
    assert increased.functioning == plain.functioning == 90_000
    # Year 1: 90 000 + 1.1 × (275 000 − 90 000), and with options 1.1 × (301 250 − 90 000).
    assert increased.year_1.without_optional == 293_500
    assert increased.year_1.with_optional == 322_375
    # Year 2: the functioning at 75 % is 67 500.
    assert increased.year_2.without_optional == 293_000
    assert increased.year_2.with_optional == 331_500
    assert increased.total_possible.with_optional == 629_000
    assert [mission.fixed for mission in increased.missions] == [
        121_000,
        55_000,
        22_000,
        0,
        22_000,
        16_500,
    ]


@pytest.mark.parametrize("tier", [1, 2, 3])
def test_many_members_change_nothing_below_tier_4(tier: int) -> None:
    assert AVENANT_2.funding(tier, 5_000) == AVENANT_2.funding(tier)


def test_a_tier_that_the_scale_does_not_pay_has_no_funding() -> None:
    assert AVENANT_2.funding(5) is None


def test_an_auditor_is_compulsory_above_153_000_euros_only() -> None:
    assert not auditor_required(153_000)
    assert auditor_required(153_001)


@pytest.mark.parametrize(
    ("population", "expected"),
    [
        (0, (0, 39_999, 40_000, None)),
        (39_999, (0, 39_999, 1, None)),
        (40_000, (40_000, 79_999, 40_000, 1)),
        (79_999, (40_000, 79_999, 1, 40_000)),
        (175_000, (80_000, 175_000, 1, 95_001)),
        (175_001, (175_001, None, None, 1)),
    ],
)
def test_the_distance_to_the_tiers_beside(
    population: int, expected: tuple[int, int | None, int | None, int | None]
) -> None:
    distance = AVENANT_2.distance(population)
    assert distance is not None
    assert (
        distance.lower_bound,
        distance.upper_bound,
        distance.to_next,
        distance.to_previous,
    ) == expected


@given(st.integers(min_value=0, max_value=400_000))
def test_gaining_or_losing_the_told_inhabitants_changes_the_tier_and_one_fewer_does_not(
    population: int,
) -> None:
    tier, distance = AVENANT_2.tier_of(population), AVENANT_2.distance(population)
    assert tier is not None
    assert distance is not None
    if distance.to_next is not None:
        assert AVENANT_2.tier_of(population + distance.to_next) == tier + 1
        assert AVENANT_2.tier_of(population + distance.to_next - 1) == tier
    if distance.to_previous is not None:
        assert AVENANT_2.tier_of(population - distance.to_previous) == tier - 1
        assert AVENANT_2.tier_of(population - distance.to_previous + 1) == tier
