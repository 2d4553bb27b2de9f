"""Borders of new units with each other and with everything around them."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj

from app.geography.build.neighbours import segments_of, shared_borders

Border = tuple[str, str, float]

_ENDS = ["x1", "y1", "x2", "y2"]


def borders_of_parts(
    parts: npt.NDArray[np.object_],
    codes: Sequence[str],
    cities: Sequence[str],
    around: Mapping[str, Any],
) -> list[Border]:
    """Give every border of some parts as `(part, neighbour, metres)`, each once.

    Parameters: `parts`, polygons in degrees (EPSG:4326) of which no two overlap, with their
    `codes` and `cities`; `around`, by code the polygons of units of any day that they may
    share borders with, which may overlap each other. A part has no border with its own city.
    """
    among = shared_borders(codes, parts)
    if not around:
        return among
    own = _frame(parts)
    others = _frame(np.array(list(around.values()), dtype=object))
    shared = own.merge(others, on=_ENDS, suffixes=("", "_other"))
    shared["part"] = np.asarray(codes)[shared["owner"]]
    shared["city"] = np.asarray(cities)[shared["owner"]]
    shared["other"] = np.asarray(list(around))[shared["owner_other"]]
    shared = shared[shared["city"] != shared["other"]]
    _, _, shared["metres"] = pyproj.Geod(ellps="WGS84").inv(*shared[_ENDS].to_numpy().T)
    summed = shared.groupby(["part", "other"], as_index=False)["metres"].sum()
    rows = summed[summed["metres"] > 0].itertuples(index=False, name=None)
    beside = [(str(part), str(other), float(metres)) for part, other, metres in rows]
    return [*among, *beside]


def _frame(polygons: npt.NDArray[np.object_]) -> pd.DataFrame:
    segments, owners = segments_of(polygons)
    return pd.DataFrame(segments, columns=_ENDS).assign(owner=owners)
