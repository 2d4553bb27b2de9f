"""Sheets of the demonstration: they go when their CPTS goes."""

from app.database.calendar import today
from app.database.sessions import WritingSession
from app.directory.demonstration import repository
from app.http.repository import lock_registry


def fill_sheets(session: WritingSession) -> int:
    """Give fictitious CPTS without a sheet one, with actions and contacts; tells how many."""
    lock_registry(session)
    return repository.fill_sheets(session, today())
