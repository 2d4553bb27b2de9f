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
