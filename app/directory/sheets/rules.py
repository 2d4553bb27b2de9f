"""What sheets rest on, in plain Python: versions, former states, confirmation once a year."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from app.database.calendar import year_after, year_before

# The members of a sheet that hold no person: what its history keeps.
KEPT_MEMBERS = ("presentation", "members_count", "actions")
MEMBERS = (*KEPT_MEMBERS, "contacts")
EMPTY: Mapping[str, Any] = {"presentation": "", "members_count": None, "actions": []}

# How long before the year is over the editors are reminded.
REMINDED_BEFORE = timedelta(days=30)
# How long a CPTS has to confirm, for the first time, what others wrote of it.
FIRST_TERM = timedelta(days=30)

_TAG = re.compile(r'(?:W/)?"fiche-([0-9]{1,18})(?:-br|-gzip)?"')


class SheetAuthority(Protocol):
    """Whoever writes a sheet."""

    @property
    def token_id(self) -> int | None: ...
    @property
    def name(self) -> str: ...
    def may_write_sheet(self, cpts_id: int) -> None:
        """Raise `Forbidden` unless it is allowed."""

    def speaks_for(self, cpts_id: int) -> bool:
        """Tell whether it is the CPTS itself that writes, and so confirms."""


@dataclass(frozen=True)
class SheetChange:
    """A change on record: of `before` and `after` only the members that changed."""

    id: int
    changed_at: datetime
    version: int
    action: str
    actor: str
    reason: str | None
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    contacts_changed: bool


def writer_told(speaks_for_cpts: bool, action: str) -> str:
    """Say in French who wrote a sheet, as a beginning of a sentence; no name of a person."""
    if speaks_for_cpts:
        return "La coordination de la CPTS"
    if action == "imported":
        return "L’administration du site, par un fichier de nombreuses fiches,"
    return "L’administration du site"


def sheet_tag(version: int) -> str:
    """Give the ETag of a sheet, quotes included."""
    return f'"fiche-{version}"'


def names_version(if_match: str, version: int) -> bool:
    """Tell whether an If-Match header names a version of a sheet."""
    if if_match.strip() == "*":
        return True
    return any(int(found.group(1)) == version for found in _TAG.finditer(if_match))


def is_stale(confirmed_on: date | None, day: date) -> bool:
    """Tell whether a sheet was not confirmed within the year that ends on a day."""
    return confirmed_on is None or confirmed_on < year_before(day)


def due_on(confirmed_on: date | None, written_on: date) -> date:
    """Give the day by which a sheet is to be confirmed.

    Parameters: `confirmed_on`, None when the CPTS never did: then it has `FIRST_TERM` from
    `written_on`, when somebody else wrote it.
    """
    return written_on + FIRST_TERM if confirmed_on is None else year_after(confirmed_on)


def reminder_of(confirmed_on: date | None, written_on: date, day: date) -> str | None:
    """Tell which reminder a sheet is owed on a day: `due`, `late` or None."""
    due = due_on(confirmed_on, written_on)
    if day > due:
        return "late"
    return "due" if day >= due - REMINDED_BEFORE else None


def differences(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give what changed of the members that history keeps, as it was and as it is."""
    changed = [name for name in KEPT_MEMBERS if before[name] != after[name]]
    return {name: before[name] for name in changed}, {name: after[name] for name in changed}


def state_after(
    changes: Sequence[SheetChange], number: int, present: Mapping[str, Any]
) -> dict[str, Any]:
    """Give a sheet, without contacts, as it was after a change.

    Parameters: `changes`, all of the sheet, oldest first; `number`, the id of the change;
    `present`, how the sheet stands, for members that no change tells of.
    """
    state = {name: present[name] for name in KEPT_MEMBERS}
    for change in reversed(changes):
        if change.id <= number:
            break
        state |= change.before
    for name in KEPT_MEMBERS:
        told = [c.after[name] for c in changes if c.id <= number and name in c.after]
        if told:
            state[name] = told[-1]
    return state
