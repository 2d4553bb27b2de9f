"""Rules of what letters have planned, without a database."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cpts.claims.rules import (
    Period,
    PlannedChange,
    by_commune,
    check_never_empty,
    dropped,
    first_empty_day,
    periods_as_planned,
    together,
    told,
)
from app.problems import Invalid

DAY = date(2026, 6, 1)
A, B = "59350", "59378"


def at(days: int) -> date:
    return DAY + timedelta(days=days)


def planned(days: int, *, adds: bool, letter: int = 1, commune: str = A) -> PlannedChange:
    return PlannedChange(letter, 7, commune, at(days), adds)


def merged(day: date, *changes: PlannedChange, held: bool) -> list[Period]:
    return periods_as_planned({A: held}, day, by_commune(changes))[A]


def test_what_is_planned_for_later_follows_what_is_wanted_now() -> None:
    assert merged(DAY, planned(10, adds=True), held=False) == [(at(10), None)]
    assert merged(DAY, planned(10, adds=False), held=True) == [(DAY, at(10))]
    assert merged(DAY, planned(10, adds=True), held=True) == [(DAY, None)]
    assert merged(DAY, planned(10, adds=False), held=False) == []


def test_what_is_wanted_from_the_planned_day_on_stands_as_it_is_wanted() -> None:
    assert merged(at(10), planned(10, adds=True), held=False) == []
    assert merged(at(11), planned(10, adds=False), held=True) == [(at(11), None)]


def test_several_changes_of_one_commune_take_their_turns() -> None:
    changes = [planned(30, adds=True, letter=3), planned(10, adds=False, letter=2)]
    assert merged(DAY, *changes, held=True) == [(DAY, at(10)), (at(30), None)]


@pytest.mark.parametrize(
    ("periods", "is_dropped"),
    [
        ([(DAY, None)], False),
        ([(at(10), None)], False),
        ([(at(11), None)], True),
        ([(at(10), at(40))], True),
        ([(DAY, at(10))], True),
        ([(DAY, at(20)), (at(21), None)], True),
        ([], True),
    ],
)
def test_a_planned_addition_is_dropped_unless_held_from_its_day_on(
    periods: list[Period], is_dropped: bool
) -> None:
    addition = planned(10, adds=True)
    assert dropped({A: [addition]}, {A: periods}) == ([addition] if is_dropped else [])


@pytest.mark.parametrize(
    ("periods", "is_dropped"),
    [
        ([], False),
        ([(DAY, at(10))], False),
        ([(DAY, at(11))], True),
        ([(DAY, None)], True),
        ([(at(10), None)], True),
        ([(at(30), None)], True),
    ],
)
def test_a_planned_withdrawal_is_dropped_unless_given_up_for_good(
    periods: list[Period], is_dropped: bool
) -> None:
    withdrawal = planned(10, adds=False)
    assert dropped({A: [withdrawal]}, {A: periods}) == ([withdrawal] if is_dropped else [])


def test_an_addition_of_a_commune_that_is_never_held_is_dropped() -> None:
    addition = planned(10, adds=True)
    assert dropped({A: [addition]}, {}) == [addition]


def test_of_two_changes_on_one_day_the_later_letter_counts_and_what_follows_too() -> None:
    first, second = planned(10, adds=True), planned(10, adds=False, letter=2)
    third = planned(20, adds=True, letter=3)
    assert dropped({A: [first, second, third]}, {}) == [third]


def test_a_planned_change_counts_until_the_next_one_of_its_commune() -> None:
    out, back = planned(10, adds=False, letter=2), planned(30, adds=True, letter=3)
    plan = by_commune([back, out])
    assert dropped(plan, {A: [(DAY, at(10)), (at(30), None)]}) == []
    assert dropped(plan, {A: [(DAY, at(10)), (at(29), None)]}) == [out]
    assert dropped(plan, {A: [(DAY, at(10))]}) == [back]


CHANGES = st.lists(
    st.builds(
        planned,
        st.integers(1, 60),
        adds=st.booleans(),
        letter=st.integers(1, 9),
        commune=st.sampled_from([A, B]),
    ),
    max_size=6,
)


@given(
    changes=CHANGES,
    wanted=st.dictionaries(st.sampled_from([A, B]), st.booleans()),
    days=st.integers(-30, 90),
)
def test_a_change_before_every_planned_day_drops_nothing(
    changes: list[PlannedChange], wanted: dict[str, bool], days: int
) -> None:
    plan = by_commune(changes)
    day = at(days)
    whole = dict.fromkeys(plan, False) | wanted
    periods = periods_as_planned(whole, day, plan)
    for commune, each in periods.items():
        # Of two letters on one day the later number stands.
        def is_held(on: date, commune: str = commune) -> bool:
            standing = whole[commune]
            for change in plan.get(commune, []):
                if day < change.effective_on <= on:
                    standing = change.adds
            return standing

        for on in (day + timedelta(days=offset) for offset in range(100)):
            held = [since for since, until in each if since <= on and (not until or on < until)]
            assert len(held) <= 1
            assert bool(held) == is_held(on)
        assert each == together([each])
    if day < DAY + timedelta(days=1):
        assert dropped(plan, periods) == []


def test_periods_that_touch_are_one() -> None:
    assert together([[(DAY, at(10))], [(at(10), None)]]) == [(DAY, None)]
    assert together([[(at(5), at(20))], [(DAY, at(10))]]) == [(DAY, at(20))]
    assert together([[(DAY, at(10))], [(at(11), at(12))]]) == [(DAY, at(10)), (at(11), at(12))]
    assert together([[(DAY, None)], [(DAY, at(10))]]) == [(DAY, None)]


def test_a_territory_runs_empty_on_the_first_day_without_any_commune() -> None:
    assert first_empty_day([[(DAY, None)]], DAY) is None
    assert first_empty_day([[(DAY, at(10))], [(at(10), None)]], DAY) is None
    assert first_empty_day([[(DAY, at(10))], [(at(11), None)]], DAY) == at(10)
    assert first_empty_day([[(at(1), None)]], DAY) == DAY
    assert first_empty_day([[(DAY, None)], [(DAY, at(10))]], DAY) is None
    assert first_empty_day([], DAY) == DAY


def test_only_a_dynamic_may_run_empty() -> None:
    running_out = [[(DAY, at(10))]]
    check_never_empty("dynamique_identifiee", running_out, DAY)
    check_never_empty("aci_signe", [[(DAY, None)]], DAY)
    for periods, reason in ((running_out, "Avec ce qui est prévu"), ([], "Au-delà du stade")):
        with pytest.raises(Invalid, match=reason):
            check_never_empty("aci_signe", periods, DAY)


def test_what_is_planned_is_told_by_day_and_letter() -> None:
    changes = [
        planned(30, adds=True, letter=2, commune=B),
        planned(10, adds=False, letter=1, commune=B),
        planned(10, adds=True, letter=1, commune=A),
    ]
    assert told(changes) == [
        {"letter": 1, "effective_on": "2026-06-11", "add": [A], "withdraw": [B]},
        {"letter": 2, "effective_on": "2026-07-01", "add": [B], "withdraw": []},
    ]
