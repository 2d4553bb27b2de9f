"""The parts of a commune as a coverage that fills it exactly, at every scale.

The border of the commune stays as it is, to the vertex: borders between parts are lines
inside it that end at vertices which it already has. So its neighbours, and the parts of
those, go on sharing it without a gap.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from app.failures import Failure
from app.geography.build.neighbours import segments_of
from app.geography.loading.generalisation import SCALES, as_multipolygons

Geometries = NDArray[Any]

# How near to the commune's border a line between parts is given up, to be led to a vertex of
# the border instead (degrees: some 15 m on the ground, and what cannot be seen at a scale).
_NEAR_BORDER = {"geom": 0.00015, "department": 0.0004, "region": 0.0008, "country": 0.002}
# Vertices of the border that are tried for the end of a line, the nearest first.
_MOST_TRIED = 60


@dataclass(frozen=True)
class FittedParts:
    """The polygons of parts, in the order in which they were given, by column of `commune`."""

    columns: dict[str, Geometries]


def fill_commune(commune: dict[str, Any], parts: Geometries) -> FittedParts:
    """Make parts fill a commune at every scale.

    Parameters: `commune`, its MultiPolygons by column (`geom`, `geom_department`…); `parts`,
    surfaces in degrees (EPSG:4326) of which no two overlap. Raises `Failure` when it cannot
    be done.
    """
    full = _filled(commune["geom"], parts, "geom", _NEAR_BORDER["geom"])
    columns = {"geom": full}
    for scale in SCALES:
        column = f"geom_{scale.name}"
        simplified = shapely.coverage_simplify(full, scale.tolerance, simplify_boundary=False)
        columns[column] = _filled(commune[column], simplified, column, _NEAR_BORDER[scale.name])
    return FittedParts(columns)


def _filled(commune: Any, parts: Geometries, column: str, near: float) -> Geometries:
    if fills_exactly(commune, parts):
        return as_multipolygons(parts)
    lines = _inner_lines(parts)
    faces = _faces(commune, lines, near)
    owners = _owners(faces, parts)
    owners, faces = _with_every_part(owners, faces, parts)
    united = np.array(
        [shapely.coverage_union_all(faces[owners == each]) for each in range(len(parts))],
        dtype=object,
    )
    filled = as_multipolygons(united)
    if not fills_exactly(commune, filled):
        raise Failure(
            f"Les parties ne remplissent pas la commune ({column}) ; rien n'a changé."
        )
    return filled


def fills_exactly(commune: Any, parts: Geometries) -> bool:
    """Tell whether parts fill a commune to the vertex, without gap, overlap or lost part."""
    if (
        shapely.is_empty(parts).any()
        or not np.isin(shapely.get_type_id(parts), (3, 6)).all()
        or not shapely.is_valid(parts).all()
    ):
        return False
    segments, _ = segments_of(parts)
    unique, count = np.unique(segments, axis=0, return_counts=True)
    border, _ = segments_of(np.array([commune], dtype=object))
    outer = unique[count == 1]
    border = border[np.lexsort(border.T[::-1])]
    if len(outer) != len(border) or not (outer == border).all():
        return False
    return bool(shapely.is_empty(shapely.coverage_invalid_edges(parts)).all())


def _inner_lines(parts: Geometries) -> Any:
    """Give the lines that two parts share, merged from node to node."""
    segments, _ = segments_of(parts)
    unique, count = np.unique(segments, axis=0, return_counts=True)
    shared = unique[count > 1].reshape(-1, 2, 2)
    return shapely.line_merge(shapely.multilinestrings(shapely.linestrings(shared)))


def _faces(commune: Any, lines: Any, near: float) -> Geometries:
    """Cut a commune along lines, whose ends are led to vertices of its border."""
    shapely.prepare(commune)
    border = shapely.boundary(commune)
    inside = shapely.difference(lines, shapely.buffer(border, near))
    inside = shapely.intersection(inside, commune)
    arcs = shapely.get_parts(shapely.line_merge(inside))
    arcs = arcs[shapely.get_type_id(arcs) == shapely.GeometryType.LINESTRING]
    vertices = shapely.points(np.unique(shapely.get_coordinates(commune), axis=0))
    ends = np.concatenate(
        [
            shapely.get_coordinates(shapely.get_point(arcs, 0)),
            shapely.get_coordinates(shapely.get_point(arcs, -1)),
        ]
    )
    places, count = np.unique(ends, axis=0, return_counts=True)
    drawn = list(arcs)
    links: list[Any] = []
    tree = shapely.STRtree(arcs)
    for place in shapely.points(places[count == 1]):
        link = _link(place, vertices, commune, tree, links)
        if link is not None:
            links.append(link)
    noded = shapely.unary_union([border, *drawn, *links])
    faces = shapely.get_parts(shapely.polygonize([noded]))
    within = shapely.contains(commune, shapely.point_on_surface(faces))
    return np.asarray(faces[within], dtype=object)


def _link(
    end: Any, vertices: Geometries, commune: Any, arcs: shapely.STRtree, links: list[Any]
) -> Any | None:
    """Give the line from a loose end to the nearest vertex that it can see, if any."""
    distances = shapely.distance(vertices, end)
    for place in np.argsort(distances, kind="stable")[:_MOST_TRIED]:
        link = shapely.linestrings(
            [shapely.get_coordinates(end)[0], shapely.get_coordinates(vertices[place])[0]]
        )
        if not shapely.covers(commune, link):
            continue
        crossed = arcs.geometries[arcs.query(link, predicate="intersects")]
        if any(not _meet_only_at(link, each, end) for each in crossed):
            continue
        if any(
            not _meet_only_at(link, each, vertices[place])
            for each in links
            if shapely.intersects(link, each)
        ):
            continue
        return link
    return None


def _meet_only_at(one: Any, other: Any, place: Any) -> bool:
    met = shapely.intersection(one, other)
    return bool(shapely.is_empty(met) or shapely.equals(met, place))


def _owners(faces: Geometries, parts: Geometries) -> NDArray[np.int64]:
    """Give the part that most of each face belongs to, the nearest when none does."""
    tree = shapely.STRtree(parts)
    face, part = tree.query(faces, predicate="intersects")
    shared = shapely.area(shapely.intersection(faces[face], parts[part]))
    owners = np.full(len(faces), -1)
    for place in np.argsort(shared, kind="stable"):
        if shared[place] > 0:
            owners[face[place]] = part[place]
    for place in np.flatnonzero(owners < 0):
        owners[place] = int(np.argmin(shapely.distance(parts, faces[place])))
    return owners


def _with_every_part(
    owners: NDArray[np.int64], faces: Geometries, parts: Geometries
) -> tuple[NDArray[np.int64], Geometries]:
    """Give a part that has no face left a triangle of the nearest face.

    At a scale at which a part would lie outside of the commune, or be too small to be drawn,
    it keeps a place of its own. The triangle has no vertex on the border that was not there.
    """
    labels, shapes = owners.tolist(), list(faces)
    for missing in sorted(set(range(len(parts))) - set(labels)):
        where = shapely.point_on_surface(parts[missing])
        nearest = int(np.argmin(shapely.distance(np.array(shapes, dtype=object), where)))
        owner = labels.pop(nearest)
        pieces = _cut(shapes.pop(nearest))
        taken = int(np.argmin(shapely.distance(pieces, where)))
        labels += [missing if place == taken else owner for place in range(len(pieces))]
        shapes += list(pieces)
    return np.array(labels), np.array(shapes, dtype=object)


def _cut(face: Any) -> Geometries:
    """Cut a face into triangles, three at least, with no new vertex on its border."""
    triangles = shapely.get_parts(shapely.constrained_delaunay_triangles(face))
    if len(triangles) > 1:
        return np.asarray(triangles, dtype=object)
    corners = shapely.get_coordinates(face)[:3]
    middle = corners.mean(axis=0)
    return np.array(
        [shapely.Polygon([corners[n], corners[(n + 1) % 3], middle]) for n in range(3)],
        dtype=object,
    )
