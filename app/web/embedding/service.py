"""What the page of `/integrer` offers and writes."""

from typing import Any

import orjson

from app.cpts.reading.schemas import Filters
from app.cpts.reading.service import check_filters, reference_list
from app.database.calendar import today
from app.database.sessions import ReadingSession
from app.maps.service import map_heading
from app.web.embedding.rules import Choice, frame_code


def choice_of(filters: Filters) -> Choice:
    """Keep of the filters what a map on another site is chosen by."""
    return Choice(
        regions=() if filters.departments else filters.regions,
        departments=filters.departments,
        stages=filters.stages,
        themes=filters.themes,
        tiers=filters.tiers,
    )


def page_values(
    session: ReadingSession, choice: Choice, *, height_px: int, base: str
) -> dict[str, Any]:
    """Give what the page shows: the choices there are, and the code for the one made.

    Parameters: `base`, the outside address that the code names. Raises `Invalid` for
    values that no reference list knows.
    """
    filters = Filters(
        regions=choice.regions,
        departments=choice.departments,
        stages=choice.stages,
        themes=choice.themes,
        tiers=choice.tiers,
    )
    check_filters(session, filters)
    title = f"Carte : {map_heading(session, filters)}"
    return {
        "regions": _items(session, "regions"),
        "departments": _items(session, "departments", regions=None),
        "stages": _items(session, "stages"),
        "themes": _items(session, "themes"),
        "tiers": _items(session, "tiers", day=today()),
        "choice": choice,
        "height": height_px,
        "title": title,
        "map_address": choice.map_address(),
        "source_address": choice.source_address(),
        "code": frame_code(base + choice.map_address(), title, height_px),
    }


def _items(session: ReadingSession, name: str, **parameters: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = orjson.loads(reference_list(session, name, **parameters))[
        "items"
    ]
    return items
