"""Showing contacts within bounds, and forgetting them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from app.database.calendar import today
from app.database.sessions import Sessions, WritingSession
from app.directory.contacts import repository

# How long it is kept who was shown whose contacts.
VIEWS_KEPT = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is shown contacts: an identity of the history, and the CPTS that is theirs, if any.

    `per_day`: of how many CPTS, at most, contacts are shown in a day.
    """

    identity: int
    cpts_id: int | None
    per_day: int


def show(sessions: Sessions, viewer: Viewer, cpts_ids: Collection[int]) -> set[int]:
    """Note that somebody is shown the contacts of CPTS, and tell of which they may be shown.

    One's own are no view. Nothing is shown that cannot be noted.
    """
    own = {each for each in cpts_ids if each == viewer.cpts_id}
    others = [each for each in cpts_ids if each not in own]
    if not others:
        return own
    try:
        with sessions.aside_write() as session, session.begin():
            noted = repository.note_views(
                session, viewer.identity, others, today(), viewer.per_day
            )
    except SQLAlchemyError:
        # While nothing can be written, the rest of the directory can still be read.
        return own
    return own | noted


def purge(session: WritingSession) -> tuple[int, int]:
    """Delete contacts and views whose term is over; tells how many of each."""
    return repository.purge(session, today(), VIEWS_KEPT)
