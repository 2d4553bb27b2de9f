"""The drawings of the sheets of communes and CPTS as figures."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from app.cpts.drawing.repository import Surroundings, SurroundingShape
from app.cpts.drawing.rules import placed_labels
from app.database.sessions import ReadingSession
from app.french import day as written_day
from app.maps.palette import BORDER_COLOUR, PAPER_COLOUR, stage_colour
from app.problems import NotFound
from app.web.figures.drawing import SEA, Figure, Key, names_written
from app.web.sheets.service import (
    DRAWING_HEIGHT,
    DRAWING_WIDTH,
    commune_sheet,
    cpts_sheet,
)

_ASKED = "#b3261e"


def map_of_commune(session: ReadingSession, code: str, at: date | None) -> Figure:
    """Draw a commune and what surrounds it, by the stage of who holds it.

    Parameters: as of `commune_sheet`; raises what it raises.
    """
    sheet = commune_sheet(session, code, at)
    commune, drawing = sheet["commune"], _drawn(sheet)
    parts = [f'<rect width="{DRAWING_WIDTH}" height="{DRAWING_HEIGHT}" fill="{SEA}"/>']
    communes = [each for each in drawing.shapes if each.kind == "commune"]
    parts += [_path(each, _fill(each), "#8f8a7e", 0.6) for each in communes]
    parts += [
        _path(each, "none", BORDER_COLOUR, 1.8)
        for each in drawing.shapes
        if each.kind == "cpts"
    ]
    asked = [each for each in communes if each.asked]
    parts += [_path(each, "none", _ASKED, 2 if len(asked) > 1 else 4) for each in asked]
    parts.append(names_written(sheet["labels_drawn"]))
    return _figure(
        sheet,
        f"carte-commune-{commune['code']}",
        f"{commune['name']} ({commune['code']})",
        communes,
        "".join(parts),
    )


def map_of_cpts_sheet(session: ReadingSession, cpts_id: int, at: date | None) -> Figure:
    """Draw a CPTS among its neighbours.

    Parameters: as of `cpts_sheet`; raises what it raises, `NotFound` without a commune.
    """
    sheet = cpts_sheet(session, cpts_id, at)
    cpts, drawing = sheet["cpts"], _drawn(sheet)
    others = [each for each in drawing.shapes if each.cpts_id != cpts_id]
    own = [each for each in drawing.shapes if each.cpts_id == cpts_id]
    parts = [f'<rect width="{DRAWING_WIDTH}" height="{DRAWING_HEIGHT}" fill="{PAPER_COLOUR}"/>']
    parts += [_path(each, _fill(each), BORDER_COLOUR, 1.2) for each in others]
    parts += [_path(each, _fill(each), _ASKED, 4) for each in own]
    named = (
        (each.name, each.x, each.y, each.width, each.cpts_id == cpts_id)
        for each in drawing.shapes
    )
    parts.append(names_written(placed_labels(named, DRAWING_WIDTH, DRAWING_HEIGHT)))
    return _figure(sheet, f"carte-cpts-{cpts_id}", cpts["name"], drawing.shapes, "".join(parts))


def _drawn(sheet: dict[str, Any]) -> Surroundings:
    drawing: Surroundings | None = sheet["drawing"]
    if drawing is None:
        raise NotFound("Il n’y a rien à dessiner : aucune commune n’a de contour.")
    return drawing


def _figure(
    sheet: dict[str, Any],
    named: str,
    subject: str,
    shapes: Sequence[SurroundingShape],
    content: str,
) -> Figure:
    stages = {each.stage for each in shapes}
    keys = [
        Key(f"CPTS : {label}", stage_colour(slug))
        for slug, label in sheet["labels"].items()
        if slug in stages
    ]
    clip = (
        f'<clipPath id="frame"><rect width="{DRAWING_WIDTH}" height="{DRAWING_HEIGHT}"/>'
        "</clipPath>"
    )
    return Figure(
        name=f"{named}-{sheet['day'].isoformat()}",
        title=f"{subject} et ses environs",
        dated=f"Au {written_day(sheet['day'])}",
        description=f"{subject} et les CPTS voisines selon leur stade.",
        width=DRAWING_WIDTH,
        height=DRAWING_HEIGHT,
        content=f'<g clip-path="url(#frame)">{content}</g>',
        keys=[
            Key(subject, "#ffffff", border=_ASKED),
            *keys,
            Key("Sans CPTS, ou non renseigné", PAPER_COLOUR),
        ],
        definitions=clip,
    )


def _fill(shape: SurroundingShape) -> str:
    return stage_colour(shape.stage) if shape.stage else PAPER_COLOUR


def _path(shape: SurroundingShape, fill: str, stroke: str, width: float) -> str:
    return (
        f'<path d="{shape.path}" fill="{fill}" stroke="{stroke}" stroke-width="{width}" '
        'stroke-linejoin="round"/>'
    )
