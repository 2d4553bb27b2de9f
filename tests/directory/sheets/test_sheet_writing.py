"""`PUT /api/v1/cpts/{id}/sheet`: who may, what is taken, what is kept of it."""

import threading
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.accounts.mail.service import Post
from app.accounts.people import service as people
from app.accounts.permissions import ROLES
from app.database.sessions import session_scope
from app.directory.sheets.service import erase_contacts
from tests.accounts.people import EMAIL, Mailbox, csrf, make_person, session_of, sign_in
from tests.web.conftest import HOSTILE

Bearer = Callable[..., dict[str, str]]
Register = Callable[..., int]

MARCQ, NICE = "59378", "06088"
CAMILLE = {
    "role": "Coordination",
    "name": "Camille Témoin",
    "email": "camille@exemple.example",
    "phone": "04 99 00 00 01",
}
ACTION = {
    "theme": "diabete",
    "state": "en_cours",
    "year": 2025,
    "text": "Dépistage du pied diabétique.",
    "links": ["https://exemple.example/pied"],
}
SHEET: dict[str, Any] = {
    "presentation": "Née de trois maisons de santé.\nDepuis 2019.",
    "members_count": 112,
    "actions": [ACTION],
    "contacts": [CAMILLE],
}


@pytest.fixture
def cpts(register: Register) -> int:
    return register("CPTS du Nord", communes=(MARCQ,))


def put(client: TestClient, cpts: int, headers: dict[str, str], **changed: Any) -> Any:
    sent = {**SHEET, **changed}
    return client.put(f"/api/v1/cpts/{cpts}/sheet", json=sent, headers=headers)


def rows(engine: Engine, sql: str, **values: Any) -> list[Any]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(sql), values)]


def test_the_editor_of_the_cpts_and_the_administrator_write_and_nobody_else(
    client: TestClient, bearer: Bearer, cpts: int, register: Register
) -> None:
    other = register("CPTS de Nice", communes=(NICE,))
    regional = {"ars", "assurance_maladie", "urps"}
    for role in ROLES:
        limits = {"region": "32"} if role in regional else {}
        if role == "editor":
            limits = {"cpts": cpts}  # type: ignore[dict-item]
        answer = put(client, cpts, bearer(role, **limits))
        assert answer.status_code == (200 if role in ("editor", "admin") else 403), role
    refused = put(client, cpts, bearer("editor", cpts=other))
    assert refused.status_code == 403
    assert refused.json()["code"] == "forbidden"
    assert put(client, cpts, bearer("editor")).status_code == 403
    assert put(client, cpts, {}).status_code == 401
    # Another's number in the address.
    assert put(client, other, bearer("editor", cpts=cpts)).status_code == 403
    assert put(client, 987654, bearer("admin")).status_code == 404


def test_what_is_written_is_answered_and_stands(
    client: TestClient, bearer: Bearer, cpts: int, engine: Engine
) -> None:
    headers = bearer("editor", cpts=cpts)
    written = put(client, cpts, headers)
    told = written.json()
    assert {name: told[name] for name in SHEET} == SHEET
    assert (told["version"], written.headers["etag"]) == (1, '"fiche-1"')
    assert told["confirmed_on"] is not None
    assert written.headers["cache-control"] == "no-store"
    emptied = put(
        client, cpts, headers, presentation="", members_count=None, actions=[], contacts=[]
    )
    assert emptied.json()["version"] == 2
    assert rows(engine, "SELECT count(*) FROM cpts_action") == [(0,)]
    assert rows(engine, "SELECT count(*) FROM cpts_contact") == [(0,)]
    assert rows(engine, "SELECT name, since_version, until_version FROM former_contact") == [
        (CAMILLE["name"], 1, 2)
    ]
    # The same again is no change.
    again = put(
        client, cpts, headers, presentation="", members_count=None, actions=[], contacts=[]
    )
    assert again.json()["version"] == 2


