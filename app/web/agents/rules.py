"""Dates by which something is to be done, and when something stands still. Plain Python."""

import calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

# The ARS answers on a health project within two months of its deposit; letters go by it too.
MONTHS_TO_DECIDE = 2
# An ACI runs five years, and is then concluded again.
CONTRACT_YEARS = 5
# Of which so long before its end one prepares the next.
NOTICE = timedelta(days=365)
# A stage that has not moved for longer stands still.
STANDSTILL = timedelta(days=365)


class Section(StrEnum):
    """What is to be followed, in the order of the page."""

    DECIDE = "decide"
    CONCILIATE = "conciliate"
    ALONE = "alone"
    STANDS_STILL = "stands_still"
    ENDS = "ends"
    REPORTS = "reports"


@dataclass(frozen=True)
class Item:
    """One thing to follow: `since` when, `due` by when, `address` on this site."""

    section: Section
    name: str
    address: str
    detail: str
    since: date | None = None
    due: date | None = None

    def days_left(self, today: date) -> int | None:
        """Count the days until it is due, fewer than none once that has passed."""
        return None if self.due is None else (self.due - today).days


def months_after(day: date, months: int) -> date:
    """Give the same day so many months later, or the last of a shorter month."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def decision_due(deposited_on: date) -> date:
    """Give the day by which a letter is to be decided."""
    return months_after(deposited_on, MONTHS_TO_DECIDE)


def contract_end(signed_on: date, today: date) -> date:
    """Give the end of the present five years of a contract that was signed on a day."""
    years = CONTRACT_YEARS
    while (end := months_after(signed_on, 12 * years)) < today:
        years += CONTRACT_YEARS
    return end


def ends_soon(signed_on: date, today: date) -> date | None:
    """Give the end of a contract when it lies within a year, else None."""
    end = contract_end(signed_on, today)
    return end if end - today <= NOTICE else None


def stands_still(since: date, today: date) -> bool:
    """Tell whether a stage has not moved for long."""
    return today - since > STANDSTILL


def by_section(items: Iterable[Item]) -> dict[Section, Sequence[Item]]:
    """Give the items of each section, what is due first before the rest, then the oldest."""
    found: dict[Section, list[Item]] = {section: [] for section in Section}
    for item in items:
        found[item.section].append(item)
    return {
        section: sorted(
            listed,
            key=lambda item: (item.due or date.max, item.since or date.max, item.name),
        )
        for section, listed in found.items()
    }
