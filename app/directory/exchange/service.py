"""Sheets of many CPTS at once: read, join, write; and the tables that tell them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from app.acts.repository import record_act
from app.cpts.claims.service import RegistryChange, Signatory
from app.cpts.writing.repository import set_themes, themes_by_cpts
from app.database.calendar import today
from app.database.sessions import WritingSession
from app.directory.exchange import repository
from app.directory.exchange.reading import understood
from app.directory.exchange.rules import (
    Column,
    Entry,
    Line,
    Outcome,
    Told,
    joined_actions,
    joined_contacts,
    same_text,
)
from app.directory.sheets.repository import StoredSheet, stored_sheets
from app.directory.sheets.schemas import MOST_ACTIONS, MOST_CONTACTS, SheetWrite
from app.directory.sheets.service import Terms, write_sheet
from app.files.cells import csv_table
from app.files.sources import unusable
from app.files.tables import clean
from app.http.problem_answers import invalid_request
from app.http.repository import lock_registry

REPORT_COLUMNS = ("sheet", "row", "cpts", "given", "outcome", "cpts_id", "detail")
_OUTCOMES = {
    Outcome.LOADED: "chargées",
    Outcome.UNCHANGED: "déjà telles",
    Outcome.UNKNOWN: "de CPTS ou de thématique inconnue",
    Outcome.AMBIGUOUS: "ambiguës",
    Outcome.REFUSED: "refusées",
    Outcome.SKIPPED: "écartées avec leur CPTS",
}


class _Import:
    """In whose name a file is written: whoever brings it, if anybody, and no CPTS's."""

    def __init__(self, told: str, signatory: Signatory | None) -> None:
        self.name = signatory.name if signatory else told
        self.token_id = signatory.token_id if signatory else None

    def may_write_sheet(self, _cpts_id: int) -> None:
        """Whoever runs the import has been let in already."""

    def speaks_for(self, _cpts_id: int) -> bool:
        """A file confirms nothing."""
        return False


def import_entries(
    session: WritingSession,
    entries: Sequence[Entry],
    terms: Terms,
    *,
    origin: str,
    replace: bool,
    dry_run: bool,
    signatory: Signatory | None = None,
) -> list[Line]:
    """Join what a file tells to the sheets that it names, and tell of every row.

    A row that cannot be used is passed over; with `replace`, so is then its whole CPTS.
    Parameters: `origin`, the file's name for the history; `replace`, whether actions and
    contacts that the file does not give go, of the CPTS that it names and as far as it has
    columns for them; `dry_run`, to write nothing; `signatory`, who brings the file, None for
    a command.
    """
    lock_registry(session)
    lines, told = understood(session, entries)
    columns = frozenset(name for entry in entries for name in entry.columns)
    stored = stored_sheets(session, list(told), today())
    told_origin = f"import de « {origin} »"
    writer = _Import(told_origin, signatory)
    reason = told_origin if signatory else None
    declared: dict[int, list[str]] = {}
    written: set[int] = set()
    themes = themes_by_cpts(session, [number for number, each in told.items() if each.declared])
    for cpts_id, each in told.items():
        if replace and any(not _is_well(line) for line in each.lines):
            _skip(each, "Une autre ligne de cette CPTS n'est pas utilisable.")
            continue
        sheet = _joined(stored[cpts_id], each, columns, replace=replace)
        if sheet is None:
            continue
        if sheet.model_dump() != stored[cpts_id].members() and not dry_run:
            write_sheet(
                session, cpts_id, sheet, writer, terms, action="imported", reason=reason
            )
            written.add(cpts_id)
        if each.declared:
            standing = themes[cpts_id]
            wanted = each.declared if replace else [*standing, *each.declared]
            if set(wanted) != set(standing):
                declared[cpts_id] = wanted
                for line in each.lines:
                    if line.given == "fiche":
                        line.outcome = Outcome.LOADED
    if declared and not dry_run:
        change = RegistryChange.by(session, writer)
        change.watch(list(declared), "imported", reason)
        set_themes(session, declared)
        change.record()
        written |= declared.keys()
    if written:
        record_act(
            session,
            "sheets-imported",
            writer,
            regions=repository.regions_of(session, written, today()),
            details={"file": origin, "sheets": len(written)},
        )
    return lines


