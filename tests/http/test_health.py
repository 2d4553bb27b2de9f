"""Alive, ready, away and back again."""

from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import FastAPI
from sqlalchemy import Engine, text
from sqlalchemy.engine import make_url
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import DatabaseSettings, Settings


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
