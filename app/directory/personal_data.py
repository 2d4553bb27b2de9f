"""What the directory keeps on a person, as `/api/v1/me/data` tells it."""

from typing import Any

from app.accounts.rules import Caller
from app.database.sessions import ReadingSession
from app.directory.contacts import repository as contacts
from app.directory.saved_searches import repository as searches
from app.directory.sheets import repository as sheets


def personal_data(session: ReadingSession, caller: Caller) -> dict[str, Any]:
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