def test_who_is_newly_told_of_learns_it_once_by_mail(
    *,
    client: TestClient,
    bearer: Bearer,
    cpts: int,
    engine: Engine,
    post: Post,
    mailbox: Mailbox,
) -> None:
    make_person(engine, "editor", cpts_id=cpts)
    client.cookies.set("cpts-agent", session_of(engine), domain="testserver.local")
    token = {"X-CSRF-Token": csrf(client, "/compte")}
    own = CAMILLE | {"email": EMAIL.upper(), "name": "Moi-même"}
    nobody = CAMILLE | {"email": None, "name": "Sans Adresse"}

    def told(*contacts: Any, headers: dict[str, str]) -> list[tuple[str, str]]:
        post.send_due()
        mailbox.messages.clear()
        assert put(client, cpts, headers, contacts=list(contacts)).status_code == 200
        post.send_due()
        return [(to, message.body) for to, message in mailbox.messages]

    [(to, body)] = told(CAMILLE, own, nobody, headers=token)
    assert to == CAMILLE["email"]
    for part in ("CPTS du Nord", *CAMILLE.values(), "La coordination de la CPTS l’a écrit"):
        assert part in body
    assert "/compte ;" in body
    assert "/donnees-personnelles," in body
    assert "Moi-même" not in body
    # Another function, gone, back again: it was said.
    by_admin = bearer("admin")
    assert told(CAMILLE | {"role": "Présidence"}, headers=by_admin) == []
    assert told(headers=by_admin) == []
    assert told(CAMILLE, headers=by_admin) == []
    # Whoever had it erased is told when it is written again.
    with session_scope(engine) as session:
        erase_contacts(session, CAMILLE["email"])
    [(_, body)] = told(CAMILLE, headers=by_admin)
    assert "L’administration du site l’a écrit" in body


def test_an_administrator_writes_without_confirming(
    client: TestClient, bearer: Bearer, cpts: int
) -> None:
    assert put(client, cpts, bearer("admin")).json()["confirmed_on"] is None
    assert put(client, cpts, bearer("editor", cpts=cpts)).json()["confirmed_on"] is not None


def test_a_stale_write_is_refused_and_writes_nothing(
    client: TestClient, bearer: Bearer, cpts: int
) -> None:
    headers = bearer("admin")
    first = put(client, cpts, headers | {"If-Match": '"fiche-0"'})
    assert first.status_code == 200
    tag = first.headers["etag"]
    assert put(client, cpts, headers | {"If-Match": tag}, members_count=1).status_code == 200
    stale = put(client, cpts, headers | {"If-Match": tag}, members_count=2)
    assert stale.status_code == 412
    assert stale.json()["code"] == "stale-write"
    assert put(client, cpts, headers | {"If-Match": "*"}).json()["version"] == 3


def test_what_members_read_is_what_a_write_names(
    client: TestClient, bearer: Bearer, cpts: int
) -> None:
    headers = bearer("admin")
    address = f"/api/v1/members/cpts/{cpts}"
    unwritten = client.get(address, headers=headers)
    assert (
        put(client, cpts, headers | {"If-Match": unwritten.headers["etag"]}).status_code == 200
    )
    read = client.get(address, headers=headers)
    told = read.json()
    assert told["presentation"] == SHEET["presentation"]
    assert told["contacts"] == SHEET["contacts"]
    written = put(client, cpts, headers | {"If-Match": read.headers["etag"]}, members_count=1)
    assert written.status_code == 200
    assert put(client, cpts, headers | {"If-Match": read.headers["etag"]}).status_code == 412
    assert client.get(address, headers=headers).headers["etag"] == written.headers["etag"]


