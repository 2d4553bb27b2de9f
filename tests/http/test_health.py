"""Alive, ready, away and back again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url
from starlette.testclient import TestClient

from app.http import health, repository
from app.main import create_app
from app.settings import DatabaseSettings, Settings
from tests.administration import administration


@contextmanager
def database_away(maintenance: Engine, address: str) -> Iterator[None]:
    """Break every connection to a database and let nobody in."""
    name = make_url(address).database
    with maintenance.connect() as connection:
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
            ),
            {"name": name},
        )
        try:
            yield
        finally:
            connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"))


def test_the_service_says_that_it_lives_and_is_ready(client: TestClient) -> None:
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").json() == {"status": "ready"}


def test_a_database_without_schema_is_not_ready(
    server_url: object, maintenance: Engine, test_database: str
) -> None:
    empty = f"{make_url(test_database).database}_empty"
    with maintenance.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {empty}"))
    try:
        address = make_url(test_database).set(database=empty)
        settings = Settings(
            database=DatabaseSettings(url=address.render_as_string(hide_password=False))
        )
        with TestClient(create_app(settings), raise_server_exceptions=False) as client:
            response = client.get("/readyz")
            assert response.status_code == 503
            assert response.json()["code"] == "database-unavailable"
            assert client.get("/healthz").status_code == 200
    finally:
        with maintenance.connect() as connection:
            connection.execute(text(f"DROP DATABASE {empty} WITH (FORCE)"))


def test_without_the_database_the_answer_is_503_and_the_service_recovers_by_itself(
    client: TestClient, app: FastAPI, maintenance: Engine, test_database: str
) -> None:
    paths = ("/api/v1/stages", "/api/v1/cpts", "/readyz")
    for path in paths:
        assert client.get(path).status_code == 200
    with database_away(maintenance, test_database):
        # The first two are kept, the third is not, the last was never asked for.
        for path in (*paths, "/api/v1/themes"):
            response = client.get(path)
            assert response.status_code == 503, path
            assert response.json()["code"] == "database-unavailable"
            assert response.headers["retry-after"]
        assert client.get("/healthz").status_code == 200
    for path in (*paths, "/api/v1/themes"):
        assert client.get(path).status_code == 200, path


def test_a_restart_of_the_database_between_two_requests_is_not_noticed(
    client: TestClient, maintenance: Engine, test_database: str
) -> None:
    first = client.get("/api/v1/stages")
    with database_away(maintenance, test_database):
        pass
    again = client.get("/api/v1/stages")
    assert again.status_code == 200
    assert again.headers["etag"] == first.headers["etag"]
    assert client.get("/api/v1/themes").status_code == 200


RAISES = "DO $$ BEGIN RAISE 'could not extend file' USING ERRCODE = '{state}'; END $$"
CPTS = {"name": "CPTS refusée", "stage": "aci_signe", "communes": ["59350"]}
FULL = "l'espace de stockage de sa base de données est plein"


@contextmanager
def refusing_writes(engine: Engine, state: str) -> Iterator[None]:
    """Let every insertion of a CPTS fail as PostgreSQL fails with this SQLSTATE."""
    with administration(engine) as connection:
        connection.execute(
            text(
                "CREATE FUNCTION refuse_for_test() RETURNS trigger LANGUAGE plpgsql AS $$ "
                f"BEGIN RAISE 'could not extend file' USING ERRCODE = '{state}'; END $$"
            )
        )
        connection.execute(
            text(
                "CREATE TRIGGER refuse_for_test BEFORE INSERT ON cpts "
                "FOR EACH ROW EXECUTE FUNCTION refuse_for_test()"
            )
        )
    try:
        yield
    finally:
        with administration(engine) as connection:
            connection.execute(text("DROP FUNCTION refuse_for_test CASCADE"))


@pytest.mark.parametrize("state", ["53100", "58030"])
def test_a_full_disk_is_called_so_and_the_service_is_not_ready_until_it_can_write(
    client: TestClient,
    bearer: Callable[..., dict[str, str]],
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    state: str,
) -> None:
    headers = bearer("admin")
    monkeypatch.setattr(health, "_TRIED_AGAIN_EVERY_S", 0.0)
    assert client.get("/readyz").status_code == 200
    with monkeypatch.context() as full:
        full.setattr(repository, "_WRITE_SOMETHING", (text(RAISES.format(state=state)),))
        with refusing_writes(engine, state):
            refused = client.post("/api/v1/cpts", json=CPTS, headers=headers)
        assert refused.status_code == 503
        assert refused.json()["code"] == "database-unavailable"
        assert FULL in refused.json()["detail"]
        assert refused.headers["retry-after"]
        # Known at once, from the write that failed, and confirmed by trying.
        ready = client.get("/readyz")
        assert ready.status_code == 503
        assert FULL in ready.json()["detail"]
        assert client.get("/api/v1/cpts").status_code == 200
    assert client.get("/readyz").status_code == 200
    assert client.post("/api/v1/cpts", json=CPTS, headers=headers).status_code == 201


def test_a_disk_that_is_full_is_noticed_though_nobody_writes(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repository, "_WRITE_SOMETHING", (text(RAISES.format(state="53100")),))
    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get("/readyz")
    assert answer.status_code == 503
    assert FULL in answer.json()["detail"]


def test_a_database_that_only_lets_read_is_not_ready_and_is_read_from(
    maintenance: Engine,
    test_database: str,
    settings: Settings,
    engine: Engine,
    bearer: Callable[..., dict[str, str]],
) -> None:
    headers = bearer("admin")
    name = make_url(test_database).database
    with maintenance.connect() as connection:
        connection.execute(
            text(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        )
        try:
            with TestClient(create_app(settings), raise_server_exceptions=False) as client:
                assert client.get("/api/v1/cpts").status_code == 200
                for answer in (
                    client.get("/readyz"),
                    client.post("/api/v1/cpts", json=CPTS, headers=headers),
                ):
                    assert answer.status_code == 503
                    assert "lecture seule" in answer.json()["detail"]
        finally:
            connection.execute(
                text(f"ALTER DATABASE {name} RESET default_transaction_read_only")
            )


def test_trying_to_write_leaves_the_registry_as_it_is(
    client: TestClient, engine: Engine
) -> None:
    revision = text("SELECT revision FROM registry_revision")
    with engine.connect() as connection:
        before = connection.scalar(revision)
    assert client.get("/readyz").status_code == 200
    with engine.connect() as connection:
        assert connection.scalar(revision) == before
        assert connection.scalar(text("SELECT to_regclass('cpts_written')")) is None
