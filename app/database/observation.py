"""What the database is asked, counted and timed; errors of it, logged by their code.

No text of a statement and no parameter leaves through here.
"""

import logging
import re
import time
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.pool import QueuePool

from app.exception_texts import safe_text
from app.instruments import (
    CONNECTION_WAIT_SECONDS,
    CONNECTIONS_IN_USE,
    DATABASE_ERRORS,
    STATEMENT_SECONDS,
    statement_kind,
)

log = logging.getLogger(__name__)

_STATE = re.compile("[0-9A-Z]{5}")
# Constraints that hold and values that do not fit: the caller's affair, and answered so.
_OF_THE_CALLER = ("22", "23")


class TimedPool(QueuePool):
    """A pool that tells how long a connection was waited for."""

    # SQLAlchemy's pools log by the name of their module: what it says is a library's.
    __module__ = QueuePool.__module__

    def _do_get(self) -> Any:
        began = time.perf_counter()
        try:
            return super()._do_get()
        finally:
            CONNECTION_WAIT_SECONDS.observe(time.perf_counter() - began)


def observe(engine: Engine) -> None:
    """Count and time what an engine is asked from now on."""
    event.listen(engine, "before_cursor_execute", _begin)
    event.listen(engine, "after_cursor_execute", _end)
    event.listen(engine, "handle_error", _failed)
    event.listen(engine, "checkout", lambda *_: CONNECTIONS_IN_USE.inc())
    event.listen(engine, "checkin", lambda *_: CONNECTIONS_IN_USE.dec())


def _begin(
    _connection: Any, _cursor: Any, _statement: str, _given: Any, context: Any, _many: Any
) -> None:
    context.cpts_began = time.perf_counter()


def _end(
    _connection: Any, _cursor: Any, statement: str, _given: Any, context: Any, _many: Any
) -> None:
    seconds = time.perf_counter() - context.cpts_began
    STATEMENT_SECONDS.labels(statement_kind(statement)).observe(seconds)


def _failed(context: ExceptionContext) -> None:
    error = context.original_exception
    state = getattr(error, "sqlstate", None) or ""
    known = state if _STATE.fullmatch(state) else "none"
    DATABASE_ERRORS.labels(known).inc()
    if state.startswith(_OF_THE_CALLER):
        return
    # The number by which the server's own log knows the connection.
    process = _process_of(context)
    log.warning("database error: %s", safe_text(error), extra={"database_process": process})


def _process_of(context: ExceptionContext) -> int | None:
    try:
        assert context.connection is not None
        return int(context.connection.connection.driver_connection.info.backend_pid)  # type: ignore[union-attr]
    except Exception:
        return None
