"""Links in mails: who may have one, whose it is, using it up."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from app.accounts.mail.repository import withdraw
from app.accounts.models import Person
from app.accounts.people import repository
from app.accounts.service import digest_of, fresh_secret
from app.database.sessions import WritingSession
from app.problems import NotFound

INVITATION_LIFETIME = timedelta(days=14)
PASSWORD_LINK_LIFETIME = timedelta(hours=1)
ADDRESS_LINK_LIFETIME = timedelta(days=1)

USED_LINK = "Ce lien a déjà servi, ou il est arrivé à son terme."


def is_in_use(person: Person) -> bool:
    """Tell whether a person's account opens: accepted and not suspended."""
    return person.confirmed_at is not None and person.suspended_at is None


def make_link(
    session: WritingSession,
    purpose: str,
    person_id: int,
    lifetime: timedelta,
    email: str | None = None,
) -> str:
    """Make a link for a person and give its secret; `email` is the address to be confirmed."""
    secret = fresh_secret()
    repository.insert_link(
        session,
        digest=digest_of(secret),
        purpose=purpose,
        person_id=person_id,
        lifetime=lifetime,
        email=email,
    )
    return secret


def forget_links(session: WritingSession, person_id: int) -> None:
    """Void a person's links, and those to a new address that wait in the mail."""
    repository.delete_links(session, person_id)
    withdraw(session, person_id, "address")


def link_for_message(
    session: WritingSession, kind: str, recipient: str, details: Mapping[str, Any]
) -> str | None:
    """Make the link that a message carries, and give its secret; None when nobody may have it.

    Parameters: `kind`, `invitation`, `password` or `address`; `recipient`, the address of
    the message; `details`, `person_id` of an `address` to be confirmed.
    """
    if kind == "address":
        person = repository.person_by_id(session, details["person_id"])
        other = repository.person_by_email(session, recipient)
        if person is None or other is not None or not is_in_use(person):
            return None
        return make_link(session, "address", person.id, ADDRESS_LINK_LIFETIME, email=recipient)
    person = repository.person_by_email(session, recipient)
    if person is None or person.suspended_at is not None:
        return None
    if kind == "invitation" and person.confirmed_at is None:
        return make_link(session, "invitation", person.id, INVITATION_LIFETIME)
    if kind == "password" and person.confirmed_at is not None:
        return make_link(session, "password", person.id, PASSWORD_LINK_LIFETIME)
    return None


def person_of_link(session: WritingSession, secret: str, purpose: str) -> Person:
    """Give the person of a link, for a change; raises `NotFound` when it may not be used."""
    found = repository.link(session, digest_of(secret), purpose)
    person = repository.locked(session, found.person_id) if found else None
    if person is None or person.suspended_at is not None:
        raise NotFound(USED_LINK)
    return person


def use_up(session: WritingSession, secret: str, purpose: str) -> None:
    """Use a link up; raises `NotFound` when somebody was quicker."""
    person_id, _ = repository.use_link(session, digest_of(secret), purpose)
    if not person_id:
        raise NotFound(USED_LINK)
