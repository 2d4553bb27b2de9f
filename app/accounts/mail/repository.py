"""The SQL of the messages that wait."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import delete, func, insert, select, update

from app.accounts.models import OutgoingMessage
from app.database.sessions import ReadingSession, WritingSession


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


def enqueue_text(session: WritingSession, recipient: str, subject: str, body: str) -> None:
    """Let a message of another noun leave, as it is written."""
    enqueue(session, "text", recipient, {"subject": subject, "body": body})


class Due(NamedTuple):
    """A message whose time has come, and how often it was attempted so far."""

    number: int
    attempts: int


def due(session: ReadingSession, limit: int) -> list[Due]:
    """List the messages whose time has come, oldest first; others may claim them still."""
    found = session.execute(
        select(OutgoingMessage.id, OutgoingMessage.attempts)
        .where(OutgoingMessage.next_attempt_at <= func.now())
        .order_by(OutgoingMessage.next_attempt_at, OutgoingMessage.id)
        .limit(limit)
    )
    return [Due(*row) for row in found]


def claim(session: WritingSession, waiting: Due, delay: timedelta) -> OutgoingMessage | None:
    """Claim a message for one attempt, None when another worker has claimed it since.

    Parameters: `delay`, after which the next attempt is due, should this one fail or its
    process end.
    """
    return session.execute(
        update(OutgoingMessage)
        .where(
            OutgoingMessage.id == waiting.number,
            OutgoingMessage.attempts == waiting.attempts,
        )
        .values(attempts=waiting.attempts + 1, next_attempt_at=func.now() + delay)
        .returning(OutgoingMessage)
    ).scalar_one_or_none()


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


def withdraw_to(session: WritingSession, recipient: str, kind: str) -> None:
    """Delete the messages of a kind that wait for an address which nobody has any more."""
    session.execute(
        delete(OutgoingMessage).where(
            OutgoingMessage.kind == kind, OutgoingMessage.recipient == recipient
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
