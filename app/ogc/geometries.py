"""Geometries and boxes that clients send: finite, on the globe, valid, in degrees."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import orjson
import shapely
from sqlalchemy import ColumnElement, func, literal, or_
from sqlalchemy.types import LargeBinary

from app.http.parameters import read_number
from app.ogc.systems import CRS84, STORED_SRID, CoordinateSystem, longitude_latitude

# Along a side of a box in metres, which is no straight line in degrees.
_SIDE_PIECES = 16
# Twice the way around the Earth: no system of metres has positions farther away.
_FARTHEST_M = 1e8
_UNREADABLE = "La géométrie n'est pas lisible."
_OUTSIDE = "Des coordonnées sortent du système de référence."
_REVERSED = "Le rectangle est inversé."
Box = tuple[float, float, float, float]


class Unreadable(Exception):
    """What a client sent is no geometry; the text says why, in French."""


def drawn_geometry(given: Mapping[str, Any], system: CoordinateSystem) -> ColumnElement[Any]:
    """Give a geometry of GeoJSON, or a `{"bbox": […]}`, as a parameter of a statement.

    Parameters: `system`, of its coordinates. Raises `Unreadable`.
    """
    if "bbox" in given:
        with _readable():
            return _sql(shapely.union_all(_boxes(_flat(given["bbox"]), system)))
    try:
        geometry = shapely.force_2d(shapely.from_geojson(orjson.dumps(given).decode()))
    except (shapely.GEOSException, ValueError, TypeError):
        raise Unreadable(_UNREADABLE) from None
    if geometry is None or geometry.is_empty:
        raise Unreadable("La géométrie est vide.")
    with _readable():
        return _sql(_mended(_in_degrees(geometry, system)))


def touching(
    column: ColumnElement[Any], corners: Sequence[float], system: CoordinateSystem
) -> ColumnElement[bool]:
    """Say that a geometry touches a box of four numbers, or of six with heights.

    In degrees a box whose west lies east of its east crosses the 180th meridian. Raises
    `Unreadable`.
    """
    with _readable():
        boxes = _boxes(_flat(corners), system)
    return or_(*(func.ST_Intersects(column, _sql(box)) for box in boxes))


def parse_numbers(text: str) -> list[float]:
    """Read numbers between commas; raises `Unreadable`."""
    numbers = [read_number(part.strip()) for part in text.split(",")]
    if None in numbers:
        raise Unreadable("Quatre nombres sont attendus, ou six avec les altitudes.")
    return [number for number in numbers if number is not None]


@contextmanager
def _readable() -> Iterator[None]:
    """Refuse what GEOS cannot reckon with; raises `Unreadable`."""
    try:
        yield
    except shapely.GEOSException:
        raise Unreadable(_UNREADABLE) from None


def _flat(corners: Sequence[float]) -> Box:
    if len(corners) not in (4, 6) or not all(isinstance(each, int | float) for each in corners):
        raise Unreadable("Quatre nombres sont attendus, ou six avec les altitudes.")
    half = len(corners) // 2
    return corners[0], corners[1], corners[half], corners[half + 1]


def _boxes(corners: Box, system: CoordinateSystem) -> list[Any]:
    if system.srid != STORED_SRID:
        return [_metric_box(corners, system)]
    west, south, east, north = corners
    if system.latitude_first:
        south, west, north, east = corners
    if longitude_latitude(CRS84, west, south) is None:
        raise Unreadable(_OUTSIDE)
    if longitude_latitude(CRS84, east, north) is None:
        raise Unreadable(_OUTSIDE)
    if south > north:
        raise Unreadable(_REVERSED)
    spans = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
    return [_mended(shapely.box(low, south, high, north)) for low, high in spans]


def _metric_box(corners: Box, system: CoordinateSystem) -> Any:
    west, south, east, north = corners
    if not all(abs(each) <= _FARTHEST_M for each in corners):
        raise Unreadable(_OUTSIDE)
    if west > east or south > north:
        raise Unreadable(_REVERSED)
    box = shapely.box(west, south, east, north)
    # Of a side that is no number any more when it is divided there are no pieces.
    if piece := max(east - west, north - south) / _SIDE_PIECES:
        box = shapely.segmentize(box, piece)
    return _mended(_in_degrees(box, system))


def _in_degrees(geometry: Any, system: CoordinateSystem) -> Any:
    def moved(coordinates: Any) -> Any:
        positions = [longitude_latitude(system, *each) for each in coordinates.tolist()]
        if None in positions:
            raise Unreadable(_OUTSIDE)
        return np.array(positions)

    return shapely.transform(geometry, moved)


def _mended(geometry: Any) -> Any:
    valid = geometry if geometry.is_valid else shapely.make_valid(geometry)
    if valid.geom_type == "GeometryCollection":
        valid = shapely.union_all(shapely.get_parts(valid))
    if valid.geom_type == "GeometryCollection":
        raise Unreadable("Une géométrie d'une seule dimension est attendue.")
    return valid


def _sql(geometry: Any) -> ColumnElement[Any]:
    written: ColumnElement[Any] = func.ST_GeomFromWKB(
        literal(shapely.to_wkb(geometry), LargeBinary), STORED_SRID
    )
    return written
