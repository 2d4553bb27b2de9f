"""A saved search tells by mail of CPTS that newly match, once, until it is stopped."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.accounts.mail.repository import enqueue_text
from app.accounts.mail.service import Post
from app.cpts.reading.filters import STAGE
from app.database.sessions import ReadingSession, session_scope
from app.directory.saved_searches import digest
from app.directory.saved_searches.digest import send_due
from app.directory.search.filters import Asked
from app.directory.search.service import ids_of
from tests.accounts.people import EMAIL, Mailbox, csrf, make_person, send, session_of
from tests.web.conftest import BROWSER

North = dict[str, int]
Register = Callable[..., int]
LIST = "/membres/recherches"


def run(engine: Engine, statement: str, **values: Any) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement), values)


def of_yesterday(engine: Engine) -> None:
    run(engine, "UPDATE saved_search SET looked_at_on = looked_at_on - 1")


@pytest.fixture
def member(mailbox: Mailbox, client: TestClient, engine: Engine, north: North) -> TestClient:
    make_person(engine, "member", cpts_id=north["CPTS de Lille"])
    client.cookies.set("cpts-agent", session_of(engine), domain="testserver.local")
    return client


def save(member: TestClient, name: str = "Diabète", query: str = "theme=diabete") -> Any:
    return send(member, LIST, {"name": name, "query": query}, "/membres?theme=diabete")


def look(app: Any) -> None:
    with app.state.sessions.aside_write() as session, session.begin():
        send_due(session, enqueue_text, "https://exemple.example")


def test_who_newly_matches_is_told_once_and_one_click_stops_it(
    member: TestClient, engine: Engine, mailbox: Mailbox, post: Post, register: Register
) -> None:
    app = member.app
    assert save(member).headers["location"] == LIST
    assert "Diabète" in member.get(LIST, headers=BROWSER).text
    look(app)
    of_yesterday(engine)
    look(app)
    post.send_due()
    assert mailbox.messages == []  # those that matched already are no news
    register("CPTS d'Hazebrouck", communes=("59295",), themes=["diabete"])
    of_yesterday(engine)
    look(app)
    look(app)
    post.send_due()
    [(to, message)] = mailbox.messages
    assert to == EMAIL
    assert "CPTS d'Hazebrouck" in message.body
    assert "CPTS de Lille" not in message.body
    assert "https://exemple.example/membres?theme=diabete" in message.body
    address = message.body.split("https://exemple.example")[2].split()[0]
    member.cookies.clear()
    # Programs that open links stop nothing.
    page = member.get(address, headers=BROWSER)
    assert "Arrêter les messages" in page.text
    assert page.headers["cache-control"] == "no-store"
    origin = {"Origin": "http://testserver", **BROWSER}
    assert "Les messages sont arrêtés" in member.post(address, headers=origin).text
    register("CPTS de Douai", communes=("59178",), themes=["diabete"])
    of_yesterday(engine)
    look(app)
    post.send_due()
    assert len(mailbox.messages) == 1
    assert member.get(f"{LIST}/arret/autre", headers=BROWSER).status_code == 404


def test_two_workers_tell_once(member: TestClient, engine: Engine, register: Register) -> None:
    save(member)
    register("CPTS d'Hazebrouck", communes=("59295",), themes=["diabete"])
    of_yesterday(engine)
    with session_scope(engine) as one:
        assert send_due(one, enqueue_text, "https://exemple.example") == 1
        with session_scope(engine) as two:
            # Claimed, and not committed yet.
            assert send_due(two, enqueue_text, "https://exemple.example") == 0
    with session_scope(engine) as three:
        assert send_due(three, enqueue_text, "https://exemple.example") == 0
    with engine.connect() as connection:
        waiting = connection.execute(text("SELECT count(*) FROM outgoing_message"))
        assert waiting.scalar_one() == 1


def test_a_suspended_person_gets_no_mail(
    member: TestClient, app: FastAPI, engine: Engine, register: Register
) -> None:
    save(member)
    register("CPTS d'Hazebrouck", communes=("59295",), themes=["diabete"])
    of_yesterday(engine)
    run(engine, "UPDATE person SET suspended_at = now()")
    look(app)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT * FROM outgoing_message")).all() == []


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("", "theme=diabete"),
        ("x" * 201, "theme=diabete"),
        ("a\u202eb", "theme=diabete"),
        ("Essai", "what=ever"),
        ("Essai", "theme=inconnu"),
        ("Essai", "within_km=x"),
        ("Essai", "theme=diabete&" + "q=" + "a" * 2000),
        ("Essai", "'; DROP TABLE cpts; --=1"),
    ],
)
def test_what_cannot_be_asked_cannot_be_saved(
    member: TestClient, engine: Engine, name: str, query: str
) -> None:
    answer = save(member, name, query)
    assert answer.status_code == 422
    with engine.connect() as connection:
        assert connection.execute(text("SELECT * FROM saved_search")).all() == []


def test_a_name_is_given_once_and_a_script_in_it_is_text(
    member: TestClient, engine: Engine
) -> None:
    assert save(member, "<script>alert(1)</script>").status_code == 303
    assert save(member, "<script>alert(1)</script>").status_code == 422
    page = member.get(LIST, headers=BROWSER).text
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_search_is_its_owners_alone(member: TestClient, engine: Engine) -> None:
    save(member)
    with engine.connect() as connection:
        number = connection.execute(text("SELECT id FROM saved_search")).scalar_one()
    other = "autre@exemple.example"
    make_person(engine, "member", email=other, name="Alix Autre")
    member.cookies.clear()
    member.cookies.set("cpts-agent", session_of(engine, other), domain="testserver.local")
    assert "Diabète" not in member.get(LIST, headers=BROWSER).text
    for action in ("pause", "reprise", "suppression"):
        answer = send(member, f"{LIST}/{number}/{action}", {}, "/membres?theme=diabete")
        assert answer.status_code == 404
    member.cookies.clear()
    member.cookies.set("cpts-agent", session_of(engine), domain="testserver.local")
    token = {"csrf": csrf(member, "/compte")}
    origin = {"Origin": "http://testserver", **BROWSER}
    for action, rows in (("pause", 1), ("reprise", 1), ("suppression", 0)):
        address = f"{LIST}/{number}/{action}"
        answer = member.post(address, data=token, headers=origin, follow_redirects=False)
        assert answer.status_code == 303, answer.text
        with engine.connect() as connection:
            left = connection.execute(text("SELECT count(*) FROM saved_search"))
            assert left.scalar_one() == rows


def searches_of_two(member: TestClient, engine: Engine, register: Register) -> None:
    """Save one search each of two people, which another CPTS matches since."""
    save(member)
    make_person(engine, "member", email="autre@exemple.example", name="Alix Autre")
    run(
        engine,
        "INSERT INTO saved_search (person_id, name, query, matched, looked_at_on)"
        " SELECT p.id, 'Autre', 'theme=diabete&stage=aci_signe', s.matched, s.looked_at_on"
        " FROM saved_search s, person p WHERE p.email = 'autre@exemple.example'",
    )
    register("CPTS d'Hazebrouck", communes=("59295",), themes=["diabete"])
    of_yesterday(engine)


def told(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT recipient FROM outgoing_message ORDER BY id"))
        return [row.recipient for row in rows]


def test_what_fails_for_one_person_keeps_nothing_from_the_others(
    member: TestClient,
    engine: Engine,
    register: Register,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    searches_of_two(member, engine, register)

    def failing(session: ReadingSession, asked: Asked) -> list[int]:
        if not asked.filters[STAGE]:
            session.execute(text("SELECT 1 / 0"))
        return ids_of(session, asked)

    with monkeypatch.context() as patched:
        patched.setattr(digest, "ids_of", failing)
        with session_scope(engine) as session:
            assert send_due(session, enqueue_text, "https://exemple.example") == 1
    assert told(engine) == ["autre@exemple.example"]
    assert "DivisionByZero" in caplog.text
    assert EMAIL not in caplog.text
    # Nothing is marked of the one that failed: the next run tells it.
    with session_scope(engine) as session:
        assert send_due(session, enqueue_text, "https://exemple.example") == 1
    assert told(engine) == ["autre@exemple.example", EMAIL]


def test_a_run_looks_at_so_many_people_and_the_next_at_the_others(
    member: TestClient,
    engine: Engine,
    register: Register,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    searches_of_two(member, engine, register)
    monkeypatch.setattr(digest, "MOST_PEOPLE", 1)
    for people in ([EMAIL], [EMAIL, "autre@exemple.example"]):
        with session_scope(engine) as session:
            assert send_due(session, enqueue_text, "https://exemple.example") == 1
        assert told(engine) == people
