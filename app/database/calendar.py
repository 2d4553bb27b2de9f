"""Today, in the one time zone that the registry lives in."""

import os
from datetime import date, datetime
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")


def today() -> date:
    """Give the current day in Europe/Paris.

    The environment variable `CPTS_TODAY` (ISO date) stands in for the clock, so that
    a change of day can be tried without waiting for midnight.
    """
    fixed = os.environ.get("CPTS_TODAY")
    if fixed:
        return date.fromisoformat(fixed)
    return datetime.now(PARIS).date()


def day_in_paris(moment: datetime) -> date:
    """Give the day on which a moment falls in Europe/Paris."""
    return moment.astimezone(PARIS).date()


def year_before(day: date) -> date:
    """Give the same day of the year before; 28 February for the 29th; or the first day."""
    if day.year == date.min.year:
        return date.min
    if (day.month, day.day) == (2, 29):
        return day.replace(year=day.year - 1, day=28)
    return day.replace(year=day.year - 1)


def year_after(day: date) -> date:
    """Give the same day of the next year; 28 February for the 29th; or the last day."""
    if day.year == date.max.year:
        return date.max
    if (day.month, day.day) == (2, 29):
        return day.replace(year=day.year + 1, day=28)
    return day.replace(year=day.year + 1)
