"""What every answer depends on, asked from the database: revision, readiness, limits."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

REVISION_SQL = "SELECT revision, changed_at FROM registry_revision"
_TABLES = text("SELECT to_regclass('geography_release') IS NOT NULL")
_GEOGRAPHY = text(
    "SELECT EXISTS (SELECT FROM geography_release) AND EXISTS (SELECT FROM commune)"
)

_COUNT = text("""
    INSERT INTO address_count AS c (what, address_digest, since, requests)
    VALUES (:what, :digest, now(), 1)
    ON CONFLICT (what, address_digest) DO UPDATE SET
        since = CASE WHEN c.since > now() - interval '1 minute' THEN c.since ELSE now() END,
        requests = CASE WHEN c.since > now() - interval '1 minute'
                        THEN c.requests + 1 ELSE 1 END
    RETURNING requests,
        ceil(extract(epoch FROM since + interval '1 minute' - now()))::integer AS wait_s
""")
# Nobody's address, not even as a digest, is kept for long.
_FORGET = text("DELETE FROM address_count WHERE since < now() - interval '10 minutes'")


@dataclass(frozen=True, slots=True)
class Revision:
    """A state of the registry: its number, and when the change that made it was written."""

    number: int
    changed_at: datetime


def current_revision(session: Session) -> Revision:
    """Give the revision that this session's snapshot shows."""
    row: Any = session.execute(text(REVISION_SQL)).one()
    return Revision(row.revision, row.changed_at)


def geography_is_loaded(connection: Connection) -> bool:
    """Tell whether the reference geography is there, False too without its tables."""
    if not connection.execute(_TABLES).scalar_one():
        return False
    return bool(connection.execute(_GEOGRAPHY).scalar_one())


def count_request(session: Session, what: str, digest: bytes) -> tuple[int, int]:
    """Count a request and tell how many there were since the first of this minute.

    Parameters: `what` is asked for; `digest`, of the address. Returns the number, this
    request included, and the seconds until the minute is over, at least one.
    """
    row: Any = session.execute(_COUNT, {"what": what, "digest": digest}).one()
    if row.requests == 1:
        session.execute(_FORGET)
    return row.requests, max(1, row.wait_s)
