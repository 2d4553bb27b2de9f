"""What the page of `/integrer` offers and writes."""

from typing import Any

from app.cpts.reading.filtering import Filters
from app.cpts.reading.filters import FILTERS, OFFERED
from app.cpts.reading.service import check_filters
from app.database.sessions import ReadingSession
from app.maps.service import map_heading
from app.web.embedding.rules import embeddable, frame_code, map_address, source_address
from app.web.layout.controls import form_controls


def page_values(
    session: ReadingSession, filters: Filters, *, height_px: int, base: str
) -> dict[str, Any]:
    """Give what the page shows: the choices there are, and the code for the one made.

    Parameters: `base`, the outside address that the code names. Raises `Invalid` for
    values that no reference list knows.
    """
    shown = embeddable(filters)
    check_filters(session, shown)
    title = f"Carte : {map_heading(session, shown)}"
    address = map_address(shown)
    return {
        "controls": form_controls(session, OFFERED, shown),
        "parameters": FILTERS,
        "height": height_px,
        "title": title,
        "map_address": address,
        "source_address": source_address(shown),
        "code": frame_code(base + address, title, height_px),
    }
