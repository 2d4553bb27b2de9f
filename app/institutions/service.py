"""Keeping the contacts of institutions, and telling whom to call in a place."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace as altered
from typing import Any, Final

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from app.acts.repository import record_act
from app.database.sessions import ReadingSession, WritingSession
from app.files.cells import without_guard
from app.files.office_tables import Heading, Sheet
from app.files.sources import unusable
from app.files.tables import read_csv_rows
from app.http.problem_answers import invalid_request
from app.http.repository import lock_registry
from app.institutions import repository
from app.institutions.repository import Contact
from app.institutions.rules import (
    HEADINGS,
    KINDS,
    MEMBERS,
    Column,
    Entry,
    Keeper,
    Line,
    Outcome,
    Place,
    PlaceBook,
    Report,
    entries_of,
    key_of,
    kind_in,
    kind_of,
)
from app.institutions.schemas import ContactWrite
from app.problems import Forbidden, Invalid, NotFound, StaleWrite

LARGEST_TABLE_BYTES = 512 * 1024
MOST_ROWS = 3_000
_PERMISSION: Final = "institutions.keep"
_ALREADY_THERE = "Ce service de cet organisme y est déjà."


class Command:
    """Whoever may run commands keeps all contacts."""

    token_id = None
    name = "commande"

    def may_work_in(self, _permission: str, _regions: Collection[str]) -> None:
        """It may everywhere."""


def of_departments(session: ReadingSession, codes: Collection[str]) -> dict[str, list[Contact]]:
    """Tell whom to call in departments: their own services, then those of the region."""
    found = repository.contacts(session, departments=codes) if codes else []
    regions = {each.code: each.region for each in repository.places(session)} if found else {}
    return {
        code: [
            *(each for each in found if each.place.code == code and _is_of_department(each)),
            *(
                each
                for each in found
                if not _is_of_department(each) and each.place.code == regions.get(code)
            ),
        ]
        for code in codes
    }


def of_region(session: ReadingSession, code: str) -> list[Contact]:
    """Tell whom to call in a region: its own services, then those of its departments."""
    return repository.contacts(session, region=code)


def _is_of_department(contact: Contact) -> bool:
    return contact.place.level == "department"


def add(session: WritingSession, place_key: str, contact: ContactWrite, keeper: Keeper) -> int:
    """Add a contact to a region or a department, and give its number.

    Parameters: `place_key`, the `Place.key` of that place.

    Raises:
        Invalid: an unknown place, or a service that it has already.
        Forbidden: a place that is not the keeper's.
    """
    place = _place(session, place_key)
    keeper.may_work_in(_PERMISSION, [place.region])
    lock_registry(session)
    _check_new(session, place, contact)
    number = repository.add(session, place, contact.model_dump())
    _record(session, "added", keeper, place, after=contact)
    return number


def change(
    session: WritingSession,
    number: int,
    place_key: str,
    contact: ContactWrite,
    keeper: Keeper,
    *,
    version: str,
) -> None:
    """Say anew of a contact all that there is to say, its place too.

    Parameters: `version`, the `Contact.version` that was read.

    Raises:
        NotFound: no such contact.
        StaleWrite: it has changed since it was read.
        Invalid, Forbidden: as `add`; the former place must be the keeper's too.
    """
    lock_registry(session)
    standing = contact_numbered(session, number)
    keeper.may_work_in(_PERMISSION, [standing.place.region])
    place = _place(session, place_key)
    keeper.may_work_in(_PERMISSION, [place.region])
    if version != standing.version:
        raise StaleWrite(
            "Ce contact a changé depuis votre lecture : comparez, puis recommencez."
        )
    _check_new(session, place, contact, apart_from=number)
    if place == standing.place and contact.model_dump() == _members(standing):
        return
    repository.change(session, number, place, contact.model_dump())
    _record(session, "changed", keeper, place, before=standing, after=contact)


def remove(session: WritingSession, number: int, keeper: Keeper) -> None:
    """Take a contact out.

    Raises:
        NotFound: no such contact.
        Forbidden: its place is not the keeper's.
    """
    lock_registry(session)
    standing = contact_numbered(session, number)
    keeper.may_work_in(_PERMISSION, [standing.place.region])
    repository.remove(session, number)
    _record(session, "removed", keeper, standing.place, before=standing)


def contact_numbered(session: ReadingSession, number: int) -> Contact:
    """Give a contact; raises `NotFound`."""
    found = repository.contacts(session, number=number)
    if not found:
        raise NotFound("Ce contact n'existe pas, ou n'existe plus.")
    return found[0]


def read_table(content: bytes, *, name: str) -> list[Entry]:
    """Read a table of contacts (CSV; its separator and encoding are found).

    Parameters: `name`, what to call it in messages. Raises `Failure` (exit status 2) when it
    is too large or has no heading of contacts.
    """
    if len(content) > LARGEST_TABLE_BYTES:
        raise unusable(f"« {name} » dépasse {LARGEST_TABLE_BYTES // 1024} Ko.")
    entries = entries_of(read_csv_rows(content))
    if entries is None:
        raise unusable(
            f"« {name} » : un fichier CSV est attendu, avec un en-tête qui nomme au moins "
            f"« {HEADINGS[Column.ORGANISATION][0]} » et « {HEADINGS[Column.REGION][0]} » ou "
            f"« {HEADINGS[Column.DEPARTMENT][0]} »."
        )
    if len(entries) > MOST_ROWS:
        raise unusable(f"« {name} » a plus de {MOST_ROWS} lignes.")
    return [
        altered(
            each, cells={column: without_guard(cell) for column, cell in each.cells.items()}
        )
        for each in entries
    ]


def import_entries(
    session: WritingSession,
    entries: Sequence[Entry],
    keeper: Keeper,
    *,
    replace: bool = False,
    dry_run: bool = False,
) -> Report:
    """Bring the contacts in line with a table, all of it or nothing.

    A row adds a service, or says anew how to reach the one of its place, organisation and
    name, of which what the table has no column for stays. A single row that cannot be used
    keeps everything as it was.
    Parameters: `replace`, whether services that the table does not name are taken out, of
    the places that it names; `dry_run`, to write nothing.
    """
    lock_registry(session)
    book = PlaceBook(repository.places(session))
    standing = {
        key_of(each.place, each.organisation, each.service): each
        for each in repository.contacts(session)
    }
    lines: list[Line] = []
    told: dict[tuple[str, str, str, str], tuple[Place, ContactWrite]] = {}
    for entry in entries:
        line = Line(
            entry.row,
            entry.cells.get(Column.DEPARTMENT) or entry.cells.get(Column.REGION, ""),
            entry.cells.get(Column.ORGANISATION, ""),
        )
        lines.append(line)
        try:
            place = book.meant(
                entry.cells.get(Column.REGION, ""), entry.cells.get(Column.DEPARTMENT, "")
            )
            line.place = place.label
            key = key_of(
                place,
                entry.cells.get(Column.ORGANISATION, ""),
                entry.cells.get(Column.SERVICE, ""),
            )
            contact = _understood(entry, place, keeper, standing.get(key))
            if key in told:
                raise ValueError("Une autre ligne dit déjà ce service.")
        except ValueError as error:
            line.outcome, line.detail = Outcome.REFUSED, str(error)
            continue
        told[key] = place, contact
        if key not in standing:
            line.outcome = Outcome.ADDED
        elif contact.model_dump() != _members(standing[key]):
            line.outcome = Outcome.CHANGED
    report = Report(lines, tried=dry_run)
    if report.is_refused:
        return report
    named = {place for place, _ in told.values()}
    gone = [
        each
        for key, each in standing.items()
        if replace and each.place in named and key not in told
    ]
    report = altered(report, removed=[_called(each) for each in gone])
    if dry_run:
        return report
    for each in gone:
        repository.remove(session, each.id)
        _record(session, "removed", keeper, each.place, before=each)
    for key, (place, contact) in told.items():
        former = standing.get(key)
        if former is None:
            repository.add(session, place, contact.model_dump())
            _record(session, "added", keeper, place, after=contact)
        elif contact.model_dump() != _members(former):
            repository.change(session, former.id, place, contact.model_dump())
            _record(session, "changed", keeper, place, before=former, after=contact)
    return report


def exported(session: ReadingSession, *, region: str | None = None) -> Sheet:
    """Give the contacts as a table that an import reads again.

    Parameters: `region`, of which they are; None for all.
    """
    names = {each.code: each.name for each in repository.places(session) if _is_region(each)}
    return Sheet(
        "Contacts",
        [Heading(words[0]) for words in HEADINGS.values()],
        [
            (
                names[each.place.region],
                # By its name: a spreadsheet would take the zero of 04.
                each.place.name if _is_of_department(each) else None,
                KINDS[each.institution],
                each.organisation,
                each.service or None,
                each.email,
                each.phone,
                each.website,
            )
            for each in repository.contacts(session, region=region)
        ],
    )


def _is_region(place: Place) -> bool:
    return place.level == "region"


def _understood(
    entry: Entry, place: Place, keeper: Keeper, former: Contact | None
) -> ContactWrite:
    """Read what a row tells of a service; raises `ValueError` with a French sentence.

    Parameters: `former`, the service as it stands, None when it is new.
    """
    try:
        keeper.may_work_in(_PERMISSION, [place.region])
    except Forbidden as refused:
        raise ValueError(refused.detail) from None
    standing = _members(former) if former else {}
    members = {name: value for name, value in standing.items() if name not in entry.columns}
    members |= {column: cell for column, cell in entry.cells.items() if column in MEMBERS}
    given = entry.cells.get(Column.INSTITUTION)
    if given:
        members[Column.INSTITUTION] = kind_of(given)
    elif former:
        members[Column.INSTITUTION] = former.institution
    else:
        members[Column.INSTITUTION] = kind_in(members.get(Column.ORGANISATION, ""))
    return contact_of(members)


def contact_of(members: Mapping[str, Any]) -> ContactWrite:
    """Check what is told of a service; raises `ValueError` with a French sentence."""
    try:
        return ContactWrite.model_validate(members)
    except ValidationError as error:
        problem = invalid_request(RequestValidationError(error.errors()))
        wrong = (
            f"{MEMBERS[each['loc'][0]]} : {each['message']}"
            if each["loc"] and each["loc"][0] in MEMBERS
            else each["message"]
            for each in problem.extensions["errors"]
        )
        raise ValueError(" ".join(wrong)) from None


def _place(session: ReadingSession, key: str) -> Place:
    place = PlaceBook(repository.places(session)).sent(key)
    if place is None:
        raise Invalid.at("body", "place", message="Une région ou un département est attendu.")
    return place


def _check_new(
    session: ReadingSession,
    place: Place,
    contact: ContactWrite,
    apart_from: int | None = None,
) -> None:
    key = key_of(place, contact.organisation, contact.service)
    if any(
        each.id != apart_from and key_of(each.place, each.organisation, each.service) == key
        for each in repository.contacts(session, region=place.region)
    ):
        raise Invalid.at("body", "organisation", message=_ALREADY_THERE)


def _members(contact: Contact) -> dict[str, Any]:
    return {name: getattr(contact, name) for name in ContactWrite.model_fields}


def _called(contact: Contact | ContactWrite) -> str:
    return f"{contact.organisation}, {contact.service}".rstrip(", ")


def _record(
    session: WritingSession,
    what: str,
    keeper: Keeper,
    place: Place,
    *,
    before: Contact | None = None,
    after: ContactWrite | None = None,
) -> None:
    """Tell the journal of a change, which concerns the former place too."""
    told = after or before
    assert told is not None
    former = before.place if before else place
    record_act(
        session,
        f"institution-{what}",
        keeper,
        subject=f"{_called(told)} – {place.label}",
        regions=[place.region, former.region],
        details={
            "before": _summary(before, former) if before else "",
            "after": _summary(after, place) if after else "",
        },
    )


def _summary(contact: Contact | ContactWrite, place: Place) -> str:
    told = [
        place.label,
        KINDS[contact.institution],
        *(getattr(contact, name) for name in MEMBERS if name != "institution"),
    ]
    return ", ".join(each for each in told if each)
