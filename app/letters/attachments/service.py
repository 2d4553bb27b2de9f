"""Handing in a file with a letter, reading it, taking it out."""

import hashlib
from dataclasses import dataclass

from app.database.calendar import today
from app.database.sessions import ReadingSession, WritingSession
from app.letters.attachments import repository
from app.letters.attachments.models import LetterAttachment
from app.letters.attachments.rules import Kind
from app.letters.record import repository as letters
from app.letters.record import rules
from app.letters.record.actions import Action, check_may
from app.letters.record.errors import no_such_letter
from app.letters.record.rules import Agent, Sight
from app.letters.record.service import open_for_change, record
from app.problems import Forbidden, Invalid, NotFound


@dataclass(frozen=True)
class SentFile:
    """A file as it came: its name, its content, and what that is."""

    name: str
    content: bytes
    media_type: str


def attach(
    session: WritingSession,
    letter_id: int,
    file: SentFile,
    kind: str,
    agent: Agent,
    *,
    most: int,
) -> int:
    """Keep a file with a letter, at any time of its life, and give its number.

    Parameters: `most`, how many files one letter may have. The timeline keeps that there
    was one and its SHA-256, never what it was called.

    Raises:
        NotFound, Forbidden: no such letter, not theirs.
        Invalid: an unknown kind, the same file again, or one too many.
    """
    letter = open_for_change(session, letter_id)
    check_may(Action.CORRECT, agent, letter)
    if kind not in list(Kind):
        raise Invalid.at("body", "kind", message="Nature inconnue.", accepted=list(Kind))
    digest = hashlib.sha256(file.content).digest()
    if repository.is_there(session, letter_id, digest):
        raise Invalid.at("body", "file", message="Cette pièce est déjà là.")
    if repository.count_of(session, letter_id) >= most:
        raise Invalid.at("body", "file", message=f"Au plus {most} pièces par lettre.")
    number = repository.insert_attachment(
        session,
        letter_id=letter_id,
        kind=kind,
        name=file.name,
        media_type=file.media_type,
        content=file.content,
        sha256=digest,
        actor=agent.name,
        actor_token_id=agent.token_id,
    )
    details = {"attachment": number, "kind": kind, "sha256": digest.hex()}
    record(session, letter, "attached", agent, occurred_on=today(), details=details)
    return number


def read(
    session: ReadingSession, letter_id: int, attachment_id: int, agent: Agent
) -> LetterAttachment:
    """Give a file to whoever may read all of its letter.

    Raises:
        NotFound: no such letter, or no such file of it.
        Forbidden: the letter is not theirs to read.
    """
    letter = letters.read_letter(session, letter_id, today())
    if letter is None:
        raise no_such_letter(letter_id)
    sight = rules.sight_of(agent, regions=letter.regions, created_by=letter.created_by)
    if sight is not Sight.FULL:
        raise Forbidden("Les pièces de cette lettre sont lues dans les régions concernées.")
    found = repository.attachment(session, letter_id, attachment_id)
    if found is None:
        raise NotFound("Cette pièce n'existe pas, ou elle a été retirée.")
    return found


def detach(session: WritingSession, letter_id: int, attachment_id: int, agent: Agent) -> None:
    """Take a file out for good, at any time: it may hold personal data.

    Raises:
        NotFound, Forbidden: as for `attach`, or no such file.
    """
    letter = open_for_change(session, letter_id)
    check_may(Action.CORRECT, agent, letter)
    kind = repository.delete_attachment(session, letter_id, attachment_id)
    if kind is None:
        raise NotFound("Cette pièce n'existe pas, ou elle a été retirée.")
    details = {"attachment": attachment_id, "kind": kind}
    record(session, letter, "detached", agent, occurred_on=today(), details=details)
