"""Telling the people of a region of a letter that concerns it."""

from collections.abc import Collection

from app.accounts.mail.repository import enqueue
from app.accounts.notices import repository
from app.accounts.people import repository as people
from app.accounts.people.service import own
from app.accounts.rules import Caller
from app.database.sessions import WritingSession

# What the mail says is in `app.accounts.mail.rules`.
KIND = "letter"


def tell_of_letter(
    session: WritingSession, letter_id: int, regions: Collection[str], caller: Caller
) -> None:
    """Let a message leave to each agent of these regions who wants one, once per letter.

    Parameters: `caller`, who wrote the letter and knows of it.
    """
    for person_id, email in repository.people_to_tell(
        session, letter_id, regions, caller.token_id
    ):
        enqueue(session, KIND, email, {"letter": letter_id, "person_id": person_id})


def choose_letter_mail(session: WritingSession, caller: Caller, *, wanted: bool) -> None:
    """Note whether somebody wants to be told of letters by mail.

    Raises:
        NotFound: a machine, or somebody erased since.
    """
    people.update_person(session, own(session, caller).id, letter_mail=wanted)
