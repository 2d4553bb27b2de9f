"""The SQL of sheets: as they stand, their contacts of now and before, their history."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.database.arrays import among
from app.database.sessions import ReadingSession, WritingSession
from app.directory.models import (
    CptsAction,
    CptsContact,
    CptsSheet,
    CptsSheetChange,
    FormerContact,
)
from app.directory.sheets.rules import SheetChange

_CONTACT = ("role", "name", "email", "phone")
Contact = Mapping[str, Any]


@dataclass(frozen=True)
class StoredSheet:
    """A sheet as it stands; one that nobody wrote is empty and of version 0."""

    cpts_id: int
    presentation: str = ""
    members_count: int | None = None
    confirmed_on: date | None = None
    version: int = 0
    updated_at: datetime | None = None
    actions: list[dict[str, Any]] = field(default_factory=list)
    contacts: list[dict[str, Any]] = field(default_factory=list)

    def members(self) -> dict[str, Any]:
        """Give what is written, as a client sends it."""
        return {
            "presentation": self.presentation,
            "members_count": self.members_count,
            "actions": self.actions,
            "contacts": self.contacts,
        }


def stored_sheets(
    session: ReadingSession, cpts_ids: Collection[int], day: date
) -> dict[int, StoredSheet]:
    """Give the sheets of CPTS with the contacts that are kept on a day."""
    rows = session.execute(
        select(
            CptsSheet.cpts_id,
            CptsSheet.presentation,
            CptsSheet.members_count,
            CptsSheet.confirmed_on,
            CptsSheet.version,
            CptsSheet.updated_at,
        ).where(among(CptsSheet.cpts_id, cpts_ids))
    )
    found = {row["cpts_id"]: dict(row) for row in rows.mappings()}
    actions = session.execute(
        select(
            CptsAction.cpts_id,
            CptsAction.theme_slug.label("theme"),
            CptsAction.state,
            CptsAction.year,
            CptsAction.told.label("text"),
            CptsAction.links,
        )
        .where(among(CptsAction.cpts_id, cpts_ids))
        .order_by(CptsAction.cpts_id, CptsAction.position, CptsAction.id)
    )
    contacts = session.execute(
        select(CptsContact.cpts_id, *(getattr(CptsContact, name) for name in _CONTACT))
        .where(among(CptsContact.cpts_id, cpts_ids), CptsContact.kept_until >= day)
        .order_by(CptsContact.cpts_id, CptsContact.position, CptsContact.id)
    )
    told: dict[str, dict[int, list[dict[str, Any]]]] = {"actions": {}, "contacts": {}}
    for name, listed in (("actions", actions), ("contacts", contacts)):
        for row in listed.mappings():
            item = dict(row)
            told[name].setdefault(item.pop("cpts_id"), []).append(item)
    return {
        each: StoredSheet(
            **({"cpts_id": each} | found.get(each, {})),
            actions=told["actions"].get(each, []),
            contacts=told["contacts"].get(each, []),
        )
        for each in cpts_ids
    }


def put_sheet(
    session: WritingSession,
    cpts_id: int,
    *,
    presentation: str,
    members_count: int | None,
    version: int,
    token_id: int | None,
) -> None:
    """Write what a sheet says besides its lists."""
    values = {
        "presentation": presentation,
        "members_count": members_count,
        "version": version,
        "updated_at": func.clock_timestamp(),
        "updated_by": token_id,
    }
    session.execute(
        upsert(CptsSheet)
        .values(cpts_id=cpts_id, **values)
        .on_conflict_do_update(index_elements=["cpts_id"], set_=values)
    )


def confirm(session: WritingSession, cpts_id: int, day: date) -> None:
    """Note that all of a sheet is so on a day."""
    session.execute(
        upsert(CptsSheet)
        .values(cpts_id=cpts_id, confirmed_on=day)
        .on_conflict_do_update(index_elements=["cpts_id"], set_={"confirmed_on": day})
    )


def put_actions(
    session: WritingSession, cpts_id: int, actions: Sequence[Mapping[str, Any]]
) -> None:
    """Replace the actions of a sheet."""
    session.execute(delete(CptsAction).where(CptsAction.cpts_id == cpts_id))
    rows = [
        {
            "cpts_id": cpts_id,
            "position": position,
            "theme_slug": action["theme"],
            "state": action["state"],
            "year": action["year"],
            "told": action["text"],
            "links": action["links"],
        }
        for position, action in enumerate(actions)
    ]
    if rows:
        session.execute(insert(CptsAction), rows)


def put_contacts(
    session: WritingSession,
    cpts_id: int,
    contacts: Sequence[Contact],
    *,
    version: int,
    day: date,
    kept: timedelta,
    former_kept: timedelta,
    origin: str,
) -> None:
    """Replace the contacts of a sheet; those that it tells no longer become former ones.

    One that is told as before stays the row that it is. Parameters: `kept` and
    `former_kept`, how long from `day` new and former ones are kept.
    """
    standing: dict[tuple[Any, ...], list[int]] = {}
    rows = session.execute(
        select(CptsContact)
        .where(CptsContact.cpts_id == cpts_id)
        .order_by(CptsContact.position, CptsContact.id)
    ).scalars()
    present = list(rows)
    for row in present:
        # What is past its term is shown to nobody, and told again it is kept anew.
        if row.kept_until >= day:
            standing.setdefault(_key(row), []).append(row.id)
    staying: dict[int, int] = {}
    fresh: list[dict[str, Any]] = []
    for position, contact in enumerate(contacts):
        known = standing.get(tuple(contact[name] for name in _CONTACT))
        if known:
            staying[known.pop(0)] = position
        else:
            fresh.append(
                {name: contact[name] for name in _CONTACT}
                | {
                    "cpts_id": cpts_id,
                    "position": position,
                    "origin": origin,
                    "since_version": version,
                    "recorded_on": day,
                    "kept_until": day + kept,
                }
            )
    _retire(
        session,
        [row for row in present if row.id not in staying],
        version=version,
        day=day,
        kept=former_kept,
    )
    for number, position in staying.items():
        session.execute(
            update(CptsContact)
            .where(CptsContact.id == number, CptsContact.position != position)
            .values(position=position)
            .execution_options(synchronize_session=False)
        )
    if fresh:
        session.execute(insert(CptsContact), fresh)


def _key(row: CptsContact) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in _CONTACT)


def _retire(
    session: WritingSession,
    rows: Sequence[CptsContact],
    *,
    version: int,
    day: date,
    kept: timedelta,
) -> None:
    if not rows:
        return
    session.execute(
        delete(CptsContact)
        .where(CptsContact.id.in_([row.id for row in rows]))
        .execution_options(synchronize_session=False)
    )
    former = [
        {name: getattr(row, name) for name in _CONTACT}
        | {
            "cpts_id": row.cpts_id,
            "position": row.position,
            "since_version": row.since_version,
            "until_version": version,
            "removed_on": day,
            "kept_until": day + kept,
        }
        # What is past its term is gone for good.
        for row in rows
        if row.kept_until >= day and row.since_version < version
    ]
    if former:
        session.execute(insert(FormerContact), former)


def prolong_contacts(session: WritingSession, cpts_id: int, day: date, kept: timedelta) -> None:
    """Put off the term of the contacts of a sheet that is confirmed on a day."""
    session.execute(
        update(CptsContact)
        .where(CptsContact.cpts_id == cpts_id, CptsContact.kept_until >= day)
        .values(kept_until=func.greatest(CptsContact.kept_until, day + kept))
        .execution_options(synchronize_session=False)
    )


def contacts_at(
    session: ReadingSession, cpts_id: int, version: int, day: date
) -> list[dict[str, Any]]:
    """List who a version of a sheet told of and is still on record on a day."""
    now = [getattr(CptsContact, name) for name in _CONTACT]
    then = [getattr(FormerContact, name) for name in _CONTACT]
    found = session.execute(
        select(*now, CptsContact.position, CptsContact.id)
        .where(
            CptsContact.cpts_id == cpts_id,
            CptsContact.since_version <= version,
            CptsContact.kept_until >= day,
        )
        .union_all(
            select(*then, FormerContact.position, FormerContact.id).where(
                FormerContact.cpts_id == cpts_id,
                FormerContact.since_version <= version,
                FormerContact.until_version > version,
                FormerContact.kept_until >= day,
            )
        )
    )
    listed = sorted(found.mappings(), key=lambda row: (row["position"], row["id"]))
    return [{name: row[name] for name in _CONTACT} for row in listed]


def record(
    session: WritingSession,
    cpts_id: int,
    *,
    version: int,
    action: str,
    actor: str,
    token_id: int | None,
    reason: str | None,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    contacts_changed: bool,
) -> None:
    """Write an entry of a sheet's history."""
    session.execute(
        insert(CptsSheetChange).values(
            cpts_id=cpts_id,
            version=version,
            action=action,
            actor=actor,
            actor_token_id=token_id,
            reason=reason,
            before=dict(before),
            after=dict(after),
            contacts_changed=contacts_changed,
        )
    )


