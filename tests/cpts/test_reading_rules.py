"""Choices of the reading side, without a database."""

from datetime import date

import pytest

from app.cpts.reading.filtering import Filters
from app.cpts.reading.filters import BBOX, DEPARTMENT, REGION, SEARCH, STAGE
from app.cpts.reading.rules import day_shown, suitable_detail
from app.http.parameters import Bbox

FRANCE = Bbox(-5, 41, 10, 51)


@pytest.mark.parametrize(
    ("filters", "detail"),
    [
        (Filters(), "national"),
        (Filters({STAGE: ("aci_signe",), SEARCH: "val"}), "national"),
        (Filters({REGION: ("32",)}), "region"),
        (Filters({DEPARTMENT: ("59", "62")}), "department"),
        (Filters({REGION: ("32",), DEPARTMENT: ("59",)}), "department"),
        (Filters({BBOX: FRANCE}), "national"),
        (Filters({BBOX: Bbox(2, 48, 8, 50)}), "region"),
        (Filters({BBOX: Bbox(2, 48, 4, 50)}), "department"),
        (Filters({BBOX: Bbox(2, 48, 2.4, 48.2)}), "full"),
        (Filters({BBOX: FRANCE, REGION: ("32",)}), "region"),
        (Filters({BBOX: Bbox(2, 48, 2.4, 48.2), REGION: ("11",)}), "full"),
    ],
)
def test_the_detail_suits_the_narrowest_filter(filters: Filters, detail: str) -> None:
    assert suitable_detail(filters) == detail


FIRST, LAST, END = date(2024, 3, 1), date(2026, 2, 28), date(2026, 3, 1)


@pytest.mark.parametrize(
    ("day", "asked", "shown"),
    [
        (date(2025, 1, 1), False, date(2025, 1, 1)),
        (date(2025, 1, 1), True, date(2025, 1, 1)),
        (FIRST, True, FIRST),
        (date(2024, 2, 29), True, None),
        (date(2024, 2, 29), False, FIRST),
        (LAST, True, LAST),
        (END, True, LAST),
        (date(2030, 1, 1), False, LAST),
    ],
)
def test_a_single_cpts_is_shown_on_a_day_of_its_life(
    day: date, asked: bool, shown: date | None
) -> None:
    assert day_shown(FIRST, END, day, asked=asked) == shown


def test_a_cpts_that_ended_on_its_first_day_is_shown_on_that_day() -> None:
    assert day_shown(FIRST, FIRST, END, asked=False) == FIRST
