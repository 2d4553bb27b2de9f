"""The arcs of a coverage: what two neighbours share, cut wherever borders meet."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

# Stands for the outside of the coverage: the sea, or another country.
OUTSIDE = -1

Days = tuple[date | None, date | None]


@dataclass(frozen=True)
class Arcs:
    """The arcs of a coverage, one MultiLineString per pair of neighbours.

    `left` and `right` are places in the coverage, `left` the lower one; `right` is
    `OUTSIDE` along a coast or an outer border. Ordered by both.
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    lines: NDArray[Any]

    def by_pair(self) -> Iterator[tuple[tuple[int, int], Any]]:
        """Give `((left, right), lines)`."""
        pairs = zip(self.left.tolist(), self.right.tolist(), strict=True)
        return zip(pairs, self.lines, strict=True)


def arcs_of(coverage: NDArray[Any]) -> Arcs:
    """Cut the borders of a coverage into arcs.

    Parameters: `coverage`, polygons of which no two overlap, neighbours sharing every
    vertex of their common border, outer rings counter-clockwise. An arc ends where a
    third border begins or a border touches itself, so that arcs meet at their ends only,
    and, for some, at the first vertex of a ring. Raises `ValueError` when two polygons
    cover the same side of a segment: then it is no coverage.
    """
    parts, part_of = shapely.get_parts(coverage, return_index=True)
    rings, ring_of = shapely.get_rings(parts, return_index=True)
    coordinates, ring = shapely.get_coordinates(rings, return_index=True)
    if not len(coordinates):
        nothing = np.empty(0, dtype=np.int64)
        return Arcs(nothing, nothing, np.empty(0, dtype=object))
    unit = part_of[ring_of][ring]
    _, vertex = np.unique(
        np.ascontiguousarray(coordinates).view(np.complex128).reshape(-1), return_inverse=True
    )
    # A segment is known by its first vertex: the last vertex of a ring begins none.
    begins = np.flatnonzero(ring[:-1] == ring[1:])
    start, end = vertex[begins], vertex[begins + 1]
    other = _other_side(start, end, unit[begins])

    # As many segments leave a vertex as arrive; one between two units does so once for each.
    borders = np.bincount(start)
    borders += np.bincount(start[other == OUTSIDE], minlength=len(borders))
    breaks = np.ones(len(begins), dtype=bool)
    breaks[1:] = (
        (ring[begins[1:]] != ring[begins[:-1]])
        | (other[1:] != other[:-1])
        | (borders[start[1:]] != 2)
    )
    first = np.flatnonzero(breaks)
    length = np.diff(np.append(first, len(begins)))
    left, right = unit[begins[first]], other[first]
    once = np.flatnonzero((right == OUTSIDE) | (left < right))
    once = once[np.lexsort((right[once], left[once]))]
    return _grouped(coordinates, begins[first[once]], length[once], left[once], right[once])


def _other_side(
    start: NDArray[np.int64], end: NDArray[np.int64], unit: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Give the unit along whose ring each segment is run through the other way."""
    count = max(start.max(), end.max()) + 1
    there = start * count + end
    back = end * count + start
    order = np.argsort(there)
    if (np.diff(there[order]) == 0).any():
        raise ValueError("two polygons cover the same side of a segment")
    place = np.minimum(np.searchsorted(there[order], back), len(order) - 1)
    found = order[place]
    return np.where(there[found] == back, unit[found], OUTSIDE)


def _grouped(
    coordinates: NDArray[np.float64],
    first: NDArray[np.int64],
    length: NDArray[np.int64],
    left: NDArray[np.int64],
    right: NDArray[np.int64],
) -> Arcs:
    vertices = length + 1
    line = np.repeat(np.arange(len(first)), vertices)
    offset = np.arange(len(line)) - np.repeat(np.cumsum(vertices) - vertices, vertices)
    lines = shapely.linestrings(coordinates[first[line] + offset], indices=line)
    opens = np.ones(len(first), dtype=bool)
    opens[1:] = (left[1:] != left[:-1]) | (right[1:] != right[:-1])
    return Arcs(
        left[opens],
        right[opens],
        shapely.multilinestrings(lines, indices=np.cumsum(opens) - 1),
    )


def arcs_of_every_era(
    coverage: NDArray[Any], days: Sequence[Days]
) -> dict[tuple[int, int], Any]:
    """Cut the borders of a coverage that is divided otherwise from some days on.

    Parameters: `coverage`, as for `arcs_of` on each single day; `days`, per polygon the first
    day it stands for and the one after its last, None where it has none. Gives the lines by
    `(left, right)`, places in `coverage`, for every pair that meets on some day.
    """
    found: dict[tuple[int, int], Any] = {}
    turns = sorted({day for each in days for day in each if day is not None})
    for day in (date.min, *turns):
        standing = np.array(
            [
                place
                for place, (since, until) in enumerate(days)
                if (since is None or since <= day) and (until is None or day < until)
            ],
            dtype=np.int64,
        )
        arcs = arcs_of(coverage[standing])
        for (left, right), lines in arcs.by_pair():
            other = OUTSIDE if right == OUTSIDE else int(standing[right])
            found.setdefault((int(standing[left]), other), lines)
    return found


def shared_days(one: Days, other: Days) -> Days:
    """Give the days on which two units that meet both stand."""
    since = max(filter(None, (one[0], other[0])), default=None)
    until = min(filter(None, (one[1], other[1])), default=None)
    return since, until
