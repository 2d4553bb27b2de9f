"""Coordinate reference systems: what features are asked for and answered in (OGC 18-058r1)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyproj import Transformer

_AUTHORITIES = "http://www.opengis.net/def/crs"
STORED_SRID = 4326


@dataclass(frozen=True, slots=True)
class CoordinateSystem:
    """A system: its address, its EPSG code, and how coordinates are written in it.

    `latitude_first`: whether the authority puts latitude before longitude. `decimals`, those
    of a coordinate: a tenth of a metre in degrees, a centimetre in metres. `name`, French.
    """

    uri: str
    srid: int
    name: str
    decimals: int
    latitude_first: bool = False


def _metric(srid: int, name: str) -> CoordinateSystem:
    return CoordinateSystem(f"{_AUTHORITIES}/EPSG/0/{srid}", srid, name, decimals=2)


CRS84 = CoordinateSystem(
    f"{_AUTHORITIES}/OGC/1.3/CRS84", STORED_SRID, "WGS 84, longitude puis latitude", decimals=6
)
# As the stored polygons are: the first is what is answered when none is asked for.
SYSTEMS: Mapping[str, CoordinateSystem] = {
    system.uri: system
    for system in (
        CRS84,
        CoordinateSystem(
            f"{_AUTHORITIES}/EPSG/0/4326",
            STORED_SRID,
            "WGS 84, latitude puis longitude",
            decimals=6,
            latitude_first=True,
        ),
        _metric(3857, "Pseudo-Mercator, celui des cartes du web"),
        _metric(2154, "RGF93 / Lambert-93, métropole"),
        _metric(5490, "RGAF09 / UTM 20 N, Guadeloupe et Martinique"),
        _metric(2972, "RGFG95 / UTM 22 N, Guyane"),
        _metric(2975, "RGR92 / UTM 40 S, La Réunion"),
        _metric(4471, "RGM04 / UTM 38 S, Mayotte"),
    )
}


class OutsideSystem(Exception):
    """Some position has no coordinates in a system: it lies too far from where that is for."""


Position = tuple[float, float]


def longitude_latitude(
    system: CoordinateSystem, first: float, second: float
) -> Position | None:
    """Give a position of a system in degrees, longitude first; None where it has none."""
    if system.srid == STORED_SRID:
        position = (second, first) if system.latitude_first else (first, second)
    else:
        position = _to_degrees(system.srid).transform(first, second)
    longitude, latitude = position
    if not (math.isfinite(longitude) and math.isfinite(latitude)):
        return None
    if abs(longitude) > 180 or abs(latitude) > 90:
        return None
    return position


@lru_cache(maxsize=len(SYSTEMS))
def _to_degrees(srid: int) -> "Transformer":
    # A fifth of a second to import, for those who ask in metres.
    from pyproj import Transformer  # noqa: PLC0415

    return Transformer.from_crs(srid, STORED_SRID, always_xy=True)
