"""What the pages of a sheet's editor show and do."""

import hashlib
from collections.abc import Collection
from typing import Any, Protocol

import orjson

from app.cpts.models import Cpts
from app.cpts.reading import repository as reading
from app.cpts.references import repository as references
from app.cpts.writing import service as registry
from app.cpts.writing.rules import Authority
from app.cpts.writing.schemas import CptsPatch
from app.database.calendar import PARIS, today
from app.database.sessions import ReadingSession, WritingSession
from app.directory.sheets import rules
from app.directory.sheets import service as sheets
from app.directory.sheets.repository import StoredSheet
from app.directory.sheets.rules import SheetAuthority, SheetChange
from app.directory.sheets.schemas import MOST_ACTIONS, MOST_CONTACTS
from app.directory.sheets.service import Terms
from app.french import day
from app.funding.repository import scale_on
from app.problems import NotFound
from app.web.directory.editing.drafts import LABELS, PUBLIC, Draft
from app.web.layout.fields import is_number

STATES = {"en_projet": "en projet", "en_cours": "en cours", "realise": "réalisé"}
SHEET_ACTIONS = {
    "updated": "Fiche modifiée",
    "confirmed": "Fiche confirmée sans changement",
    "restored": "État antérieur repris",
    "imported": "Fiche importée",
    "erased": "Personne effacée",
}


class SheetWriter(Authority, SheetAuthority, Protocol):
    """Whoever writes a sheet and what its CPTS is reached by."""


def present_draft(session: ReadingSession, cpts_id: int) -> Draft:
    """Give the form of a sheet as it stands.

    Raises:
        NotFound: no such CPTS.
    """
    stored = sheets.read_sheet(session, cpts_id)
    public = _public(session, cpts_id)
    return Draft.of(_base(stored, public), stored.members(), public)


def publish(
    session: WritingSession, cpts_id: int, draft: Draft, writer: SheetWriter, terms: Terms
) -> None:
    """Write a sheet and what its CPTS is reached by, both or neither.

    Raises:
        Invalid: what is typed.
        StaleWrite: somebody has written either since the form was opened.
        NotFound, Forbidden: as for the API.
    """
    sheet, patch = draft.read()

    def is_expected(stored: StoredSheet) -> bool:
        return draft.base == _base(stored, _public(session, cpts_id))

    sheets.write_sheet(session, cpts_id, sheet, writer, terms, is_expected=is_expected)
    public = _public(session, cpts_id)
    changed = {
        name: value for name in PUBLIC if (value := getattr(patch, name)) != public[name]
    }
    if changed:
        registry.update_cpts(
            session,
            cpts_id,
            CptsPatch.model_validate(changed),
            writer,
            may_correct_stage=False,
        )


def is_as_read(session: ReadingSession, cpts_id: int, base: str) -> bool:
    """Tell whether a sheet still stands as a form says that it was read."""
    return present_draft(session, cpts_id).base == base


def comparison(session: ReadingSession, cpts_id: int, mine: Draft) -> list[dict[str, Any]]:
    """Tell in what a draft and the sheet as it stands differ, part by part.

    `theirs_only` is of a part that the draft leaves as it was when its form was opened.
    """
    theirs = present_draft(session, cpts_id)
    began = _draft_of_version(session, cpts_id, mine.base)
    return [
        {
            "name": name,
            "label": LABELS[name],
            "mine": mine.part(name),
            "theirs": theirs.part(name),
            "theirs_only": began is not None
            and name not in PUBLIC
            and began.part(name) == mine.part(name),
        }
        for name in mine.differing(theirs)
    ]


