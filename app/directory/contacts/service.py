"""Showing contacts within bounds, and forgetting them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from app.database.calendar import today
from app.database.sessions import ReadingSession, Sessions, WritingSession
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


@dataclass(frozen=True, slots=True)
class Showing:
    """To whom contacts are shown in a request, and where that is noted."""

    sessions: Sessions
    viewer: Viewer


def contacts_of(
    session: ReadingSession, cpts_ids: Sequence[int], showing: Showing | None
) -> dict[int, dict[str, Any]]:
    """Give the contacts of CPTS that may be shown, and of which they are withheld.

    What the viewer saw on that day is shown again without another note. Without `showing`
    nobody's are given.
    """
    if showing is None:
        return {each: {"contacts": [], "contacts_withheld": False} for each in cpts_ids}
    told = repository.contacts(session, cpts_ids, today(), showing.viewer.identity)
    allowed = {each for each, its in told.items() if its.seen}
    fresh = [each for each in cpts_ids if each in told and each not in allowed]
    allowed |= show(showing.sessions, showing.viewer, fresh)
    return {
        each: {
            "contacts": told[each].contacts if each in allowed else [],
            "contacts_withheld": each in told and each not in allowed,
        }
        for each in cpts_ids
    }


def show(sessions: Sessions, viewer: Viewer, cpts_ids: Collection[int]) -> set[int]:
    """Note that somebody is shown the contacts of CPTS, and tell of which they may be shown.

    In a thread of a request. One's own are no view. Nothing is shown that cannot be noted.
    """
    own = {each for each in cpts_ids if each == viewer.cpts_id}
    others = [each for each in cpts_ids if each not in own]
    if not others:
        return own
    try:
        with sessions.place_aside(), sessions.aside_write() as session, session.begin():
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
