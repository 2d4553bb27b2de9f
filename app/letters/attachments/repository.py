"""The SQL of what was handed in with letters."""

from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import undefer

from app.database.sessions import ReadingSession, WritingSession
from app.letters.attachments.models import LetterAttachment


def insert_attachment(session: WritingSession, **values: Any) -> int:
    """Store a file (columns of `letter_attachment`) and give its number."""
    statement = insert(LetterAttachment).values(**values).returning(LetterAttachment.id)
    return session.execute(statement).scalar_one()


def count_of(session: ReadingSession, letter_id: int) -> int:
    """Count the files of a letter."""
    statement = select(func.count()).where(LetterAttachment.letter_id == letter_id)
    return session.execute(statement).scalar_one()


def is_there(session: ReadingSession, letter_id: int, sha256: bytes) -> bool:
    """Tell whether a letter has this very file already."""
    statement = select(LetterAttachment.id).where(
        LetterAttachment.letter_id == letter_id, LetterAttachment.sha256 == sha256
    )
    return session.execute(statement).first() is not None


def attachment(
    session: ReadingSession, letter_id: int, attachment_id: int
) -> LetterAttachment | None:
    """Give a file of a letter with its content, None when there is none."""
    return session.execute(
        select(LetterAttachment)
        .where(LetterAttachment.letter_id == letter_id, LetterAttachment.id == attachment_id)
        .options(undefer(LetterAttachment.content))
    ).scalar_one_or_none()


def delete_attachment(
    session: WritingSession, letter_id: int, attachment_id: int
) -> str | None:
    """Delete a file of a letter; gives of what kind it was, None when there was none."""
    return session.execute(
        delete(LetterAttachment)
        .where(LetterAttachment.letter_id == letter_id, LetterAttachment.id == attachment_id)
        .returning(LetterAttachment.kind)
    ).scalar_one_or_none()