def editor_values(session: ReadingSession, cpts_id: int, draft: Draft) -> dict[str, Any]:
    """Give what the form and the preview show besides what is typed."""
    stored = sheets.read_sheet(session, cpts_id)
    cpts = read_name(session, cpts_id)
    [item] = reading.described(session, [cpts_id], today())
    told = orjson.loads(item.properties)
    members = draft.fields["members_count"]
    count = int(members) if is_number(members) else None
    tier = told["tier"]
    return {
        "cpts_id": cpts_id,
        "cpts_name": cpts,
        "draft": draft,
        "confirmed_on": stored.confirmed_on,
        "is_stale": rules.is_stale(stored.confirmed_on, today()),
        "is_new": stored.version == 0,
        "themes": references.themes(session),
        "theme_labels": {each.slug: each.label for each in references.themes(session)},
        "states": STATES,
        "tier": tier,
        "funding": scale_on(session, today()).funding(tier, count) if tier else None,
        "public_themes": [each["label"] for each in told["themes"]],
        "most_actions": MOST_ACTIONS,
        "most_contacts": MOST_CONTACTS,
    }


def read_name(session: ReadingSession, cpts_id: int) -> str:
    """Give the name of a CPTS; raises `NotFound`."""
    return _cpts(session, cpts_id).name


def history_values(session: ReadingSession, cpts_id: int) -> dict[str, Any]:
    """Give what the page of a sheet's history shows, the last change first."""
    changes = sheets.history(session, cpts_id)
    labels = {each.slug: each.label for each in references.themes(session)}
    return {
        "cpts_id": cpts_id,
        "cpts_name": read_name(session, cpts_id),
        "base": present_draft(session, cpts_id).base,
        "theme_labels": labels,
        "states": STATES,
        "changes": [
            {
                "id": change.id,
                "heading": SHEET_ACTIONS[change.action],
                "when": _moment(change),
                "moment": change.changed_at.isoformat(),
                "actor": change.actor,
                "reason": change.reason,
                "parts": parts(change.after, contacts_changed=change.contacts_changed),
                "before": change.before,
                "after": change.after,
                "is_present": position == 0,
            }
            for position, change in enumerate(reversed(changes))
        ],
        "labels": LABELS,
    }


def parts(changed: Collection[str], *, contacts_changed: bool) -> list[str]:
    """Name the parts of a sheet that a change is of.

    Parameters: `changed`, its members.
    """
    told = [name for name in rules.KEPT_MEMBERS if name in changed]
    return [LABELS[name] for name in [*told, *(["contacts"] if contacts_changed else [])]]


def _moment(change: SheetChange) -> str:
    moment = change.changed_at.astimezone(PARIS)
    return f"{day(moment)} à {moment:%H:%M}"


def _public(session: ReadingSession, cpts_id: int) -> dict[str, str | None]:
    cpts = _cpts(session, cpts_id)
    return {name: getattr(cpts, name) for name in PUBLIC}


def _cpts(session: ReadingSession, cpts_id: int) -> Cpts:
    cpts = session.get(Cpts, cpts_id, populate_existing=True)
    if cpts is None:
        raise NotFound(f"Aucune CPTS ne porte l'identifiant {cpts_id}.")
    return cpts


def _base(stored: StoredSheet, public: dict[str, str | None]) -> str:
    digest = hashlib.sha256(orjson.dumps(public, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return f"{stored.version}-{digest[:16]}"


def _draft_of_version(session: ReadingSession, cpts_id: int, base: str) -> Draft | None:
    """Give the sheet as it was when a form was opened, None when that is not on record."""
    version, _, _ = base.partition("-")
    changes = sheets.history(session, cpts_id)
    number = next((each.id for each in reversed(changes) if str(each.version) == version), None)
    if number is None:
        return None
    public = dict.fromkeys(PUBLIC, "")
    return Draft.of(base, sheets.former_state(session, cpts_id, number), public)


def concerning(session: ReadingSession, email: str) -> list[dict[str, Any]]:
    """List what sheets tell of whoever has an address, with the names of the CPTS."""
    return [
        each | {"cpts_name": read_name(session, each["cpts_id"])}
        for each in sheets.contacts_of(session, email)
    ]
