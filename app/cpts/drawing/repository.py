"""The SQL of the drawings: paths in the units of a drawing, projected and scaled by PostGIS."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from app.cpts.drawing.rules import OVERSEAS, Frame, PartExtent
from app.database.sessions import ReadingSession
from app.database.statements import statement


@dataclass(frozen=True, slots=True)
class DepartmentPath:
    """A department in a frame of a drawing; `frame` counts from 0.

    `x`, `y`, a point inside, and `width`, of its box, are in units of the drawing.
    """

    frame: int
    code: str
    name: str
    region: str
    path: str
    x: float
    y: float
    width: float


@dataclass(frozen=True, slots=True)
class TerritoryPath:
    """The territory of a CPTS in a frame of a drawing; units as of a department.

    `x` and `y` are None unless labels were asked for.
    """

    frame: int
    cpts_id: int
    name: str
    stage: str
    path: str
    x: float | None
    y: float | None
    width: float


@dataclass(frozen=True, slots=True)
class SurroundingShape:
    """A commune, or the outline of a CPTS, in a window; `asked` are those it is about.

    `x`, `y`, a point inside; `width`, `height`, of its box: all in units of the drawing.
    """

    kind: str
    code: str
    name: str
    cpts_id: int | None
    stage: str | None
    asked: bool
    path: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The shapes of a window and its corners in degrees (WGS 84): west, south, east, north."""

    shapes: tuple[SurroundingShape, ...]
    bounds: tuple[float, float, float, float]


def _frames(frames: Sequence[Frame]) -> dict[str, Any]:
    boxes = [frame.box for frame in frames]
    return {
        "srids": [frame.srid for frame in frames],
        "scales": [1 / frame.metres_per_unit for frame in frames],
        "xs": [frame.offset[0] for frame in frames],
        "ys": [frame.offset[1] for frame in frames],
        "departments": [" ".join(frame.departments) for frame in frames],
        "details": [frame.detail for frame in frames],
        "wests": [west for west, _, _, _ in boxes],
        "souths": [south for _, south, _, _ in boxes],
        "easts": [east for _, _, east, _ in boxes],
        "norths": [north for _, _, _, north in boxes],
    }


def department_paths(
    session: ReadingSession, frames: Sequence[Frame], *, step: float = 1
) -> list[DepartmentPath]:
    """Draw the outlines of the departments, in the order of frames and codes.

    Parameters: `step`, of the grid that points lie on, in units of the drawing.
    """
    asked = {**_frames(frames), "step": step}
    rows = session.execute(statement(__file__, "departments"), asked)
    return [DepartmentPath(**row) for row in rows.mappings() if row["path"]]


def region_paths(session: ReadingSession, frame: Frame, *, step: float = 1) -> list[str]:
    """Draw the outlines of the regions of metropolitan France, in the order of the codes.

    Parameters: `step` as of `department_paths`.
    """
    x, y = frame.offset
    rows = session.execute(
        statement(__file__, "regions"),
        {
            "srid": frame.srid,
            "scale": 1 / frame.metres_per_unit,
            "x": x,
            "y": y,
            "overseas": list(OVERSEAS),
            "step": step,
        },
    )
    return [row.path for row in rows if row.path]


def territory_paths(
    session: ReadingSession,
    frames: Sequence[Frame],
    day: date,
    *,
    step: float = 1,
    labelled: bool = False,
) -> list[TerritoryPath]:
    """Draw the territories of a day, in the order of frames, stages and ids.

    Parameters: `step` as of `department_paths`; `labelled`, whether each has a point inside.
    """
    asked = {"day": day, "overseas": list(OVERSEAS), "step": step, "labelled": labelled}
    rows = session.execute(statement(__file__, "territories"), {**_frames(frames), **asked})
    return [TerritoryPath(**row) for row in rows.mappings() if row["path"]]


def extents(
    session: ReadingSession,
    codes: Collection[str],
    box: tuple[float, float, float, float] | None = None,
) -> list[PartExtent]:
    """Measure departments for each part of the country that they lie in.

    Parameters: `codes` of the departments; `box`, west, south, east, north in degrees
    (WGS 84), of which only what lies in both is measured.
    """
    sides = zip(("west", "south", "east", "north"), box or (None,) * 4, strict=True)
    asked = {"codes": sorted(codes), **dict(sides)}
    rows = session.execute(statement(__file__, "extents"), asked)
    return [PartExtent(**row) for row in rows.mappings()]


def surroundings(
    session: ReadingSession,
    codes: Sequence[str],
    day: date,
    *,
    width: int,
    height: int,
    times: float = 2.6,
    least_m: float = 14_000,
    communes: Literal["all", "asked"] = "all",
) -> Surroundings | None:
    """Draw communes among their surroundings, as of a day.

    Parameters: `width`, `height`, of the drawing in units; `times`, how many times as wide
    as the communes the window is; `least_m`, its least width on the ground in metres;
    `communes`, which of them are drawn besides the CPTS. None when nothing is there.
    """
    rows = session.execute(
        statement(__file__, "surroundings"),
        {
            "codes": list(codes),
            "day": day,
            "width": width,
            "height": height,
            "times": times,
            "least_m": least_m,
            "all_communes": communes == "all",
        },
    ).mappings()
    corners = ("west", "south", "east", "north")
    bounds: tuple[float, ...] = ()
    shapes = []
    for row in rows:
        bounds = tuple(row[name] for name in corners)
        shapes.append(SurroundingShape(**{k: v for k, v in row.items() if k not in corners}))
    if not shapes:
        return None
    west, south, east, north = bounds
    return Surroundings(tuple(shapes), (west, south, east, north))
