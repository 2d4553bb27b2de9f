"""The SQL of fictitious sheets."""

from datetime import date

from app.database.sessions import WritingSession
from app.database.statements import statement


def fill_sheets(session: WritingSession, day: date) -> int:
    """Write sheets, actions and contacts of fictitious CPTS that have none, and count them."""
    ids = list(session.scalars(statement(__file__, "sheets"), {"today": day}))
    if ids:
        for name in ("actions", "contacts"):
            session.execute(statement(__file__, name), {"ids": ids, "today": day})
    return len(ids)
