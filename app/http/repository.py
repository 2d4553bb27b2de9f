"""What every answer depends on, asked from the database: revision, readiness, limits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from app.database.calendar import day_in_paris
from app.database.sessions import ReadingSession, WritingSession
from app.database.waiting import lock_limit_ms

# What others may have seen committed lies before this position of the write-ahead log: behind
# what is flushed, unless the server tells of commits before that.
REVISION_SQL = """
    SELECT revision, changed_at, CAST(CASE
        WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
        WHEN current_setting('synchronous_commit') = 'off' THEN pg_current_wal_insert_lsn()
        ELSE pg_current_wal_flush_lsn()
    END AS text) AS position
    FROM registry_revision
"""
# In one statement, which sees one state of the registry.
STATE_SQL = """
    SELECT r.revision, r.changed_at, m.level, m.code, m.revision, m.changed_at
    FROM registry_revision r LEFT JOIN registry_mark m ON true
"""
_REVISION = text("SELECT revision, changed_at FROM registry_revision")
_LOCK = text("SELECT revision FROM registry_revision FOR UPDATE")
_LOCK_TIMEOUT = text("SELECT set_config('lock_timeout', :limit_ms, true)")
_TABLES = text("SELECT to_regclass('geography_release') IS NOT NULL")
_GEOGRAPHY = text(
    "SELECT EXISTS (SELECT FROM geography_release) AND EXISTS (SELECT FROM commune)"
)

_REFUSED = text("SELECT reference_date FROM geography_refusal")

_COUNT = text("""
    INSERT INTO address_count AS c (what, address_digest, since, requests)
    VALUES (:what, :digest, now(), 1)
    ON CONFLICT (what, address_digest) DO UPDATE SET
        since = CASE WHEN c.since > now() - :window THEN c.since ELSE now() END,
        requests = CASE WHEN c.since > now() - :window THEN c.requests + 1 ELSE 1 END
    RETURNING requests, ceil(extract(epoch FROM since + :window - now()))::integer AS wait_s
""")
# Nobody's address, not even as a digest, is kept for more than ten minutes: those who
# forget pass by each minute. Rows that are being counted just now are left to the next
# round, and all who forget go through the rows in one order.
_FORGET = text("""
    DELETE FROM address_count WHERE (what, address_digest) IN (
        SELECT what, address_digest FROM address_count
        WHERE since < now() - interval '8 minutes'
        ORDER BY what, address_digest FOR UPDATE SKIP LOCKED
    ) RETURNING what
""")
_FORGET_SECRETS = text("""
    DELETE FROM address_secret WHERE hour IN (
        SELECT hour FROM address_secret WHERE hour < now() - interval '2 hours'
        ORDER BY hour FOR UPDATE SKIP LOCKED
    ) RETURNING hour
""")
_DRAW = text("""
    INSERT INTO address_secret (hour, secret)
    VALUES (date_trunc('hour', now(), 'UTC'), :fresh) ON CONFLICT DO NOTHING
""")
_SECRET = text("SELECT secret FROM address_secret ORDER BY hour DESC LIMIT 1")

# On the disk of the registry, wherever temporary tables are otherwise.
_WRITE_SOMETHING = (
    text("SET LOCAL temp_tablespaces = ''"),
    text("CREATE TEMPORARY TABLE cpts_written (filling bigint) ON COMMIT DROP"),
    text("INSERT INTO cpts_written SELECT generate_series(1, 30000)"),
)


@dataclass(frozen=True, slots=True)
class Revision:
    """A state of the registry: its number, and when the change that made it was written."""

    number: int
    changed_at: datetime


# The level and the code of a mark (`registry_mark`), such as ("region", "84").
Part = tuple[str, str]
EVERYWHERE: Part = ("everywhere", "")
COUNTRY: Part = ("country", "")
COMPLETENESS: Part = ("completeness", "")


@dataclass(frozen=True, slots=True)
class State:
    """The registry at a revision: `marks`, by part, tell which change was the last in each.

    `position`, of the write-ahead log, beyond which nothing of it lies.
    """

    revision: Revision
    marks: Mapping[Part, Revision]
    position: str = "0/0"


@dataclass(frozen=True, slots=True)
class Standing:
    """What an answer was built from, and what of it would have to change for another answer.

    `marks` of the parts that it depends on, None when it depends on the whole registry;
    `changed_on`, the day in Paris of the last change of all, if the answer tells it.
    """

    revision: Revision
    marks: tuple[tuple[Part, Revision | None], ...] | None = None
    changed_on: date | None = None

    @property
    def changed_at(self) -> datetime:
        """When what the answer depends on was changed last."""
        if self.marks is None:
            return self.revision.changed_at
        return max(mark.changed_at for _, mark in self.marks if mark is not None)

    def holds_in(self, state: State) -> bool:
        """Tell whether the answer is still true in a state of the registry."""
        if self.revision == state.revision:
            return True
        if self.marks is None:
            return False
        if self.changed_on not in (None, day_in_paris(state.revision.changed_at)):
            return False
        return all(state.marks.get(part) == mark for part, mark in self.marks)


def current_revision(session: ReadingSession) -> Revision:
    """Give the revision that this session's snapshot shows."""
    row: Any = session.execute(_REVISION).one()
    return Revision(row.revision, row.changed_at)


def geography_is_loaded(connection: Connection) -> bool:
    """Tell whether the reference geography is there, False too without its tables."""
    if not connection.execute(_TABLES).scalar_one():
        return False
    return bool(connection.execute(_GEOGRAPHY).scalar_one())


def refused_geography(connection: Connection) -> date | None:
    """Give the day of the release that could not be loaded, None when none is in wait."""
    day: date | None = connection.execute(_REFUSED).scalar_one_or_none()
    return day


def count_request(
    session: WritingSession, what: str, digest: bytes, window: timedelta
) -> tuple[int, int]:
    """Count a request and tell how many there were since the first of this window.

    Parameters: `what` is asked for; `digest`, of the address; `window`, of five minutes at
    most, for rows are forgotten. Returns the number, this request included, and the
    seconds until the window is over, at least one.
    """
    values = {"what": what, "digest": digest, "window": window}
    row: Any = session.execute(_COUNT, values).one()
    return row.requests, max(1, row.wait_s)


def address_secret(session: WritingSession, fresh: bytes) -> bytes:
    """Give the secret of this hour, `fresh` when it is the first of all workers to ask."""
    session.execute(_DRAW, {"fresh": fresh})
    return bytes(session.execute(_SECRET).scalar_one())


def forget_addresses(session: WritingSession) -> int:
    """Delete the counts and the secrets that nobody needs any more; waits for nobody.

    Returns how many of both.
    """
    forgotten = [session.execute(each).all() for each in (_FORGET, _FORGET_SECRETS)]
    return sum(map(len, forgotten))


def write_something(session: WritingSession) -> None:
    """Write a megabyte that is gone at the transaction's end.

    It takes a transaction's number, its record in the log and new blocks of a file, and so
    fails whenever the registry could not be written.
    """
    for statement in _WRITE_SOMETHING:
        session.execute(statement)


def lock_registry(session: WritingSession) -> None:
    """Take the registry's one lock: from here on no other transaction writes to it.

    Taken before a check and its write, so that what was checked still holds when it is written,
    and before any other lock. A request waits for it no longer than its patience lasts
    (`app.database.waiting`).
    """
    limit_ms = lock_limit_ms()
    if limit_ms is not None:
        session.execute(_LOCK_TIMEOUT, {"limit_ms": str(limit_ms)})
    session.execute(_LOCK)
