"""A divided commune over HTTP: its code means its parts, which CPTS hold one by one."""

from datetime import date, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.conftest import Register
from tests.quarters import Divide

LILLE, LOOS = "59350", "59360"
QUARTERS = ("Fives", "Le Port", "Nord et Sud")
CODES = [f"{LILLE}-0{n}" for n in (1, 2, 3)]
FIVES, PORT, NORTH_AND_SOUTH = CODES
DIVIDED_ON = date(2026, 1, 1)
BEFORE = {"at": (DIVIDED_ON - timedelta(days=1)).isoformat()}


@pytest.fixture
def divided(divide_commune: Divide) -> None:
    """Lille is divided since a day of the past."""
    divide_commune(LILLE, QUARTERS, day=DIVIDED_ON)


def commune(client: TestClient, code: str, **parameters: str) -> Any:
    return client.get(f"/api/v1/communes/{code}", params=parameters).json()


@pytest.mark.usefixtures("divided")
def test_a_divided_commune_answers_as_paris_does(
    client: TestClient, register: Register
) -> None:
    before = commune(client, LILLE, **BEFORE)
    assert (before["kind"], before["code"]) == ("commune", LILLE)
    fives = register("CPTS Fives", communes=(FIVES,))
    city = commune(client, LILLE)
    assert (city["kind"], city["name"], city["cpts"]) == ("city", "Lille", None)
    assert "arrondissements" not in city
    assert city["population"] == before["population"]
    assert city["postcodes"] == before["postcodes"]
    assert [part["code"] for part in city["parts"]] == CODES
    assert [part["cpts"] and part["cpts"]["id"] for part in city["parts"]] == [
        fives,
        None,
        None,
    ]
    assert sum(part["population"] for part in city["parts"]) == city["population"]
    part = commune(client, FIVES)
    assert part == city["parts"][0]
    assert (part["kind"], part["city"], part["name"]) == ("part", LILLE, "Lille – Fives")
    assert client.get(f"/api/v1/communes/{FIVES}", params=BEFORE).status_code == 404
    former = commune(client, "59298")
    assert (former["code"], former["kind"], former["former_code"]) == (LILLE, "city", "59298")
    # Cities of arrondissements are as they were.
    assert "parts" not in commune(client, "69123")
    assert "city" not in commune(client, "69383")


@pytest.mark.usefixtures("divided")
def test_the_list_has_the_units_of_the_day(client: TestClient) -> None:
    def listed(**parameters: str) -> list[str]:
        answer = client.get("/api/v1/communes", params=parameters).json()
        return sorted(item["code"] for item in answer["items"])

    for asked in ({"q": "lille", "limit": "3"}, {"q": LILLE}):
        assert listed(**asked)[:3] == CODES
        assert LILLE in listed(**asked, **BEFORE)
    assert listed(q="lille fives") == [FIVES]
    assert listed(q=FIVES) == [FIVES]
    assert FIVES in listed(q="fives")
    assert {*CODES} <= {*listed(postcode="59000")}
    everything = {"department": "59", "limit": "1000"}
    assert {*listed(**everything)} == {*listed(**everything, **BEFORE)} - {LILLE} | {*CODES}


@pytest.mark.usefixtures("divided")
def test_two_cpts_share_a_city_and_a_third_is_told_by_which_part(
    client: TestClient, register: Register, bearer: Any
) -> None:
    agency = bearer("ars", region="32")
    east = register("CPTS Lille Est", communes=(FIVES,))
    west = register("CPTS Lille Ouest", communes=(PORT, LOOS))
    body = {"name": "CPTS Lille", "stage": "aci_signe", "communes": [LILLE]}
    refused = client.post("/api/v1/cpts", json=body, headers=agency)
    assert (refused.status_code, refused.json()["code"]) == (409, "territory-overlap")
    assert [(each["commune"], each["cpts"]["id"]) for each in refused.json()["conflicts"]] == [
        ({"code": FIVES, "name": "Lille – Fives"}, east),
        ({"code": PORT, "name": "Lille – Le Port"}, west),
    ]
    rest = client.post(
        "/api/v1/cpts", json=body | {"communes": [NORTH_AND_SOUTH]}, headers=agency
    )
    assert rest.status_code == 201
    # The city's code is all of its parts in force.
    moved = client.put(
        f"/api/v1/cpts/{rest.json()['id']}/territory",
        json={"communes": [LILLE]},
        headers=agency,
    )
    assert [each["commune"]["code"] for each in moved.json()["conflicts"]] == [FIVES, PORT]
    unknown = client.post(
        "/api/v1/cpts", json=body | {"communes": ["59350-09", "593500101"]}, headers=agency
    )
    assert (unknown.status_code, unknown.json()["code"]) == (422, "invalid")
    assert "59350-09" in unknown.text
    assert "593500101" in unknown.text


@pytest.mark.usefixtures("divided")
def test_the_code_of_a_city_gives_a_cpts_all_its_parts(
    client: TestClient, register: Register
) -> None:
    whole = register("CPTS Lille", communes=(LILLE,))
    told = client.get(f"/api/v1/cpts/{whole}").json()
    assert [each["code"] for each in told["communes"]] == CODES
    assert told["population"] == commune(client, LILLE)["population"]
    assert commune(client, LILLE)["cpts"]["id"] == whole


@pytest.mark.usefixtures("divided")
def test_a_part_is_not_held_before_its_commune_was_divided(
    client: TestClient, bearer: Any
) -> None:
    body = {
        "name": "CPTS Lille",
        "stage": "aci_signe",
        "communes": [FIVES],
        "effective_on": BEFORE["at"],
    }
    refused = client.post("/api/v1/cpts", json=body, headers=bearer("ars", region="32"))
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid")
    assert refused.json()["errors"][0]["loc"] == ["body", "communes"]
    assert "qui ne précède pas ce jour" in refused.json()["errors"][0]["message"]


@pytest.mark.usefixtures("divided")
def test_a_letter_is_judged_by_part(client: TestClient, register: Register) -> None:
    east = register("CPTS Lille Est", communes=(FIVES,), stage="aci_signe")

    def check(*communes: str, **more: Any) -> Any:
        asked = {"communes": list(communes), **more}
        return client.post("/api/v1/letters/check", json=asked).json()

    whole = check("Lille")
    assert whole["verdict"] == "blocked"
    assert [each["code"] for each in whole["territory"]["communes"]] == CODES
    assert [
        (each["commune"]["code"], each["commune"]["name"], each["cpts"]["id"])
        for each in whole["conflicts"]
    ] == [(FIVES, "Lille – Fives", east)]
    assert [each["code"] for each in whole["free_territory"]["communes"]] == CODES[1:]
    rest = check("Lille : Nord et Sud, le Port")
    assert rest["verdict"] == "clear"
    assert rest["territory"]["parts"] == 1
    assert [each["cpts"]["id"] for each in rest["neighbours"]] == [east]
    # The middle one of three bands parts the others, and holds them together.
    assert check(FIVES, NORTH_AND_SOUTH)["territory"]["parts"] == 2
    some = check("Lille (en partie)")
    assert (some["verdict"], some["unresolved"][0]["reason"]) == ("incomplete", "ambiguous")
    assert [each["code"] for each in some["unresolved"][0]["candidates"]] == [LILLE, *CODES]
    unnamed = check("Fives", "Lille (Port)")
    assert [each["code"] for each in unnamed["territory"]["communes"]] == [FIVES, PORT]
