"""The SQL of the messages that wait."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select, text

from app.accounts.models import OutgoingMessage
from app.database.sessions import ReadingSession, WritingSession

# Any number of our own: one worker at a time takes messages.
_LEADER = text("SELECT pg_try_advisory_xact_lock(1668313203)")


def enqueue(
    session: WritingSession,
    kind: str,
    recipient: str,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Let a message leave once this transaction is committed.

    Parameters: `kind`, one that `app.accounts.mail.service` knows how to write;
    `recipient`, an address; `details`, what the writing needs, free of secrets.
    """
    session.execute(
        insert(OutgoingMessage).values(
            kind=kind, recipient=recipient, details=dict(details or {})
        )
    )


def leads(session: WritingSession) -> bool:
    """Tell whether this transaction is the only one that takes messages."""
    return bool(session.execute(_LEADER).scalar_one())


def due(session: WritingSession, limit: int) -> list[OutgoingMessage]:
    """List the messages whose time has come, and keep others from them; oldest first."""
    return list(
        session.execute(
            select(OutgoingMessage)
            .where(OutgoingMessage.next_attempt_at <= func.now())
            .order_by(OutgoingMessage.next_attempt_at, OutgoingMessage.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).scalars()
    )


def postpone(session: WritingSession, message: OutgoingMessage, delay: timedelta) -> None:
    """Note an attempt: should it fail, or its process end, the next one is after `delay`."""
    message.attempts += 1
    message.next_attempt_at = session.execute(select(func.now() + delay)).scalar_one()
    session.flush()


def note_trouble(session: WritingSession, message_id: int, trouble: str) -> None:
    """Note the class of what kept a message from leaving."""
    message = session.get(OutgoingMessage, message_id)
    if message is not None:
        message.trouble = trouble
        session.flush()


def forget(session: WritingSession, message_id: int) -> None:
    """Delete a message that has left."""
    session.execute(delete(OutgoingMessage).where(OutgoingMessage.id == message_id))


def withdraw(session: WritingSession, person_id: int, kind: str) -> None:
    """Delete the messages of a kind that wait on a person's behalf."""
    session.execute(
        delete(OutgoingMessage).where(
            OutgoingMessage.kind == kind,
            OutgoingMessage.details["person_id"].as_integer() == person_id,
        )
    )


def give_up(session: WritingSession, days: int) -> int:
    """Delete the messages that could not leave for that many days, and tell how many."""
    age = func.now() - timedelta(days=days)
    statement = delete(OutgoingMessage).where(OutgoingMessage.created_at < age)
    return len(session.execute(statement.returning(OutgoingMessage.id)).all())


def to_address(session: ReadingSession, recipient: str) -> list[dict[str, Any]]:
    """List what waits for an address."""
    rows = session.execute(
        select(OutgoingMessage.kind, OutgoingMessage.created_at).where(
            OutgoingMessage.recipient == recipient
        )
    )
    return [{"kind": row.kind, "created_at": row.created_at} for row in rows]
