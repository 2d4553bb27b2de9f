"""What a report compares: two days, with nothing but what stood on each."""

from datetime import date
from typing import Any

from app.database.calendar import year_before
from app.web.report.rules import (
    Compared,
    as_divided,
    changes,
    counted,
    counted_by_theme,
)


def cpts(number: int, stage: str | None = "aci_signe", codes: str = "ab", **more: Any) -> Any:
    return {
        "id": number, "name": f"CPTS {number}", "stage": stage, "stage_label": stage,
        "codes": set(codes), "themes": [], "tier": 1, **more,
    }  # fmt: skip


def test_a_year_before_the_29th_of_february_is_the_28th() -> None:
    assert year_before(date(2024, 2, 29)) == date(2023, 2, 28)
    assert year_before(date(2026, 12, 31)) == date(2025, 12, 31)
    assert year_before(date(1, 2, 3)) == date.min


def test_each_value_is_counted_on_both_days_and_none_is_left_out() -> None:
    labels = {"lettre": "Lettre", "aci": "ACI"}
    now = [cpts(1, "aci"), cpts(2, "aci"), cpts(3, None)]
    assert counted("stage", labels, now, [cpts(1, "lettre")]) == [
        Compared("Lettre", 0, 1), Compared("ACI", 2, 0), Compared("Non connu", 1, 0),
    ]  # fmt: skip
    assert counted("stage", labels, now[:1], []) == [
        Compared("Lettre", 0, 0), Compared("ACI", 1, 0),
    ]  # fmt: skip
    assert Compared("ACI", 2, 5).difference == -3


def test_a_cpts_counts_once_for_a_mission_whatever_its_themes() -> None:
    themes = [
        {"slug": "hpv", "mission": "prevention"},
        {"slug": "sommeil", "mission": "prevention"},
    ]
    now = [cpts(1, themes=themes), cpts(2)]
    by_mission = counted_by_theme({"prevention": "Prévention"}, now, [], "mission")
    assert by_mission == [Compared("Prévention", 1, 0)]
    by_theme = counted_by_theme({"hpv": "HPV", "sommeil": "Sommeil"}, now, now)
    assert by_theme == [Compared("HPV", 1, 1), Compared("Sommeil", 1, 1)]


def test_what_came_ended_advanced_and_moved_is_told_once_each() -> None:
    before = [cpts(1, "lettre", "ab"), cpts(2, "aci", "cd"), cpts(3), cpts(4, "aci", "ef")]
    now = [cpts(1, "aci", "ab"), cpts(2, "aci", "cxy"), cpts(4, "aci", "ef"), cpts(5)]
    found = changes(now, before)
    assert [each["id"] for each in found.new] == [5]
    assert [each["id"] for each in found.ended] == [3]
    assert [(each["id"], former) for each, former in found.advanced] == [(1, "lettre")]
    assert [(each.cpts["id"], each.gained, each.lost) for each in found.moved] == [(2, 2, 1)]
    assert not found.is_empty
    assert changes(now, now).is_empty


def test_a_commune_is_compared_with_the_quarters_that_it_became() -> None:
    """Also with those that came out of a quarter."""
    parts = {"lille": ["nord", "sud"], "sud": ["moulins", "vauban"]}
    assert as_divided({"lille", "lomme"}, parts) == {"nord", "moulins", "vauban", "lomme"}
    assert as_divided({"lomme"}, {}) == {"lomme"}
