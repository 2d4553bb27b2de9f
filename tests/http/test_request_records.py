"""A request's id stands in its answer and in its lines; a line holds no more than its route."""

import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from fastapi import FastAPI
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app.logs import configure_logs
from app.main import create_app
from app.settings import DatabaseSettings, LogSettings, Settings

GIVEN = "4f7e3c0a9b1d4e5f8a6b7c8d9e0f1a2b"
PERSON = "camille.plante@exemple.fr"


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    root = logging.getLogger()
    kept = (list(root.handlers), root.level, structlog.get_config())
    written = io.StringIO()
    configure_logs(LogSettings(log_format="json"), written)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    logging.captureWarnings(capture=False)
    root.handlers[:], root.level = kept[0], kept[1]
    structlog.configure(**kept[2])


def application(database: str, **logs: bool) -> FastAPI:
    return create_app(
        Settings(database=DatabaseSettings(url=database), logs=LogSettings(**logs))  # type: ignore[arg-type]
    )


@pytest.fixture
def logged(engine: Engine, test_database: str, lines: Any) -> Iterator[TestClient]:
    app = application(test_database, access_log=True)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize(
    "path",
    ["/healthz", "/api/v1/cpts", "/nowhere", "/api/v1/cpts/x", "/", "/metrics"],
)
def test_every_answer_bears_an_id_of_its_own(client: TestClient, path: str) -> None:
    first, second = (client.get(path).headers.get_list("x-request-id") for _ in range(2))
    assert len(first) == len(second) == 1
    assert re.fullmatch("[0-9a-f]{32}", first[0])
    assert first != second


def test_a_kept_answer_bears_the_id_of_who_asks(client: TestClient) -> None:
    client.get("/api/v1/cpts")
    answer = client.get("/api/v1/cpts", headers={"X-Request-ID": GIVEN})
    assert answer.headers["x-request-id"] == GIVEN
    etag = {"If-None-Match": answer.headers["etag"]}
    again = client.get("/api/v1/cpts", headers=etag)
    assert again.status_code == 304
    assert again.headers["x-request-id"] != GIVEN


@pytest.mark.parametrize(
    "given",
    ["", "short", "x" * 65, "camille plante 1234", f"{PERSON}aaaaaaaa", "a" * 16 + "\t"],
)
def test_an_id_that_is_not_well_formed_is_replaced(client: TestClient, given: str) -> None:
    answer = client.get("/healthz", headers={"X-Request-ID": given})
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])


def test_two_ids_are_none(client: TestClient) -> None:
    both = [("X-Request-ID", GIVEN), ("X-Request-ID", GIVEN)]
    assert client.get("/healthz", headers=both).headers["x-request-id"] != GIVEN


def test_a_line_of_access_holds_route_status_and_id_alone(
    logged: TestClient, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    for _ in range(2):
        logged.get(f"/api/v1/cpts?q={PERSON}", headers={"X-Request-ID": GIVEN})
    logged.get(f"/{PERSON}")
    told = lines()
    assert [(line["route"], line["status"]) for line in told] == [
        ("/api/v1/cpts", 200), ("/api/v1/cpts", 200), ("-", 404),
    ]  # fmt: skip
    assert all(line["request_id"] == GIVEN for line in told[:2])
    assert PERSON not in json.dumps(told)
    assert "address" not in told[0]


def test_the_address_of_the_client_is_written_when_asked_for(
    engine: Engine, test_database: str, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    app = application(test_database, access_log=True, access_log_addresses=True)
    with TestClient(app, client=("192.0.2.7", 1)) as client:
        client.get("/healthz")
    assert lines()[0]["address"] == "192.0.2.7"


def test_without_the_setting_no_line_of_access_is_written(
    client: TestClient, lines: Callable[[], list[dict[str, Any]]]
) -> None:
    client.get("/healthz")
    assert lines() == []


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_an_unexpected_error_is_answered_with_its_id_and_logged_without_its_text(
    engine: Engine,
    test_database: str,
    lines: Callable[[], list[dict[str, Any]]],
    accept: str,
) -> None:
    app = application(test_database)

    @app.get("/broken/{name}")
    def broken(name: str) -> None:
        raise KeyError(name)

    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get(f"/broken/{PERSON}", headers={"Accept": accept})
    assert answer.status_code == 500
    assert answer.headers["x-content-type-options"] == "nosniff"
    [told] = lines()
    assert told["request_id"] == answer.headers["x-request-id"]
    assert told["error"] == "KeyError"
    assert told["event"] == "unexpected error on GET /broken/{name}"
    assert PERSON not in json.dumps(told)


def test_an_error_of_the_database_names_its_code_and_the_servers_process(
    engine: Engine,
    test_database: str,
    lines: Callable[[], list[dict[str, Any]]],
) -> None:
    app = application(test_database)

    @app.get("/broken")
    def broken() -> None:
        with app.state.engine.connect() as connection:
            connection.exec_driver_sql(f"SELECT '{PERSON}' FROM no_such_table")

    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get("/broken")
    told = lines()
    assert any(line.get("database_process") for line in told)
    assert any("SQLSTATE 42P01" in json.dumps(line) for line in told)
    assert all(line["request_id"] == answer.headers["x-request-id"] for line in told)
    assert PERSON not in json.dumps(told)
    assert "no_such_table" not in json.dumps(told)
