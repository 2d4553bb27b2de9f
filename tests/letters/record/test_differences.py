"""A letter that amends says what it adds and withdraws, instead of the whole territory."""

from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.database.calendar import today
from tests.letters.desk import ARMENTIERES, LILLE, MARCQ, MONS, RONCHIN, Desk, Register, codes


@pytest.fixture
def cpts(register: Register) -> int:
    return register("CPTS amendée", communes=(LILLE, MARCQ, RONCHIN))


def refusal(desk: Desk, **asked: Any) -> list[dict[str, Any]]:
    body = {"name": "Avenant d'essai", "kind": "amendment"} | asked
    response = desk.post("/letters", body)
    assert response.status_code == 422, response.text
    assert desk.client.get("/api/v1/letters").json()["number_matched"] == 0
    errors: list[dict[str, Any]] = response.json()["errors"]
    return errors


def test_what_is_not_named_stays(desk: Desk, cpts: int) -> None:
    letter = desk.deposit(kind="amendment", cpts=cpts, add=["Mons-en-Barœul"])
    assert codes(letter["territory"]["communes"]) == sorted([LILLE, MARCQ, RONCHIN, MONS])
    assert letter["territory"]["withdrawn"] == []
    assert [each["given"] for each in letter["readings"]] == ["Mons-en-Barœul"]
    desk.validate(letter["id"])
    held = desk.client.get(f"/api/v1/cpts/{cpts}").json()["communes"]
    assert codes(held) == sorted([LILLE, MARCQ, RONCHIN, MONS])


def test_what_is_added_and_withdrawn_is_all_that_changes(desk: Desk, cpts: int) -> None:
    letter = desk.deposit(kind="amendment", cpts=cpts, add=[MONS], withdraw=["Ronchin"])
    assert codes(letter["territory"]["communes"]) == sorted([LILLE, MARCQ, MONS])
    assert codes(letter["territory"]["withdrawn"]) == [RONCHIN]


def test_it_is_read_against_the_territory_of_its_day_of_effect(
    desk: Desk, cpts: int, client: TestClient
) -> None:
    later = (today() + timedelta(days=30)).isoformat()
    response = client.put(
        f"/api/v1/cpts/{cpts}/territory",
        json={"communes": [LILLE, MARCQ, ARMENTIERES], "effective_on": later},
        headers=desk.admin,
    )
    assert response.status_code == 200, response.text
    # Held on that day, not before.
    letter = desk.deposit(
        kind="amendment", cpts=cpts, withdraw=[ARMENTIERES], effective_on=later
    )
    assert codes(letter["territory"]["communes"]) == sorted([LILLE, MARCQ])
    refused = desk.post(
        "/letters",
        {"name": "Avenant", "kind": "amendment", "cpts": cpts, "withdraw": [ARMENTIERES]},
    )
    assert refused.status_code == 422


@pytest.mark.parametrize("whole", [{"communes": [LILLE]}, {"epci": ["245900410"]}])
@pytest.mark.parametrize("difference", [{"add": [MONS]}, {"withdraw": [MARCQ]}])
def test_the_whole_and_a_difference_at_once_are_refused(
    desk: Desk, cpts: int, whole: dict[str, Any], difference: dict[str, Any]
) -> None:
    [error] = refusal(desk, cpts=cpts, **whole, **difference)
    assert "pas les deux" in error["message"]
    letter = desk.deposit(kind="amendment", cpts=cpts, add=[MONS])["id"]
    answer = desk.client.put(
        f"/api/v1/letters/{letter}/territory", json=whole | difference, headers=desk.ars
    )
    assert answer.status_code == 422
    assert "pas les deux" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize("kind", ["creation", "merger"])
def test_only_an_amendment_is_deposited_as_a_difference(
    desk: Desk, cpts: int, kind: str
) -> None:
    [error] = refusal(desk, kind=kind, cpts=cpts, add=[MONS])
    assert "Seul un avenant" in error["message"]


def test_what_the_cpts_does_not_hold_cannot_be_withdrawn(desk: Desk, cpts: int) -> None:
    [error] = refusal(desk, cpts=cpts, withdraw=[MARCQ, MONS])
    assert error["loc"] == ["body", "withdraw"]
    assert "Mons-en-Barœul (59410)" in error["message"]
    assert "Marcq" not in error["message"]


def test_a_commune_is_not_added_and_withdrawn_at_once(desk: Desk, cpts: int) -> None:
    [error] = refusal(desk, cpts=cpts, add=[MONS, LILLE], withdraw=["Lille"])
    assert "Lille (59350)" in error["message"]


def test_everything_cannot_be_withdrawn(desk: Desk, cpts: int) -> None:
    [error] = refusal(desk, cpts=cpts, withdraw=[LILLE, MARCQ, RONCHIN])
    assert "toutes les communes" in error["message"]


def test_what_changes_nothing_is_refused(desk: Desk, cpts: int) -> None:
    [error] = refusal(desk, cpts=cpts, add=[LILLE])
    assert "ne change rien" in error["message"]
    refusal(desk, cpts=cpts)


def test_unreadable_names_are_told_by_the_list_that_holds_them(desk: Desk, cpts: int) -> None:
    errors = refusal(desk, cpts=cpts, add=[MONS, "Trifouilly-les-Oies"], withdraw=["Vitry"])
    assert [error["loc"] for error in errors] == [["body", "add", 1], ["body", "withdraw", 0]]
    assert all(error["candidates"] for error in errors[1:])


@pytest.mark.parametrize("kind", ["creation", "amendment"])
def test_a_correction_adds_to_what_the_letter_asks_for_and_withdraws_from_it(
    desk: Desk, cpts: int, kind: str, client: TestClient
) -> None:
    if kind == "creation":
        letter, kept = desk.deposit(MONS, ARMENTIERES)["id"], {MONS, ARMENTIERES}
    else:
        letter = desk.deposit(kind="amendment", cpts=cpts, add=[MONS, ARMENTIERES])["id"]
        kept = {LILLE, MARCQ, RONCHIN, MONS, ARMENTIERES}
    response = client.put(
        f"/api/v1/letters/{letter}/territory",
        json={"add": ["59328"], "withdraw": ["Armentières"]},
        headers=desk.ars,
    )
    assert response.status_code == 200, response.text
    after = (kept - {ARMENTIERES}) | {"59328"}
    assert set(codes(response.json()["territory"]["communes"])) == after
    # Asked for by the letter only, it is not withdrawn from the CPTS.
    assert response.json()["territory"]["withdrawn"] == []
    told = response.json()["timeline"][-1]
    assert told["details"] == {"added": ["59328"], "removed": [ARMENTIERES]}


def test_what_a_letter_withdrew_can_be_added_again(desk: Desk, cpts: int) -> None:
    letter = desk.deposit(kind="amendment", cpts=cpts, add=[MONS], withdraw=[RONCHIN])["id"]
    response = desk.client.put(
        f"/api/v1/letters/{letter}/territory", json={"add": [RONCHIN]}, headers=desk.ars
    )
    assert response.status_code == 200
    assert response.json()["territory"]["withdrawn"] == []
    assert RONCHIN in codes(response.json()["territory"]["communes"])
