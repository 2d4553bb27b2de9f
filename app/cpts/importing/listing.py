"""A listing of CPTS as it was read: one entry per commune that a row names.

Tables and polygon files both end here; nothing is resolved or judged yet.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from app.cpts.importing.columns import Columns, Role, find_header
from app.cpts.importing.values import cut_list, says_nothing
from app.files.sources import Source, unusable
from app.files.tables import Row, Table, read_tables
from app.files.words import words_of
from app.geography.evidence.codes import commune_code

_PARTICULARS = (
    Role.ACRONYM, Role.FINESS, Role.STAGE, Role.SINCE, Role.WEBSITE, Role.EMAIL, Role.PHONE,
    Role.THEMES,
)  # fmt: skip
LONGEST_NAME = 200
_FOOTNOTE = re.compile(
    r"(sources?|notes?|nb|nota|legendes?|totaux|total|maj|mise a jour|edition|page)( |$)"
)


@dataclass(frozen=True)
class Entry:
    """One commune that one row names for one CPTS, or the polygon of a feature.

    `row` is the row's number as a person sees it in its sheet, `sheet` the sheet's or
    layer's name when there are several; `commune` and `code` are what the row gives,
    "" when it does not; `department`, `postcode`, `district` and `epci` are as given;
    `particulars` what the row says of the CPTS, as text; `polygon` a shapely geometry in
    EPSG:4326. `is_title` marks a row that only names the CPTS of the rows beneath it.
    """

    row: int
    cpts: str
    commune: str = ""
    code: str = ""
    department: str = ""
    postcode: str = ""
    district: str = ""
    epci: str = ""
    sheet: str = ""
    particulars: Mapping[Role, str] = field(default_factory=dict)
    polygon: Any = None
    is_title: bool = False
    notes: tuple[str, ...] = ()

    @property
    def given(self) -> str:
        """What the row gives for a commune, for the report."""
        if self.polygon is not None:
            return "polygone"
        return self.commune or self.code


@dataclass(frozen=True)
class Listing:
    """All entries of a file in its order, and what to tell about how it was read."""

    entries: Sequence[Entry]
    remarks: Sequence[str]
    has_stages: bool


def read_table_listing(source: Source, chosen: Mapping[Role, str]) -> Listing:
    """Read the listing of a workbook or CSV file.

    Parameters: `chosen`, the headers that the user names. Raises `Failure` (exit status
    2) when no sheet has a header with a CPTS and a commune.
    """
    entries: list[Entry] = []
    remarks: list[str] = []
    has_stages = False
    tables = [table for table in read_tables(source) if table.rows]
    headed = [(table, find_header(table.rows, chosen)) for table in tables]
    for table, header in headed:
        shown = f"Feuille « {table.name} » : " if table.name else ""
        if header is None:
            remarks.append(f"{shown}aucun en-tête reconnu, feuille laissée de côté.")
            continue
        start, columns = header
        remarks.append(f"{shown}{columns.described()}")
        has_stages |= Role.STAGE in columns.positions
        sheet = table.name if len(tables) > 1 else ""
        for entry in table_entries(table, start, columns):
            if _is_footnote(entry):
                remarks.append(f"{shown}ligne {entry.row}, « {entry.cpts[:60]} » : une note.")
            else:
                entries.append(replace(entry, sheet=sheet))
    if all(header is None for _, header in headed):
        raise unusable(_no_header(source, tables, chosen))
    if not entries:
        raise unusable(f"« {source.name} » n'a aucune ligne sous son en-tête.")
    return Listing(entries, remarks, has_stages)


def table_entries(table: Table, start: int, columns: Columns) -> Iterator[Entry]:
    """Give the entries of the rows below a header.

    Parameters: `start`, index of the header in the table's rows. A row without the
    name of a CPTS belongs to that of the row above (merged cells), and the header
    repeated further down is no entry.
    """
    header = table.rows[start].cells
    rows = [row for row in table.rows[start + 1 :] if row.cells != header]
    name = ""
    for position, row in enumerate(rows):
        own = " ".join(columns.cell(row.cells, Role.NAME).split())[:LONGEST_NAME]
        if own:
            name = own
        communes = _communes(columns, row)
        if not own and not communes:
            # A second mailbox, a legend, the source: nothing that could be lost.
            continue
        notes = () if own or not name else ("CPTS de la ligne au-dessus",)
        entry = Entry(
            row.number,
            name,
            department=_one_line(columns.cell(row.cells, Role.DEPARTMENT)),
            postcode=_one_line(columns.cell(row.cells, Role.POSTCODE)),
            district=_one_line(columns.cell(row.cells, Role.DISTRICT)),
            epci=_one_line(columns.cell(row.cells, Role.EPCI)),
            particulars={
                role: text for role in _PARTICULARS if (text := columns.cell(row.cells, role))
            },
            notes=notes,
        )
        if not communes:
            below = rows[position + 1] if position + 1 < len(rows) else None
            titled = (
                below is not None
                and not columns.cell(below.cells, Role.NAME)
                and bool(_communes(columns, below))
            )
            yield replace(entry, is_title=titled)
        for commune, code in communes:
            yield replace(entry, commune=commune, code=code)


def _is_footnote(entry: Entry) -> bool:
    """Whether a row that names no commune is a note under the table rather than a CPTS."""
    if entry.given or entry.particulars or entry.department or entry.is_title:
        return False
    return entry.cpts.startswith("*") or bool(_FOOTNOTE.match(words_of(entry.cpts)))


def _communes(columns: Columns, row: Row) -> list[tuple[str, str]]:
    """Give what a row names as (name, code), either "" when it is not given."""
    name_cell = columns.cell(row.cells, Role.COMMUNE)
    code_cell = columns.cell(row.cells, Role.CODE)
    names = [] if says_nothing(name_cell) else [_one_line(part) for part in cut_list(name_cell)]
    codes = [] if says_nothing(code_cell) else _codes(code_cell)
    if len(names) == len(codes):
        return list(zip(names, codes, strict=True))
    return [("", code) for code in codes] + [(name, "") for name in names]


def _codes(cell: str) -> list[str]:
    # « 4001,00 » is one code, as a spreadsheet writes numbers.
    if commune_code(cell):
        return [_one_line(cell)]
    return [_one_line(part) for part in cut_list(cell.replace(" - ", ";"))]


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
