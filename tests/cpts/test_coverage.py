"""Coverage per territory: what counts, where, and on which day."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.database.calendar import today

LILLE, ARRAS, DIGNE, GAP, NICE = "59350", "62041", "04070", "05061", "06088"
Register = Callable[..., int]


def coverage(client: TestClient, query: str = "") -> dict[str, Any]:
    response = client.get(f"/api/v1/coverage?{query}")
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def territory(client: TestClient, code: str, query: str) -> dict[str, Any]:
    (found,) = [item for item in coverage(client, query)["items"] if item["code"] == code]
    return dict(found)


def test_an_empty_registry_covers_nothing_of_a_whole_country(client: TestClient) -> None:
    body = coverage(client)
    assert body["level"] == "country"
    assert body["date"] == today().isoformat()
    assert body["stages"] == [
        "lettre_intention_validee",
        "association_creee",
        "projet_sante_valide",
        "aci_signe",
    ]
    assert "population municipale" in body["definition"]
    (france,) = body["items"]
    assert france["communes"] == 34_917
    assert france["population"] > 68_000_000
    assert france["population_covered"] == france["communes_covered"] == 0
    assert france["share_covered"] == 0
    assert set(france["cpts_by_stage"].values()) == {0}


def test_an_identified_group_covers_nothing_unless_its_stage_is_asked_for(
    client: TestClient, register: Register
) -> None:
    register("Recognised", "lettre_intention_validee", (LILLE,))
    register("Identified", "dynamique_identifiee", (ARRAS,))
    (france,) = coverage(client)["items"]
    assert france["communes_covered"] == 1
    assert france["population_covered"] == 238_246
    assert france["cpts_by_stage"]["dynamique_identifiee"] == 1
    assert france["cpts_by_stage"]["lettre_intention_validee"] == 1
    (france,) = coverage(client, "stage=dynamique_identifiee,aci_signe")["items"]
    assert france["communes_covered"] == 1
    assert france["population_covered"] == 42_875


def test_a_cpts_over_two_departments_counts_its_communes_where_they_are(
    client: TestClient, register: Register
) -> None:
    register("À cheval", "aci_signe", (DIGNE, GAP))
    alpes = territory(client, "04", "level=department")
    hautes = territory(client, "05", "level=department")
    assert (alpes["population_covered"], alpes["communes_covered"]) == (17_979, 1)
    assert (hautes["population_covered"], hautes["communes_covered"]) == (41_293, 1)
    assert alpes["cpts_by_stage"]["aci_signe"] == hautes["cpts_by_stage"]["aci_signe"] == 1
    assert territory(client, "06", "level=department")["population_covered"] == 0
    region = territory(client, "93", "level=region")
    assert region["population_covered"] == 17_979 + 41_293
    assert region["cpts_by_stage"]["aci_signe"] == 1


@pytest.mark.parametrize(
    ("level", "count"), [("country", 1), ("region", 18), ("department", 101)]
)
def test_the_sums_of_every_level_agree(
    client: TestClient, register: Register, level: str, count: int
) -> None:
    register("À cheval", "aci_signe", (DIGNE, GAP, LILLE))
    (france,) = coverage(client)["items"]
    items = coverage(client, f"level={level}")["items"]
    assert len(items) == count
    for key in ("population", "population_covered", "communes", "communes_covered"):
        assert sum(item[key] for item in items) == france[key]
    for item in items:
        assert 0 <= item["share_covered"] <= 1
        assert item["share_covered"] == pytest.approx(
            item["population_covered"] / item["population"], abs=0.0001
        )


def test_coverage_is_that_of_the_day(
    client: TestClient, register: Register, bearer: Callable[..., dict[str, str]]
) -> None:
    begin, signed = today() - timedelta(days=700), today() - timedelta(days=200)
    cpts = register("CPTS", "dynamique_identifiee", (LILLE,), effective_on=begin.isoformat())
    patched = client.patch(
        f"/api/v1/cpts/{cpts}",
        json={"stage": "aci_signe", "stage_since": signed.isoformat()},
        headers=bearer("admin"),
    )
    assert patched.status_code == 200, patched.text
    for day, covered, identified in (
        (begin - timedelta(days=1), 0, 0),
        (begin, 0, 1),
        (signed - timedelta(days=1), 0, 1),
        (signed, 1, 0),
    ):
        body = coverage(client, f"at={day}")
        assert body["date"] == day.isoformat()
        (france,) = body["items"]
        assert france["communes_covered"] == covered
        assert france["cpts_by_stage"]["dynamique_identifiee"] == identified


def test_without_a_commune_a_cpts_counts_in_the_country_only(
    client: TestClient, register: Register
) -> None:
    register("Naissante", "dynamique_identifiee", ())
    (france,) = coverage(client)["items"]
    assert france["cpts_by_stage"]["dynamique_identifiee"] == 1
    for item in coverage(client, "level=region")["items"]:
        assert item["cpts_by_stage"]["dynamique_identifiee"] == 0


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("level=commune", "level"),
        ("level=", "level"),
        ("stage=signe", "stage"),
        ("at=hier", "at"),
        ("region=32", "region"),
    ],
)
def test_nonsense_is_refused(client: TestClient, query: str, parameter: str) -> None:
    response = client.get(f"/api/v1/coverage?{query}")
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == ["query", parameter]
