"""The coverage of communes at the scales of a country, a region and a department."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from app.failures import Failure

Geometries = NDArray[Any]


@dataclass(frozen=True)
class Scale:
    """How far a coverage is simplified, in degrees.

    `tolerance` is the square root of the triangle area under which a vertex goes
    (Visvalingam-Whyatt); `decimals` gives the grid that the vertices come to stand on,
    fine enough that it cannot be seen at this scale.
    """

    name: str
    tolerance: float
    decimals: int


SCALES = (
    Scale("department", tolerance=0.0025, decimals=5),
    Scale("region", tolerance=0.005, decimals=4),
    Scale("country", tolerance=0.012, decimals=3),
)

# Rounds of giving polygons that the grid spoilt their exact vertices back.
_ROUNDS = 20


def generalise(coverage: Geometries, scale: Scale) -> Geometries:
    """Simplify a whole coverage, so that neighbours go on sharing their borders.

    Parameters: `coverage`, valid polygons in degrees (EPSG:4326), no two of which
    overlap; `scale`. Gives MultiPolygons in the same order, their outer rings
    counter-clockwise, with every part still there. Raises `Failure` when the outcome is
    no valid coverage.
    """
    simplified = shapely.coverage_simplify(coverage, scale.tolerance, simplify_boundary=True)
    snapped = _on_grid(simplified, scale)
    if (shapely.get_num_geometries(snapped) < shapely.get_num_geometries(coverage)).any():
        raise Failure(f"Généralisation « {scale.name} » : une île a disparu.")
    return snapped


def as_multipolygons(polygons: Geometries) -> Geometries:
    """Give MultiPolygons whose outer rings go counter-clockwise (RFC 7946)."""
    multi = np.array(
        [
            geometry
            if geometry.geom_type == "MultiPolygon"
            else shapely.MultiPolygon(list(shapely.get_parts(geometry)))
            for geometry in polygons
        ],
        dtype=object,
    )
    return np.asarray(shapely.orient_polygons(multi), dtype=object)


def check_coverage(coverage: Geometries, name: str) -> None:
    """Check that every geometry is a valid MultiPolygon and none overlaps a neighbour.

    Raises `Failure` that says for how many polygons this does not hold.
    """
    spoilt = _spoilt(coverage)
    if spoilt.any():
        raise Failure(
            f"Contours ({name}) : {spoilt.sum()} communes sans contour valide, ou dont le "
            "contour empiète sur un voisin."
        )


def _spoilt(coverage: Geometries) -> NDArray[np.bool_]:
    """Tell which polygons are empty, invalid, or do not meet their neighbours exactly."""
    spoilt: NDArray[np.bool_] = (
        shapely.is_empty(coverage)
        | (shapely.get_type_id(coverage) != shapely.GeometryType.MULTIPOLYGON)
        | ~shapely.is_valid(coverage)
    )
    if not spoilt.any():
        spoilt |= ~shapely.is_empty(shapely.coverage_invalid_edges(coverage))
    return spoilt


def outlines(coverage: Geometries, groups: NDArray[Any]) -> dict[str, Any]:
    """Unite the polygons of each group of a coverage into one MultiPolygon.

    Parameters: `coverage` and `groups`, one code per polygon, of the same length.
    """
    codes = sorted(set(groups.tolist()))
    united = [shapely.coverage_union_all(coverage[groups == code]) for code in codes]
    return dict(zip(codes, as_multipolygons(np.array(united, dtype=object)), strict=True))


def _on_grid(coverage: Geometries, scale: Scale) -> Geometries:
    """Round the vertices, save those of polygons that rounding would spoil.

    A vertex is rounded, or not, for all the polygons that share it: otherwise their
    common border would open.
    """
    coverage = as_multipolygons(coverage)
    exact = shapely.get_coordinates(coverage)
    rounded = np.round(exact, scale.decimals)
    _, vertex = np.unique(exact.view(np.complex128).reshape(-1), return_inverse=True)
    owner = np.repeat(np.arange(len(coverage)), shapely.get_num_coordinates(coverage))
    kept = np.zeros(len(exact), dtype=bool)
    for _ in range(_ROUNDS):
        coordinates = np.where(kept[vertex][:, None], exact, rounded)
        snapped = shapely.set_coordinates(coverage.copy(), coordinates)
        spoilt = _spoilt(snapped)
        if not spoilt.any():
            distinct = np.asarray(shapely.remove_repeated_points(snapped), dtype=object)
            return as_multipolygons(distinct)
        kept[vertex[spoilt[owner]]] = True
    check_coverage(coverage, scale.name)
    return coverage


def as_ewkb(geometries: Any) -> list[Any]:
    """Give hexadecimal EWKB with the SRID 4326, None where there is no geometry."""
    placed = shapely.set_srid(np.array(list(geometries), dtype=object), 4326)
    return [
        str(each) if each is not None else None
        for each in shapely.to_wkb(placed, hex=True, include_srid=True)
    ]
