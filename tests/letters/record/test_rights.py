"""Whose letters, and whose dynamics: an editor's own, an ARS's region, and no further."""

from typing import Any

import pytest

from tests.letters.desk import (
    LILLE,
    MARCQ,
    MONS,
    NICE,
    Bearer,
    Desk,
    Register,
)

GAP = "05061"


@pytest.fixture
def southern(bearer: Bearer) -> dict[str, str]:
    return bearer("ars", region="93")


def test_an_editor_amends_merges_and_advances_its_own_cpts_only(
    desk: Desk, bearer: Bearer, register: Register
) -> None:
    own = register("CPTS Une", communes=(LILLE,))
    other = register("CPTS Deux", communes=(MARCQ,))
    dynamic = register("Dynamique", "dynamique_identifiee", communes=(MONS,))
    editor = bearer("editor", cpts=own)

    def status(by: Any = editor, **body: Any) -> int:
        asked = {"name": "Essai", "communes": []} | body
        answer = desk.client.post("/api/v1/letters", json=asked, headers=by)
        return int(answer.status_code)

    for body in (
        {"kind": "amendment", "cpts": other, "communes": [MARCQ, NICE]},
        {"kind": "merger", "cpts": other, "merged_cpts": [own]},
        {"kind": "creation", "cpts": dynamic, "communes": [MONS]},
    ):
        assert status(**body) == 403, body
        assert status(bearer("editor"), **body) == 403, body
        assert status(desk.admin, **body) == 201, body
    assert status(kind="amendment", cpts=own, communes=[LILLE, NICE]) == 201
    assert status(kind="merger", cpts=own, merged_cpts=[other]) == 201
    assert status(kind="creation", communes=[GAP]) == 201


def test_the_lead_of_a_letter_is_not_taken_by_depositing_or_widening_it(
    desk: Desk, southern: dict[str, str]
) -> None:
    body = {"name": "Essai", "communes": [LILLE, NICE], "lead_region": "32"}
    assert desk.post("/letters", body, desk.ars).status_code == 403
    assert desk.post("/letters", body, desk.admin).status_code == 201
    letter = desk.deposit(GAP, MONS, by=desk.admin)
    assert letter["lead_region"]["code"] == "93"
    address = f"/api/v1/letters/{letter['id']}/territory"
    wider = {"communes": [GAP, MONS, MARCQ]}
    statuses = [
        desk.client.put(address, json=wider, headers=by).status_code
        for by in (desk.ars, southern)
    ]
    assert statuses == [403, 200]


def test_a_conciliation_makes_a_dynamic_give_way_by_its_own_region(
    desk: Desk, register: Register, southern: dict[str, str]
) -> None:
    dynamic = register("Dynamique de Gap", "dynamique_identifiee", communes=(GAP,))
    desk.deposit(LILLE, GAP, by=desk.admin)
    [conciliation] = desk.conciliations(desk.admin)
    address = f"/conciliations/{conciliation['id']}/closure"
    body = {"outcome": "retrait", "superseded_cpts": [dynamic]}
    refused = desk.post(address, body, desk.ars)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert f"n° {dynamic}" in refused.json()["detail"]
    assert desk.post(address, body, southern).status_code == 200


def test_a_conciliation_does_not_withdraw_the_letters_of_another_region(
    desk: Desk, southern: dict[str, str]
) -> None:
    desk.deposit(LILLE, GAP, by=desk.admin)
    foreign = desk.deposit(GAP, by=southern)["id"]
    [conciliation] = desk.conciliations(desk.admin)
    address = f"/conciliations/{conciliation['id']}/closure"
    body = {"outcome": "retrait", "withdrawn_letters": [foreign]}
    assert desk.post(address, body, desk.ars).status_code == 403
    assert desk.post(address, body, southern).status_code == 200
