"""Drawn parts made to meet each other, and what of a commune they leave out."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

Geometries = NDArray[Any]

# Borders that are nearer to each other than this are meant to be one (degrees: some 50 m, how
# far the outlines of communes and those of quarters lie apart when both are simplified).
TOLERANCE = 0.0005
# What is further away from a commune than this matters to nobody who divides it.
_BEYOND = 0.002


@dataclass(frozen=True)
class Snapped:
    """Parts of which no two overlap, and what was mended.

    `rest` is what of the commune no part covers, `overlap` what several cover, `outside` what
    parts cover beyond it, each but for what is nearer than the tolerance to a border (all in
    degrees, EPSG:4326); shares are of the commune's area.
    """

    parts: Geometries
    rest: Any
    overlap: Any
    outside: Any
    rest_share: float
    overlap_share: float


def snapped(commune: Any, drawn: Geometries) -> Snapped:
    """Make drawn parts of a commune meet each other; gaps within go to the nearest part.

    Parameters: `commune`, its polygon; `drawn`, valid surfaces that overlap it, all in degrees
    (EPSG:4326). A part that others cover wholly comes out empty.
    """
    near = shapely.buffer(commune, _BEYOND)
    clipped = _surfaces(shapely.intersection(drawn, near))
    union = shapely.union_all(clipped)
    rest = _opened(shapely.difference(commune, union), union)
    outside = shapely.difference(shapely.intersection(union, near), commune)
    overlap = _overlap(shapely.intersection(clipped, commune))
    area = shapely.area(commune)
    # The types of shapely 2.1 do not know it yet.
    clean: Any = shapely.coverage_clean  # type: ignore[attr-defined]
    cleaned = _surfaces(clean(clipped, gap_width=TOLERANCE))
    return Snapped(
        parts=_without_holes(cleaned, commune),
        rest=rest,
        overlap=overlap,
        outside=_opened(outside, commune),
        rest_share=float(shapely.area(rest) / area),
        overlap_share=float(shapely.area(overlap) / area),
    )


def _opened(surface: Any, beside: Any) -> Any:
    """Give what of a surface is further from another one than the tolerance, with its rim."""
    far = shapely.difference(surface, shapely.buffer(beside, TOLERANCE))
    return shapely.intersection(surface, shapely.buffer(far, TOLERANCE))


def _overlap(parts: Geometries) -> Any:
    tree = shapely.STRtree(parts)
    one, other = tree.query(parts, predicate="overlaps")
    inside, outside = tree.query(parts, predicate="within")
    one = np.concatenate([one, inside[inside != outside]])
    other = np.concatenate([other, outside[inside != outside]])
    both = shapely.union_all(_surfaces(shapely.intersection(parts[one], parts[other])))
    core = shapely.buffer(both, -TOLERANCE / 2)
    return shapely.intersection(both, shapely.buffer(core, TOLERANCE))


def _without_holes(parts: Geometries, commune: Any) -> Geometries:
    """Give what parts enclose together and none covers to the part with most of its border."""
    union = shapely.coverage_union_all(parts)
    holes = [
        hole
        for polygon in shapely.get_parts(union)
        for hole in map(shapely.Polygon, polygon.interiors)
        if shapely.intersects(hole, commune)
        and shapely.area(shapely.intersection(hole, commune)) > 0
    ]
    filled = parts.copy()
    for hole in holes:
        shared = shapely.length(
            shapely.intersection(shapely.boundary(parts), shapely.boundary(hole))
        )
        owner = int(np.argmax(shared))
        filled[owner] = shapely.coverage_union_all(
            np.array([filled[owner], hole], dtype=object)
        )
    return filled


def _surfaces(geometries: Any) -> Geometries:
    """Keep the polygons of each geometry."""
    kept = [
        shapely.MultiPolygon(
            [
                part
                for part in shapely.get_parts(shapely.get_parts(each))
                if part.geom_type == "Polygon" and not part.is_empty
            ]
        )
        for each in np.atleast_1d(geometries)
    ]
    return np.array(kept, dtype=object)
