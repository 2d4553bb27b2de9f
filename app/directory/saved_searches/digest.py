"""The daily mail that tells members which CPTS newly match."""

import logging
import secrets
from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy.exc import SQLAlchemyError

from app.database.calendar import today
from app.database.sessions import WritingSession
from app.directory.mail import Send
from app.directory.models import SavedSearch
from app.directory.saved_searches import repository
from app.directory.saved_searches.service import asked_by, digest_of
from app.directory.search.service import ids_of
from app.exception_texts import safe_text
from app.problems import Invalid, Problem

log = logging.getLogger(__name__)
# What a question may run into, in the database or on the way there.
_FAILURES = (SQLAlchemyError, Problem, ValueError, ArithmeticError, LookupError)

_STOPS_KEPT = timedelta(days=90)
_MOST_NAMED = 20
# Of one run, which is one transaction; who is left is told by the next.
MOST_PEOPLE = 200


def send_due(session: WritingSession, send: Send, base: str) -> int:
    """Look at every search that is due, and tell each person once of all of theirs.

    Parameters: `send`, what lets a message leave once this transaction is committed; `base`,
    the outside address that links begin with. Whoever's searches fail is left as they were,
    for the next run, and the others are told. Returns how many people were told.
    """
    repository.forget_stops(session, _STOPS_KEPT)
    day, told, after = today(), 0, 0
    for _ in range(MOST_PEOPLE):
        person = repository.next_due(session, day, after)
        if person is None:
            break
        after = person.id
        try:
            with session.begin_nested():
                told += _tell(session, person, day, send, base)
        except _FAILURES as error:
            log.warning("saved searches of a person: %s", safe_text(error))
    return told


def _tell(
    session: WritingSession, person: repository.Person, day: date, send: Send, base: str
) -> bool:
    parts = []
    for search in repository.due_searches(session, person.id, day):
        fresh = _look(session, search)
        if fresh:
            parts.append(_told(session, search, fresh, base))
    if parts:
        body = "Bonjour,\n\n" + "\n\n".join(parts)
        send(session, person.email, "De nouvelles CPTS répondent à vos recherches", body)
    return bool(parts)


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
