"""Which CPTS answers at an address."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.cpts.communes.service import single_commune
from app.cpts.reading.service import cpts_item
from app.cpts.references import repository as references
from app.database.calendar import today
from app.database.sessions import ReadingSession
from app.geography.geocoding.rules import FoundAddress
from app.institutions import service as institutions
from app.institutions.repository import Contact
from app.problems import NotFound


@dataclass(frozen=True, slots=True)
class Answer:
    """An address, its commune, and the CPTS that covers it, or else whom to call."""

    label: str
    commune: dict[str, Any]
    department_name: str
    cpts: dict[str, Any] | None
    institutions: list[Contact]


def answers(session: ReadingSession, found: Sequence[FoundAddress]) -> list[Answer]:
    """Tell of each address what covers it; one of no commune of today is passed over.

    Parameters: `found`, as a geocoder gives them.
    """
    names = {each.code: each.name for each in references.departments(session, today())}
    given = []
    for address in found:
        try:
            commune = single_commune(session, address.commune, None)
        except NotFound:
            continue
        department = commune["department"]
        holder = commune["cpts"]
        given.append(
            Answer(
                address.label,
                commune,
                names[department],
                cpts_item(session, holder["id"]) if holder else None,
                []
                if holder
                else institutions.of_departments(session, [department])[department],
            )
        )
    return given
