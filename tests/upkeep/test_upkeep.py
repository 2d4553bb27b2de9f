"""What runs by itself runs once, whatever the number of workers, and tells what came of it."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient

from app.database.sessions import Sessions, WritingSession
from app.main import create_app
from app.settings import Settings
from app.upkeep.loop import Upkeep
from app.upkeep.rules import Task
from app.upkeep.service import run_if_due
from app.upkeep.tasks import tasks_of
from tests.accounts.people import make_person, session_of
from tests.event_loop import run_apart
from tests.web.administration.desk import page, sign_in_as

DAY = timedelta(days=1)


@pytest.fixture
def sessions(engine: Engine) -> Sessions:
    return Sessions.on(engine)


def last_run(engine: Engine, name: str) -> tuple[int | None, str | None]:
    with engine.connect() as connection:
        row = connection.execute(
            text("SELECT removed, trouble FROM upkeep_task WHERE name = :name"), {"name": name}
        ).one()
    return row.removed, row.trouble


def test_of_many_workers_one_does_what_is_due(engine: Engine, sessions: Sessions) -> None:
    together = Barrier(8)
    done: list[int] = []

    def act(_: WritingSession) -> int:
        done.append(1)
        return 3

    task = Task("essai", "Essai", DAY, act)

    def worker(_: int) -> bool:
        together.wait()
        return run_if_due(sessions, task)

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(worker, range(8))) == [False] * 7 + [True]
    assert done == [1]
    assert last_run(engine, "essai") == (3, None)
    # Not again before it is due, and again once it is.
    assert not run_if_due(sessions, task)
    with engine.begin() as connection:
        connection.execute(text("UPDATE upkeep_task SET due_at = now()"))
    assert run_if_due(sessions, task)
    assert done == [1, 1]


def test_what_fails_is_told_by_its_class_and_undone(engine: Engine, sessions: Sessions) -> None:
    def act(session: WritingSession) -> int:
        session.execute(text("DELETE FROM upkeep_task"))
        raise OperationalError("SELECT 'Camille'", {}, Exception("secret"))

    with pytest.raises(OperationalError):
        run_if_due(sessions, Task("essai", "Essai", DAY, act))
    assert last_run(engine, "essai") == (None, "OperationalError")


def due_in(engine: Engine, name: str) -> timedelta:
    with engine.connect() as connection:
        left: timedelta = connection.execute(
            text("SELECT due_at - now() FROM upkeep_task WHERE name = :name"), {"name": name}
        ).scalar_one()
    return left


def test_what_fails_is_tried_again_before_long_and_what_ends_well_when_it_is_due(
    engine: Engine, sessions: Sessions
) -> None:
    def fail(_: WritingSession) -> int:
        raise ValueError("secret")

    with pytest.raises(ValueError, match="secret"):
        run_if_due(sessions, Task("essai", "Essai", DAY, fail))
    assert last_run(engine, "essai") == (None, "ValueError")
    assert timedelta() < due_in(engine, "essai") <= timedelta(minutes=10)
    with engine.begin() as connection:
        connection.execute(text("UPDATE upkeep_task SET due_at = now()"))
    assert run_if_due(sessions, Task("essai", "Essai", DAY, lambda _: 1))
    assert due_in(engine, "essai") > timedelta(hours=23)


def test_a_run_whose_process_was_killed_is_tried_again_before_long(
    engine: Engine, sessions: Sessions
) -> None:
    class Killed(BaseException):
        pass

    def act(_: WritingSession) -> int:
        raise Killed

    with pytest.raises(Killed):
        run_if_due(sessions, Task("essai", "Essai", DAY, act))
    assert last_run(engine, "essai") == (None, None)
    assert timedelta() < due_in(engine, "essai") <= timedelta(minutes=10)


def test_a_run_that_takes_long_is_not_joined_by_another(
    engine: Engine, sessions: Sessions
) -> None:
    def act(_: WritingSession) -> int:
        with engine.begin() as connection:
            connection.execute(text("UPDATE upkeep_task SET due_at = now()"))
        assert not run_if_due(sessions, Task("essai", "Essai", DAY, lambda _: 5))
        return 3

    assert run_if_due(sessions, Task("essai", "Essai", DAY, act))
    assert last_run(engine, "essai") == (3, None)


def test_no_failure_of_a_task_ends_the_loop(engine: Engine, sessions: Sessions) -> None:
    def fail(_: WritingSession) -> int:
        raise ValueError

    runs = 0

    async def rounds() -> None:
        def count(_: WritingSession) -> int:
            nonlocal runs
            runs += 1
            return runs

        tasks = (
            Task("faux", "Faux", timedelta(), fail),
            Task("juste", "Juste", timedelta(), count),
        )
        async with Upkeep(sessions, tasks, interval_s=0.01):
            async with asyncio.timeout(10):
                while runs < 2:
                    await asyncio.sleep(0.01)

    run_apart(rounds())
    assert last_run(engine, "faux") == (None, "ValueError")


def test_each_task_removes_what_is_past_its_term_and_nothing_else(
    engine: Engine, sessions: Sessions, settings: Settings, tmp_path: Path
) -> None:
    settings.database.data_directory = tmp_path
    for email in ("partie@exemple.example", "restée@exemple.example".replace("é", "e")):
        make_person(engine, "member", email=email)
        session_of(engine, email)
    with engine.begin() as connection:
        for statement in (
            "UPDATE person SET suspended_at = now() - interval '366 days' WHERE id = 1",
            "UPDATE page_session SET expires_at = now() WHERE person_id = 1",
            (
                "INSERT INTO verification_note (key, created_at, question, answer, wordings,"
                " drawing) VALUES"
                " ('vieille', now() - interval '4 years', '{}', '{}', '{}', ''),"
                " ('neuve', now(), '{}', '{}', '{}', '')"
            ),
            (
                "INSERT INTO address_count (what, address_digest, since, requests)"
                " VALUES ('essai', 'a', now() - interval '9 minutes', 1),"
                " ('essai', 'b', now(), 1)"
            ),
            (
                "INSERT INTO import_draft (created_at, actor, file_name, source)"
                " VALUES (now() - interval '8 days', 'essai', 'a.csv', 'a'),"
                " (now() - interval '31 days', 'essai', 'b.csv', 'b')"
            ),
            "INSERT INTO import_file (draft_id, content) VALUES (1, 'a')",
        ):
            connection.execute(text(statement))
    for task in tasks_of(settings):
        assert run_if_due(sessions, task), task.name
    left = {}
    with engine.connect() as connection:
        for table in (
            "person",
            "page_session",
            "verification_note",
            "address_count",
            "import_draft",
            "import_file",
        ):
            counted = text(f"SELECT count(*) FROM {table}")
            left[table] = connection.execute(counted).scalar_one()
    assert left == {
        "person": 1,
        "page_session": 1,
        "verification_note": 1,
        "address_count": 1,
        "import_draft": 1,
        "import_file": 0,
    }
    assert last_run(engine, "notes") == (1, None)
    assert last_run(engine, "imports") == (2, None)


def test_a_running_service_does_it_by_itself_and_the_page_tells(
    engine: Engine, settings: Settings
) -> None:
    settings.service.upkeep = True
    with TestClient(create_app(settings)) as client:
        deadline = time.monotonic() + 120
        names: set[str] = set()
        while names != {task.name for task in tasks_of(settings)}:
            assert time.monotonic() < deadline
            with engine.connect() as connection:
                rows = text("SELECT name FROM upkeep_task WHERE ended_at IS NOT NULL")
                names = set(connection.execute(rows).scalars())
        sign_in_as(client, engine, "admin")
        told = page(client, "/administration/entretien")
        assert told.count("0 traité") == len(names)
        assert ">jamais<" not in told
