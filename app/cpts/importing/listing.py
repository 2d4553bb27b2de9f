"""A listing of CPTS as it was read: one entry per commune that a row names.

Tables and polygon files both end here; nothing is resolved or judged yet.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from app.cpts.importing.columns import Header, Role, find_header
from app.cpts.importing.crosstabs import crosstab_entries, is_crosstab
from app.cpts.importing.entries import Entry, is_footnote, table_entries
from app.cpts.importing.published.rules import PublishedCpts
from app.files.sources import Source, unusable
from app.files.tables import Table, read_tables
from app.geography.evidence import departments


@dataclass(frozen=True)
class Listing:
    """All entries of a file in its order, and what to tell about how it was read.

    `published` are its CPTS when a service of this kind has written it, else nothing.
    """

    entries: Sequence[Entry]
    remarks: Sequence[str]
    has_stages: bool
    published: Sequence[PublishedCpts] = ()


def read_table_listing(source: Source, chosen: Mapping[Role, str]) -> Listing:
    """Read the listing of a workbook or CSV file.

    Parameters: `chosen`, the headers that the user names. Raises `Failure` (exit status
    2) when no sheet has a header with a CPTS and a commune.
    """
    entries: list[Entry] = []
    remarks: list[str] = []
    has_stages = False
    tables = [table for table in read_tables(source) if table.rows]
    headed = [(table, _header_of(table, chosen)) for table in tables]
    for table, header in headed:
        shown = f"Feuille « {table.name} » : " if table.name else ""
        if header is None:
            remarks.append(f"{shown}aucun en-tête reconnu, feuille laissée de côté.")
            continue
        place = departments.of_sheet(table.name)
        of_sheet = f" ; département de la feuille : {place}" if place else ""
        remarks.append(f"{shown}{header.columns.described()}{of_sheet}")
        sheet = table.name if len(tables) > 1 else ""
        read = crosstab_entries if is_crosstab(table, header) else table_entries
        for entry in read(table, header):
            if is_footnote(entry):
                remarks.append(f"{shown}ligne {entry.row}, « {entry.cpts[:60]} » : une note.")
            else:
                has_stages |= Role.STAGE in entry.particulars
                department = entry.department or place
                entries.append(replace(entry, sheet=sheet, department=department))
    if all(header is None for _, header in headed):
        raise unusable(_no_header(source, tables, chosen))
    if not entries:
        raise unusable(f"« {source.name} » n'a aucune ligne sous son en-tête.")
    return Listing(entries, remarks, has_stages)


def _header_of(table: Table, chosen: Mapping[Role, str]) -> Header | None:
    header = find_header(table.rows, chosen)
    if header is not None:
        return header
    # Communes with a column per CPTS name no CPTS in a column of its own.
    listed = find_header(table.rows, chosen, with_name=False)
    return listed if listed is not None and is_crosstab(table, listed) else None


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _no_header(source: Source, tables: Sequence[Table], chosen: Mapping[Role, str]) -> str:
    rows = [row for table in tables for row in table.rows[:20]]
    widest = max(rows, key=lambda row: sum(map(bool, row.cells)), default=None)
    seen = ", ".join(_one_line(cell)[:40] for cell in widest.cells if cell) if widest else ""
    given = ", ".join(f"{role}={header}" for role, header in chosen.items())
    asked = f" (demandées : {given})" if given else ""
    return (
        f"« {source.name} » : aucun en-tête avec une colonne de CPTS et une de communes"
        f"{asked}. Colonnes vues : {seen or 'aucune'}. Indiquez-les par "
        "--column name=… et --column commune=… (ou code=…)."
    )
