"""Polygons of the communes of today: mergers, one clean coverage, the coordinate grid."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt
import shapely

from app.geography.build.editions import Edition, GeographyBuildError, cities_of
from app.geography.build.lineage import Lineage

Polygons = npt.NDArray[np.object_]
PolygonKey = tuple[str, str]  # kind (commune, district, attached) and code

GRID_DECIMALS = 6  # 1e-6 degree, about 0.1 m
AREA_TOLERANCE = 1e-6  # the share by which the area of the whole may differ from the source's
MOST_ROUNDS = 5


def base_area(polygons: Mapping[PolygonKey, shapely.Geometry], edition: Edition) -> float:
    """Return the area in square degrees of the union of an edition's communes as published."""
    outside_cities = sorted(edition.communes.keys() - cities_of(edition))
    communes = [polygons["commune", code] for code in outside_cities]
    districts = [polygons["district", code] for code in sorted(edition.districts)]
    return union_area([*communes, *districts])


def union_area(polygons: Iterable[shapely.Geometry]) -> float:
    """Return the area in square degrees of the union of polygons that may overlap."""
    return float(shapely.unary_union(list(polygons)).area)


def polygons_today(
    polygons: Mapping[PolygonKey, shapely.Geometry], lineage: Lineage, position: int
) -> dict[str, shapely.Geometry]:
    """Return the polygon of each unit of the last edition, not yet cleaned.

    ``polygons`` are of the edition at ``position``. A commune of today is the union of all that
    became it since; one that was split since is made of the polygons of its attached communes.
    Raises GeographyBuildError when a polygon is missing.
    """
    edition, today = lineage.editions[position], lineage.editions[-1]
    parts: dict[str, list[shapely.Geometry]] = {}
    for code in sorted(edition.communes.keys() - cities_of(edition)):
        destinations = lineage.commune_today(position, code)
        if len(destinations) == 1:
            parts.setdefault(min(destinations), []).append(_take(polygons, "commune", code))
            continue
        for part in edition.attached.values():
            if part.chief == code:
                (destination,) = lineage.part_today(position, part.code, code)
                piece = _take(polygons, "attached", part.code)
                parts.setdefault(destination, []).append(piece)
    result = {district: _take(polygons, "district", district) for district in today.districts}
    for code in sorted(today.communes.keys() - cities_of(today)):
        if code not in parts:
            raise GeographyBuildError(f"Aucun polygone pour la commune {code}")
        pieces = parts[code]
        result[code] = pieces[0] if len(pieces) == 1 else shapely.unary_union(pieces)
    return result


def simplify(
    polygons: Mapping[str, shapely.Geometry], tolerance: float
) -> dict[str, shapely.Geometry]:
    """Return the polygons with fewer vertices, neighbours still sharing their borders.

    For sources finer than a map needs; ``tolerance`` in degrees.
    """
    coverage = _without_gaps(np.array(list(polygons.values()), dtype=object))
    simplified = shapely.coverage_simplify(coverage, tolerance)
    return dict(zip(polygons, simplified, strict=True))


def clean_coverage(polygons: Polygons) -> Polygons:
    """Return the polygons as one valid coverage of MultiPolygons on the 1e-6 degree grid.

    Overlaps and gaps between neighbours are removed, then every vertex is rounded: a vertex of
    a shared border is the same on both sides, so that rounding moves both alike. Where
    rounding made an edge cross another, cleaning and rounding are done again.
    Raises GeographyBuildError when no valid coverage comes out.
    """
    cleaned = _without_gaps(polygons)
    for _ in range(MOST_ROUNDS):
        snapped = shapely.transform(cleaned, lambda vertices: vertices.round(GRID_DECIMALS))
        if is_clean(snapped):
            return as_multipolygons(shapely.orient_polygons(snapped))
        cleaned = _without_gaps(snapped)
    raise GeographyBuildError("Les polygones ne forment pas une couverture valide")


def _without_gaps(polygons: Polygons) -> Polygons:
    # The type stubs of shapely are older than this function.
    cleaned: Polygons = shapely.coverage_clean(polygons)  # type: ignore[attr-defined]
    return cleaned


def is_clean(polygons: Polygons) -> bool:
    """Tell whether polygons are valid, not empty, without overlap nor gap between them."""
    return (
        not bool(shapely.is_empty(polygons).any())
        and bool(shapely.is_valid(polygons).all())
        and bool(shapely.coverage_is_valid(polygons))
    )


def as_multipolygons(polygons: Polygons) -> Polygons:
    """Return the same areas, each as a MultiPolygon."""
    return np.array(
        [
            shapely.MultiPolygon([each]) if isinstance(each, shapely.Polygon) else each
            for each in polygons
        ],
        dtype=object,
    )


def on_grid(polygons: Polygons) -> bool:
    """Tell whether every vertex lies on the 1e-6 degree grid."""
    vertices = shapely.get_coordinates(polygons)
    return bool(np.array_equal(vertices, vertices.round(GRID_DECIMALS)))


def _take(
    polygons: Mapping[PolygonKey, shapely.Geometry], kind: str, code: str
) -> shapely.Geometry:
    try:
        polygon = polygons[kind, code]
    except KeyError:
        raise GeographyBuildError(f"Polygone absent de la source : {kind} {code}") from None
    if polygon is None or shapely.is_empty(polygon):
        raise GeographyBuildError(f"Polygone vide dans la source : {kind} {code}")
    return polygon
