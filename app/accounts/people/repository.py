"""The SQL of people and of the links in their mails."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, insert, or_, select, text, update

from app.accounts.models import OutgoingMessage, Person, PersonLink
from app.database.sessions import ReadingSession, WritingSession

# Former members, those who have not come for long, and invitations that nobody accepted.
_PAST_THEIR_TERM = text("""
    SELECT id FROM person
    WHERE suspended_at < now() - make_interval(days => :former)
       OR coalesce(last_seen_on, confirmed_at::date) <
         (now() AT TIME ZONE 'Europe/Paris')::date - CAST(:absent AS integer)
       OR (confirmed_at IS NULL AND suspended_at IS NULL
           AND created_at < now() - make_interval(days => :invited)
           AND NOT EXISTS (SELECT FROM person_link l
                           WHERE l.person_id = person.id AND l.expires_at > now()))
    ORDER BY id FOR UPDATE
""")


def insert_person(session: WritingSession, **values: Any) -> Person:
    """Store somebody and give them."""
    return session.execute(insert(Person).values(**values).returning(Person)).scalar_one()


def person_by_id(session: ReadingSession, person_id: int) -> Person | None:
    """Find somebody by number."""
    return session.get(Person, person_id)


def person_by_email(session: ReadingSession, email: str) -> Person | None:
    """Find somebody by their address in lower case."""
    return session.execute(select(Person).where(Person.email == email)).scalar_one_or_none()


def locked(session: WritingSession, person_id: int) -> Person | None:
    """Find somebody by number, for a change that depends on how they stand."""
    return session.get(Person, person_id, with_for_update=True, populate_existing=True)


def people(session: ReadingSession) -> Sequence[Person]:
    """List everybody by name and address."""
    return session.execute(select(Person).order_by(Person.name, Person.email)).scalars().all()


def update_person(session: WritingSession, person_id: int, **values: Any) -> None:
    """Change somebody's columns."""
    session.execute(update(Person).where(Person.id == person_id).values(**values))


def delete_person(session: WritingSession, person_id: int) -> str | None:
    """Delete somebody with what hangs on them, and mail to them; gives their address."""
    email = session.execute(
        delete(Person).where(Person.id == person_id).returning(Person.email)
    ).scalar_one_or_none()
    if email is not None:
        session.execute(
            delete(OutgoingMessage).where(
                or_(
                    OutgoingMessage.recipient == email,
                    OutgoingMessage.details["person_id"].as_integer() == person_id,
                )
            )
        )
    return email


def past_their_term(
    session: WritingSession, *, former_days: int, absent_days: int, invited_days: int
) -> list[int]:
    """List who is no longer to be kept, by number.

    Parameters, in days: since the suspension, since the last visit, since an invitation
    that nobody accepted.
    """
    terms = {"former": former_days, "absent": absent_days, "invited": invited_days}
    return list(session.execute(_PAST_THEIR_TERM, terms).scalars())


def insert_link(
    session: WritingSession,
    *,
    digest: bytes,
    purpose: str,
    person_id: int,
    lifetime: timedelta,
    email: str | None = None,
) -> None:
    """Store a link by the digest of its secret, and forget those that are over."""
    session.execute(delete(PersonLink).where(PersonLink.expires_at <= func.now()))
    session.execute(
        insert(PersonLink).values(
            secret_hash=digest,
            purpose=purpose,
            person_id=person_id,
            email=email,
            expires_at=func.now() + lifetime,
        )
    )


def link(session: ReadingSession, digest: bytes, purpose: str) -> PersonLink | None:
    """Find a link that may still be used."""
    return session.execute(
        select(PersonLink).where(
            PersonLink.secret_hash == digest,
            PersonLink.purpose == purpose,
            PersonLink.expires_at > func.now(),
        )
    ).scalar_one_or_none()


def use_link(session: WritingSession, digest: bytes, purpose: str) -> tuple[int, str | None]:
    """Use a link up and tell whose it is and which address it confirms; (0, None) for none.

    Of two who use it at once one gets it: the other waits and then finds nothing.
    """
    used = session.execute(
        delete(PersonLink)
        .where(
            PersonLink.secret_hash == digest,
            PersonLink.purpose == purpose,
            PersonLink.expires_at > func.now(),
        )
        .returning(PersonLink.person_id, PersonLink.email)
    ).one_or_none()
    return (used.person_id, used.email) if used else (0, None)


def delete_links(session: WritingSession, person_id: int, *purposes: str) -> None:
    """Delete a person's links of these purposes, all without any."""
    statement = delete(PersonLink).where(PersonLink.person_id == person_id)
    if purposes:
        statement = statement.where(PersonLink.purpose.in_(purposes))
    session.execute(statement)
