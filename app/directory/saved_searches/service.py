"""Saving a search, reading one again, stopping its mail."""

import hashlib
from typing import Any
from urllib.parse import parse_qsl

from pydantic import TypeAdapter, ValidationError
from sqlalchemy.exc import IntegrityError

from app.cpts.reading.filtering import Filter, Filters
from app.database.calendar import today
from app.database.sessions import ReadingSession, WritingSession
from app.directory.models import SavedSearch
from app.directory.saved_searches import repository
from app.directory.search.filters import MEMBERS_FILTERS, Asked
from app.directory.search.service import ids_of
from app.http.parameters import MAXIMUM_LIMIT
from app.http.texts import refusal_of_line
from app.problems import Invalid, NotFound

MOST = 20
_LONGEST_QUERY = 2000


def digest_of(secret: str) -> bytes:
    """Give what is kept of the secret of a link."""
    return hashlib.sha256(secret.encode()).digest()


def asked_by(query: str) -> Asked:
    """Read the query of an address of the page again.

    Raises:
        Invalid: something in it is no filter, or no longer one.
    """
    given: dict[str, list[str]] = {}
    for name, value in parse_qsl(query):
        given.setdefault(name, []).append(value)
    filters = {key.name: key for key in MEMBERS_FILTERS}
    asked: dict[Filter[Any], Any] = {}
    for name, values in given.items():
        if name in ("sort", "page"):
            continue
        if name not in filters:
            raise _unreadable()
        read = _read(filters[name], values)
        if read:
            asked[filters[name]] = read
    return Asked(Filters(asked, limit=MAXIMUM_LIMIT))


def _read(key: Filter[Any], values: list[str]) -> Any:
    given: Any = values if key.takes_several else values[-1]
    try:
        return key.read(TypeAdapter(key.type).validate_python(given))
    except ValidationError:
        raise _unreadable() from None


def _unreadable() -> Invalid:
    return Invalid.at("body", "query", message="Cette recherche ne se lit pas.")


def save(session: WritingSession, person_id: int, *, name: str, query: str) -> None:
    """Save a search of a person, with what it matches now.

    Raises:
        Invalid: the name, or the query, or too many searches.
    """
    spelled = " ".join(name.split())
    refusal = refusal_of_line(spelled)
    if not spelled or len(spelled) > 200 or refusal:
        raise Invalid.at("body", "name", message=refusal or "Donnez un nom à la recherche.")
    if len(query) > _LONGEST_QUERY:
        raise _unreadable()
    if repository.count(session, person_id) >= MOST:
        raise Invalid.at(
            "body", "name", message=f"Au plus {MOST} recherches peuvent être enregistrées."
        )
    matched = ids_of(session, asked_by(query))
    try:
        with session.begin_nested():
            repository.save(
                session, person_id, name=spelled, query=query, matched=matched, day=today()
            )
    except IntegrityError:
        raise Invalid.at(
            "body", "name", message="Une de vos recherches porte déjà ce nom."
        ) from None


def stopped_by(session: ReadingSession, secret: str) -> SavedSearch:
    """Give the search that a link of a mail stops.

    Raises:
        NotFound: it is gone, or the link is old.
    """
    found = repository.search_of_stop(session, digest_of(secret))
    if found is None:
        raise NotFound("Cette recherche n'existe plus, ou ce lien est trop ancien.")
    return found


def stop(session: WritingSession, secret: str) -> None:
    """Stop the mail of the search of a link; raises `NotFound` as `stopped_by`."""
    if not repository.stop(session, digest_of(secret)):
        raise NotFound("Cette recherche n'existe plus, ou ce lien est trop ancien.")
