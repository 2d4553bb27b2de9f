"""Choices of the reading side that need neither database nor request."""

from datetime import date, timedelta

from app.cpts.reading.schemas import DETAILS, Detail, Filters
from app.http.parameters import Bbox

# Widest side of a box, in degrees, up to which a detail is worth its bytes.
_WIDTHS: tuple[tuple[float, Detail], ...] = (
    (0.5, "full"),
    (2.5, "department"),
    (8.0, "region"),
)


def _detail_of_box(box: Bbox) -> Detail:
    width = max(box.east - box.west, box.north - box.south)
    return next((detail for limit, detail in _WIDTHS if width <= limit), "national")


def suitable_detail(filters: Filters) -> Detail:
    """Choose the generalisation that suits what the filters let through, the finest of several.

    Department filters show departments, region filters regions, a box what fits in it;
    without any of them the whole country is seen.
    """
    suited: list[Detail] = ["national"]
    if filters.regions:
        suited.append("region")
    if filters.departments:
        suited.append("department")
    if filters.bbox:
        suited.append(_detail_of_box(filters.bbox))
    return max(suited, key=DETAILS.index)


def day_shown(
    started_on: date, ended_on: date | None, day: date, *, asked: bool
) -> date | None:
    """Choose the day as of which a single CPTS is shown.

    Parameters: the CPTS's first day and the first day without it (None while it lasts);
    `day`, the one asked for, or today; `asked`, whether the client named it. A CPTS that
    has ended is shown as of its last day; one that starts later, as of its first day, but
    None when the client asked for an earlier one.
    """
    if day < started_on:
        return None if asked else started_on
    if ended_on is not None and day >= ended_on:
        return max(started_on, ended_on - timedelta(days=1))
    return day
