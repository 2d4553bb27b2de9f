"""Traces show what was done and how long it took, and nothing of what was carried."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.testclient import TestClient

from app.traces import trace
from tests.command_processes import ROOT, environment

PERSON = "camille.plante"


@pytest.fixture
def traced(app: FastAPI) -> Iterator[tuple[TestClient, InMemorySpanExporter]]:
    exporter = InMemorySpanExporter()
    provider = trace(app, app.state.engine, "http://127.0.0.1:1", exporter)

    @app.get("/broken/{name}")
    def broken(name: str) -> None:
        with app.state.engine.connect() as connection:
            connection.exec_driver_sql("SELECT %(name)s::integer", {"name": name})

    with TestClient(app, raise_server_exceptions=False) as client:
        yield client, exporter
    provider.shutdown()


def test_a_request_and_its_statements_are_one_trace(
    traced: tuple[TestClient, InMemorySpanExporter],
) -> None:
    client, exporter = traced
    client.get(f"/api/v1/cpts?q={PERSON}", headers={"User-Agent": PERSON})
    flush(client)
    found = exporter.get_finished_spans()
    names = [span.name for span in found]
    assert "GET /api/v1/cpts" in names
    assert "SELECT" in names
    assert len({span.context.trace_id for span in found}) == 1
    assert PERSON not in "".join(span.to_json() for span in found)
    statement = next(span for span in found if span.name == "SELECT")
    assert "SELECT" in str((statement.attributes or {})["db.query.text"])


def test_an_error_is_marked_without_its_text(
    traced: tuple[TestClient, InMemorySpanExporter],
) -> None:
    client, exporter = traced
    assert client.get(f"/broken/{PERSON}").status_code == 500
    flush(client)
    found = exporter.get_finished_spans()
    assert {span.status.status_code.name for span in found} >= {"ERROR"}
    assert "22P02" in "".join(span.to_json() for span in found)
    assert PERSON not in "".join(span.to_json() for span in found)


def flush(client: TestClient) -> None:
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415

    provider = client.app.state.traces  # type: ignore[attr-defined]
    assert isinstance(provider, TracerProvider)
    provider.force_flush()


def test_nothing_of_it_is_imported_without_the_setting() -> None:
    script = (
        "import sys; from app.main import create_app; create_app();"
        "sys.exit(any(m.startswith('opentelemetry.sdk') for m in sys.modules))"
    )
    given = environment("postgresql://u@127.0.0.1:1/x", PYTHONPATH=str(ROOT))
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=given, check=False, timeout=60
    )
    assert done.returncode == 0
