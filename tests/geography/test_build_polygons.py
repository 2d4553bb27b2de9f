"""Cleaning of the coverage and neighbours, on small squares."""

import numpy as np
import pytest
import shapely

from app.geography.build.editions import GeographyBuildError
from app.geography.build.neighbours import shared_borders
from app.geography.build.polygons import clean_coverage, is_clean, on_grid


def coverage(*boxes: tuple[float, float, float, float]) -> np.ndarray:
    return np.array([shapely.box(*box) for box in boxes], dtype=object)


def test_overlaps_disappear_and_the_area_of_the_whole_stays() -> None:
    overlapping = coverage((0, 0, 1.00005, 1), (1, 0, 2, 1))
    cleaned = clean_coverage(overlapping)
    assert not is_clean(overlapping)
    assert is_clean(cleaned)
    assert shapely.area(cleaned).sum() == pytest.approx(2.0, rel=1e-9)


def test_every_vertex_lies_on_the_grid_and_borders_stay_shared() -> None:
    third = 1 / 3
    cleaned = clean_coverage(coverage((0, 0, third, third), (third, 0, 1, third)))
    assert on_grid(cleaned)
    assert shapely.coverage_is_valid(cleaned)
    assert {each.geom_type for each in cleaned} == {"MultiPolygon"}


def test_a_vertex_on_the_side_of_a_neighbour_is_given_to_both() -> None:
    # Three squares meet on a side whose middle is no multiple of the grid.
    middle = 1 / 7
    cleaned = clean_coverage(
        coverage((0, 0, 1, 1), (1, 0, 2, middle), (1, middle, 2, 1)),
    )
    assert is_clean(cleaned)
    assert on_grid(cleaned)


def test_a_polygon_that_the_grid_swallows_stops_the_build() -> None:
    with pytest.raises(GeographyBuildError, match="couverture valide"):
        clean_coverage(coverage((0, 0, 1, 1), (5, 5, 5.0000001, 5.0000001)))


def test_communes_that_touch_at_a_point_are_no_neighbours() -> None:
    polygons = coverage((0, 0, 1, 1), (1, 1, 2, 2), (1, 0, 2, 1))
    pairs = [pair[:2] for pair in shared_borders(["A", "B", "C"], polygons)]
    assert pairs == [("A", "C"), ("B", "C")]


def test_the_border_is_geodesic_and_does_not_depend_on_the_order_of_the_communes() -> None:
    polygons = coverage((0, 0, 1, 1), (1, 0, 2, 1))
    ((one, other, metres),) = shared_borders(["A", "B"], polygons)
    assert (one, other) == ("A", "B")
    # One degree of meridian at the equator, WGS 84.
    assert metres == pytest.approx(110_574.4, abs=1)
    assert shared_borders(["B", "A"], polygons[::-1]) == [(one, other, metres)]


def test_a_border_in_several_pieces_is_summed() -> None:
    around = shapely.box(0, 0, 3, 3) - shapely.box(1, 1, 2, 2)
    polygons = np.array([around, shapely.box(1, 1, 2, 2)], dtype=object)
    ((_, _, metres),) = shared_borders(["A", "B"], polygons)
    assert metres == pytest.approx(4 * 111_000, rel=0.01)
