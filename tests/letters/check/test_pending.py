"""The check knows the letters that are pending, and tells each caller what it may."""

from typing import Any

from tests.letters.desk import LILLE, MARCQ, MONS, Bearer, Desk, codes


def check(desk: Desk, communes: list[str], by: dict[str, str]) -> dict[str, Any]:
    answer = desk.client.post("/api/v1/letters/check", json={"communes": communes}, headers=by)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def test_a_commune_that_a_pending_letter_asks_for_is_contested(
    desk: Desk, bearer: Bearer
) -> None:
    letter = desk.deposit(LILLE, MARCQ, name="Projet Discret")["id"]
    for by in ({}, bearer("member"), bearer("editor")):
        told = check(desk, [MARCQ, MONS], by)
        assert told["verdict"] == "contested"
        [competing] = told["competing_letters"]
        assert codes(competing["communes"]) == [MARCQ]
        assert competing["letter"] is None
    for by in (desk.ars, desk.am, desk.admin, bearer("ars", region="93")):
        [competing] = check(desk, [MARCQ, MONS], by)["competing_letters"]
        assert competing["letter"] == {"id": letter, "name": "Projet Discret"}


def test_a_letter_that_is_decided_competes_no_more(desk: Desk) -> None:
    letter = desk.deposit(LILLE)["id"]
    desk.post(f"/letters/{letter}/withdrawal", {})
    assert check(desk, [LILLE], {})["verdict"] == "clear"
    validated = desk.deposit(MONS)["id"]
    desk.validate(validated)
    told = check(desk, [MONS], {})
    assert told["verdict"] == "blocked"
    assert told["competing_letters"] == []


def test_an_amendment_asks_only_for_what_it_adds(desk: Desk) -> None:
    letter = desk.validate(desk.deposit(LILLE, MARCQ)["id"])
    cpts = letter["resulting_cpts"]["id"]
    desk.deposit(LILLE, MONS, kind="amendment", cpts=cpts)
    told = check(desk, [MONS], {})
    assert told["verdict"] == "contested"
    assert check(desk, [MARCQ], {})["competing_letters"] == []
