"""Traces show what was done and how long it took, and nothing of what was carried."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from app.traces import trace

PERSON = "camille.plante"


@pytest.fixture
def app(engine: Engine, settings: Settings) -> FastAPI:
    """One with connections of its own: tracing them is for good."""
    return create_app(settings)


@pytest.fixture
def traced(app: FastAPI) -> Iterator[tuple[TestClient, InMemorySpanExporter]]:
    exporter = InMemorySpanExporter()
    provider = trace(app, app.state.sessions.engines.values(), "http://127.0.0.1:1", exporter)

    @app.get("/broken/{name}")
    def broken(name: str) -> None:
        with app.state.sessions.engines["readers"].connect() as connection:
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
    spans = exporter.get_finished_spans()
    asked = next(span for span in spans if span.name == "GET /api/v1/cpts")
    # What the service asks by itself meanwhile is traced apart.
    found = [span for span in spans if span.context.trace_id == asked.context.trace_id]
    assert "SELECT" in [span.name for span in found]
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
