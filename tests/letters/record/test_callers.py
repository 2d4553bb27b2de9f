"""Every route of the procedure as every kind of caller, and what each may see."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.letters.record.conftest import LILLE, MARCQ, NICE, Bearer, Desk, codes

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


@pytest.fixture
def callers(bearer: Bearer) -> dict[str, dict[str, str]]:
    return {
        "anonymous": {},
        "member": bearer("member"),
        "editor": bearer("editor"),
        "ars_elsewhere": bearer("ars", region="93"),
        "am_elsewhere": bearer("assurance_maladie", region="93"),
        "ars": bearer("ars", region="32"),
        "am": bearer("assurance_maladie", region="32"),
        "urps": bearer("urps", region="32"),
        "urps_elsewhere": bearer("urps", region="93"),
        "admin": bearer("admin"),
    }


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
    callers: dict[str, dict[str, str]],
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
        headers=callers[caller],
    )
    assert response.status_code == statuses[caller], response.text
    if response.status_code >= 400:
        assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("caller", CALLERS)
def test_the_contact_is_seen_by_agents_of_a_region_concerned_only(
    desk: Desk, client: TestClient, callers: dict[str, dict[str, str]], caller: str
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
        answer = client.get(path, headers=callers[caller])
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


def test_the_public_learns_the_name_but_no_person_once_a_letter_is_validated(
    desk: Desk, client: TestClient
) -> None:
    letter = desk.deposit(
        LILLE, name="Projet Public", contact={"name": PERSON}, note=PERSON, documents=["Pièce"]
    )["id"]
    before = client.get(f"/api/v1/letters/{letter}")
    assert "Projet Public" not in before.text
    desk.validate(letter)
    after = client.get(f"/api/v1/letters/{letter}")
    assert after.json()["name"] == "Projet Public"
    assert after.json()["resulting_cpts"]["name"] == "Projet Public"
    for hidden in (PERSON, "Pièce", "essai ars", '"contact"', '"decisions"'):
        assert hidden not in after.text


def test_the_public_cannot_find_a_hidden_letter_by_its_name(desk: Desk) -> None:
    desk.deposit(LILLE, name="Projet Introuvable")

    def found(by: dict[str, str]) -> int:
        answer = desk.client.get("/api/v1/letters", params={"q": "introuv"}, headers=by)
        matched: int = answer.json()["number_matched"]
        return matched

    assert found({}) == 0
    assert found(desk.ars) == 1


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


def test_each_authority_decides_in_its_own_name_and_region(desk: Desk, bearer: Bearer) -> None:
    letter = desk.deposit(LILLE, NICE, by=desk.admin)["id"]
    assert desk.decide(letter, desk.ars).status_code == 403
    leading = bearer("ars", region="93")
    named = desk.decide(letter, leading, authority="assurance_maladie")
    assert named.status_code == 403
    assert desk.decide(letter, leading).status_code == 200
    by_admin = desk.decide(letter, desk.admin, authority="assurance_maladie")
    assert by_admin.json()["state"] == "validee"


def test_the_contact_of_a_closed_letter_can_still_be_taken_out(desk: Desk) -> None:
    letter = desk.deposit(LILLE, contact={"name": PERSON})["id"]
    desk.validate(letter)
    url = f"/api/v1/letters/{letter}"
    emptied = desk.client.patch(url, json={"contact": None}, headers=desk.ars)
    assert emptied.status_code == 200
    assert PERSON not in desk.client.get(url, headers=desk.admin).text
    assert desk.client.patch(url, json={"name": "Neuf"}, headers=desk.ars).status_code == 409


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("region=32", 1),
        ("region=93", 0),
        ("department=59", 1),
        ("department=62", 0),
        ("region=32&department=62", 0),
        ("state=deposee", 1),
        ("state=validee,refusee", 0),
        ("kind=creation", 1),
        ("kind=merger", 0),
        ("from=2026-03-02&until=2026-03-02", 1),
        ("from=2026-03-03", 0),
        ("until=2026-03-01", 0),
    ],
)
def test_letters_are_filtered(desk: Desk, query: str, status: int) -> None:
    desk.deposit(LILLE, deposited_on="2026-03-02")
    answer = desk.client.get(f"/api/v1/letters?{query}")
    assert answer.status_code == 200
    assert answer.json()["number_matched"] == status


@pytest.mark.parametrize(
    "query",
    [
        "region=99",
        "state=perdue",
        "kind=autre",
        "from=hier",
        "limit=0",
        "limit=10001",
        "offset=-1",
        "inconnu=1",
    ],
)
def test_an_unknown_or_malformed_filter_is_refused(client: TestClient, query: str) -> None:
    answer = client.get(f"/api/v1/letters?{query}")
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid"


def test_pages_of_letters_are_linked_newest_first(desk: Desk) -> None:
    days = ["2026-01-05", "2026-01-07", "2026-01-06"]
    for day in days:
        desk.deposit("59017", deposited_on=day)
    first = desk.client.get("/api/v1/letters?limit=2").json()
    assert [letter["deposited_on"] for letter in first["items"]] == ["2026-01-07", "2026-01-06"]
    assert first["number_matched"] == 3
    following = next(link["href"] for link in first["links"] if link["rel"] == "next")
    second = desk.client.get(following).json()
    assert [letter["deposited_on"] for letter in second["items"]] == ["2026-01-05"]
    assert all(link["rel"] != "next" for link in second["links"])


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


@pytest.mark.parametrize("day", ["2026-03-01", "2100-01-01"])
def test_a_decision_is_dated_between_the_deposit_and_today(desk: Desk, day: str) -> None:
    letter = desk.deposit(LILLE, deposited_on="2026-03-02")["id"]
    response = desk.decide(letter, desk.ars, decided_on=day)
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == ["body", "decided_on"]


def test_a_change_of_a_letter_is_visible_in_the_very_next_public_answer(desk: Desk) -> None:
    letter = desk.deposit(LILLE)["id"]
    url = f"/api/v1/letters/{letter}"
    first = desk.client.get(url)
    tag = first.headers["ETag"]
    assert desk.client.get(url, headers={"If-None-Match": tag}).status_code == 304
    desk.post(f"/letters/{letter}/withdrawal", {})
    after = desk.client.get(url, headers={"If-None-Match": tag})
    assert after.status_code == 200
    assert after.json()["state"] == "retiree"
