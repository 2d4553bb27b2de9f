"""The SQL of the journal."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import text

from app.database.sessions import ReadingSession
from app.database.statements import statement

_KEY = text("SELECT search_key(:asked)")


def entries(
    session: ReadingSession,
    asked: str,
    *,
    kind: str | None,
    since: date | None,
    until: date | None,
    region: str | None,
    limit: int,
    offset: int,
) -> list[Mapping[str, Any]]:
    """List what was done, the latest first.

    Parameters: `asked`, words of the subject, the actor or the reason; `kind`, `cpts`,
    `letter`, `sheet` or `act`; `since`, `until`, days, both included; `region` that it
    concerns, None for any.
    """
    words = session.execute(_KEY, {"asked": asked}).scalar_one()
    rows = session.execute(
        statement(__file__, "journal"),
        {
            "words": words.strip(),
            "kind": kind,
            "since": since,
            "until": until,
            "region": region,
            "limit": limit,
            "offset": offset,
        },
    )
    return [dict(row) for row in rows.mappings()]
