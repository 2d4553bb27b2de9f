"""The lists of reference: what each item tells, in its order, and how the API describes it."""

import itertools
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app.cpts.references import repository as references
from app.database.calendar import today
from app.database.sessions import ReadingSession


def items(client: TestClient, path: str) -> list[dict[str, Any]]:
    answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == 200, answer.text
    assert answer.json().keys() == {"items"}
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


@pytest.mark.parametrize(
    ("path", "first"),
    [
        ("regions", {"code": "01", "name": "Guadeloupe"}),
        (
            "departments?region=93",
            {
                "code": "04",
                "name": "Alpes-de-Haute-Provence",
                "region": "93",
                "complete": False,
            },
        ),
        (
            "tiers?at=2026-01-01",
            {
                "tier": 1,
                "label": "Taille 1",
                "population_from": 0,
                "population_under": 40_000,
            },
        ),
    ],
)
def test_an_item_tells_what_the_contract_says(
    client: TestClient, path: str, first: dict[str, Any]
) -> None:
    assert items(client, path)[0] == first


def test_stages_and_themes_come_in_their_own_order(client: TestClient) -> None:
    stages = items(client, "stages")
    assert [stage["rank"] for stage in stages] == sorted(stage["rank"] for stage in stages)
    assert stages[0].keys() == {"slug", "rank", "label", "meaning"}
    assert [stages[0]["slug"], stages[-1]["slug"]] == ["dynamique_identifiee", "aci_signe"]
    themes = items(client, "themes")
    missions = list(dict.fromkeys(theme["mission"] for theme in themes))
    assert [theme["mission"] for theme in themes] == [
        mission for mission in missions for theme in themes if theme["mission"] == mission
    ]
    assert len(missions) > 3
    keys = {"slug", "label", "mission", "mission_label", "mission_optional"}
    assert all(theme.keys() == keys for theme in themes)
    assert {theme["mission_optional"] for theme in themes} == {True, False}


def test_the_last_tier_has_no_end_and_the_others_follow_each_other(client: TestClient) -> None:
    tiers = items(client, "tiers")
    assert [tier["tier"] for tier in tiers] == [1, 2, 3, 4]
    assert tiers[-1]["population_under"] is None
    for tier, following in itertools.pairwise(tiers):
        assert tier["population_under"] == following["population_from"]


def test_departments_are_those_of_the_regions_named(client: TestClient) -> None:
    everywhere = items(client, "departments")
    assert len(everywhere) == 101
    assert [each["code"] for each in everywhere] == sorted(each["code"] for each in everywhere)
    named = items(client, "departments?region=32,93")
    assert named == [each for each in everywhere if each["region"] in ("32", "93")]
    assert {each["region"] for each in named} == {"32", "93"}


def test_completeness_is_that_of_the_day(client: TestClient, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO department_completeness (department_code, complete)"
            " VALUES ('59', daterange(%s, NULL))",
            (today(),),
        )
    with ReadingSession(engine) as session:
        for day, complete in ((today(), ["59"]), (today() - timedelta(days=1), [])):
            found = references.departments(session, day)
            assert [each.code for each in found if each.complete] == complete
            assert len(found) == 101
    complete_now = [each["code"] for each in items(client, "departments") if each["complete"]]
    assert complete_now == ["59"]


@pytest.mark.parametrize(
    ("path", "item"),
    [
        ("regions", "RegionItem"),
        ("departments", "DepartmentItem"),
        ("stages", "StageItem"),
        ("themes", "ThemeItem"),
        ("tiers", "TierItem"),
    ],
)
def test_the_description_of_the_api_types_the_items(
    client: TestClient, path: str, item: str
) -> None:
    described = client.get("/openapi.json").json()
    answer = described["paths"][f"/api/v1/{path}"]["get"]["responses"]["200"]
    name = answer["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    schemas = described["components"]["schemas"]
    assert schemas[name]["properties"]["items"]["items"]["$ref"].endswith(f"/{item}")
    (first, *_) = items(client, path)
    assert schemas[item]["properties"].keys() == first.keys()
