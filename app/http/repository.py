"""What every answer depends on, asked from the database: revision and readiness."""

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