def changes(session: ReadingSession, cpts_id: int) -> list[SheetChange]:
    """List the changes of a sheet, oldest first."""
    rows = session.execute(
        select(CptsSheetChange)
        .where(CptsSheetChange.cpts_id == cpts_id)
        .order_by(CptsSheetChange.id)
    ).scalars()
    return [
        SheetChange(
            id=row.id,
            changed_at=row.changed_at,
            version=row.version,
            action=row.action,
            actor=row.actor,
            reason=row.reason,
            before=row.before or {},
            after=row.after or {},
            contacts_changed=row.contacts_changed,
        )
        for row in rows
    ]


def sheet_version(session: ReadingSession, cpts_id: int) -> int:
    """Give the version of a sheet, 0 of one that nobody wrote."""
    found = session.execute(select(CptsSheet.version).where(CptsSheet.cpts_id == cpts_id))
    return found.scalar_one_or_none() or 0


def public_part(session: ReadingSession, cpts_id: int) -> tuple[date | None, int | None]:
    """Give when a sheet was confirmed, and the number of members."""
    row = session.execute(
        select(CptsSheet.confirmed_on, CptsSheet.members_count).where(
            CptsSheet.cpts_id == cpts_id
        )
    ).one_or_none()
    return (row.confirmed_on, row.members_count) if row else (None, None)