def everything_went_in(lines: Iterable[Line]) -> bool:
    """Tell whether every row of a file is on record now."""
    return all(_is_well(line) for line in lines)


def summary(lines: Sequence[Line], *, dry_run: bool) -> list[str]:
    """Tell in French how many rows had each outcome, and why those that were not taken."""
    counts = Counter(line.outcome for line in lines)
    said = ", ".join(
        f"{counts[outcome]} {label}" for outcome, label in _OUTCOMES.items() if counts[outcome]
    )
    told = [f"{len(lines)} lignes : {said or 'aucune'}."]
    if dry_run:
        told.append("Essai seulement : rien n'a été écrit.")
    for line in [each for each in lines if not _is_well(each)][:20]:
        place = f"{line.sheet}, ligne {line.row}" if line.sheet else f"Ligne {line.row}"
        told.append(f"{place} ({line.given}) : {line.detail}")
    return told


def write_report(path: Path, lines: Sequence[Line]) -> None:
    """Write the report as CSV (UTF-8, comma), one line per row of the file and no person.

    Raises `Failure` (exit status 2) when the file cannot be written.
    """
    try:
        path.write_bytes(report_csv(lines))
    except OSError as error:
        raise unusable(
            f"Le rapport « {path} » ne peut pas être écrit ({error.strerror})."
        ) from None


def report_csv(lines: Sequence[Line]) -> bytes:
    """Give the report as CSV."""
    rows = ([getattr(line, name) for name in REPORT_COLUMNS] for line in lines)
    return csv_table(REPORT_COLUMNS, rows)


def _is_well(line: Line) -> bool:
    return line.outcome in (Outcome.LOADED, Outcome.UNCHANGED)


def _skip(told: Told, detail: str) -> None:
    for line in told.lines:
        if _is_well(line):
            line.outcome, line.detail = Outcome.SKIPPED, detail


def _joined(
    stored: StoredSheet, told: Told, columns: frozenset[str], *, replace: bool
) -> SheetWrite | None:
    """Give a sheet with what a file tells of it, None when it would be more than is taken."""
    too_many = _too_many(told)
    if too_many:
        # Before joining, which compares each row with each.
        for line in told.lines:
            line.outcome, line.detail = Outcome.REFUSED, too_many
        return None
    members = stored.members()
    for line in told.lines:
        if line.given == "fiche" and _is_well(line):
            changed = any(
                not same_text(members[name], value)
                if isinstance(value, str)
                else members[name] != value
                for name, value in told.facts.items()
            )
            line.outcome = Outcome.LOADED if changed else Outcome.UNCHANGED
    joined = {
        "presentation": _text(members["presentation"], told.facts.get("presentation")),
        "members_count": told.facts.get("members_count", members["members_count"]),
        "actions": joined_actions(
            members["actions"], told.actions, replace=replace and Column.THEME in columns
        ),
        "contacts": joined_contacts(
            members["contacts"], told.contacts, replace=replace and Column.NAME in columns
        ),
    }
    try:
        return SheetWrite.model_validate(joined)
    except ValidationError as error:
        problem = invalid_request(RequestValidationError(error.errors()))
        for line in told.lines:
            line.outcome, line.detail = Outcome.REFUSED, problem.detail
        return None


def _too_many(told: Told) -> str:
    for rows, most, what in (
        (told.actions, MOST_ACTIONS, "actions"),
        (told.contacts, MOST_CONTACTS, "personnes à joindre"),
    ):
        if len(rows) > most:
            return f"Une CPTS a au plus {most} {what} ; le fichier en donne {len(rows)}."
    return ""


def _text(standing: str, told: str | None) -> str:
    return standing if told is None or clean(told) == clean(standing) else told
