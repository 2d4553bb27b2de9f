"""Every route of the procedure as every kind of caller, and what each may see."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.letters.desk import LILLE, MARCQ, Bearer, Desk, codes

PERSON = "Camille Exemple"
CALLERS = (
    "anonymous",
    "member",
    "editor",
    "ars_elsewhere",
    "am_elsewhere",
    "urps_elsewhere",
    "ars",
    "am",
    "urps",
    "admin",
)


ROLES = {
    "ars_elsewhere": ("ars", "93"),
    "am_elsewhere": ("assurance_maladie", "93"),
    "urps_elsewhere": ("urps", "93"),
    "ars": ("ars", "32"),
    "am": ("assurance_maladie", "32"),
    "urps": ("urps", "32"),
}


@pytest.fixture
def headers(bearer: Bearer, caller: str) -> dict[str, str]:
    """Headers of the caller that the test is about."""
    if caller == "anonymous":
        return {}
    role, region = ROLES.get(caller, (caller, None))
    return bearer(role) if region is None else bearer(role, region=region)


def expected(**allowed: int) -> dict[str, int]:
    return {caller: 401 if caller == "anonymous" else 403 for caller in CALLERS} | allowed


# Method, path, body, and the status for each caller; a letter is there, in conciliation.
WRITES: list[tuple[str, str, dict[str, Any], dict[str, int]]] = [
    (
        "POST",
        "/letters",
        {"name": "Un projet", "communes": ["59017"]},
        expected(editor=201, ars=201, admin=201),
    ),
    ("PATCH", "/letters/{letter}", {"documents": ["x"]}, expected(ars=200, admin=200)),
    ("PUT", "/letters/{letter}/territory", {"communes": [LILLE]}, expected(ars=200, admin=200)),
    (
        "POST",
        "/letters/{letter}/decisions",
        {"decision": "defavorable"},
        # An administrator says for whom.
        expected(ars=200, am=200, admin=422),
    ),
    (
        "POST",
        "/letters/{letter}/opinion",
        {"opinion": "reserve"},
        expected(ars=200, urps=200, admin=200),
    ),
    ("POST", "/letters/{letter}/withdrawal", {}, expected(ars=200, admin=200)),
    ("POST", "/letters/{letter}/conciliation", {}, expected(ars=200, admin=200)),
    (
        "POST",
        "/conciliations/{conciliation}/closure",
        {"outcome": "retrait", "withdrawn_letters": ["{letter}"]},
        expected(ars=200, admin=200),
    ),
]


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("write", WRITES)
def test_each_write_is_open_to_those_whose_it_is(
    desk: Desk,
    client: TestClient,
    headers: dict[str, str],
    write: tuple[str, str, dict[str, Any], dict[str, int]],
    caller: str,
) -> None:
    method, path, body, statuses = write
    letter = desk.deposit(LILLE, MARCQ, by=desk.admin)["id"]
    desk.deposit(LILLE, by=desk.admin)
    [conciliation] = desk.conciliations(desk.admin)
    if "withdrawn_letters" in body:
        body = body | {"withdrawn_letters": [letter]}
    response = client.request(
        method,
        "/api/v1" + path.format(letter=letter, conciliation=conciliation["id"]),
        json=body,
        headers=headers,
    )
    assert response.status_code == statuses[caller], response.text
    if response.status_code >= 400:
        assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("caller", CALLERS)
def test_the_contact_is_seen_by_agents_of_a_region_concerned_only(
    desk: Desk, client: TestClient, headers: dict[str, str], caller: str
) -> None:
    letter = desk.deposit(
        LILLE,
        name="Projet Discret",
        contact={"name": PERSON, "email": "c@exemple.example", "phone": "0320000000"},
        documents=["Statuts"],
        note=f"Reçu de {PERSON}",
    )["id"]
    desk.decide(letter, desk.ars, note=f"Vu avec {PERSON}")
    sees_all = caller in ("ars", "am", "urps", "admin")
    for path in (f"/api/v1/letters/{letter}", "/api/v1/letters"):
        answer = client.get(path, headers=headers)
        assert answer.status_code == 200
        listed = path.endswith("letters")
        told = answer.json()["items"][0] if listed else answer.json()
        assert codes(told["territory"]["communes"]) == [LILLE]
        assert told["state"] == "deposee"
        if sees_all:
            assert told["contact"]["name"] == PERSON
            assert told["documents"] == ["Statuts"]
        else:
            assert PERSON not in answer.text
            assert "exemple.example" not in answer.text
            assert "Statuts" not in answer.text
        named = sees_all or caller in ("ars_elsewhere", "am_elsewhere")
        assert ("Projet Discret" in answer.text) is named
        personal = caller != "anonymous"
        assert answer.headers["cache-control"] == (
            "no-store" if personal else "public, no-cache"
        )


def test_an_editor_handles_its_own_letter_only(desk: Desk, bearer: Bearer) -> None:
    mine, other = bearer("editor"), bearer("editor")
    letter = desk.deposit(LILLE, by=mine, contact={"name": PERSON})
    assert letter["contact"]["name"] == PERSON
    url = f"/api/v1/letters/{letter['id']}"
    assert desk.client.patch(url, json={"name": "Neuf"}, headers=mine).status_code == 200
    assert desk.client.patch(url, json={"name": "Pris"}, headers=other).status_code == 403
    lead = desk.client.patch(url, json={"lead_region": "32"}, headers=mine)
    assert lead.status_code == 403
    assert desk.post(f"/letters/{letter['id']}/withdrawal", {}, other).status_code == 403
    assert desk.post(f"/letters/{letter['id']}/withdrawal", {}, mine).status_code == 200


def test_the_contact_of_a_closed_letter_can_still_be_taken_out(desk: Desk) -> None:
    letter = desk.deposit(LILLE, contact={"name": PERSON})["id"]
    desk.validate(letter)
    url = f"/api/v1/letters/{letter}"
    emptied = desk.client.patch(url, json={"contact": None}, headers=desk.ars)
    assert emptied.status_code == 200
    assert PERSON not in desk.client.get(url, headers=desk.admin).text
    assert desk.client.patch(url, json={"name": "Neuf"}, headers=desk.ars).status_code == 409


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": " ", "communes": [LILLE]},
        {"name": "Sans commune"},
        {"name": "X", "communes": [LILLE], "kind": "autre"},
        {"name": "X", "communes": [LILLE], "deposited_on": "2100-01-01"},
        {"name": "X", "communes": [LILLE], "effective_on": "0001-01-01"},
        {"name": "X", "communes": [LILLE], "orientations": ["astrologie"]},
        {"name": "X", "communes": [LILLE], "lead_region": "93"},
        {"name": "X", "communes": [LILLE], "lead_region": "Nord"},
        {"name": "X", "communes": [LILLE], "cpts": 999},
        {"name": "X", "communes": [LILLE], "cpts": 2**70},
        {"name": "X", "communes": [LILLE], "contact": {"email": "pas une adresse"}},
        {"name": "X", "communes": [LILLE], "documents": ["\u0000"]},
        {"name": "X\u0000", "communes": [LILLE]},
        {"name": "X", "communes": ["\u0000"]},
        {"name": "X", "communes": [LILLE], "epci": ["12"]},
        {"name": "X", "communes": [LILLE], "inconnu": 1},
        {"name": "X", "communes": [LILLE], "merged_cpts": [1]},
    ],
)
def test_a_faulty_deposit_is_refused_in_words(desk: Desk, body: dict[str, Any]) -> None:
    response = desk.post("/letters", body)
    assert response.status_code == 422, response.text
    assert response.json()["errors"]


@pytest.mark.parametrize("number", ["0", "999", "9223372036854775808", "abc"])
def test_unknown_numbers_are_told_apart_from_malformed_ones(desk: Desk, number: str) -> None:
    wanted = 404 if number == "999" else 422
    # What is no number at all may be another address.
    no_letter = 404 if number == "abc" else wanted
    assert desk.client.get(f"/api/v1/letters/{number}").status_code == no_letter
    assert desk.client.get(f"/api/v1/conciliations/{number}").status_code == wanted
    decided = desk.post(f"/letters/{number}/decisions", {"decision": "favorable"})
    assert decided.status_code == no_letter
    closed = desk.post(f"/conciliations/{number}/closure", {"outcome": "retrait"})
    assert closed.status_code == wanted