def of_address(session: ReadingSession, email: str) -> list[dict[str, Any]]:
    """List what sheets tell and told of whoever has an address, the present first."""
    told: list[dict[str, Any]] = []
    for table, is_present in ((CptsContact, True), (FormerContact, False)):
        columns = (table.cpts_id, *(getattr(table, name) for name in _CONTACT))
        rows = session.execute(
            select(*columns, table.kept_until)
            .where(func.lower(table.email) == email.lower())
            .order_by(table.cpts_id, table.position, table.id)
        )
        told += [{**row, "present": is_present} for row in rows.mappings()]
    return told


def former_of_person(session: ReadingSession, person_id: int) -> list[dict[str, Any]]:
    """List what sheets told of somebody under the address of their account."""
    email = session.execute(
        text("SELECT email FROM person WHERE id = :id"), {"id": person_id}
    ).scalar_one()
    return [
        {name: value for name, value in each.items() if name != "present"}
        for each in of_address(session, email)
        if not each["present"]
    ]


def erase_contacts(session: WritingSession, email: str) -> int:
    """Erase whoever has an address from every sheet, present and former."""
    return int(session.execute(select(func.erase_contacts(email))).scalar_one())


def written_cpts(session: ReadingSession) -> list[int]:
    """List the CPTS that have a sheet, actions or contacts."""
    return sorted(
        {
            number
            for table in (CptsSheet, CptsAction, CptsContact)
            for number in session.execute(select(table.cpts_id).distinct()).scalars()
        }
    )
