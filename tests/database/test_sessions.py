"""One request, one transaction: what endpoints may rely on."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, IntegrityError
from starlette.testclient import TestClient

from app.database.engine import create_database_engine, database_url
from app.database.request_sessions import ReadSession, WriteSession
from app.database.sessions import Sessions, session_scope, snapshot_scope

CONNECTIONS = 3
SCHEMA = """
    CREATE TABLE thing (
        name text PRIMARY KEY,
        parent text REFERENCES thing DEFERRABLE INITIALLY DEFERRED
    )
"""


@pytest.fixture(scope="module")
def scratch() -> Iterator[Engine]:
    """An engine on an empty database with one table, and few connections."""
    server = database_url(os.environ["CPTS_TEST_OWNER_URL"])
    name = f"cpts_test_sessions_{os.getpid()}"
    administration = create_database_engine(_written(server)).execution_options(
        isolation_level="AUTOCOMMIT"
    )
    with administration.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine = create_database_engine(
        _written(server.set(database=name)), connections=CONNECTIONS
    )
    with engine.begin() as connection:
        connection.execute(text(SCHEMA))
    yield engine
    engine.dispose()
    with administration.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    administration.dispose()


def _written(url: URL) -> str:
    return url.render_as_string(hide_password=False)


@pytest.fixture
def engine(scratch: Engine) -> Iterator[Engine]:
    yield scratch
    with scratch.begin() as connection:
        connection.execute(text("TRUNCATE thing"))


@pytest.fixture
def client(engine: Engine) -> Iterator[TestClient]:
    app = FastAPI()
    app.state.sessions = Sessions.on(engine, connections=CONNECTIONS)

    @app.post("/things/{name}")
    def make(name: str, session: WriteSession, parent: str | None = None) -> str:
        values = {"name": name, "parent": parent}
        session.execute(text("INSERT INTO thing VALUES (:name, :parent)"), values)
        if name == "refused":
            raise RuntimeError(name)
        return name

    @app.post("/things-read-only/{name}")
    def make_in_a_reading_session(name: str, session: ReadSession) -> None:
        session.execute(text("INSERT INTO thing VALUES (:name)"), {"name": name})

    @app.get("/snapshot")
    def count_twice(session: ReadSession) -> tuple[int, int]:
        query = text("SELECT count(*) FROM thing")
        before = session.scalar(query)
        with engine.begin() as other:
            other.execute(text("INSERT INTO thing VALUES ('meanwhile')"))
        return int(before or 0), int(session.scalar(query) or 0)

    @app.get("/slow")
    def slow(session: WriteSession) -> int:
        session.execute(text("SELECT pg_sleep(0.02)"))
        return int(session.scalar(text("SELECT 1")) or 0)

    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def names(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.execute(text("SELECT name FROM thing ORDER BY 1")).scalars())


def test_what_an_endpoint_wrote_is_committed_when_its_answer_arrives(
    client: TestClient, engine: Engine
) -> None:
    assert client.post("/things/a").status_code == 200
    assert names(engine) == ["a"]


def test_a_commit_that_fails_is_no_success(client: TestClient, engine: Engine) -> None:
    # The constraint is deferred: only the commit notices.
    assert client.post("/things/child?parent=nobody").status_code == 500
    assert names(engine) == []


def test_an_endpoint_that_raises_leaves_nothing(client: TestClient, engine: Engine) -> None:
    assert client.post("/things/refused").status_code == 500
    assert names(engine) == []


def test_a_reading_session_refuses_to_write(client: TestClient, engine: Engine) -> None:
    assert client.post("/things-read-only/a").status_code == 500
    assert names(engine) == []
    with (
        snapshot_scope(engine) as session,
        pytest.raises(DBAPIError, match="read-only transaction"),
    ):
        session.execute(text("INSERT INTO thing VALUES ('a')"))


def test_a_reading_session_sees_one_snapshot(client: TestClient, engine: Engine) -> None:
    assert client.get("/snapshot").json() == [0, 0]
    assert names(engine) == ["meanwhile"]


def test_connections_return_to_the_pool_as_they_were(
    client: TestClient, engine: Engine
) -> None:
    for number in range(3 * CONNECTIONS):
        client.get("/snapshot")
        assert client.post(f"/things/{number}").status_code == 200
        with engine.begin() as connection:
            connection.execute(text("DELETE FROM thing WHERE name = 'meanwhile'"))


def test_far_more_requests_than_connections_all_get_their_answer(client: TestClient) -> None:
    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda _: client.get("/slow").status_code, range(80)))
    assert answers == [200] * 80


def test_a_command_commits_unless_its_block_raises(engine: Engine) -> None:
    with session_scope(engine) as session:
        session.execute(text("INSERT INTO thing VALUES ('kept')"))
    duplicate = text("INSERT INTO thing VALUES ('dropped'), ('kept')")
    with pytest.raises(IntegrityError), session_scope(engine) as session:
        session.execute(duplicate)
    assert names(engine) == ["kept"]