def test_of_two_who_write_at_once_one_is_told_so(
    live_server: str, client: TestClient, bearer: Bearer, cpts: int, engine: Engine
) -> None:
    headers = bearer("admin") | {"If-Match": '"fiche-0"'}
    start = threading.Barrier(2)
    answers: list[int] = []

    def write(number: int) -> None:
        with httpx2.Client(base_url=live_server) as own:
            start.wait()
            sent = SHEET | {"members_count": number}
            answer = own.put(f"/api/v1/cpts/{cpts}/sheet", json=sent, headers=headers)
            answers.append(answer.status_code)

    writers = [threading.Thread(target=write, args=(number,)) for number in (1, 2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(30)
    assert sorted(answers) == [200, 412]
    assert rows(engine, "SELECT version FROM cpts_sheet") == [(1,)]
    assert rows(engine, "SELECT count(*) FROM cpts_sheet_change") == [(1,)]


BAD: list[tuple[str, Any, str]] = [
    ("presentation", "x" * 10_001, "presentation"),
    ("presentation", "a\u202eb", "presentation"),
    ("presentation", None, "presentation"),
    ("members_count", -1, "members_count"),
    ("members_count", 100_001, "members_count"),
    ("members_count", "12", "members_count"),
    ("members_count", 1.5, "members_count"),
    ("members_count", True, "members_count"),
    ("actions", [ACTION | {"theme": "inconnu"}], "theme"),
    ("actions", [ACTION | {"state": "fini"}], "state"),
    ("actions", [ACTION | {"year": 1999}], "year"),
    ("actions", [ACTION | {"year": 2101}], "year"),
    ("actions", [ACTION | {"text": "x" * 4_001}], "text"),
    ("actions", [ACTION | {"links": ["javascript:alert(1)"]}], "links"),
    ("actions", [ACTION | {"links": ["data:text/html,x"]}], "links"),
    ("actions", [ACTION | {"links": ["ftp://exemple.example/"]}], "links"),
    ("actions", [ACTION | {"links": ["https://a:b@exemple.example/"]}], "links"),
    ("actions", [ACTION | {"links": ["https://exemple.example/"] * 11}], "links"),
    ("actions", [ACTION] * 61, "actions"),
    ("actions", [ACTION | {"cpts_id": 1}], "cpts_id"),
    ("contacts", [CAMILLE | {"name": " "}], "name"),
    ("contacts", [CAMILLE | {"name": "x" * 201}], "name"),
    ("contacts", [CAMILLE | {"name": "a\nb"}], "name"),
    ("contacts", [CAMILLE | {"email": "camille"}], "email"),
    ("contacts", [CAMILLE | {"email": "a@b.example?cc=x@y.example"}], "email"),
    ("contacts", [CAMILLE | {"phone": "appelez-moi"}], "phone"),
    ("contacts", [CAMILLE | {"role": "x" * 201}], "role"),
    ("contacts", [CAMILLE | {"person_id": 1}], "person_id"),
    ("contacts", [CAMILLE | {"kept_until": "2999-01-01"}], "kept_until"),
    ("contacts", [CAMILLE] * 31, "contacts"),
]


@pytest.mark.parametrize("wrong", BAD)
def test_each_wrong_value_is_refused_where_it_stands(
    client: TestClient, bearer: Bearer, cpts: int, wrong: tuple[str, Any, str]
) -> None:
    member, value, at = wrong
    answer = put(client, cpts, bearer("editor", cpts=cpts), **{member: value})
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] == "invalid"
    assert any(at in error["loc"] for error in answer.json()["errors"]), answer.text


@pytest.mark.parametrize(
    "more",
    [
        {"role": "admin"},
        {"cpts_id": 1},
        {"id": 1},
        {"version": 99},
        {"confirmed_on": "2026-01-01"},
        {"stage": "aci_signe"},
        {"email": "a@exemple.example"},
    ],
)
def test_nothing_else_is_assigned_by_the_way(
    client: TestClient, bearer: Bearer, cpts: int, more: dict[str, Any], engine: Engine
) -> None:
    answer = put(client, cpts, bearer("editor", cpts=cpts), **more)
    assert answer.status_code == 422
    assert rows(engine, "SELECT count(*) FROM cpts_sheet") == [(0,)]


def test_what_is_left_out_is_refused_not_emptied(
    client: TestClient, bearer: Bearer, cpts: int
) -> None:
    for member in SHEET:
        sent = {name: value for name, value in SHEET.items() if name != member}
        answer = client.put(
            f"/api/v1/cpts/{cpts}/sheet", json=sent, headers=bearer("editor", cpts=cpts)
        )
        assert answer.status_code == 422, member


def test_a_person_writes_by_the_session_with_its_token_only(
    client: TestClient, engine: Engine, cpts: int
) -> None:
    make_person(engine, "editor", cpts_id=cpts)
    assert sign_in(client).status_code == 303
    assert put(client, cpts, {}).status_code == 403
    token = csrf(client, "/compte")
    assert put(client, cpts, {"X-CSRF-Token": token}).status_code == 200
    foreign = {"X-CSRF-Token": token, "Origin": "https://ailleurs.example"}
    assert put(client, cpts, foreign, members_count=1).status_code == 403
    [(actor,)] = rows(engine, "SELECT actor FROM cpts_sheet_change")
    assert actor.startswith("personne n° ")
    assert "Zélie" not in actor


def test_an_ended_cpts_is_told_and_keeps_its_sheet(
    client: TestClient, bearer: Bearer, cpts: int, engine: Engine
) -> None:
    admin = bearer("admin")
    assert put(client, cpts, admin).status_code == 200
    assert client.delete(f"/api/v1/cpts/{cpts}?reason=fin", headers=admin).status_code == 204
    assert put(client, cpts, admin, members_count=5).status_code == 422
    assert rows(engine, "SELECT members_count FROM cpts_sheet") == [(112,)]


def test_history_keeps_no_person(
    client: TestClient, bearer: Bearer, cpts: int, engine: Engine
) -> None:
    headers = bearer("editor", cpts=cpts)
    put(client, cpts, headers)
    put(client, cpts, headers, contacts=[CAMILLE | {"name": "Dominique Autre"}])
    told = rows(
        engine,
        "SELECT action, contacts_changed, before::text, after::text FROM cpts_sheet_change"
        " ORDER BY id",
    )
    assert [(action, changed) for action, changed, *_ in told] == [
        ("updated", True),
        ("updated", True),
    ]
    assert told[1][2:] == ("{}", "{}")
    for table in ("cpts_sheet_change", "cpts_change", "cpts_sheet", "cpts_action"):
        held = rows(engine, f"SELECT t::text FROM {table} t")
        for secret in ("Camille", "camille@", "04 99 00 00 01", "Dominique"):
            assert not any(secret in row[0] for row in held), (table, secret)


def test_the_members_move_the_tenth_of_the_largest_tier_in_the_very_next_answer(
    client: TestClient, bearer: Bearer, register: Register
) -> None:
    nice = register("CPTS de Nice", communes=(NICE,))
    page = f"/cpts/{nice}"
    before = client.get(page)
    assert "580\u00a0000\u00a0€" in before.text or "580\u202f000\u00a0€" in before.text
    headers = bearer("editor", cpts=nice)
    assert put(client, nice, headers, members_count=99).status_code == 200
    assert "majoré" not in client.get(page).text
    assert put(client, nice, headers, members_count=100).status_code == 200
    after = client.get(page)
    assert "629\u202f000\u00a0€" in after.text
    assert "majoré" in after.text
    assert after.headers["etag"] != before.headers["etag"]
    assert "100 membres" not in client.get(f"/api/v1/cpts/{nice}").text


def test_text_of_strangers_is_kept_as_text(
    client: TestClient, bearer: Bearer, cpts: int
) -> None:
    hostile = put(
        client,
        cpts,
        bearer("editor", cpts=cpts),
        presentation=HOSTILE,
        actions=[ACTION | {"text": HOSTILE}],
        contacts=[CAMILLE | {"name": HOSTILE, "role": HOSTILE}],
    )
    assert hostile.status_code == 200
    assert hostile.json()["presentation"] == HOSTILE
    assert hostile.headers["content-type"] == "application/json"
    assert "onerror" not in client.get(f"/cpts/{cpts}").text


def test_a_person_sees_and_is_erased_from_what_sheets_tell_of_them(
    client: TestClient, bearer: Bearer, cpts: int, engine: Engine
) -> None:
    headers = bearer("editor", cpts=cpts)
    mine = CAMILLE | {"email": EMAIL.upper().replace("EXEMPLE.EXAMPLE", "exemple.example")}
    put(client, cpts, headers, contacts=[mine, CAMILLE])
    put(client, cpts, headers, contacts=[CAMILLE, mine | {"phone": None}])
    make_person(engine)
    client.cookies.set("cpts-agent", session_of(engine), domain="testserver.local")
    told = client.get("/api/v1/me/data").json()["directory"]
    assert [(each["cpts_id"], each["phone"]) for each in told["contacts"]] == [(cpts, None)]
    assert [(each["cpts_id"], each["phone"]) for each in told["former_contacts"]] == [
        (cpts, CAMILLE["phone"])
    ]
    erased = client.delete("/api/v1/me", headers={"X-CSRF-Token": csrf(client, "/compte")})
    assert erased.status_code == 204
    client.cookies.clear()
    held = rows(
        engine, "SELECT email FROM cpts_contact UNION ALL SELECT email FROM former_contact"
    )
    assert held == [(CAMILLE["email"],)]
    [*_, last] = rows(
        engine,
        "SELECT action, version, actor, contacts_changed FROM cpts_sheet_change ORDER BY id",
    )
    assert last == ("erased", 3, "effacement demandé par la personne", True)
    # Whoever was editing just then does not bring them back unseen.
    stale = put(client, cpts, headers | {"If-Match": '"fiche-2"'}, contacts=[mine])
    assert stale.status_code == 412


def test_a_contact_past_its_term_is_kept_anew_when_it_is_told_again(
    client: TestClient, bearer: Bearer, cpts: int, engine: Engine
) -> None:
    headers = bearer("editor", cpts=cpts)
    put(client, cpts, headers)
    with engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE cpts_contact SET recorded_on = "
                "(now() AT TIME ZONE 'Europe/Paris')::date - 9,"
                " kept_until = (now() AT TIME ZONE 'Europe/Paris')::date - 2"
            )
        )
    # Not purged yet.
    assert put(client, cpts, headers).json()["contacts"] == [CAMILLE]
    kept = (
        "SELECT name, kept_until > (now() AT TIME ZONE 'Europe/Paris')::date + 300 "
        "FROM cpts_contact"
    )
    assert rows(engine, kept) == [(CAMILLE["name"], True)]
    assert rows(engine, "SELECT count(*) FROM former_contact") == [(0,)]


