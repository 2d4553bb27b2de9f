"""The arcs of a coverage, cut where borders meet, whatever the coverage looks like."""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from app.geography.borders.rules import OUTSIDE, arcs_of, arcs_of_every_era, shared_days

SIDE = 5


def grid(owners: Sequence[int]) -> Any:
    """Unite the cells of a square grid by owner, 0 standing for the outside."""
    cells: dict[int, list[Any]] = {}
    for place, owner in enumerate(owners):
        column, row = place % SIDE, place // SIDE
        cells.setdefault(owner, []).append(shapely.box(column, row, column + 1, row + 1))
    united = [
        shapely.orient_polygons(shapely.union_all(cells[owner]))
        for owner in sorted(cells.keys() - {0})
    ]
    return np.array(united, dtype=object)


def bounding(arcs: Mapping[tuple[int, int], Any], inside: set[int]) -> list[Any]:
    return [
        line
        for (left, right), lines in arcs.items()
        if (left in inside) != (right in inside)
        for line in shapely.get_parts(lines)
    ]


def segments(lines: Sequence[Any]) -> list[Any]:
    return sorted(
        tuple(sorted((tuple(start), tuple(end))))
        for line in lines
        for coordinates in [shapely.get_coordinates(line).tolist()]
        for start, end in pairwise(coordinates)
    )


@given(
    st.lists(st.integers(0, 4), min_size=SIDE**2, max_size=SIDE**2),
    st.sets(st.integers(0, 3), min_size=1),
)
def test_the_arcs_with_one_side_inside_are_the_outline(
    owners: list[int], inside: set[int]
) -> None:
    # Enclaves, exclaves and corners that touch are what random grids are made of.
    coverage = grid(owners)
    inside &= set(range(len(coverage)))
    arcs = dict(arcs_of(coverage).by_pair())
    outline = bounding(arcs, inside)
    wanted = shapely.union_all([coverage[place] for place in inside])
    assert segments(outline) == segments(list(shapely.get_parts(wanted.boundary)))


@given(st.lists(st.integers(0, 4), min_size=SIDE**2, max_size=SIDE**2))
def test_arcs_meet_at_their_ends_only(owners: list[int]) -> None:
    lines = [
        shapely.get_coordinates(line).tolist()
        for _, lines in arcs_of(grid(owners)).by_pair()
        for line in shapely.get_parts(lines)
    ]
    within = [tuple(vertex) for line in lines for vertex in line[1:-1]]
    ends = {tuple(vertex) for line in lines for vertex in (line[0], line[-1])}
    assert len(within) == len(set(within))
    assert ends.isdisjoint(within)


def test_two_polygons_on_one_side_of_a_segment_are_no_coverage() -> None:
    twice = np.array([shapely.box(0, 0, 1, 1, ccw=True)] * 2, dtype=object)
    with pytest.raises(ValueError, match="same side"):
        arcs_of(twice)


def test_a_divided_unit_and_its_parts_have_the_arcs_of_their_days() -> None:
    divided = date(2026, 1, 1)
    coverage = np.array(
        [
            shapely.box(0, 0, 1, 2, ccw=True).segmentize(1),
            shapely.box(1, 0, 2, 2, ccw=True).segmentize(1),
            shapely.box(1, 0, 2, 1, ccw=True),
            shapely.box(1, 1, 2, 2, ccw=True),
        ],
        dtype=object,
    )
    days = [(None, None), (None, divided), (divided, None), (divided, None)]
    arcs = arcs_of_every_era(coverage, days)
    assert set(arcs) == {
        *((place, OUTSIDE) for place in range(4)),
        *((0, 1), (0, 2), (0, 3), (2, 3)),
    }
    assert shapely.length(arcs[0, 1]) == 2
    assert shared_days(days[0], days[1]) == (None, divided)
    assert shared_days(days[2], days[0]) == (divided, None)
