"""Parts fill their commune to the vertex at every scale, and its neighbours never notice."""

from functools import cache
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from app.geography.division.geometry import fill_commune, fills_exactly
from app.geography.division.snapping import snapped
from app.geography.loading.generalisation import SCALES, as_multipolygons, generalise
from tests.geography.small_release import SmallCommune, shape

COLUMNS = ("geom", *(f"geom_{scale.name}" for scale in SCALES))


@cache
def country() -> dict[str, Any]:
    """Nine communes, one with an islet, at each scale; the fifth is surrounded."""
    communes = [
        SmallCommune(f"9100{n}", f"C{n}", ((n % 3, n // 3),), islet=n == 4) for n in range(9)
    ]
    full = as_multipolygons(np.array([shape(each) for each in communes], dtype=object))
    return {"geom": full} | {f"geom_{scale.name}": generalise(full, scale) for scale in SCALES}


def cells(points: list[tuple[float, float]], around: Any) -> np.ndarray[Any, Any]:
    """Cut the surroundings of a surface into the regions that are nearest to some points."""
    west, south, east, north = shapely.bounds(around)
    placed = shapely.MultiPoint(
        [(west + x * (east - west), south + y * (north - south)) for x, y in points]
    )
    regions = shapely.get_parts(
        shapely.voronoi_polygons(placed, extend_to=shapely.buffer(around, 0.01))
    )
    near = shapely.buffer(around, 0.0003)
    drawn = shapely.intersection(regions, near)
    kept = shapely.area(shapely.intersection(drawn, around)) > 1e-8
    return np.asarray(drawn[kept], dtype=object)


coordinates = st.tuples(
    st.floats(0.02, 0.98, allow_subnormal=False), st.floats(0.02, 0.98, allow_subnormal=False)
)


@given(
    number=st.integers(0, 8),
    points=st.lists(
        coordinates,
        min_size=2,
        max_size=14,
        unique_by=lambda p: (round(p[0], 2), round(p[1], 2)),
    ),
)
def test_random_parts_fill_a_commune_at_every_scale(
    number: int, points: list[tuple[float, float]]
) -> None:
    commune = {column: country()[column][number] for column in COLUMNS}
    drawn = cells(points, commune["geom"])
    if len(drawn) < 2:
        return
    met = snapped(commune["geom"], drawn)
    assert met.rest_share < 0.001
    filled = fill_commune(commune, met.parts).columns
    for column in COLUMNS:
        parts = filled[column]
        assert len(parts) == len(drawn)
        assert not shapely.is_empty(parts).any()
        others = np.delete(country()[column], number)
        whole = np.concatenate([parts, others])
        assert shapely.is_empty(shapely.coverage_invalid_edges(whole)).all(), column
        assert shapely.area(parts).sum() == pytest.approx(shapely.area(commune[column]))
        united = shapely.coverage_union_all(parts)
        assert set(map(tuple, shapely.get_coordinates(united))) == set(
            map(tuple, shapely.get_coordinates(commune[column]))
        ), column
    # What fills it already stays as it is.
    again = fill_commune(commune, filled["geom"]).columns
    assert all(shapely.equals_exact(again["geom"], filled["geom"]))


def test_a_part_that_leaves_a_gap_does_not_fill() -> None:
    commune = country()["geom"][0]
    west, south, east, north = shapely.bounds(commune)
    middle = (west + east) / 2
    halves = np.array(
        [
            shapely.intersection(commune, shapely.box(west, south, middle - 1e-6, north)),
            shapely.intersection(commune, shapely.box(middle, south, east, north)),
        ]
    )
    assert not fills_exactly(commune, halves)


def test_what_no_part_covers_and_what_several_do_is_measured() -> None:
    commune = country()["geom"][0]
    west, south, east, north = shapely.bounds(commune)
    third = (east - west) / 3

    def band(start: float, end: float) -> Any:
        return shapely.intersection(commune, shapely.box(start, south, end, north))

    met = snapped(
        commune, np.array([band(west, west + third), band(west + 0.8 * third, east - third)])
    )
    assert met.rest_share == pytest.approx(1 / 3, abs=0.05)
    assert met.overlap_share == pytest.approx(0.2 / 3, abs=0.02)
