"""`/metrics`: for administrators alone, never kept, with labels from bounded sets."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.metrics.service import last_backup, page

Bearer = Callable[..., dict[str, str]]
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def samples(page: str) -> Samples:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def value(found: Samples, name: str, **labels: str) -> float:
    return found[name, frozenset(labels.items())]


@pytest.fixture
def ask(client: TestClient, bearer: Bearer) -> Callable[[], Samples]:
    headers = bearer("admin")

    def read() -> Samples:
        answer = client.get("/metrics", headers=headers)
        assert answer.status_code == 200
        return samples(answer.text)

    return read


def test_only_an_administrator_reads_it(client: TestClient, bearer: Bearer) -> None:
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers=bearer("ars", region="32")).status_code == 403
    assert client.get("/metrics", headers=bearer("editor")).status_code == 403
    answer = client.get("/metrics", headers=bearer("admin"))
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["cache-control"] == "no-store"
    # Nor is it kept for whoever comes next.
    assert client.get("/metrics").status_code == 401


def test_requests_are_counted_by_route_template(
    client: TestClient, ask: Callable[[], Samples], register: Callable[..., int]
) -> None:
    number = register("CPTS des Essais", communes=("59163",))
    labels = {"method": "GET", "route": "/api/v1/cpts/{cpts_id}", "status": "200"}
    client.get(f"/api/v1/cpts/{number}")
    before = ask()
    for _ in range(3):
        client.get(f"/api/v1/cpts/{number}")
    after = ask()
    name = "cpts_http_requests_total"
    assert value(after, name, **labels) - value(before, name, **labels) == 3
    del labels["status"]
    name = "cpts_http_request_duration_seconds_count"
    assert value(after, name, **labels) - value(before, name, **labels) == 3


def test_nobody_can_invent_a_label(client: TestClient, ask: Callable[[], Samples]) -> None:
    client.get("/api/v1/cpts/camille")
    client.get("/camille/plante")
    client.request("CAMILLE", "/healthz")
    client.get("/healthz?q=camille", headers={"X-Request-ID": "camille-camille-camille"})
    found = ask()
    assert value(found, "cpts_http_requests_total", method="GET", route="-", status="404") >= 1
    assert "camille" not in str(found).lower()


def test_kept_answers_are_hits(client: TestClient, ask: Callable[[], Samples]) -> None:
    client.get("/api/v1/cpts?limit=7")
    before = ask()
    client.get("/api/v1/cpts?limit=7")
    after = ask()
    name = "cpts_kept_answers_asked_total"
    assert value(after, name, outcome="hit") - value(before, name, outcome="hit") == 1
    assert value(after, name, outcome="miss") == value(before, name, outcome="miss")
    assert value(after, "cpts_kept_answers_entries") >= 1
    assert value(after, "cpts_kept_answers_bytes") > 0


def test_the_registry_its_letters_and_its_imports_are_shown(
    ask: Callable[[], Samples], engine: Engine, register: Callable[..., int]
) -> None:
    number = register("CPTS des Essais", communes=("59163",))
    with engine.begin() as connection:
        revision = connection.execute(text("SELECT revision FROM registry_revision")).scalar()
        connection.execute(
            text(
                "INSERT INTO letter (name, kind, deposited_on, lead_region) "
                "VALUES ('Essai', 'creation', '2026-01-01', '32')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO cpts_change (cpts_id, revision, action, actor) "
                "VALUES (:id, :revision, 'imported', 'fichier')"
            ),
            {"id": number, "revision": revision},
        )
    found = ask()
    assert value(found, "cpts_registry_revision") >= 1
    assert value(found, "cpts_letters", state="deposee") == 1
    assert value(found, "cpts_letters", state="validee") == 0
    assert value(found, "cpts_imports_total") == 1
    assert value(found, "cpts_import_last_timestamp_seconds") > 1.7e9
    assert value(found, "cpts_database_up") == 1
    assert value(found, "cpts_database_lock_waits") == 0
    assert value(found, "cpts_data_directory_free_bytes") > 0


def test_statements_and_errors_of_the_database_are_counted(
    app: FastAPI, ask: Callable[[], Samples]
) -> None:
    before = ask()
    with app.state.engine.connect() as connection, pytest.raises(Exception, match="division"):
        connection.exec_driver_sql("SELECT 1/0")
    after = ask()
    assert value(after, "cpts_database_errors_total", sqlstate="22012") >= 1
    name = "cpts_database_statement_duration_seconds_count"
    assert value(after, name, kind="select") > value(before, name, kind="select")
    assert value(after, "cpts_database_connection_wait_seconds_count") > 0


def test_without_a_database_the_page_says_so(tmp_path: Path) -> None:
    from app.database.engine import create_database_engine  # noqa: PLC0415

    engine = create_database_engine("postgresql://u@127.0.0.1:1/none")
    found = samples(page(engine, tmp_path).decode())
    assert value(found, "cpts_database_up") == 0
    assert value(found, "cpts_data_directory_free_bytes") > 0
    engine.dispose()


def left(folder: Path, content: str) -> Path:
    (folder / "backup").mkdir()
    (folder / "backup" / "last.json").write_text(content, encoding="utf-8")
    return folder


def test_the_last_backup_is_shown_as_its_file_tells(engine: Engine, tmp_path: Path) -> None:
    told = {"finished_at": "2026-03-01T02:00:00+01:00", "ok": True}
    found = samples(page(engine, left(tmp_path, json.dumps(told))).decode())
    finished = datetime(2026, 3, 1, 1, tzinfo=UTC).timestamp()
    assert value(found, "cpts_backup_last_finished_timestamp_seconds") == finished
    assert value(found, "cpts_backup_last_ok") == 1


def test_a_backup_that_failed_is_shown_as_failed(tmp_path: Path) -> None:
    told = '{"finished_at": "2026-03-01T02:00:00Z", "ok": false}'
    backup = last_backup(left(tmp_path, told))
    assert backup is not None
    assert not backup.ok


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"finished_at": 3, "ok": true}'])
def test_a_file_that_tells_nothing_is_no_backup(tmp_path: Path, content: str) -> None:
    assert last_backup(left(tmp_path, content)) is None


def test_no_backup_is_not_shown(engine: Engine, tmp_path: Path) -> None:
    assert not re.search("cpts_backup", page(engine, tmp_path).decode())
