"""The first picture of the map of the country: what is seen before its program has drawn."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from math import asinh, pi, radians, tan

from app.cpts.drawing.repository import TerritoryPath, department_paths, territory_paths
from app.cpts.drawing.rules import Frame
from app.database.calendar import today
from app.database.sessions import ReadingSession
from app.maps import repository
from app.maps.addresses import PICTURE_ADDRESS, address
from app.maps.palette import (
    BORDER_COLOUR,
    DASHED_STAGES,
    FILL_OPACITY,
    PAPER_COLOUR,
    stage_colour,
)
from app.maps.repository import Bounds
from app.maps.rules import mainland_of

# Half the side of the square that Web Mercator makes of the world, in its metres (EPSG:3857).
_HALF_WORLD_M = 20_037_508.342789244
# About the pixels that the country takes on a wide screen; finer would not be seen.
_WIDTH = 800


@dataclass(frozen=True, slots=True)
class Picture:
    """Where a picture is, and what it takes of the width and height of the world's square.

    From these the page lays it where Leaflet will draw the same.
    """

    address: str
    width: float
    height: float


def picture_of(view: Bounds, day: date | None) -> Picture:
    """Tell how large the picture of a view is.

    Parameters: `view`, in degrees (WGS 84); `day`, None for today.
    """
    west, south, east, north = _in_world(view)
    parameters = [("at", day.isoformat())] if day else []
    return Picture(address(PICTURE_ADDRESS, parameters), east - west, north - south)


def first_picture(session: ReadingSession, day: date | None) -> bytes:
    """Draw metropolitan France with its CPTS by stage, as SVG in Web Mercator.

    Parameters: `day`, None for today. Without any outline an empty drawing.
    """
    view = mainland_of(repository.departments(session))
    if view is None:
        return b'<svg xmlns="http://www.w3.org/2000/svg"/>'
    west, south, east, north = (share * 2 * _HALF_WORLD_M for share in _in_world(view))
    metres_per_unit = (east - west) / _WIDTH
    height = (north - south) / metres_per_unit
    frame = Frame("Métropole", 3857, west, north, metres_per_unit, 0, 0, _WIDTH, height)
    land = " ".join(each.path for each in department_paths(session, [frame], step=2))
    territories = by_stage(territory_paths(session, [frame], day or today(), step=1.5))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height:.2f}">'
        f'<path d="{land}" fill="{PAPER_COLOUR}"/>'
        f'<g fill-opacity="{FILL_OPACITY}" stroke-linejoin="round">{territories}</g></svg>'
    ).encode()


def by_stage(territories: Iterable[TerritoryPath]) -> str:
    """Write territories as SVG, one path a stage, in the order in which stages come first."""
    paths: dict[str, list[str]] = {}
    for each in territories:
        paths.setdefault(each.stage, []).append(each.path)
    return "".join(
        drawn_territories(
            drawn, stage_colour(stage), dashes="3 2" if stage in DASHED_STAGES else None
        )
        for stage, drawn in paths.items()
    )


def drawn_territories(paths: Iterable[str], fill: str, *, dashes: str | None = None) -> str:
    """Write paths of territories of one colour as SVG; `dashes` of their borders, if any."""
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        f'<path d="{" ".join(paths)}" fill="{fill}" stroke="{BORDER_COLOUR}" '
        f'stroke-width=".4"{dashed}/>'
    )


def _in_world(bounds: Bounds) -> Bounds:
    """Project a box in degrees to shares of the world's square, from its middle."""
    west, south, east, north = bounds
    return (
        west / 360,
        asinh(tan(radians(south))) / (2 * pi),
        east / 360,
        asinh(tan(radians(north))) / (2 * pi),
    )
