"""The rules of the check on small invented maps, and on random ones."""

from collections.abc import Mapping
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cpts.stages import STAGES
from app.geography.contiguity import parts
from app.letters.check.rules import (
    LandBorders,
    Severity,
    Verdict,
    enclaves,
    enclosed_groups,
    islands,
    land_masses_of,
    severity_of,
    shared_borders,
    surroundings,
    unknown_territory,
    verdict_of,
)


def grid(width: int, height: int, *, gone: frozenset[str] = frozenset()) -> LandBorders:
    """Square communes "x,y"; those at x and x+1, or y and y+1, share a border of 1 km."""
    squares = {f"{x},{y}" for x, y in product(range(width), range(height))} - gone
    return {
        f"{x},{y}": {
            beside: 1000.0
            for beside in (f"{x - 1},{y}", f"{x + 1},{y}", f"{x},{y - 1}", f"{x},{y + 1}")
            if beside in squares
        }
        for x, y in product(range(width), range(height))
        if f"{x},{y}" in squares
    }


RING = frozenset({"1,1", "1,2", "1,3", "2,1", "2,3", "3,1", "3,2", "3,3"})


@pytest.mark.parametrize(
    ("severities", "complete", "competing", "expected"),
    [
        ((), True, False, Verdict.CLEAR),
        ((), True, True, Verdict.CONTESTED),
        ((Severity.CONTESTED,), True, False, Verdict.CONTESTED),
        ((Severity.CONTESTED,), False, True, Verdict.INCOMPLETE),
        ((), False, False, Verdict.INCOMPLETE),
        ((Severity.CONTESTED, Severity.BLOCKING), True, False, Verdict.BLOCKED),
        ((Severity.BLOCKING,), False, True, Verdict.BLOCKED),
    ],
)
def test_the_gravest_finding_makes_the_verdict(
    severities: tuple[Severity, ...],
    complete: bool,
    competing: bool,
    expected: Verdict,
) -> None:
    assert verdict_of(severities, complete=complete, competing_letters=competing) == expected


def test_only_an_identified_dynamic_does_not_block() -> None:
    assert severity_of(STAGES[0]) == Severity.CONTESTED
    assert {severity_of(stage) for stage in STAGES[1:]} == {Severity.BLOCKING}


def test_communes_that_touch_at_a_corner_only_are_two_parts() -> None:
    assert len(parts({"0,0", "1,1"}, grid(2, 2))) == 2
    assert len(parts({"0,0", "0,1", "1,1"}, grid(2, 2))) == 1


def test_an_island_is_a_part_of_its_own() -> None:
    borders = {**grid(3, 3), "island": {}}
    pieces = parts({"0,0", "0,1", "island"}, borders)
    assert pieces == [frozenset({"0,0", "0,1"}), frozenset({"island"})]


def enclosed(
    territory: frozenset[str], borders: LandBorders, **limit: int
) -> list[frozenset[str]]:
    """Give the enclosed groups on the land masses of these borders."""
    return enclosed_groups(territory, borders, land_masses_of(borders), **limit)


def test_a_piece_on_another_land_mass_than_the_greatest_is_an_island() -> None:
    island = {f"i{name}": {f"i{n}": 1.0 for n in beside} for name, beside in grid(3, 3).items()}
    masses = land_masses_of({**grid(9, 9), **island})
    mainland, corner = frozenset({"0,0"}), frozenset({"8,8"})
    whole, alone = frozenset(island), frozenset({"rock"})
    assert islands([mainland, corner], masses) == set()
    assert islands([mainland, corner, whole, alone], masses) == {whole, alone}
    assert islands([alone, whole], masses) == {alone}
    assert islands([], masses) == set()


def test_what_a_ring_surrounds_is_enclosed_and_the_outside_is_not() -> None:
    assert enclosed(RING, grid(9, 9)) == [frozenset({"2,2"})]


def test_an_enclosed_group_larger_than_the_territory_is_still_enclosed() -> None:
    ring = frozenset(f"{x},{y}" for x, y in product(range(1, 9), repeat=2) if {x, y} & {1, 8})
    (group,) = enclosed(ring, grid(14, 14))
    assert len(group) == 36 > len(ring)


def test_the_end_of_a_peninsula_cut_off_by_the_territory_is_enclosed() -> None:
    assert enclosed(frozenset({"0,1", "1,1"}), grid(2, 12)) == [frozenset({"0,0", "1,0"})]


def test_the_greater_part_of_an_island_is_its_outside() -> None:
    island = {f"i{name}": {f"i{n}": 1.0 for n in beside} for name, beside in grid(3, 3).items()}
    borders = {**grid(9, 9), **island}
    assert enclosed(frozenset({"i0,0"}), borders) == []
    most = frozenset(island) - {"i0,0"}
    assert enclosed(most, borders) == [frozenset({"i0,0"})]


