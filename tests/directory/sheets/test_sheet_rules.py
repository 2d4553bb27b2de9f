"""Versions, former states and confirmation, without a database."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from app.database.calendar import year_after, year_before
from app.directory.sheets.rules import (
    SheetChange,
    differences,
    due_on,
    is_stale,
    names_version,
    reminder_of,
    sheet_tag,
    state_after,
)


def change(number: int, before: dict[str, Any], after: dict[str, Any]) -> SheetChange:
    moment = datetime(2026, 1, number, tzinfo=UTC)
    return SheetChange(
        number, moment, number, "updated", "x", None, before, after, contacts_changed=False
    )


def test_a_tag_names_its_version_and_no_other() -> None:
    for version in (0, 1, 12):
        assert names_version(sheet_tag(version), version)
        assert names_version(f"W/{sheet_tag(version)}", version)
        assert not names_version(sheet_tag(version), version + 1)
    assert names_version('"fiche-3-br"', 3)
    assert names_version('"autre", "fiche-7"', 7)
    assert names_version("*", 9)
    for wrong in ("", "fiche-3", '"fiche-"', '"fiche-33"', '"3"', '"xfiche-3"'):
        assert not names_version(wrong, 3), wrong


@pytest.mark.parametrize(
    ("confirmed", "day", "stale"),
    [
        (None, date(2026, 11, 30), True),
        (date(2025, 11, 30), date(2026, 11, 30), False),
        (date(2025, 11, 29), date(2026, 11, 30), True),
        (date(2027, 2, 28), date(2028, 2, 29), False),
        (date(2027, 2, 27), date(2028, 2, 29), True),
        (date(2028, 2, 29), date(2029, 2, 28), False),
        (date(2028, 2, 29), date(2029, 3, 1), True),
    ],
)
def test_a_sheet_is_stale_a_year_after_it_was_confirmed(
    confirmed: date | None, day: date, stale: bool
) -> None:
    assert is_stale(confirmed, day) is stale


def test_a_year_is_the_same_day_of_another_one() -> None:
    assert year_before(date(2026, 3, 1)) == date(2025, 3, 1)
    assert year_before(date(2028, 2, 29)) == date(2027, 2, 28)
    assert year_after(date(2026, 3, 1)) == date(2027, 3, 1)
    assert year_after(date(2028, 2, 29)) == date(2029, 2, 28)
    assert year_before(date(1, 6, 1)) == date.min
    assert year_after(date(9999, 6, 1)) == date.max


def test_a_reminder_comes_a_month_before_and_when_it_is_late() -> None:
    written = date(2026, 5, 1)
    assert due_on(date(2025, 11, 30), written) == date(2026, 11, 30)
    assert due_on(None, written) == date(2026, 5, 31)
    for day, owed in (
        (date(2026, 10, 30), None),
        (date(2026, 10, 31), "due"),
        (date(2026, 11, 30), "due"),
        (date(2026, 12, 1), "late"),
    ):
        assert reminder_of(date(2025, 11, 30), written, day) == owed
    assert reminder_of(None, written, date(2026, 5, 1)) == "due"
    assert reminder_of(None, written, date(2026, 5, 31)) == "due"
    assert reminder_of(None, written, date(2026, 6, 1)) == "late"


def test_only_what_changed_is_told_and_never_contacts() -> None:
    before = {"presentation": "a", "members_count": 1, "actions": [], "contacts": [1]}
    after = {"presentation": "b", "members_count": 1, "actions": [], "contacts": [2]}
    assert differences(before, after) == ({"presentation": "a"}, {"presentation": "b"})


def test_a_former_state_is_told_by_the_changes_around_it() -> None:
    present = {"presentation": "c", "members_count": 30, "actions": [], "contacts": [1]}
    changes = [
        change(1, {"presentation": ""}, {"presentation": "a"}),
        change(2, {"presentation": "a"}, {"presentation": "b"}),
        change(
            3,
            {"presentation": "b", "members_count": 20},
            {"presentation": "c", "members_count": 30},
        ),
    ]
    told = [state_after(changes, number, present) for number in (1, 2, 3)]
    assert [each["presentation"] for each in told] == ["a", "b", "c"]
    assert [each["members_count"] for each in told] == [20, 20, 30]
    assert all(each["actions"] == [] and "contacts" not in each for each in told)
