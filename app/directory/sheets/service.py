"""Use cases of a sheet: reading, writing, confirming, taking a former state back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from app.cpts.models import Cpts
from app.cpts.writing.repository import theme_slugs
from app.cpts.writing.service import open_for_change, present_cpts
from app.database.calendar import today
from app.database.sessions import ReadingSession, WritingSession
from app.directory.contacts.repository import addresses_told
from app.directory.sheets import repository, rules
from app.directory.sheets.notices import Notices
from app.directory.sheets.repository import StoredSheet
from app.directory.sheets.rules import SheetAuthority, SheetChange
from app.directory.sheets.schemas import ActionWrite, ContactWrite, SheetWrite
from app.http.repository import lock_registry
from app.problems import Invalid, NotFound, StaleWrite

# Whether a writer has read the sheet as it stands.
IsExpected = Callable[[StoredSheet], bool]


@dataclass(frozen=True)
class Terms:
    """On what terms sheets tell of persons.

    `contacts` and `former`, how long they are kept: since the sheet was last confirmed, since
    it dropped them; `notices`, by which they learn of it, None where they do not.
    """

    contacts: timedelta
    former: timedelta
    notices: Notices | None = None


def read_sheet(session: ReadingSession, cpts_id: int) -> StoredSheet:
    """Give a sheet as it stands.

    Raises:
        NotFound: no such CPTS.
    """
    if session.get(Cpts, cpts_id) is None:
        raise NotFound(f"Aucune CPTS ne porte l'identifiant {cpts_id}.")
    return _stored(session, cpts_id)


def write_sheet(
    session: WritingSession,
    cpts_id: int,
    write: SheetWrite,
    authority: SheetAuthority,
    terms: Terms,
    *,
    is_expected: IsExpected | None = None,
    action: str = "updated",
    reason: str | None = None,
) -> StoredSheet:
    """Write the whole sheet of a CPTS, and give it as it then stands.

    When it is the CPTS itself that writes, this confirms the sheet, changed or not.

    Raises:
        NotFound: no such CPTS.
        Forbidden: another's sheet.
        StaleWrite: somebody has written it since it was read.
        Invalid: unknown themes, or the CPTS has ended.
    """
    before = _opened(session, cpts_id, authority, is_expected)
    _check_themes(session, write)
    after = write.model_dump()
    is_changed = before.members() != after
    contacts_changed = before.contacts != after["contacts"]
    version = before.version + 1 if is_changed else before.version
    if is_changed:
        repository.put_sheet(
            session,
            cpts_id,
            presentation=write.presentation,
            members_count=write.members_count,
            version=version,
            token_id=authority.token_id,
        )
        if before.actions != after["actions"]:
            repository.put_actions(session, cpts_id, after["actions"])
        if contacts_changed:
            _tell_newly_told(
                session, cpts_id, after["contacts"], authority, terms=terms, action=action
            )
            repository.put_contacts(
                session,
                cpts_id,
                after["contacts"],
                version=version,
                day=today(),
                kept=terms.contacts,
                former_kept=terms.former,
                origin="import" if action == "imported" else "fiche",
            )
    was_confirmed = _confirm(session, before, authority, terms)
    if is_changed or was_confirmed:
        old, new = rules.differences(before.members(), after)
        repository.record(
            session,
            cpts_id,
            version=version,
            action=action if is_changed else "confirmed",
            actor=authority.name,
            token_id=authority.token_id,
            reason=reason,
            before=old,
            after=new,
            contacts_changed=contacts_changed,
        )
    return _stored(session, cpts_id)


def confirm(
    session: WritingSession,
    cpts_id: int,
    authority: SheetAuthority,
    terms: Terms,
    *,
    is_expected: IsExpected | None = None,
) -> StoredSheet:
    """Confirm a sheet as it stands, in the name of its CPTS.

    Raises:
        NotFound, Forbidden, StaleWrite, Invalid: as `write_sheet`.
    """
    before = _opened(session, cpts_id, authority, is_expected)
    sent = SheetWrite.model_construct(
        presentation=before.presentation,
        members_count=before.members_count,
        actions=[ActionWrite.model_construct(**each) for each in before.actions],
        contacts=[ContactWrite.model_construct(**each) for each in before.contacts],
    )
    return write_sheet(session, cpts_id, sent, authority, terms)


def restore(
    session: WritingSession,
    cpts_id: int,
    number: int,
    authority: SheetAuthority,
    terms: Terms,
    *,
    is_expected: IsExpected | None = None,
) -> StoredSheet:
    """Take back the state of a sheet after one of its changes.

    Contacts come back as far as they are still on record.

    Raises:
        NotFound: no such change of this sheet.
        Forbidden, StaleWrite, Invalid: as `write_sheet`.
    """
    before = _opened(session, cpts_id, authority, is_expected)
    members, version = _former(session, before, number)
    known = set(theme_slugs(session))
    return write_sheet(
        session,
        cpts_id,
        SheetWrite.model_construct(
            presentation=members["presentation"],
            members_count=members["members_count"],
            # A theme may have gone since.
            actions=[
                ActionWrite.model_construct(**each)
                for each in members["actions"]
                if each["theme"] in known
            ],
            contacts=[ContactWrite.model_construct(**each) for each in members["contacts"]],
        ),
        authority,
        terms,
        action="restored",
        reason=f"version {version}",
    )


def former_state(session: ReadingSession, cpts_id: int, number: int) -> dict[str, Any]:
    """Give a sheet as it was after one of its changes, with the contacts still on record.

    Raises:
        NotFound: no such CPTS, or no such change of its sheet.
    """
    return _former(session, read_sheet(session, cpts_id), number)[0]


def history(session: ReadingSession, cpts_id: int) -> list[SheetChange]:
    """List the changes of a sheet, oldest first.

    Raises:
        NotFound: no such CPTS.
    """
    read_sheet(session, cpts_id)
    return repository.changes(session, cpts_id)


def public_sheet(session: ReadingSession, cpts_id: int) -> tuple[date | None, int | None]:
    """Give what the public page rests on: when a sheet was confirmed, how many members."""
    return repository.public_part(session, cpts_id)


def contacts_of(session: ReadingSession, email: str) -> list[dict[str, Any]]:
    """List what sheets tell, and told, of whoever has an address."""
    return repository.of_address(session, email)


def erase_contacts(session: WritingSession, email: str) -> int:
    """Erase whoever has an address from all sheets, and tell how many told of them still.

    The history then holds only that contacts have changed.
    """
    return repository.erase_contacts(session, email)


def _former(
    session: ReadingSession, present: StoredSheet, number: int
) -> tuple[dict[str, Any], int]:
    changes = repository.changes(session, present.cpts_id)
    version = next((each.version for each in changes if each.id == number), None)
    if version is None:
        raise NotFound("Cette fiche n'a pas connu ce changement.")
    members = rules.state_after(changes, number, present.members())
    members["contacts"] = repository.contacts_at(session, present.cpts_id, version, today())
    return members, version


def _opened(
    session: WritingSession,
    cpts_id: int,
    authority: SheetAuthority,
    is_expected: IsExpected | None,
) -> StoredSheet:
    lock_registry(session)
    open_for_change(session, cpts_id)
    authority.may_write_sheet(cpts_id)
    present_cpts(session, cpts_id)
    stored = _stored(session, cpts_id)
    if is_expected is not None and not is_expected(stored):
        raise StaleWrite("La fiche a changé depuis votre lecture : comparez, puis recommencez.")
    return stored


def _stored(session: ReadingSession, cpts_id: int) -> StoredSheet:
    session.flush()
    return repository.stored_sheets(session, [cpts_id], today())[cpts_id]


def _check_themes(session: ReadingSession, write: SheetWrite) -> None:
    known = theme_slugs(session)
    errors: list[Mapping[str, Any]] = [
        {
            "loc": ["body", "actions", position, "theme"],
            "message": "Thématique inconnue.",
            "accepted": known,
        }
        for position, action in enumerate(write.actions)
        if action.theme not in known
    ]
    if errors:
        raise Invalid(errors, detail="Thématiques inconnues.")


def _tell_newly_told(
    session: WritingSession,
    cpts_id: int,
    contacts: Sequence[Mapping[str, Any]],
    authority: SheetAuthority,
    *,
    terms: Terms,
    action: str,
) -> None:
    """Tell those of whom this sheet never told before, unless it is they who write."""
    if terms.notices is None:
        return
    known = addresses_told(session, cpts_id, authority.token_id)
    cpts = present_cpts(session, cpts_id).name
    for contact in contacts:
        address = (contact["email"] or "").lower()
        if address and address not in known:
            known.add(address)
            terms.notices.tell(
                session,
                contact,
                cpts=cpts,
                writer=rules.writer_told(authority.speaks_for(cpts_id), action),
                kept_until=today() + terms.contacts,
            )


def _confirm(
    session: WritingSession, before: StoredSheet, authority: SheetAuthority, terms: Terms
) -> bool:
    """Confirm when the CPTS itself writes; tell whether that is news."""
    if not authority.speaks_for(before.cpts_id):
        return False
    repository.prolong_contacts(session, before.cpts_id, today(), terms.contacts)
    if before.confirmed_on == today():
        return False
    repository.confirm(session, before.cpts_id, today())
    return True
