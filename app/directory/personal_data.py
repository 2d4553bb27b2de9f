"""What the directory keeps on a person, as `/api/v1/me/data` tells it."""

from typing import Any, Protocol

from app.database.sessions import ReadingSession
from app.directory.contacts import repository as contacts
from app.directory.saved_searches import repository as searches
from app.directory.sheets import repository as sheets


class Asking(Protocol):
    """Whoever asks: a person, or the token of a machine."""

    @property
    def person_id(self) -> int | None: ...
    @property
    def token_id(self) -> int: ...


def personal_data(session: ReadingSession, caller: Asking) -> dict[str, Any]:
    """Gather what sheets tell of whoever calls, and whose contacts they were shown."""
    person = caller.person_id
    return {
        "contacts": contacts.of_person(session, person) if person else [],
        "former_contacts": sheets.former_of_person(session, person) if person else [],
        "contacts_seen": contacts.views_by(session, caller.token_id),
        "saved_searches": (
            searches.as_told(searches.of_person(session, person)) if person else []
        ),
    }
