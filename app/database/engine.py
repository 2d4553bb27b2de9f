"""The connection pool to PostgreSQL."""

import math
from typing import Any

import psycopg
import sqlalchemy
from sqlalchemy import Engine, event
from sqlalchemy.engine import URL, ExceptionContext, make_url
from sqlalchemy.pool import QueuePool

from app.database.failures import AnswerTimeout, Trouble, WriteInReadingSession, trouble_of
from app.database.tables import register_tables
from app.database.waiting import COMMAND_WAITS, WaitLimits, allowed, waited

# A host that is gone is noticed after half a minute of silence, by either end: one that
# acknowledges nothing (milliseconds), and one that is asked nothing.
_KEEPALIVES: dict[str, int] = {
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}
_SERVER_KEEPALIVES = {
    "tcp_keepalives_idle": 10,
    "tcp_keepalives_interval": 5,
    "tcp_keepalives_count": 4,
}
# libpq takes anything less for this much.
_SHORTEST_CONNECT_S = 2


def database_url(address: str) -> URL:
    """Turn a `postgresql://` address into one for SQLAlchemy and psycopg.

    Parameters: `address`, any PostgreSQL URL (`postgresql://`, `postgres://`, or with
    another driver's name). Raises `sqlalchemy.exc.ArgumentError` on anything else.
    """
    scheme, separator, rest = address.partition("://")
    if not separator or scheme.partition("+")[0] not in ("postgresql", "postgres"):
        raise sqlalchemy.exc.ArgumentError("not a postgresql:// address")
    return make_url(f"postgresql+psycopg://{rest}")


def plain_address(address: str) -> str:
    """Leave out a driver's name, which libpq does not know: `postgresql+psycopg://…`."""
    scheme, separator, rest = address.partition("://")
    return f"{scheme.partition('+')[0]}{separator}{rest}"


def connection_settings(url: URL, limits: WaitLimits) -> dict[str, Any]:
    """Give libpq's parameters for a connection that does not wait without end.

    Parameters: `url`, whose own parameters win; `limits`, those that the server itself is
    told of (`statement`, `lock`, `idle_in_transaction`) and `connect`.
    """
    defaults: dict[str, Any] = {
        "connect_timeout": max(_SHORTEST_CONNECT_S, math.ceil(limits.connect)),
        **_KEEPALIVES,
    }
    settings = {key: value for key, value in defaults.items() if key not in url.query}
    bounds = {
        "statement_timeout": limits.statement,
        "lock_timeout": limits.lock,
        "idle_in_transaction_session_timeout": limits.idle_in_transaction,
    }
    options = {
        # Compiling costs more than it saves on queries of milliseconds, and PostgreSQL
        # switches it on for them because PostGIS functions are priced high.
        "jit": "off",
        **_SERVER_KEEPALIVES,
        **{name: f"{seconds * 1000:.0f}" for name, seconds in bounds.items() if seconds},
    }
    own = url.query.get("options", "")
    given = own if isinstance(own, str) else " ".join(own)
    # Of two settings of one name the later counts.
    words = [*(f"-c {name}={value}" for name, value in options.items()), given]
    settings["options"] = " ".join(words).strip()
    return settings


def create_database_engine(
    address: str,
    *,
    connections: int = 20,
    application_name: str = "cpts",
    poolclass: type[QueuePool] = QueuePool,
    limits: WaitLimits = COMMAND_WAITS,
) -> Engine:
    """Make the engine, and know every table; connects to nothing yet.

    Parameters: `address` as for `database_url`; `connections`, the most that this
    process holds at once; `application_name`, as shown in `pg_stat_activity`; `poolclass`,
    of the pool; `limits`, those of commands unless given.
    """
    register_tables()
    url = database_url(address)
    named = {} if "application_name" in url.query else {"application_name": application_name}
    engine = sqlalchemy.create_engine(
        url,
        connect_args=named | connection_settings(url, limits),
        poolclass=poolclass,
        pool_size=min(5, connections),
        max_overflow=max(0, connections - 5),
        pool_timeout=limits.place,
        # A server that went away and came back is found again without an error.
        pool_pre_ping=True,
        # The values of a statement are people's; errors and logs do without them.
        hide_parameters=True,
    )
    event.listen(engine, "checkin", _forget_reading)
    _bound(engine, limits)
    event.listen(engine, "handle_error", _tell_own_fault)
    return engine


class _BoundedConnection(psycopg.Connection[Any]):
    """A connection that is given up once its server has been silent for too long.

    The server's own timeouts do not help against one that is frozen, nor TCP's against a
    relay that acknowledges everything and passes nothing on.
    """

    answer_s: float | None = None

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        limit = allowed(self.answer_s)
        if timeout is not None:
            limit = timeout if limit is None else min(limit, timeout)
        try:
            with waited():
                return super().wait(gen, interval, limit)
        except psycopg.errors._WaitTimeout:  # noqa: SLF001  (documented, by this name)
            self.close()
            raise AnswerTimeout("the server did not answer in time") from None


def _bound(engine: Engine, limits: WaitLimits) -> None:
    if limits.answer is None:
        return

    def connect(_dialect: Any, _record: Any, arguments: Any, parameters: Any) -> Any:
        with waited():
            connection = _BoundedConnection.connect(*arguments, **parameters)
        connection.answer_s = limits.answer
        return connection

    def trust(connection: Any, *_: Any) -> None:
        connection.answer_s = limits.answer

    def doubt(connection: Any, *_: Any) -> None:
        # What the pool asks first of a connection that has rested, before it is checked out.
        if connection is not None:
            connection.answer_s = limits.first_answer

    event.listen(engine, "do_connect", connect)
    event.listen(engine, "checkout", trust)
    event.listen(engine, "checkin", doubt)


def _forget_reading(connection: Any, _record: Any) -> None:
    # SQLAlchemy leaves "read write" after a session for reading, which would hide that the
    # server itself only lets read.
    if connection is not None and not connection.closed:
        connection.read_only = None


def _tell_own_fault(context: ExceptionContext) -> None:
    connection, error = context.connection, context.original_exception
    if connection is None or trouble_of(error) is not Trouble.READ_ONLY:
        return
    if connection.get_execution_options().get("postgresql_readonly"):
        raise WriteInReadingSession(None, None, error) from error
