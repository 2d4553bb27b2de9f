"""Choices of the reading side that need neither database nor request."""

from datetime import date, timedelta

from app.cpts.reading.filtering import Filters
from app.cpts.reading.schemas import DETAILS, Detail


def suitable_detail(filters: Filters) -> Detail:
    """Choose the generalisation that suits what the filters let through, the finest of several.

    Department filters show departments, region filters regions, a box what fits in it;
    without any of them the whole country is seen.
    """
    suited = [key.detail(value) for key, value in filters.asked.items() if key.detail]
    return max(suited, key=DETAILS.index, default="national")


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
