"""Contacts are shown within bounds, each view is noted, and both are forgotten."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from anyio import create_task_group, to_thread
from fastapi import FastAPI
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient

from app.database.sessions import Sessions, session_scope
from app.directory.contacts import repository
from app.directory.contacts.service import Viewer, purge, show
from app.main import create_app
from app.settings import Settings
from tests.accounts.people import EMAIL, make_person, session_of
from tests.event_loop import run_apart

Bearer = Callable[..., dict[str, str]]
North = dict[str, int]
ADDRESS = "/api/v1/members/cpts"


def rows(engine: Engine, statement: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def run(engine: Engine, statement: str, **values: Any) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement), values)


@pytest.fixture
def bounded(settings: Settings, engine: Engine, north: North) -> Iterator[TestClient]:
    """The service where one CPTS a day may be seen."""
    accounts = settings.accounts.model_copy(update={"contacts_per_day": 1})
    app: FastAPI = create_app(settings.model_copy(update={"accounts": accounts}))
    with TestClient(app) as client:
        yield client


def told(answer: Any) -> dict[str, tuple[int, bool]]:
    return {
        item["name"]: (len(item["contacts"]), item["contacts_withheld"])
        for item in answer.json()["items"]
    }


def test_beyond_the_days_limit_contacts_are_withheld(
    bounded: TestClient, bearer: Bearer, engine: Engine, north: North
) -> None:
    headers = bearer("member")
    first = told(bounded.get(f"{ADDRESS}?sort=name", headers=headers))
    assert first["CPTS de Lille"] == (1, False)
    assert first["CPTS du Mélantois"] == (0, True)
    # Without any contact there is nothing to withhold.
    assert first["CPTS de Nice"] == (0, False)
    other = north["CPTS du Mélantois"]
    alone = bounded.get(f"{ADDRESS}/{other}", headers=headers).json()
    assert (alone["contacts"], alone["contacts_withheld"]) == ([], True)
    # What was seen on that day may be seen again, by whatever way.
    again = bounded.get(f"{ADDRESS}/{north['CPTS de Lille']}", headers=headers).json()
    assert again["contacts"][0]["name"] == "Camille Exemple"
    # Somebody else has their own.
    assert told(bounded.get(f"{ADDRESS}?q=melantois", headers=bearer("urps", region="32"))) == {
        "CPTS du Mélantois": (1, False)
    }
    assert len(rows(engine, "SELECT * FROM contact_view")) == 2
    # A day later it begins anew.
    run(engine, "UPDATE contact_view SET seen_on = seen_on - 1")
    assert told(bounded.get(f"{ADDRESS}?q=melantois", headers=headers)) == {
        "CPTS du Mélantois": (1, False)
    }


def test_two_answers_at_once_do_not_both_take_what_is_left(
    app: FastAPI, engine: Engine, make_token: Callable[..., str], north: North
) -> None:
    make_token("member")
    [(token_id,)] = rows(engine, "SELECT max(id) FROM api_token")
    sessions: Sessions = app.state.sessions
    viewer = Viewer(token_id, None, per_day=1)
    shown: list[int] = []

    async def look(number: int) -> None:
        shown.extend(await to_thread.run_sync(show, sessions, viewer, [number]))

    async def at_once() -> None:
        async with create_task_group() as group:
            for number in north.values():
                group.start_soon(look, number)

    run_apart(at_once())
    assert len(shown) == 1
    assert len(rows(engine, "SELECT * FROM contact_view")) == 1
    sessions.dispose()


def test_a_view_is_noted_when_its_turn_among_short_work_has_come(
    app: FastAPI, engine: Engine, make_token: Callable[..., str], north: North
) -> None:
    make_token("member")
    [(token_id,)] = rows(engine, "SELECT max(id) FROM api_token")
    open_sessions: Sessions = app.state.sessions
    sessions = replace(open_sessions.afresh(), limits=replace(open_sessions.limits, place=0.01))

    async def crowded() -> set[int]:
        for _ in range(int(sessions.asides.total_tokens)):
            sessions.asides.acquire_on_behalf_of_nowait(object())
        viewer = Viewer(token_id, None, per_day=9)
        return await to_thread.run_sync(show, sessions, viewer, list(north.values()))

    assert run_apart(crowded()) == set()
    assert rows(engine, "SELECT * FROM contact_view") == []
    open_sessions.dispose()


def test_what_cannot_be_noted_is_not_shown_and_what_was_seen_that_day_is(
    client: TestClient, bearer: Bearer, north: North, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = bearer("member")
    client.get(f"{ADDRESS}/{north['CPTS de Lille']}", headers=headers)

    def fails(*_: Any) -> set[int]:
        raise OperationalError("", {}, Exception("the disk is full"))

    monkeypatch.setattr(repository, "note_views", fails)
    assert told(client.get(f"{ADDRESS}?sort=name", headers=headers)) == {
        "CPTS de Lille": (1, False),
        "CPTS de Nice": (0, False),
        "CPTS de Roubaix": (0, False),
        "CPTS du Mélantois": (0, True),
    }


def test_a_contact_past_its_last_day_is_shown_to_nobody_and_purged(
    client: TestClient, bearer: Bearer, engine: Engine, north: North
) -> None:
    run(
        engine,
        "UPDATE cpts_contact SET recorded_on = (now() AT TIME ZONE 'Europe/Paris')::date - 400,"
        " kept_until = "
        "(now() AT TIME ZONE 'Europe/Paris')::date - 2 WHERE name = 'Camille Exemple'",
    )
    answer = client.get(f"{ADDRESS}?q=lille", headers=bearer("member"))
    assert "Camille" not in answer.text
    run(
        engine,
        "INSERT INTO contact_view (viewer_id, seen_on, cpts_id)"
        " SELECT min(t.id), "
        "(now() AT TIME ZONE 'Europe/Paris')::date - days, :cpts FROM api_token t,"
        " (VALUES (400), (300)) AS given (days) GROUP BY days",
        cpts=north["CPTS de Lille"],
    )
    with session_scope(engine) as session:
        assert purge(session) == (1, 1)
    assert rows(engine, "SELECT name FROM cpts_contact") == [("Dominique Modèle",)]


def test_a_person_is_told_and_erased_with_what_sheets_say_of_them(
    client: TestClient, engine: Engine, north: North
) -> None:
    person = make_person(engine, "member")
    run(
        engine,
        "UPDATE cpts_contact SET person_id = :id WHERE name = 'Camille Exemple'",
        id=person,
    )
    run(
        engine,
        "UPDATE cpts_contact SET email = :email WHERE name = 'Dominique Modèle'",
        email=EMAIL.upper(),
    )
    client.cookies.set("cpts-agent", session_of(engine), domain="testserver.local")
    client.get(ADDRESS)
    data = client.get("/api/v1/me/data").json()["directory"]
    assert [each["name"] for each in data["contacts"]] == [
        "Camille Exemple",
        "Dominique Modèle",
    ]
    assert {"purpose", "legal_basis", "origin", "kept_until"} <= data["contacts"][0].keys()
    assert len(data["contacts_seen"]) == 2
    history = rows(engine, "SELECT count(*) FROM cpts_change")
    run(engine, "DELETE FROM person WHERE id = :id", id=person)
    assert rows(engine, "SELECT * FROM cpts_contact") == []
    assert rows(engine, "SELECT count(*) FROM cpts_change") == history
    # Whoever looks who saw theirs finds a view, and no name.
    assert len(rows(engine, "SELECT * FROM contact_view")) == 2
