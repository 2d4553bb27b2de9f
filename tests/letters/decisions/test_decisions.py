"""What ARS, Assurance Maladie and URPS say of a letter, and what it leads to."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.database.calendar import today
from tests.letters.desk import (
    LILLE,
    MARCQ,
    MONS,
    NICE,
    Bearer,
    Desk,
    Register,
    codes,
)


def test_two_decisions_in_favour_make_the_cpts_with_its_claims(
    desk: Desk, client: TestClient
) -> None:
    letter = desk.deposit(LILLE, MARCQ, name="CPTS Née d'une lettre", orientations=["diabete"])
    first = desk.decide(letter["id"], desk.ars)
    assert first.status_code == 200
    assert first.json()["state"] == "deposee"
    validated = desk.decide(letter["id"], desk.am).json()
    assert validated["state"] == "validee"
    assert validated["in_effect_from"] == today().isoformat()
    cpts = client.get(f"/api/v1/cpts/{validated['resulting_cpts']['id']}").json()
    assert cpts["name"] == "CPTS Née d'une lettre"
    assert cpts["stage"] == "lettre_intention_validee"
    assert codes(cpts["communes"]) == [LILLE, MARCQ]
    assert [theme["slug"] for theme in cpts["themes"]] == ["diabete"]
    actions = [event["action"] for event in validated["timeline"]]
    assert actions == ["deposited", "decision", "decision", "validated"]
    assert {event["actor"] for event in validated["timeline"]} == {
        "essai ars",
        "essai assurance_maladie",
    }
    again = desk.decide(letter["id"], desk.am)
    assert again.status_code == 409
    assert again.json()["code"] == "letter-closed"


def test_one_decision_against_refuses_once_both_are_known(desk: Desk) -> None:
    letter = desk.deposit(LILLE)
    against = desk.decide(letter["id"], desk.ars, "defavorable")
    assert against.json()["state"] == "deposee"
    refused = desk.decide(letter["id"], desk.am).json()
    assert refused["state"] == "refusee"
    assert refused["closed_on"] == today().isoformat()


def test_a_decision_may_be_revised_until_the_letter_is_decided(desk: Desk) -> None:
    letter = desk.deposit(LILLE)
    desk.decide(letter["id"], desk.ars, "defavorable")
    desk.decide(letter["id"], desk.ars, "favorable")
    assert desk.decide(letter["id"], desk.am).json()["state"] == "validee"


def test_the_opinion_of_the_urps_is_recorded_and_does_not_bind(desk: Desk) -> None:
    letter = desk.deposit(LILLE)
    response = desk.post(f"/letters/{letter['id']}/opinion", {"opinion": "defavorable"})
    assert response.status_code == 200
    assert response.json()["opinion"]["position"] == "defavorable"
    assert desk.validate(letter["id"])["opinion"]["position"] == "defavorable"


def test_a_territory_taken_meanwhile_fails_the_validation_and_changes_nothing(
    desk: Desk, register: Register, engine: Engine
) -> None:
    letter = desk.deposit(LILLE, MARCQ)
    assert desk.decide(letter["id"], desk.ars).status_code == 200
    register("CPTS venue entre-temps", communes=(MARCQ,))
    before = desk.letter(letter["id"])
    response = desk.decide(letter["id"], desk.am)
    assert response.status_code == 409
    assert response.json()["code"] == "territory-overlap"
    assert [each["commune"]["code"] for each in response.json()["conflicts"]] == [MARCQ]
    assert desk.letter(letter["id"]) == before
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM cpts")).scalar_one() == 1


def test_a_letter_takes_effect_on_the_day_wished_for(desk: Desk, client: TestClient) -> None:
    later = today() + timedelta(days=40)
    letter = desk.deposit(LILLE, effective_on=later.isoformat())
    validated = desk.validate(letter["id"])
    assert validated["in_effect_from"] == later.isoformat()
    url = f"/api/v1/cpts/{validated['resulting_cpts']['id']}"
    assert client.get(url).json()["communes"] == []
    assert codes(client.get(url, params={"at": later.isoformat()}).json()["communes"]) == [
        LILLE
    ]


def test_a_letter_advances_the_dynamic_that_it_names(
    desk: Desk, register: Register, client: TestClient
) -> None:
    dynamic = register("Une dynamique", "dynamique_identifiee", (LILLE, MONS))
    letter = desk.deposit(LILLE, MARCQ, cpts=dynamic)
    assert letter["state"] == "deposee"
    validated = desk.validate(letter["id"])
    assert validated["resulting_cpts"]["id"] == dynamic
    cpts = client.get(f"/api/v1/cpts/{dynamic}").json()
    assert cpts["stage"] == "lettre_intention_validee"
    assert codes(cpts["communes"]) == [LILLE, MARCQ]


def test_each_authority_decides_in_its_own_name_and_region(desk: Desk, bearer: Bearer) -> None:
    letter = desk.deposit(LILLE, NICE, by=desk.admin)["id"]
    assert desk.decide(letter, desk.ars).status_code == 403
    leading = bearer("ars", region="93")
    named = desk.decide(letter, leading, authority="assurance_maladie")
    assert named.status_code == 403
    assert desk.decide(letter, leading).status_code == 200
    by_admin = desk.decide(letter, desk.admin, authority="assurance_maladie")
    assert by_admin.json()["state"] == "validee"


@pytest.mark.parametrize("day", ["2026-03-01", "2100-01-01"])
def test_a_decision_is_dated_between_the_deposit_and_today(desk: Desk, day: str) -> None:
    letter = desk.deposit(LILLE, deposited_on="2026-03-02")["id"]
    response = desk.decide(letter, desk.ars, decided_on=day)
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == ["body", "decided_on"]
