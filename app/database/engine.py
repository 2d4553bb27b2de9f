"""The connection pool to PostgreSQL."""

from typing import Any

import sqlalchemy
from sqlalchemy import Engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import QueuePool

from app.database.tables import register_tables

CONNECT_TIMEOUT_S = 5
POOL_TIMEOUT_S = 15


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


def create_database_engine(
    address: str,
    *,
    connections: int = 20,
    application_name: str = "cpts",
    poolclass: type[QueuePool] = QueuePool,
) -> Engine:
    """Make the engine, and know every table; connects to nothing yet.

    Parameters: `address` as for `database_url`; `connections`, the most that this
    process holds at once; `application_name`, as shown in `pg_stat_activity`;
    `poolclass`, of the pool.
    """
    register_tables()
    url = database_url(address)
    defaults: dict[str, Any] = {
        "connect_timeout": CONNECT_TIMEOUT_S,
        "application_name": application_name,
    }
    engine = sqlalchemy.create_engine(
        url,
        # What the address itself says wins.
        connect_args={key: value for key, value in defaults.items() if key not in url.query},
        poolclass=poolclass,
        pool_size=min(5, connections),
        max_overflow=max(0, connections - 5),
        pool_timeout=POOL_TIMEOUT_S,
        # A server that went away and came back is found again without an error.
        pool_pre_ping=True,
    )
    event.listen(engine, "connect", _without_jit)
    return engine


def _without_jit(connection: Any, _record: Any) -> None:
    # Compiling costs more than it saves on queries of milliseconds, and PostgreSQL
    # switches it on for them because PostGIS functions are priced high.
    autocommit = connection.autocommit
    connection.autocommit = True
    connection.execute("SET jit = off")
    connection.autocommit = autocommit
