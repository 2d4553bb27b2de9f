"""Who disputes which commune, since when, and how it ends."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from app.database.calendar import today
from tests.letters.desk import (
    ARMENTIERES,
    LILLE,
    MARCQ,
    MONS,
    RONCHIN,
    Desk,
    Register,
    codes,
)


def test_letters_that_share_a_commune_open_a_conciliation_by_themselves(desk: Desk) -> None:
    first = desk.deposit(LILLE, MARCQ, name="Premier projet")
    second = desk.deposit(MARCQ, MONS, name="Second projet")
    assert second["state"] == "en_conciliation"
    assert desk.letter(first["id"])["state"] == "en_conciliation"
    [conciliation] = desk.conciliations(desk.ars)
    assert conciliation["open"] is True
    assert conciliation["opened_on"] == today().isoformat()
    assert codes(conciliation["communes"]) == [MARCQ]
    assert [letter["id"] for letter in conciliation["letters"]] == [first["id"], second["id"]]
    assert conciliation["cpts"] == []


def test_a_letter_in_conciliation_cannot_be_validated(desk: Desk) -> None:
    first = desk.deposit(LILLE, MARCQ)
    desk.deposit(MARCQ, MONS)
    assert desk.decide(first["id"], desk.ars).status_code == 200
    before = desk.letter(first["id"])
    response = desk.decide(first["id"], desk.am)
    assert response.status_code == 409
    assert response.json()["code"] == "conciliation-open"
    assert response.json()["communes"] == [MARCQ]
    assert desk.letter(first["id"]) == before


def test_a_letter_against_a_dynamic_opens_a_conciliation_and_may_supersede_it_once_settled(
    desk: Desk, register: Register, client: TestClient
) -> None:
    dynamic = register("Une dynamique", "dynamique_identifiee", (MARCQ, MONS))
    letter = desk.deposit(LILLE, MARCQ)
    assert letter["state"] == "en_conciliation"
    [conciliation] = desk.conciliations(desk.ars)
    assert codes(conciliation["communes"]) == [MARCQ]
    assert [each["id"] for each in conciliation["cpts"]] == [dynamic]
    closed = desk.close(
        conciliation["id"], "retrait", superseded_cpts=[dynamic], note="Réunion"
    )
    assert closed.status_code == 200, closed.text
    assert closed.json()["outcome"] == "retrait"
    assert closed.json()["open"] is False
    assert desk.letter(letter["id"])["state"] == "deposee"
    validated = desk.validate(letter["id"])
    assert codes(client.get(f"/api/v1/cpts/{dynamic}").json()["communes"]) == [MONS]
    made = client.get(f"/api/v1/cpts/{validated['resulting_cpts']['id']}").json()
    assert codes(made["communes"]) == [LILLE, MARCQ]


def test_a_commune_that_was_not_settled_is_disputed_again(
    desk: Desk, register: Register
) -> None:
    dynamic = register("Une dynamique", "dynamique_identifiee", (MARCQ, MONS))
    letter = desk.deposit(LILLE, MARCQ)
    [conciliation] = desk.conciliations(desk.ars)
    desk.close(conciliation["id"], "retrait", superseded_cpts=[dynamic])
    response = desk.client.put(
        f"/api/v1/letters/{letter['id']}/territory",
        json={"communes": [LILLE, MARCQ, MONS]},
        headers=desk.ars,
    )
    assert response.json()["state"] == "en_conciliation"
    newest = desk.conciliations(desk.ars)[0]
    assert newest["open"] is True
    assert codes(newest["communes"]) == [MONS]


def test_a_territory_shared_out_ends_the_conciliation_and_both_letters_live_on(
    desk: Desk,
) -> None:
    first = desk.deposit(LILLE, MARCQ)["id"]
    second = desk.deposit(MARCQ, MONS)["id"]
    [conciliation] = desk.conciliations(desk.ars)
    closed = desk.close(
        conciliation["id"],
        "territoire_partage",
        territories=[{"letter": second, "communes": [MONS]}],
        note="Réunion du 3 juin",
    )
    assert closed.status_code == 200, closed.text
    assert codes(closed.json()["communes"]) == [MARCQ]
    assert desk.letter(first)["state"] == "deposee"
    assert codes(desk.letter(second)["territory"]["communes"]) == [MONS]
    last = desk.letter(second)["timeline"][-1]
    assert last["action"] == "conciliation_closed"
    assert last["details"]["outcome"] == "territoire_partage"
    desk.validate(first)
    desk.validate(second)


def test_joined_projects_become_one_letter_with_all_communes(desk: Desk) -> None:
    first = desk.deposit(LILLE, MARCQ)["id"]
    second = desk.deposit(MARCQ, MONS)["id"]
    [conciliation] = desk.conciliations(desk.ars)
    closed = desk.close(conciliation["id"], "projets_reunis", retained_letter=second)
    assert closed.status_code == 200, closed.text
    assert desk.letter(first)["state"] == "retiree"
    retained = desk.letter(second)
    assert retained["state"] == "deposee"
    assert codes(retained["territory"]["communes"]) == [LILLE, MARCQ, MONS]


def test_a_withdrawn_letter_leaves_the_other_free(desk: Desk) -> None:
    first = desk.deposit(LILLE, MARCQ)["id"]
    second = desk.deposit(MARCQ, MONS)["id"]
    desk.post(f"/letters/{second}/withdrawal", {})
    [conciliation] = desk.conciliations(desk.ars)
    assert conciliation["outcome"] == "retrait"
    assert desk.letter(first)["state"] == "deposee"


def test_an_outcome_that_leaves_a_dispute_changes_nothing(desk: Desk) -> None:
    first = desk.deposit(LILLE, MARCQ)["id"]
    second = desk.deposit(MARCQ, MONS)["id"]
    [conciliation] = desk.conciliations(desk.ars)
    before = [desk.letter(first), desk.letter(second)]
    response = desk.close(
        conciliation["id"],
        "territoire_partage",
        territories=[{"letter": first, "communes": [MARCQ, RONCHIN]}],
    )
    assert response.status_code == 409
    assert response.json()["code"] == "conciliation-unsettled"
    assert response.json()["disputes"] == [
        {"commune": MARCQ, "letters": [first, second], "cpts": None}
    ]
    assert [desk.letter(first), desk.letter(second)] == before


def test_a_letter_between_two_conciliations_makes_them_one(desk: Desk) -> None:
    desk.deposit(LILLE, MARCQ)
    desk.deposit(MARCQ)
    desk.deposit(MONS, RONCHIN)
    desk.deposit(RONCHIN)
    assert [each["open"] for each in desk.conciliations(desk.ars)] == [True, True]
    desk.deposit(LILLE, MONS)
    newer, older = desk.conciliations(desk.ars)
    assert older["open"] is True
    assert newer["open"] is False
    assert newer["joined_into"] == older["id"]
    assert codes(older["communes"]) == sorted([LILLE, MARCQ, MONS, RONCHIN])
    assert len(older["letters"]) == 5


def test_letters_that_part_are_in_conciliations_of_their_own(desk: Desk) -> None:
    first = desk.deposit(LILLE)["id"]
    second = desk.deposit(MONS)["id"]
    between = desk.deposit(LILLE, MONS)["id"]
    third = desk.deposit(MONS, ARMENTIERES)["id"]
    desk.post(f"/letters/{between}/withdrawal", {})
    assert desk.letter(first)["state"] == "deposee"
    assert desk.letter(second)["state"] == "en_conciliation"
    assert desk.letter(third)["state"] == "en_conciliation"
    [conciliation] = [each for each in desk.conciliations(desk.ars) if each["open"]]
    assert codes(conciliation["communes"]) == [MONS]


def test_a_dynamic_noted_after_the_deposit_is_conciliated_on_demand(
    desk: Desk, register: Register
) -> None:
    letter = desk.deposit(LILLE, MARCQ)["id"]
    assert desk.post(f"/letters/{letter}/conciliation", {}).status_code == 409
    dynamic = register("Venue après", "dynamique_identifiee", (MARCQ,))
    desk.decide(letter, desk.ars)
    refused = desk.decide(letter, desk.am)
    assert refused.json()["code"] == "territory-overlap"
    assert refused.json()["conflicts"][0]["cpts"]["id"] == dynamic
    opened = desk.post(f"/letters/{letter}/conciliation", {})
    assert opened.status_code == 200
    assert opened.json()["state"] == "en_conciliation"


def test_the_public_sees_where_but_not_who(desk: Desk) -> None:
    first = desk.deposit(LILLE, MARCQ, name="Projet secret un")["id"]
    desk.deposit(MARCQ, MONS, name="Projet secret deux")
    [conciliation] = desk.conciliations()
    assert codes(conciliation["communes"]) == [MARCQ]
    assert conciliation["letters"] == []
    assert "cpts" not in conciliation
    zones = desk.client.get("/api/v1/conciliations.geojson")
    assert zones.headers["content-type"] == "application/geo+json"
    [feature] = zones.json()["features"]
    assert codes(feature["properties"]["communes"]) == [MARCQ]
    assert feature["geometry"]["type"] == "MultiPolygon"
    assert "secret" not in zones.text + str(conciliation)
    desk.close(conciliation["id"], "projets_reunis", retained_letter=first)
    desk.validate(first)
    [told] = desk.conciliations()
    assert [letter["name"] for letter in told["letters"]] == ["Projet secret un"]
    assert desk.client.get("/api/v1/conciliations.geojson").json()["features"] == []


@pytest.mark.parametrize(
    ("body", "member"),
    [
        ({"outcome": "retrait"}, "withdrawn_letters"),
        ({"outcome": "retrait", "withdrawn_letters": [999]}, "letters"),
        ({"outcome": "projets_reunis"}, "retained_letter"),
        ({"outcome": "territoire_partage", "retained_letter": 1}, "retained_letter"),
        ({"outcome": "territoire_partage", "withdrawn_letters": [1]}, "withdrawn_letters"),
        ({"outcome": "retrait", "superseded_cpts": [77]}, "superseded_cpts"),
        ({"outcome": "entente"}, "outcome"),
        (
            {"outcome": "retrait", "withdrawn_letters": [1], "closed_on": "2100-01-01"},
            "closed_on",
        ),
    ],
)
def test_an_outcome_that_lacks_what_it_needs_is_refused(
    desk: Desk, body: dict[str, Any], member: str
) -> None:
    desk.deposit(LILLE)
    desk.deposit(LILLE)
    [conciliation] = desk.conciliations(desk.ars)
    response = desk.post(f"/conciliations/{conciliation['id']}/closure", body)
    assert response.status_code == 422, response.text
    assert response.json()["errors"][0]["loc"][1] == member


def test_a_closed_conciliation_is_not_closed_again(desk: Desk) -> None:
    desk.deposit(LILLE)
    second = desk.deposit(LILLE)["id"]
    [conciliation] = desk.conciliations(desk.ars)
    closing = {"withdrawn_letters": [second]}
    assert desk.close(conciliation["id"], "retrait", **closing).status_code == 200
    again = desk.close(conciliation["id"], "retrait", **closing)
    assert again.status_code == 409
    assert again.json()["code"] == "conciliation-closed"
