"""The SQL of saved searches."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import delete, exists, func, insert, select, text, update

from app.database.sessions import ReadingSession, WritingSession
from app.directory.models import SavedSearch, SavedSearchStop


class Person(NamedTuple):
    """Somebody with searches to be looked at: an address, if they may still read."""

    id: int
    email: str


def of_person(session: ReadingSession, person_id: int) -> list[SavedSearch]:
    """List somebody's searches, by name."""
    return list(
        session.scalars(
            select(SavedSearch)
            .where(SavedSearch.person_id == person_id)
            .order_by(SavedSearch.name, SavedSearch.id)
        )
    )


def save(
    session: WritingSession,
    person_id: int,
    *,
    name: str,
    query: str,
    matched: Sequence[int],
    day: date,
) -> None:
    """Keep a search; raises `IntegrityError` when the person has one of this name."""
    session.execute(
        insert(SavedSearch).values(
            person_id=person_id,
            name=name,
            query=query,
            matched=list(matched),
            looked_at_on=day,
        )
    )


def count(session: ReadingSession, person_id: int) -> int:
    """Count somebody's searches."""
    return session.execute(
        select(func.count()).where(SavedSearch.person_id == person_id)
    ).scalar_one()


def pause(session: WritingSession, number: int, person_id: int, *, paused: bool) -> bool:
    """Stop the mail of one of somebody's searches, or let it go on; False when not theirs."""
    moment = func.now() if paused else None
    changed = session.execute(
        update(SavedSearch)
        .where(SavedSearch.id == number, SavedSearch.person_id == person_id)
        .values(paused_at=moment)
        .returning(SavedSearch.id)
    )
    return changed.first() is not None


def remove(session: WritingSession, number: int, person_id: int) -> bool:
    """Delete one of somebody's searches; False when not theirs."""
    gone = session.execute(
        delete(SavedSearch)
        .where(SavedSearch.id == number, SavedSearch.person_id == person_id)
        .returning(SavedSearch.id)
    )
    return gone.first() is not None


# Each person's searches are looked at by one worker, once a day; who is suspended, or has not
# accepted yet, gets no mail.
_DUE = text("""
    SELECT p.id, p.email FROM person p
    WHERE p.id > :after AND p.confirmed_at IS NOT NULL AND p.suspended_at IS NULL
        AND EXISTS (SELECT FROM saved_search s
                    WHERE s.person_id = p.id AND s.paused_at IS NULL AND s.looked_at_on < :day)
    ORDER BY p.id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
""")


def next_due(session: WritingSession, day: date, after: int) -> Person | None:
    """Claim somebody whose searches were not looked at on a day; None for nobody.

    Parameters: `after`, the number of the person before; 0 to begin.
    """
    row = session.execute(_DUE, {"day": day, "after": after}).one_or_none()
    return Person(row.id, row.email) if row else None


def due_searches(session: ReadingSession, person_id: int, day: date) -> list[SavedSearch]:
    """List somebody's searches that were not looked at on this day."""
    return list(
        session.scalars(
            select(SavedSearch)
            .where(
                SavedSearch.person_id == person_id,
                SavedSearch.paused_at.is_(None),
                SavedSearch.looked_at_on < day,
            )
            .order_by(SavedSearch.id)
        )
    )


def note_look(session: WritingSession, number: int, matched: Sequence[int], day: date) -> None:
    """Remember what a search matched when it was looked at."""
    session.execute(
        update(SavedSearch)
        .where(SavedSearch.id == number)
        .values(matched=list(matched), looked_at_on=day)
    )


def names(session: ReadingSession, cpts_ids: Sequence[int]) -> list[str]:
    """Give the names of CPTS, in their order."""
    rows = session.execute(
        text("SELECT c.name FROM cpts c WHERE c.id = ANY (CAST(:ids AS bigint[])) ORDER BY 1"),
        {"ids": list(cpts_ids)},
    )
    return [row.name for row in rows]


def keep_stop(session: WritingSession, number: int, secret_hash: bytes) -> None:
    """Keep what a mail stops a search by."""
    session.execute(
        insert(SavedSearchStop).values(saved_search_id=number, secret_hash=secret_hash)
    )


def search_of_stop(session: ReadingSession, secret_hash: bytes) -> SavedSearch | None:
    """Give the search that a link of a mail stops."""
    return session.execute(
        select(SavedSearch).where(
            exists().where(
                SavedSearchStop.saved_search_id == SavedSearch.id,
                SavedSearchStop.secret_hash == secret_hash,
            )
        )
    ).scalar_one_or_none()


def stop(session: WritingSession, secret_hash: bytes) -> bool:
    """Stop the search of a link of a mail; False when there is none any more."""
    numbers = select(SavedSearchStop.saved_search_id).where(
        SavedSearchStop.secret_hash == secret_hash
    )
    stopped = session.execute(
        update(SavedSearch)
        .where(SavedSearch.id.in_(numbers))
        .values(paused_at=func.coalesce(SavedSearch.paused_at, func.now()))
        .returning(SavedSearch.id)
    )
    return stopped.first() is not None


def forget_stops(session: WritingSession, kept: timedelta) -> None:
    """Delete what old mails stop searches by."""
    session.execute(
        delete(SavedSearchStop).where(SavedSearchStop.created_at < func.now() - kept)
    )


def as_told(found: Sequence[SavedSearch]) -> list[dict[str, Any]]:
    """Tell of searches without any secret."""
    return [
        {
            "name": each.name,
            "query": each.query,
            "matched": each.matched,
            "created_at": each.created_at,
            "looked_at_on": each.looked_at_on,
            "paused_at": each.paused_at,
        }
        for each in found
    ]
