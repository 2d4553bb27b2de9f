"""All sheets as tables, which an import reads again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.cpts.references import repository as references
from app.cpts.writing.repository import themes_by_cpts
from app.database.calendar import today
from app.database.sessions import ReadingSession
from app.directory.exchange import repository
from app.directory.exchange.rules import ACTION, CONTACT, FACTS, HEADINGS, IDENTIFYING, Column
from app.directory.sheets.repository import stored_sheets, written_cpts
from app.files.cells import csv_table
from app.files.office_tables import Heading, Sheet, workbook
from app.files.sources import unusable

_STATE_LABELS = {"en_projet": "en projet", "en_cours": "en cours", "realise": "réalisé"}


@dataclass(frozen=True)
class ExportTable:
    """A table of an export: its sheet's name, its columns, its rows."""

    name: str
    columns: Sequence[Column]
    rows: Sequence[Mapping[Column, Any]]


def exported(session: ReadingSession) -> list[ExportTable]:
    """Give all sheets as tables: what is told, actions, contacts."""
    known = {each.id: each for each in repository.living_cpts(session, today())}
    labels = {each.slug: each.label for each in references.themes(session)}
    ids = [each for each in written_cpts(session) if each in known]
    sheets = stored_sheets(session, ids, today())
    declared = themes_by_cpts(session, ids)
    head = {
        each: {
            Column.ID: each,
            Column.FINESS: known[each].finess,
            Column.CPTS: known[each].name,
        }
        for each in ids
    }
    facts = [
        {
            **head[each],
            Column.PRESENTATION: sheets[each].presentation,
            Column.MEMBERS: sheets[each].members_count,
            Column.DECLARED: " ; ".join(labels[slug] for slug in sorted(declared[each])),
        }
        for each in ids
    ]
    actions = [
        {
            **head[each],
            Column.THEME: labels[action["theme"]],
            Column.STATE: _STATE_LABELS[action["state"]],
            Column.YEAR: action["year"],
            Column.TEXT: action["text"],
            Column.LINKS: "\n".join(action["links"]),
        }
        for each in ids
        for action in sheets[each].actions
    ]
    contacts = [
        {**head[each], **{column: contact[str(column)] for column in CONTACT}}
        for each in ids
        for contact in sheets[each].contacts
    ]
    return [
        ExportTable("Fiches", (*IDENTIFYING, *FACTS), facts),
        ExportTable("Actions", (*IDENTIFYING, *ACTION), actions),
        ExportTable("Contacts", (*IDENTIFYING, *CONTACT), contacts),
    ]


def write_export(path: Path, tables: Sequence[ExportTable]) -> None:
    """Write an export as a workbook, or as one CSV table, by the name of the file.

    Readable by its owner only, since it holds persons. Raises `Failure` (exit status 2) for
    another name, or when it cannot be written.
    """
    kinds = {".xlsx": workbook_bytes, ".csv": csv_bytes}
    written = kinds.get(path.suffix.lower())
    if written is None:
        raise unusable("Le fichier à écrire finit par .xlsx ou .csv.")
    try:
        path.touch(mode=0o600)
        path.chmod(0o600)
        path.write_bytes(written(tables))
    except OSError as error:
        raise unusable(f"« {path} » ne peut pas être écrit ({error.strerror}).") from None


def workbook_bytes(tables: Sequence[ExportTable]) -> bytes:
    """Give an export as an XLSX workbook; no cell is ever a formula."""
    return workbook([_sheet(table) for table in tables], written_at=datetime.now(UTC))


def _sheet(table: ExportTable) -> Sheet:
    return Sheet(
        table.name,
        [Heading(HEADINGS[column][0]) for column in table.columns],
        ([row.get(column) for column in table.columns] for row in table.rows),
    )


def csv_bytes(tables: Sequence[ExportTable]) -> bytes:
    """Give an export as one CSV table (UTF-8, comma) that has the columns of all."""
    columns = list(dict.fromkeys(column for table in tables for column in table.columns))
    rows = ([row.get(column) for column in columns] for table in tables for row in table.rows)
    return csv_table((HEADINGS[column][0] for column in columns), rows)
