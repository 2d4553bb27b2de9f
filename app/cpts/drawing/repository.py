"""The SQL of the drawings: paths in the units of a drawing, projected and scaled by PostGIS."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from app.cpts.drawing.rules import OVERSEAS, Frame
from app.database.sessions import ReadingSession
from app.database.statements import statement


@dataclass(frozen=True, slots=True)
class DepartmentPath:
    """A department in a frame of the national drawing; `frame` counts from 0."""

    frame: int
    code: str
    name: str
    path: str


@dataclass(frozen=True, slots=True)
class StagePath:
    """All territories of a stage in a frame of the national drawing."""

    frame: int
    stage: str
    number: int
    path: str


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
    return {
        "srids": [frame.srid for frame in frames],
        "scales": [1 / frame.metres_per_unit for frame in frames],
        "xs": [frame.offset[0] for frame in frames],
        "ys": [frame.offset[1] for frame in frames],
        "departments": [" ".join(frame.departments) for frame in frames],
    }


def department_paths(session: ReadingSession, frames: Sequence[Frame]) -> list[DepartmentPath]:
    """Draw the outlines of the departments, in the order of frames and codes."""
    rows = session.execute(statement(__file__, "departments"), _frames(frames))
    return [DepartmentPath(**row) for row in rows.mappings() if row["path"]]


def region_paths(session: ReadingSession, frame: Frame) -> list[str]:
    """Draw the outlines of the regions of metropolitan France, in the order of the codes."""
    x, y = frame.offset
    rows = session.execute(
        statement(__file__, "regions"),
        {
            "srid": frame.srid,
            "scale": 1 / frame.metres_per_unit,
            "x": x,
            "y": y,
            "overseas": list(OVERSEAS),
        },
    )
    return [row.path for row in rows if row.path]


def stage_paths(session: ReadingSession, frames: Sequence[Frame], day: date) -> list[StagePath]:
    """Draw the territories of a day by stage, in the order of frames and stages."""
    parameters = {**_frames(frames), "day": day, "overseas": list(OVERSEAS)}
    rows = session.execute(statement(__file__, "territories"), parameters)
    return [StagePath(**row) for row in rows.mappings() if row["path"]]


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