def test_an_invitation_that_nobody_accepted_erases_no_contact(
    client: TestClient, bearer: Bearer, cpts: int, engine: Engine
) -> None:
    put(client, cpts, bearer("admin"), contacts=[CAMILLE | {"email": EMAIL}])
    make_person(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE person SET confirmed_at = NULL"))
        connection.execute(text("DELETE FROM person"))
    assert rows(engine, "SELECT count(*) FROM cpts_contact") == [(1,)]


@pytest.mark.parametrize("way", ["erase", "purge"])
def test_whoever_erases_people_waits_for_the_registry_before_locking_them(
    client: TestClient, bearer: Bearer, cpts: int, engine: Engine, way: str
) -> None:
    put(client, cpts, bearer("admin"), contacts=[CAMILLE | {"email": EMAIL}])
    number = make_person(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE person SET suspended_at = now() - interval '9 days'"))

    def erase() -> None:
        with session_scope(engine) as session:
            if way == "erase":
                people.erase(session, number)
            else:
                people.purge(session, former_days=5, absent_days=5)

    erasing = threading.Thread(target=erase)
    with engine.begin() as holder:
        holder.execute(text("SELECT FROM registry_revision FOR UPDATE"))
        erasing.start()
        erasing.join(0.5)
        assert erasing.is_alive()
        # Else the two would wait for each other.
        holder.execute(text("SELECT FROM person FOR UPDATE NOWAIT"))
    erasing.join(10)
    assert rows(engine, "SELECT count(*) FROM person") == [(0,)]
    assert rows(engine, "SELECT count(*) FROM cpts_contact") == [(0,)]
