"""What a client may draw, and what is refused before the database sees it."""

import copy
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.letters.check.polygons import MOST_VERTICES, checked_geometry, sound_surface

RING = [[3.0, 50.6], [3.1, 50.6], [3.1, 50.7], [3.0, 50.6]]


def test_a_polygon_loses_height_and_foreign_members_only() -> None:
    given_ring = [[x, y, 12.5] for x, y in RING]
    drawn = {"type": "Polygon", "coordinates": [given_ring], "bbox": [3, 50, 4, 51]}
    assert checked_geometry(drawn) == {"type": "Polygon", "coordinates": [RING]}


def test_a_multipolygon_keeps_its_polygons_and_holes() -> None:
    drawn = {"type": "MultiPolygon", "coordinates": [[RING, RING], [RING]]}
    assert checked_geometry(copy.deepcopy(drawn)) == drawn


@pytest.mark.parametrize(
    ("drawn", "said"),
    [
        (None, "objet GeoJSON"),
        ([RING], "objet GeoJSON"),
        ({}, "type"),
        ({"type": "Point", "coordinates": [3, 50]}, "type"),
        ({"type": ["Polygon"], "coordinates": [RING]}, "type"),
        ({"type": "MultiPolygon"}, "coordonnées manquent"),
        ({"type": "MultiPolygon", "coordinates": []}, "coordonnées manquent"),
        ({"type": "Polygon", "coordinates": "3 50"}, "liste d'anneaux"),
        ({"type": "Polygon"}, "liste d'anneaux"),
        ({"type": "Polygon", "coordinates": []}, "liste d'anneaux"),
        ({"type": "MultiPolygon", "coordinates": [[]]}, "liste d'anneaux"),
        ({"type": "MultiPolygon", "coordinates": [RING]}, "quatre positions"),
        ({"type": "Polygon", "coordinates": [None]}, "quatre positions"),
        ({"type": "Polygon", "coordinates": [RING[:3]]}, "quatre positions"),
        ({"type": "Polygon", "coordinates": [[*RING[:3], [3.0, 50.8]]]}, "première position"),
        ({"type": "Polygon", "coordinates": [[[3, 50, 1, 1]] * 4]}, "longitude"),
        ({"type": "Polygon", "coordinates": [["3,50"] * 4]}, "longitude"),
        ({"type": "Polygon", "coordinates": [[["3", "50"]] * 4]}, "nombres"),
        ({"type": "Polygon", "coordinates": [[[True, 50]] * 4]}, "nombres"),
        ({"type": "Polygon", "coordinates": [[[float("nan"), 50]] * 4]}, "finis"),
        ({"type": "Polygon", "coordinates": [[[3, float("inf")]] * 4]}, "finis"),
        ({"type": "Polygon", "coordinates": [[[10**400, 50]] * 4]}, "degrés"),
        ({"type": "Polygon", "coordinates": [[[652_000.0, 6_862_000.0]] * 4]}, "degrés"),
        ({"type": "Polygon", "coordinates": [[[3, 50]] * (MOST_VERTICES + 1)]}, "sommets"),
        ({"type": "Polygon", "coordinates": [RING] * MOST_VERTICES}, "sommets"),
    ],
)
def test_what_is_no_polygon_of_the_earth_is_refused(drawn: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        checked_geometry(drawn)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
        lambda inner: st.lists(inner, max_size=5),
        max_leaves=30,
    ),
    st.sampled_from(["Polygon", "MultiPolygon"]),
)
def test_any_json_is_either_checked_or_refused(coordinates: Any, kind: str) -> None:
    try:
        checked = checked_geometry({"type": kind, "coordinates": coordinates})
    except ValueError:
        return
    assert checked["type"] == kind


def _star(points: int) -> dict[str, Any]:
    """A star drawn in one stroke: each of its edges crosses many others."""
    step = points // 2
    ring = [
        [
            3 + math.cos(2 * math.pi * step * n / points),
            50 + math.sin(2 * math.pi * step * n / points),
        ]
        for n in range(points)
    ]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def _square(west: float, side: float = 1.0) -> list[list[list[float]]]:
    east = west + side
    return [[[west, 50], [east, 50], [east, 50 + side], [west, 50 + side], [west, 50]]]


def test_a_small_polygon_that_crosses_itself_is_repaired() -> None:
    surface = sound_surface(checked_geometry(_star(31)))
    assert surface.is_valid
    assert 0.5 < surface.area < math.pi


def test_a_large_polygon_that_crosses_itself_is_refused_at_once_and_told_where() -> None:
    with pytest.raises(ValueError, match=r"recoupe.*\[[0-9.]+ [0-9.]+\]"):
        sound_surface(checked_geometry(_star(19_999)))


def test_polygons_that_share_a_border_are_joined_whatever_their_number() -> None:
    squares = [_square(n / 100, 1 / 100) for n in range(600)]
    drawn = {"type": "MultiPolygon", "coordinates": squares}
    surface = sound_surface(checked_geometry(drawn))
    assert surface.geom_type in ("Polygon", "MultiPolygon")
    assert surface.area == pytest.approx(600 / 100 / 100)


def test_polygons_that_overlap_count_once_or_are_refused_when_many() -> None:
    pair = {"type": "MultiPolygon", "coordinates": [_square(0), _square(0.5)]}
    assert sound_surface(pair).area == pytest.approx(1.5)
    many = {"type": "MultiPolygon", "coordinates": [_square(n / 999) for n in range(999)]}
    with pytest.raises(ValueError, match="recouvre"):
        sound_surface(many)


def test_a_polygon_without_area_is_empty() -> None:
    line = [[3.0, 50.0], [4.0, 50.0], [3.0, 50.0], [3.0, 50.0]]
    assert sound_surface({"type": "Polygon", "coordinates": [line]}).is_empty
