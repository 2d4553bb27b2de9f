"""What the metrics ask the database for, in one short read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, text

_BOUND = text("SET LOCAL statement_timeout = '3s'")
_STATE = text("""
    SELECT r.revision, r.changed_at,
        (SELECT count(DISTINCT h.revision) FROM cpts_change h WHERE h.action = 'imported')
            AS imports,
        (SELECT max(h.changed_at) FROM cpts_change h WHERE h.action = 'imported')
            AS imported_at,
        (SELECT count(*) FROM error_report e WHERE e.handled_at IS NULL) AS reports_waiting,
        pg_database_size(current_database()) AS database_bytes
    FROM registry_revision r
""")
_LETTERS = text("SELECT state, count(*) AS letters FROM letter GROUP BY state")
_LOCK_WAITS = text("""
    SELECT count(*) AS waiting,
        coalesce(extract(epoch FROM max(clock_timestamp() - state_change)), 0)::float
            AS longest_s
    FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'
""")


@dataclass(frozen=True)
class RegistryState:
    """The registry and its database as the metrics show them; times None when never."""

    revision: int
    changed_at: datetime
    imports: int
    imported_at: datetime | None
    reports_waiting: int
    database_bytes: int
    letters: dict[str, int]
    lock_waits: int
    longest_lock_wait_s: float


def registry_state(engine: Engine) -> RegistryState:
    """Read the state; raises SQLAlchemy's errors, within seconds, without a database."""
    with engine.connect() as connection, connection.begin():
        connection.execute(_BOUND)
        row: Any = connection.execute(_STATE).one()
        waits: Any = connection.execute(_LOCK_WAITS).one()
        letters: Any = connection.execute(_LETTERS)
        return RegistryState(
            revision=row.revision,
            changed_at=row.changed_at,
            imports=row.imports,
            imported_at=row.imported_at,
            reports_waiting=row.reports_waiting,
            database_bytes=row.database_bytes,
            letters={row.state: row.letters for row in letters},
            lock_waits=waits.waiting,
            longest_lock_wait_s=waits.longest_s,
        )
