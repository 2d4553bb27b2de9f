"""How far territories are from a place, all of them at once. Plain arithmetic on arrays."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

# Of the sphere that PostGIS counts on: the mean of the WGS 84 ellipsoid's half-axes.
_RADIUS_KM = 6371.0087714150598


@dataclass(frozen=True, eq=False)
class Outlines:
    """The territories of a day, by the id of their CPTS, in longitude and latitude (WGS 84)."""

    ids: Sequence[int]
    shapes: NDArray[Any]

    @classmethod
    def of_wkb(cls, rows: Sequence[tuple[int, bytes]]) -> "Outlines":
        """Read pairs of an id and a polygon."""
        return cls([number for number, _ in rows], shapely.from_wkb([wkb for _, wkb in rows]))


@dataclass(frozen=True, slots=True)
class Origin:
    """From where distances are counted, in degrees (WGS 84).

    `holder` is the CPTS that holds this place, if one does.
    """

    longitude: float
    latitude: float
    holder: int | None = None


def kilometres(outlines: Outlines, origin: Origin) -> dict[int, float]:
    """Give the kilometres from a place to each territory, 0 inside it.

    To the point of the outline that is nearest in degrees, along the sphere: a kilometre
    more or less decides nothing.
    """
    if not outlines.ids:
        return {}
    place = shapely.Point(origin.longitude, origin.latitude)
    lines = shapely.shortest_line(outlines.shapes, place)
    nearest = shapely.get_coordinates(shapely.get_point(lines, 0))
    km = _along_the_sphere(nearest, np.array([origin.longitude, origin.latitude]))
    found = dict(zip(outlines.ids, km.tolist(), strict=True))
    if origin.holder in found:
        found[origin.holder] = 0.0
    return found


def _along_the_sphere(
    points: NDArray[np.float64], place: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Give the great circle's length from points to a place (haversine), in kilometres."""
    here, there = np.radians(points), np.radians(place)
    half = np.sin((here - there) / 2) ** 2
    share = half[:, 1] + np.cos(here[:, 1]) * np.cos(there[1]) * half[:, 0]
    length: NDArray[np.float64] = 2 * _RADIUS_KM * np.arcsin(np.sqrt(np.minimum(share, 1.0)))
    return length
