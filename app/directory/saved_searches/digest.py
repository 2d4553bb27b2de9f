"""The daily mail that tells members which CPTS newly match, and the loop that sends it.

Every worker has a loop; each person is claimed by one of them, in the transaction that also
puts the mail among those that wait, so that it leaves once whatever stops in between.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Self

from sqlalchemy.exc import SQLAlchemyError

from app.accounts.mail.repository import enqueue
from app.database.calendar import today
from app.database.sessions import Sessions, WritingSession
from app.directory.models import SavedSearch
from app.directory.saved_searches import repository
from app.directory.saved_searches.service import asked_by, digest_of
from app.directory.search.service import ids_of
from app.exception_texts import safe_text
from app.problems import Invalid

log = logging.getLogger(__name__)

_STOPS_KEPT = timedelta(days=90)
_MOST_NAMED = 20


def send_next(session: WritingSession, base: str) -> bool:
    """Look at the searches of one person that are due; False when nobody's are.

    Parameters: `base`, the outside address that links begin with.
    """
    day = today()
    person = repository.next_due(session, day)
    if person is None:
        return False
    parts = []
    for search in repository.due_searches(session, person.id, day):
        fresh = _look(session, search)
        if fresh:
            parts.append(_told(session, search, fresh, base))
    if parts:
        enqueue(
            session,
            "text",
            person.email,
            {
                "person_id": person.id,
                "subject": "De nouvelles CPTS répondent à vos recherches",
                "body": "Bonjour,\n\n" + "\n\n".join(parts),
            },
        )
    return True


def _look(session: WritingSession, search: SavedSearch) -> list[int]:
    """Look at a search again, and give what matches that did not."""
    try:
        matched = ids_of(session, asked_by(search.query))
    except Invalid:
        # A theme or region that is gone: the page tells, a mail would every day.
        repository.note_look(session, search.id, search.matched, today())
        return []
    before = set(search.matched)
    repository.note_look(session, search.id, matched, today())
    return [each for each in matched if each not in before]


def _told(session: WritingSession, search: SavedSearch, fresh: Sequence[int], base: str) -> str:
    secret = secrets.token_urlsafe(24)
    repository.keep_stop(session, search.id, digest_of(secret))
    names = repository.names(session, fresh[:_MOST_NAMED])
    more = len(fresh) - len(names)
    listed = "\n".join(f"- {name}" for name in names) + (
        f"\n- et {more} autres" if more else ""
    )
    return (
        f"« {search.name} » : {len(fresh)} de plus.\n{listed}\n"
        f"Les voir : {base}/membres?{search.query}\n"
        f"Ne plus recevoir de message pour cette recherche : "
        f"{base}/membres/recherches/arret/{secret}"
    )


class DigestLoop:
    """Looks at what is due, round after round, while it is open.

    Parameters: `interval_s` between two rounds, in seconds; `base` as of `send_next`.
    """

    def __init__(self, sessions: Sessions, *, base: str, interval_s: float) -> None:
        self._sessions = sessions
        self._base = base
        self._interval_s = interval_s
        self._ended = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._is_troubled = False

    async def __aenter__(self) -> Self:
        """Begin."""
        self._task = asyncio.create_task(self._look_for_ever())
        return self

    async def __aexit__(self, *_: object) -> None:
        """End, once the person whose turn it is has been looked at."""
        self._ended.set()
        if self._task is not None:
            await self._task

    async def _look_for_ever(self) -> None:
        while not await self._has_ended():
            try:
                while not self._ended.is_set() and await self._sessions.aside(self.send_one):
                    pass
                self._is_troubled = False
            except SQLAlchemyError as error:
                if not self._is_troubled:
                    # Said once; each next round tries again.
                    log.warning("saved searches wait for the database: %s", safe_text(error))
                self._is_troubled = True

    async def _has_ended(self) -> bool:
        """Wait for the next round, which need not come at once after a start."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), self._interval_s)
        return self._ended.is_set()

    def send_one(self) -> bool:
        """Look at one person's searches, in a transaction of its own; False for nobody's."""
        with self._sessions.aside_write() as session, session.begin():
            repository.forget_stops(session, _STOPS_KEPT)
            return send_next(session, self._base)
