"""What the pages about quarters show: divisions, and one that is prepared."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import shapely

from app.cpts.communes.service import single_commune
from app.cpts.communes.units import units_of
from app.cpts.drawing.rules import placed_labels
from app.database.sessions import ReadingSession
from app.failures import Failure
from app.geography.division.repository import communes_to_divide
from app.geography.division.rules import DrawnPart
from app.geography.division.service import DivisionPlan, plan_division
from app.geography.division.snapping import Snapped, snapped
from app.web.administration.quarters import repository
from app.web.administration.quarters.file_reading import SentParts
from app.web.sheets.service import holders_of

PAGE = 100
# Colours of the drawn quarters, in turn: neighbours rarely have the same.
_COLOURS = 6


def listed(session: ReadingSession, *, offset: int) -> dict[str, Any]:
    """Gather the divisions that stand."""
    return {
        "divisions": repository.divided_cities(session, limit=PAGE, offset=offset),
        "number_found": repository.number_of_divisions(session),
        "offset": offset,
        "page_size": PAGE,
    }


def preview(session: ReadingSession, sent: SentParts, day: date) -> dict[str, Any]:
    """Work out what a division would make, as `plan`; or why it cannot be, as `refused`.

    Returns also who holds the commune, who demands it besides, and `drawing`: the parts as
    they would stand, or as they are drawn with what they leave out and cover twice. Raises
    `NotFound` for an unknown commune.
    """
    commune = single_commune(session, sent.code, None)
    shown: dict[str, Any] = {
        "commune": commune,
        "holders": holders_of(units_of(commune)),
        "sent": sent,
        "day": day,
        "plan": None,
        "refused": None,
        "drawing": [],
    }
    try:
        plan = plan_division(session, sent.code, sent.parts, day)
    except Failure as failure:
        shown["refused"] = failure.message
        shown["drawing"] = _drawing_of_refused(session, sent)
    else:
        shown["plan"] = plan
        shown["drawing"] = repository.drawn_shapes(session, _shapes_of(plan))
    shown["labels"] = _labels(shown["drawing"])
    return shown


def _shapes_of(plan: DivisionPlan) -> list[tuple[str, str, Any]]:
    parts = [
        (f"quarter-{place % _COLOURS}", part.quarter, shape)
        for place, (part, shape) in enumerate(
            zip(plan.parts, plan.polygons["geom"], strict=True)
        )
    ]
    return [*parts, *_mended(plan.snapped), ("whole", "", plan.commune.polygons["geom"])]


def _mended(met: Snapped) -> list[tuple[str, str, Any]]:
    told = (("rest", "Dans aucun quartier", met.rest), ("overlap", "Deux fois", met.overlap))
    return [(kind, name, shape) for kind, name, shape in told if not shapely.is_empty(shape)]


def _drawing_of_refused(session: ReadingSession, sent: SentParts) -> list[Any]:
    commune = communes_to_divide(session, [sent.code]).get(sent.code)
    if commune is None:
        return []
    whole = commune.polygons["geom"]
    inside = [part for part in sent.parts if shapely.intersects(part.polygon, whole)]
    if not inside:
        return []
    met = snapped(whole, np.array([part.polygon for part in inside], dtype=object))
    return repository.drawn_shapes(
        session, [*_as_drawn(inside, whole), *_mended(met), ("whole", "", whole)]
    )


def _as_drawn(parts: Sequence[DrawnPart], whole: Any) -> list[tuple[str, str, Any]]:
    clipped = ((part, shapely.intersection(part.polygon, whole)) for part in parts)
    return [
        (f"quarter-{place % _COLOURS}", part.name, shape)
        for place, (part, shape) in enumerate(clipped)
        if shapely.area(shape) > 0
    ]


def _labels(drawing: Sequence[Any]) -> list[Any]:
    if not drawing:
        return []
    named = (
        (each["name"], each["x"], each["y"], each["width"], False)
        for each in drawing
        if each["kind"].startswith("quarter")
    )
    size = drawing[0]
    return placed_labels(named, int(size["total_width"]), int(size["total_height"]))
