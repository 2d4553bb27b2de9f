"""Reminders: a month before the year is over, when it is, and once whoever sends them."""

import asyncio
from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.database.sessions import Sessions, WritingSession, session_scope
from app.directory.loop import DirectoryLoop
from app.directory.reminders.service import remind
from tests.accounts.people import EMAIL, make_person
from tests.directory.sheets.test_sheet_writing import put

Bearer = Callable[..., dict[str, str]]
Register = Callable[..., int]
Mail = tuple[str, str, str]

BASE = "https://cartographie.example"


@pytest.fixture
def cpts(register: Register, client: TestClient, bearer: Bearer, engine: Engine) -> int:
    number = register("CPTS du Nord", communes=("59378",))
    put(client, number, bearer("admin"))
    make_person(engine, "editor", cpts_id=number)
    confirm(engine, number, "2031-03-02")
    return number


def confirm(engine: Engine, cpts: int, day: str) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE cpts_sheet SET confirmed_on = CAST(:day AS date) WHERE cpts_id = :id"),
            {"day": day, "id": cpts},
        )


def sent_on(engine: Engine, day: str) -> list[Mail]:
    sent: list[Mail] = []

    def send(_session: WritingSession, recipient: str, subject: str, body: str) -> None:
        sent.append((recipient, subject, body))

    with session_scope(engine) as session:
        assert remind(session, send, BASE, date.fromisoformat(day)) == len(sent)
    return sent


def test_the_editor_is_reminded_a_month_before_and_when_it_is_late(
    cpts: int, engine: Engine
) -> None:
    assert sent_on(engine, "2032-01-31") == []
    [(recipient, subject, body)] = sent_on(engine, "2032-02-01")
    assert recipient == EMAIL
    assert subject == "Confirmez la fiche de votre CPTS"
    assert f"{BASE}/membres/cpts/{cpts}/fiche" in body
    assert "au plus tard le 02/03/2032" in body
    assert sent_on(engine, "2032-02-01") == []
    assert sent_on(engine, "2032-03-02") == []
    [(_, subject, _)] = sent_on(engine, "2032-03-03")
    assert subject == "La fiche de votre CPTS n'est plus à jour"
    assert sent_on(engine, "2033-03-03") == []
    confirm(engine, cpts, "2033-03-03")
    assert len(sent_on(engine, "2034-03-04")) == 1


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE person SET suspended_at = now()",
        "UPDATE person SET confirmed_at = NULL",
        "UPDATE person SET role = 'member'",
        "UPDATE cpts SET ended_on = '2031-04-01'",
        "DELETE FROM cpts_sheet",
    ],
)
def test_nobody_else_is_reminded(cpts: int, engine: Engine, change: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(change))
    assert sent_on(engine, "2032-03-03") == []


def test_of_many_workers_one_sends(cpts: int, engine: Engine) -> None:
    done: list[int] = []

    def task(session: WritingSession) -> None:
        def send(own: WritingSession, recipient: str, subject: str, body: str) -> None:
            own.execute(
                text(
                    "INSERT INTO outgoing_message (kind, recipient, details)"
                    " VALUES ('text', :to, jsonb_build_object('subject', CAST(:s AS text)))"
                ),
                {"to": recipient, "s": subject + body},
            )

        done.append(remind(session, send, BASE, date(2032, 3, 3)))

    async def work() -> None:
        sessions = Sessions.on(engine)
        loops = [DirectoryLoop(sessions, [task], interval_s=0.01) for _ in range(4)]
        for loop in loops:
            await loop.__aenter__()
        while len(done) < 12:
            await asyncio.sleep(0.01)
        for loop in loops:
            await loop.__aexit__()

    asyncio.run(asyncio.wait_for(work(), 30))
    assert sum(done) == 1
    with engine.connect() as connection:
        waiting = connection.execute(text("SELECT recipient FROM outgoing_message"))
        assert [row.recipient for row in waiting] == [EMAIL]


def test_a_task_that_fails_is_tried_again_and_stops_no_other(engine: Engine) -> None:
    done: list[str] = []

    def failing(session: WritingSession) -> None:
        done.append("failing")
        session.execute(text("SELECT 1 / 0"))

    async def work() -> None:
        tasks = [failing, lambda _: done.append("other")]
        async with DirectoryLoop(Sessions.on(engine), tasks, interval_s=0.01):
            while done.count("failing") < 2 or "other" not in done:
                await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(work(), 30))
    assert done[:3] == ["failing", "other", "failing"]
