"""Pairs of communes that share a border, with its length."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyproj
import shapely

Segments = npt.NDArray[np.float64]


def shared_borders(
    codes: Sequence[str], polygons: npt.NDArray[np.object_]
) -> list[tuple[str, str, float]]:
    """Return (commune, neighbour, border in metres) for each pair, commune < neighbour, sorted.

    ``polygons`` are a valid coverage in longitude and latitude (EPSG:4326), so that a border
    has the same segments on both sides. The length is geodesic, on the WGS 84 ellipsoid.
    Communes that only touch at a point are no neighbours.
    """
    order = np.argsort(np.asarray(codes))
    segments, owners = segments_of(polygons[order])
    sorting = np.lexsort(segments.T)
    segments, owners = segments[sorting], owners[sorting]
    twin = np.flatnonzero((segments[1:] == segments[:-1]).all(axis=1))
    first = np.minimum(owners[twin], owners[twin + 1])
    second = np.maximum(owners[twin], owners[twin + 1])
    shared = segments[twin]
    _, _, lengths = pyproj.Geod(ellps="WGS84").inv(*shared.T)
    pairs, position = np.unique(
        np.stack([first, second], axis=1)[first != second], axis=0, return_inverse=True
    )
    metres = np.bincount(position.ravel(), weights=np.asarray(lengths)[first != second])
    names = np.asarray(codes)[order]
    return [
        (str(names[one]), str(names[other]), float(length))
        for (one, other), length in zip(pairs, metres, strict=True)
        if length > 0
    ]


def segments_of(polygons: npt.NDArray[np.object_]) -> tuple[Segments, npt.NDArray[np.int64]]:
    """Give every segment as (x1, y1, x2, y2), its ends in order, with its polygon's index."""
    parts, part_owner = shapely.get_parts(polygons, return_index=True)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    vertices, vertex_ring = shapely.get_coordinates(rings, return_index=True)
    within = vertex_ring[1:] == vertex_ring[:-1]
    start, end = vertices[:-1][within], vertices[1:][within]
    owner = part_owner[ring_part[vertex_ring[:-1][within]]]
    backwards = (start[:, 0] > end[:, 0]) | (
        (start[:, 0] == end[:, 0]) & (start[:, 1] > end[:, 1])
    )
    low = np.where(backwards[:, None], end, start)
    high = np.where(backwards[:, None], start, end)
    return np.concatenate([low, high], axis=1), owner