def test_the_search_stops_in_a_large_free_country() -> None:
    borders = grid(60, 60)
    visited: set[str] = set()

    class Watched(dict[str, Mapping[str, float]]):
        def get(self, code: str, default: Any = None) -> Any:
            visited.add(code)
            return super().get(code, default)

    masses = land_masses_of(borders)
    watched = Watched(borders)
    assert enclosed_groups(frozenset({"30,30"}), watched, masses, largest=50) == []
    assert len(visited) < 200


def test_a_group_that_a_cpts_holds_in_part_is_no_enclave() -> None:
    groups = [frozenset({"a", "b"}), frozenset({"c"})]
    assert enclaves(groups, held={"b"}) == [frozenset({"c"})]
    assert enclaves(groups, held=set()) == groups


def test_the_shared_border_adds_up_by_holder_and_leaves_the_territory_out() -> None:
    holders = {"0,1": 7, "1,0": 7, "2,1": 8, "0,0": 9}
    assert shared_borders({"0,0", "1,1"}, grid(3, 3), holders) == {7: 4000.0, 8: 1000.0}


def test_borders_inside_the_territory_do_not_count_whoever_holds_it_now() -> None:
    # An amendment asks for what its own CPTS, or another, still holds.
    holders = {"0,0": 9, "0,1": 9, "1,0": 7}
    assert shared_borders({"0,0", "0,1"}, grid(3, 3), holders) == {7: 1000.0}


@st.composite
def maps(draw: st.DrawFn) -> tuple[LandBorders, frozenset[str], frozenset[str]]:
    """A map with holes (sea), a territory and what others hold on it."""
    width, height = draw(st.integers(1, 7)), draw(st.integers(1, 7))
    squares = [f"{x},{y}" for x, y in product(range(width), range(height))]
    sea = draw(st.frozensets(st.sampled_from(squares), max_size=len(squares) - 1))
    borders = grid(width, height, gone=sea)
    territory = draw(st.frozensets(st.sampled_from(sorted(borders)), min_size=1))
    held = draw(st.frozensets(st.sampled_from(sorted(borders)))) - territory
    return borders, territory, held


def _reachable(start: str, within: frozenset[str], borders: LandBorders) -> frozenset[str]:
    reached = {start}
    while grown := {n for code in reached for n in borders[code] if n in within} - reached:
        reached |= grown
    return frozenset(reached)


@given(maps())
def test_parts_cut_the_territory_without_loss_and_are_each_in_one_piece(
    drawn: tuple[LandBorders, frozenset[str], frozenset[str]],
) -> None:
    borders, territory, _held = drawn
    pieces = parts(territory, borders)
    assert sum(len(piece) for piece in pieces) == len(territory)
    for piece in pieces:
        assert _reachable(min(piece), territory, borders) == piece


@given(maps())
def test_enclaves_are_the_free_groups_all_of_whose_neighbours_are_asked_for(
    drawn: tuple[LandBorders, frozenset[str], frozenset[str]],
) -> None:
    borders, territory, held = drawn
    found = set(enclaves(enclosed(territory, borders), held))
    free = frozenset(borders) - territory - held
    by_definition = set()
    for start in free:
        group = _reachable(start, free, borders)
        beside = surroundings(group, borders)
        if beside and beside <= territory:
            by_definition.add(group)
    assert found <= by_definition
    for group in by_definition - found:
        # Left out as the outside of its land: larger than the territory there.
        land = _reachable(min(group), frozenset(borders), borders)
        assert len(group) > len(land & territory)
        assert all(len(other) <= len(group) for other in by_definition if other <= land)


@given(maps(), st.integers(1, 12))
def test_stopping_early_loses_only_groups_beyond_the_limit(
    drawn: tuple[LandBorders, frozenset[str], frozenset[str]], largest: int
) -> None:
    borders, territory, _held = drawn
    found = set(enclosed(territory, borders, largest=largest))
    complete = set(enclosed(territory, borders, largest=1000))
    for group in found - complete:
        # The outside is then the piece that went beyond the limit.
        assert len(group) <= largest
    for group in complete - found:
        assert len(group) > largest or len(group) > len(
            _reachable(min(group), frozenset(borders), borders) & territory
        )


def test_a_commune_that_borders_none_shares_no_border() -> None:
    assert shared_borders({"far"}, grid(2, 2), {"0,0": 1}) == {}


def test_a_registry_that_is_not_complete_says_so_by_department() -> None:
    one, two = unknown_territory(["32"]), unknown_territory(["32", "65"])
    assert one == (
        "Territoire non renseigné : le registre n'est pas déclaré complet pour le département"
        " 32. Des CPTS qu'il ne connaît pas peuvent y tenir des communes."
    )
    assert two == one.replace("le département 32", "les départements 32, 65")
