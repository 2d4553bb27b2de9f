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
    for faces in (_faces(commune, _inner_lines(parts), near), _triangles(commune)):
        owners, pieces = _with_every_part(_owners(faces, parts), faces, parts)
        united = np.array(
            [shapely.coverage_union_all(pieces[owners == each]) for each in range(len(parts))],
            dtype=object,
        )
        filled = as_multipolygons(united)
        if fills_exactly(commune, filled):
            return filled
    raise Failure(f"Les quartiers ne remplissent pas la commune ({column}). Rien n'a changé.")


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
    lines: Any = shapely.linestrings(shared)
    return shapely.line_merge(shapely.multilinestrings(lines))


def _faces(commune: Any, lines: Any, near: float) -> Geometries:
    """Cut a commune along lines, whose ends are led to vertices of its border."""
    shapely.prepare(commune)
    border = shapely.boundary(commune)
    inside = shapely.difference(lines, shapely.buffer(border, near))
    inside = shapely.intersection(inside, commune)
    arcs = _long_enough(shapely.get_parts(shapely.line_merge(inside)), near)
    vertices: Any = shapely.points(np.unique(shapely.get_coordinates(commune), axis=0))
    links: list[Any] = []
    tree = shapely.STRtree(arcs)
    ends: Any = shapely.points(_loose_ends(arcs))
    for end in ends:
        link = _link(end, vertices, commune, tree, links)
        if link is not None:
            links.append(link)
    noded = shapely.unary_union([border, *arcs, *links])
    faces = shapely.get_parts(shapely.polygonize([noded]))
    within = shapely.contains(commune, shapely.point_on_surface(faces))
    return np.asarray(faces[within], dtype=object)


def _loose_ends(arcs: Geometries) -> NDArray[np.float64]:
    """Give the ends of lines that no other line has."""
    ends = [shapely.get_coordinates(shapely.get_point(arcs, place)) for place in (0, -1)]
    places, count = np.unique(np.concatenate(ends), axis=0, return_counts=True)
    return np.asarray(places[count == 1])


def _long_enough(arcs: Geometries, near: float) -> Geometries:
    """Leave out lines that are hardly there where they come close to the border."""
    arcs = arcs[shapely.get_type_id(arcs) == shapely.GeometryType.LINESTRING]
    loose = set(map(tuple, _loose_ends(arcs).tolist()))
    kept = [
        shapely.length(arc) > near
        or not any(tuple(arc.coords[place]) in loose for place in (0, -1))
        for arc in arcs
    ]
    return np.asarray(arcs[np.array(kept, dtype=bool)], dtype=object)


def _triangles(commune: Any) -> Geometries:
    """Cut a commune into triangles between the vertices of its border."""
    return np.asarray(
        shapely.get_parts(shapely.constrained_delaunay_triangles(commune)), dtype=object
    )


def _link(
    end: Any, vertices: Geometries, commune: Any, arcs: shapely.STRtree, links: list[Any]
) -> Any | None:
    """Give the line from a loose end to the nearest vertex that it can see, if any.

    No two lines are led to one vertex: what they enclosed would touch the border from within.
    """
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
        if any(shapely.intersects(link, each) for each in links):
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
