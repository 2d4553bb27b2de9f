"""One line per event, and nothing in it that names a person or is a secret."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
import structlog
from sqlalchemy.exc import IntegrityError

from app.logs import configure_logs
from app.settings import LogSettings

PERSON = "Camille Planté"
Lines = Callable[[], list[str]]


@pytest.fixture
def log_to(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Lines]]:
    """Configure the logs onto a text: `log_to("json")`; what was there before comes back."""
    root = logging.getLogger()
    kept = (list(root.handlers), root.level, structlog.get_config())
    levels = {name: logging.getLogger(name).level for name in ("app", "uvicorn")}

    def begin(form: str, level: str = "info") -> Lines:
        written = io.StringIO()
        monkeypatch.setenv("CPTS_LOG_FORMAT", form)
        monkeypatch.setenv("CPTS_LOG_LEVEL", level)
        configure_logs(LogSettings(), written)
        return lambda: written.getvalue().splitlines()

    yield begin
    logging.captureWarnings(capture=False)
    root.handlers[:], root.level = kept[0], kept[1]
    structlog.configure(**kept[2])
    for name, number in levels.items():
        logging.getLogger(name).setLevel(number)


def violation() -> IntegrityError:
    origin = psycopg.errors.UniqueViolation(f"Key (name)=({PERSON}) already exists")
    return IntegrityError(f"INSERT INTO t VALUES ('{PERSON}')", {"name": PERSON}, origin)


@pytest.mark.parametrize("form", ["json", "text"])
def test_an_error_is_told_by_type_code_and_place(
    log_to: Callable[..., Lines], form: str
) -> None:
    lines = log_to(form)
    log = logging.getLogger("app.anything")
    try:
        LogSettings(log_format=PERSON)
    except ValueError as error:
        log.error("unexpected", exc_info=error)
    log.warning("database: %s", violation())
    log.warning("database: %(error)s", {"error": str(type(violation()).__name__)})
    log.warning(violation())
    log.error("cause", exc_info=RuntimeError(PERSON))
    assert len(lines()) == 5
    assert PERSON not in "\n".join(lines())
    assert "ValidationError" in lines()[0]
    assert "IntegrityError (UniqueViolation, SQLSTATE 23505)" in lines()[1]


def test_the_place_is_one_of_the_program(log_to: Callable[..., Lines]) -> None:
    lines = log_to("json")
    try:
        from app.files.sources import open_source  # noqa: PLC0415

        open_source(None)  # type: ignore[arg-type]
    except AttributeError as error:
        logging.getLogger("app.x").error("unexpected", exc_info=error)
    told = json.loads(lines()[0])
    assert told["error"] == "AttributeError"
    assert told["at"].startswith("app/files/sources.py:")


@pytest.mark.parametrize("form", ["json", "text"])
def test_an_event_is_one_line_whatever_it_holds(
    log_to: Callable[..., Lines], form: str
) -> None:
    lines = log_to(form)
    logging.getLogger("app.x").warning("a\r\nlevel=error forged\x1b[2J\u2028 %s", "b\nc")
    assert len(lines()) == 1
    assert "\x1b" not in lines()[0]


def test_json_lines_are_json_with_time_level_event_and_request(
    log_to: Callable[..., Lines],
) -> None:
    lines = log_to("json")
    with structlog.contextvars.bound_contextvars(request_id="0123456789abcdef"):
        logging.getLogger("app.x").info("été", extra={"database_process": 7})
    logging.getLogger("uvicorn.error").warning("Child process [%d] died", 12)
    logging.getLogger("py.warnings").warning("%s", "a.py:1: UserWarning: old\n  f()\n")
    ours, servers, warned = (json.loads(line) for line in lines())
    assert ours["event"] == "été"
    assert (ours["level"], ours["request_id"]) == ("info", "0123456789abcdef")
    assert ours["database_process"] == 7
    assert ours["timestamp"].endswith("Z")
    assert servers["event"] == "Child process [12] died"
    assert "UserWarning: old" in warned["event"]


def test_what_libraries_say_beneath_a_warning_is_never_written(
    log_to: Callable[..., Lines],
) -> None:
    lines = log_to("text", "debug")
    for name in ("sqlalchemy.engine.Engine", "python_multipart.multipart", "psycopg"):
        logging.getLogger(name).info("parameters %s", PERSON)
    future = f"Task exception was never retrieved\nfuture: <exception=ValueError('{PERSON}')>"
    logging.getLogger("asyncio").error(future, exc_info=ValueError(PERSON))
    logging.getLogger("app.x").debug("heard")
    assert len(lines()) == 2
    assert PERSON not in "\n".join(lines())


def test_the_level_is_a_setting(log_to: Callable[..., Any]) -> None:
    lines = log_to("text", "error")
    logging.getLogger("app.x").warning("no")
    logging.getLogger("app.x").error("yes")
    assert len(lines()) == 1
