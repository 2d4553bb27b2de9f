"""Traces for an OpenTelemetry collector: requests and SQL, without what they carry.

What leaves passes one gate that lets through attributes by name, because the library that
follows requests also notes addresses with their query, clients, and the text of errors.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from fastapi import FastAPI
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer
from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext

from app.instruments import statement_kind

_LONGEST_STATEMENT = 2_000
_LET_THROUGH = frozenset(
    (
        "http.request.method",
        "http.response.status_code",
        "http.route",
        "http.method",
        "http.status_code",
        "http.scheme",
        "url.scheme",
        "db.system.name",
        "db.operation.name",
        "db.query.text",
        "db.response.status_code",
        "error.type",
    )
)


class SafeExporter(SpanExporter):
    """Passes on spans without anything that a request or a statement carried.

    Parameters: `onward`, who sends them.
    """

    def __init__(self, onward: SpanExporter) -> None:
        self._onward = onward

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Pass on a batch."""
        return self._onward.export([_safe(span) for span in spans])

    def shutdown(self) -> None:
        """End the sending."""
        self._onward.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Send what waits."""
        return self._onward.force_flush(timeout_millis)


def trace(
    app: FastAPI, engines: Iterable[Engine], endpoint: str, exporter: SpanExporter | None = None
) -> TracerProvider:
    """Trace an application's requests and the statements of its engines from now on.

    Parameters: `endpoint`, the collector's base address, to which `/v1/traces` is added;
    `exporter`, another receiver than that collector.
    """
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: "cpts"}))
    onward = exporter or OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(SafeExporter(onward)))
    FastAPIInstrumentor.instrument_app(
        app, tracer_provider=provider, exclude_spans=["receive", "send"]
    )
    for engine in engines:
        _trace_statements(engine, provider.get_tracer("cpts.database"))
    app.state.traces = provider
    return provider


def _trace_statements(engine: Engine, tracer: Tracer) -> None:
    # The library for SQLAlchemy refuses its present version; a span is all that is needed.
    def begin(*given: Any) -> None:
        statement, context = given[2], given[4]
        context.cpts_span = tracer.start_span(
            statement_kind(statement).upper(),
            kind=SpanKind.CLIENT,
            attributes={
                "db.system.name": "postgresql",
                "db.operation.name": statement_kind(statement),
                # With places for its parameters, not with them.
                "db.query.text": statement[:_LONGEST_STATEMENT],
            },
        )

    def end(*given: Any) -> None:
        given[4].cpts_span.end()

    def failed(error: ExceptionContext) -> None:
        span = getattr(error.execution_context, "cpts_span", None)
        if span is not None:
            span.set_status(StatusCode.ERROR)
            state = getattr(error.original_exception, "sqlstate", None)
            span.set_attribute("db.response.status_code", state or "none")
            span.end()

    event.listen(engine, "before_cursor_execute", begin)
    event.listen(engine, "after_cursor_execute", end)
    event.listen(engine, "handle_error", failed)


def _safe(span: ReadableSpan) -> ReadableSpan:
    attributes = span.attributes or {}
    return ReadableSpan(
        name=_name(span),
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes={name: attributes[name] for name in attributes if name in _LET_THROUGH},
        # Not their text.
        status=Status(span.status.status_code),
        events=(),
        links=span.links,
        kind=span.kind,
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _name(span: ReadableSpan) -> str:
    attributes = span.attributes or {}
    method = attributes.get("http.request.method") or attributes.get("http.method")
    if method:
        # The library falls back on the address where there is no route.
        return f"{method} {attributes.get('http.route', '-')}"
    # `SELECT database`; nothing after the first word is taken on trust.
    return span.name.split(" ", 1)[0][:32]
