"""Until when something is to be done, and when it stands still."""

from datetime import date

import pytest

from app.web.agents.rules import (
    Item,
    Section,
    by_section,
    contract_end,
    decision_due,
    ends_soon,
    months_after,
    stands_still,
)


@pytest.mark.parametrize(
    ("deposited", "due"),
    [
        (date(2026, 3, 2), date(2026, 5, 2)),
        (date(2026, 11, 15), date(2027, 1, 15)),
        (date(2026, 10, 31), date(2026, 12, 31)),
        (date(2025, 12, 31), date(2026, 2, 28)),
        (date(2027, 12, 30), date(2028, 2, 29)),
    ],
)
def test_a_letter_is_decided_within_two_months(deposited: date, due: date) -> None:
    assert decision_due(deposited) == due


def test_months_go_over_years() -> None:
    assert months_after(date(2024, 2, 29), 12) == date(2025, 2, 28)
    assert months_after(date(2026, 12, 1), 1) == date(2027, 1, 1)


@pytest.mark.parametrize(
    ("signed", "today", "end"),
    [
        (date(2022, 4, 1), date(2026, 11, 30), date(2027, 4, 1)),
        # On its last day it is not over; the next five years begin after it.
        (date(2021, 11, 30), date(2026, 11, 30), date(2026, 11, 30)),
        (date(2021, 11, 29), date(2026, 11, 30), date(2031, 11, 29)),
        (date(2019, 7, 1), date(2026, 11, 30), date(2029, 7, 1)),
    ],
)
def test_a_contract_runs_five_years(signed: date, today: date, end: date) -> None:
    assert contract_end(signed, today) == end


def test_a_contract_is_told_within_a_year_of_its_end() -> None:
    signed = date(2022, 6, 1)
    assert ends_soon(signed, date(2026, 6, 1)) == date(2027, 6, 1)
    assert ends_soon(signed, date(2026, 5, 31)) is None


def test_a_stage_stands_still_after_a_year() -> None:
    assert not stands_still(date(2025, 11, 30), date(2026, 11, 30))
    assert stands_still(date(2025, 11, 29), date(2026, 11, 30))


def test_what_is_due_first_comes_first() -> None:
    def item(name: str, due: date | None) -> Item:
        return Item(Section.DECIDE, name, "/", "", since=date(2026, 1, 1), due=due)

    found = by_section(
        [item("sans", None), item("tard", date(2026, 3, 1)), item("tôt", date(2026, 2, 1))]
    )
    assert [each.name for each in found[Section.DECIDE]] == ["tôt", "tard", "sans"]
    assert list(found) == list(Section)
    assert found[Section.ENDS] == []


def test_days_left_go_below_none() -> None:
    item = Item(Section.DECIDE, "", "/", "", due=date(2026, 1, 10))
    assert item.days_left(date(2026, 1, 1)) == 9
    assert item.days_left(date(2026, 1, 12)) == -2
    assert Item(Section.REPORTS, "", "/", "").days_left(date(2026, 1, 1)) is None
