"""From the rows of a table to entries: one per commune that a row names for a CPTS.

What a row says is kept as it is written; nothing is resolved here.
"""

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from app.cpts.claims.rules import Period
from app.cpts.importing.columns import Columns, Header, Role
from app.cpts.importing.membership import NOT_IN, said_not_in, takes_out
from app.cpts.importing.stages import dated_stage, read_stage
from app.cpts.importing.values import (
    cut_list,
    cut_names,
    either_department_or_commune,
    names_nobody,
    says_nothing,
)
from app.files.cells import without_guard
from app.files.tables import Row, Table
from app.files.words import words_of
from app.geography.evidence import departments
from app.geography.evidence.codes import commune_code
from app.geography.resolution import Given

LONGEST_NAME = 200
PARTICULARS = (
    Role.ACRONYM, Role.FINESS, Role.STAGE, Role.SINCE, Role.WEBSITE, Role.EMAIL, Role.PHONE,
    Role.THEMES,
)  # fmt: skip
_FOOTNOTE = re.compile(
    r"(sources?|notes?|nb|nota|legendes?|totaux|total|sous total|maj|mise?s? a jour|edition"
    r"|page|donnees|extraction|actualise\w*|date d\w*|population municipale)( |$)"
)
_NOTE_MARK = re.compile(r"\*|\(\d\)\s|[¹²³⁴-⁹]")
# A row that sums others up: « Total », « 12 communes ».
_SUM = re.compile(
    r"(sous )?tota(l|ux)( .*)?|(soit )?\d+ communes?( .*)?|(nombre|nb) de communes( .*)?"
)
_WHOLE_CODE = re.compile(r"\d[\dABab]\d{3}", re.ASCII)


@dataclass(frozen=True)
class Entry:
    """One commune that one row names for one CPTS, or the polygon of a feature.

    `row` is the row's number as a person sees it in its sheet, `sheet` the sheet's or
    layer's name when there are several; `commune`, `code`, `postcode`, `district`, `epci` and
    `quarter` are what the row gives, "" when it does not; `department` is as given;
    `particulars` what the row says of the CPTS, as text; `polygon` a shapely geometry in
    EPSG:4326. `is_title` marks a row that only names the CPTS of the rows beneath it,
    `is_unclaimed` one that says that its commune is nobody's; `shared` names the CPTS when a
    cell names several; `doubt` says why the commune cannot be taken as the CPTS's, "" when it
    can; `held` the days on which the CPTS holds it, None when the file does not say; `dated`
    the stage whose date the column of dates holds (« Date de signature de l'ACI »), "" when
    its header names none.
    """

    row: int
    cpts: str
    commune: str = ""
    code: str = ""
    postcode: str = ""
    district: str = ""
    epci: str = ""
    quarter: str = ""
    department: str = ""
    sheet: str = ""
    particulars: Mapping[Role, str] = field(default_factory=dict)
    polygon: Any = None
    is_title: bool = False
    is_unclaimed: bool = False
    shared: tuple[str, ...] = ()
    doubt: str = ""
    notes: tuple[str, ...] = ()
    held: Period | None = None
    dated: str = ""

    @property
    def given(self) -> str:
        """What the row gives for a commune, for the report."""
        if self.polygon is not None:
            return "polygone"
        return self.commune or self.code or self.quarter

    @property
    def place(self) -> Given | None:
        """Everything that the row says of its commune, None when it names none."""
        if not self.given or self.polygon is not None:
            return None
        return Given(
            self.commune,
            self.department or None,
            self.code or None,
            self.postcode or None,
            self.district or None,
            self.epci or None,
            quarter=self.quarter or None,
        )


def table_entries(table: Table, header: Header) -> Iterator[Entry]:
    """Give the entries of the rows below a header.

    A row without the name of a CPTS belongs to that of the row above only where the rows
    are grouped: the name stands to the left of the communes and once per group. In a list
    of all communes a blank means that nobody holds the commune. The header repeated
    further down is no entry; rows that sum others up are none either.
    """
    columns = header.columns
    rows = [row for row in table.rows[header.start + 1 :] if row.cells != columns.headers]
    return _Rows(rows, columns).entries()


def is_sum(text: str) -> bool:
    """Whether a text sums other rows up: « Total », « 12 communes »."""
    return _SUM.fullmatch(words_of(text)) is not None


def struck_out(row: Row, columns: Columns) -> str:
    """Say in French that what names a row's CPTS or commune is struck through, "" if not."""
    for role in (Role.NAME, Role.COMMUNE, Role.CODE):
        place = columns.positions.get(role)
        if place in row.struck and columns.cell(row.cells, role):
            header = _one_line(columns.headers[place])
            return f"barré dans « {header} » : fait-elle partie de la CPTS ?"
    return ""


def is_footnote(entry: Entry) -> bool:
    """Whether a row that names no commune is a note under the table rather than a CPTS."""
    words = words_of(entry.cpts)
    if is_sum(entry.cpts):
        return True
    if entry.given or entry.particulars or entry.department or entry.is_title:
        return False
    return bool(_NOTE_MARK.match(entry.cpts) or _FOOTNOTE.match(words))


class _Rows:
    """The rows below a header, read one after the other."""

    def __init__(self, rows: Sequence[Row], columns: Columns) -> None:
        self._rows = rows
        self._columns = columns
        self._grouped = _are_grouped(rows, columns)
        self._named = {
            words_of(name)
            for row in rows
            if (name := self._name(row)) and len(cut_names(name)) == 1
        }
        self._above = ""
        self._department = ""
        self._is_cut = False
        self._titles: dict[Role, str] = {}
        # A list of communes has no stage: what is called so there is what each commune is.
        read = {
            index
            for role, index in columns.positions.items()
            if role is not Role.STAGE or Role.NAME in columns.positions
        }
        self._unread = [
            (index, header)
            for index, header in enumerate(columns.headers)
            if header and index not in read and header not in columns.persons
        ]
        since = columns.positions.get(Role.SINCE)
        self._dated = dated_stage(columns.headers[since]) if since is not None else ""

    def entries(self) -> Iterator[Entry]:
        for position, row in enumerate(self._rows):
            communes = self._communes(row)
            name = self._name(row)
            if not name and not communes:
                # A second mailbox, a legend, the source: nothing that could be lost.
                continue
            if self._is_title(row, name, position):
                # Rows without a name below it are no longer those of the CPTS above.
                self._above, self._is_cut = "", True
                continue
            yield from self._of_row(row, name, communes, position)

    def _of_row(
        self, row: Row, name: str, communes: list[tuple[str, str]], position: int
    ) -> Iterator[Entry]:
        columns = self._columns
        has_names = Role.NAME in columns.positions
        unclaimed = names_nobody(name)
        continues = has_names and not name and self._grouped and bool(self._above)
        if name and not unclaimed:
            self._above, self._is_cut = name, False
        department = _one_line(columns.cell(row.cells, Role.DEPARTMENT))
        if says_nothing(department):
            # Blank or merged beneath the first row of a group, as the name is.
            department = self._department if continues else ""
        self._department = department
        particulars = {
            role: text for role in PARTICULARS if (text := columns.cell(row.cells, role))
        }
        entry = Entry(
            row.number,
            self._above if continues else name,
            postcode=_one_line(columns.cell(row.cells, Role.POSTCODE)),
            district=_one_line(columns.cell(row.cells, Role.DISTRICT)),
            epci=_one_line(columns.cell(row.cells, Role.EPCI)),
            quarter=self._quarter(row),
            department=department or self._titles.get(Role.DEPARTMENT, ""),
            particulars=self._with_title(particulars),
            is_unclaimed=has_names
            and (unclaimed or not (name or continues or (self._is_cut and self._grouped))),
            shared=() if unclaimed else self._shared(name),
            doubt=self._doubt(row, has_department=bool(department)),
            notes=("CPTS de la ligne au-dessus",) if continues else (),
            dated=self._dated,
        )
        if not communes:
            yield replace(entry, is_title=self._heads_rows_below(position))
        for commune, code in communes:
            yield replace(
                entry, commune=commune, code=code, doubt=entry.doubt or said_not_in(commune)
            )

    def _name(self, row: Row) -> str:
        name = _one_line(self._columns.cell(row.cells, Role.NAME))[:LONGEST_NAME]
        # Open data keep spreadsheets from running a name by an apostrophe.
        return without_guard(name)

    def _shared(self, name: str) -> tuple[str, ...]:
        parts = cut_names(name)
        if len(parts) < 2 or words_of(name) in self._named:
            return ()
        # « CPTS Est / Ouest » beside « CPTS Est » and « CPTS Ouest ».
        known = [
            words_of(part) in self._named or f"cpts {words_of(part)}" in self._named
            for part in parts
        ]
        is_cpts = [bool(re.match(r"cpts\b", words_of(part))) for part in parts]
        if not (all(known) or all(is_cpts)):
            return ()
        whole = [
            part if words_of(part) in self._named or told else f"CPTS {part}"
            for part, told in zip(parts, is_cpts, strict=True)
        ]
        return tuple(whole)

    def _doubt(self, row: Row, *, has_department: bool) -> str:
        told = self._columns.cell(row.cells, Role.MEMBERSHIP)
        if NOT_IN.search(words_of(told)):
            return f"la ligne dit « {told[:60]} » : fait-elle partie de la CPTS ?"
        if struck := struck_out(row, self._columns):
            return struck
        if out := self._said_out(row):
            return out
        either = either_department_or_commune(self._columns.cell(row.cells, Role.COMMUNE))
        if either and not has_department:
            return f"« {either} » : le département, ou une commune ?"
        return ""

    def _said_out(self, row: Row) -> str:
        """Say in French which column without a role takes the commune out, "" for none."""
        for index, header in self._unread:
            cell = _one_line(row.cells[index]) if index < len(row.cells) else ""
            if takes_out(words_of(header), cell):
                told = f"« {_one_line(header)} » dit « {cell[:60]} »"
                return f"{told} : fait-elle partie de la CPTS ?"
        return ""

    def _with_title(self, particulars: dict[Role, str]) -> dict[Role, str]:
        if Role.STAGE in self._titles and Role.STAGE not in self._columns.positions:
            return particulars | {Role.STAGE: self._titles[Role.STAGE]}
        return particulars

    def _is_title(self, row: Row, name: str, position: int) -> bool:
        """Note a row that heads those below by their department or their stage."""
        filled = [cell for cell in row.cells if cell]
        if len(filled) != 1:
            return False
        title = _one_line(filled[0])
        stage = _stage_of_title(name)
        is_name = bool(name) and self._heads_rows_below(position)
        if is_name and (stage or words_of(title) in departments.NAMES):
            # A CPTS that is called as its department is.
            return False
        if department := departments.heading(title):
            self._titles[Role.DEPARTMENT] = department
            return True
        if stage:
            self._titles[Role.STAGE] = stage
            return True
        return False

    def _heads_rows_below(self, position: int) -> bool:
        below = self._rows[position + 1] if position + 1 < len(self._rows) else None
        return (
            self._grouped
            and below is not None
            and not self._name(below)
            and bool(self._communes(below))
        )

    def _quarter(self, row: Row) -> str:
        """Give the IRIS code of a row, else the name of a quarter."""
        iris = _one_line(self._columns.cell(row.cells, Role.IRIS))
        return iris or _one_line(self._columns.cell(row.cells, Role.QUARTER))

    def _communes(self, row: Row) -> list[tuple[str, str]]:
        """Give what a row names as (name, code), either "" when it is not given."""
        name_cell = self._columns.cell(row.cells, Role.COMMUNE)
        code_cell = self._columns.cell(row.cells, Role.CODE)
        if is_sum(name_cell):
            return []
        names = _parts(name_cell)
        # « 4001,00 » is one code, as a spreadsheet writes numbers.
        one_code = commune_code(code_cell) is not None
        codes = [_one_line(code_cell)] if one_code else _codes(code_cell)
        if not names and not codes and self._columns.cell(row.cells, Role.IRIS):
            return [("", "")]
        if len(names) == len(codes):
            return list(zip(names, codes, strict=True))
        return [("", code) for code in codes] + [(name, "") for name in names]


def _parts(cell: str) -> list[str]:
    # « Aucun » is a commune, too (65045).
    if says_nothing(cell) and cell.strip() != "Aucun":
        return []
    return [_one_line(part) for part in cut_list(html.unescape(cell))]


def _codes(cell: str) -> list[str]:
    words = re.split(r"[\s–-]+", cell.strip())
    if len(words) > 1 and all(_WHOLE_CODE.fullmatch(word) for word in words):
        return words
    return _parts(cell.replace(" - ", ";"))


def _are_grouped(rows: Sequence[Row], columns: Columns) -> bool:
    """Whether a blank name means « as above » (ADR 071).

    So it is where the name stands to the left of what it groups, and no name is repeated
    from one row to the next: a list that repeats its names and leaves some blank says by
    the blank that nobody holds the commune.
    """
    named = columns.positions.get(Role.NAME)
    if named is None:
        return False
    places = [columns.positions[r] for r in (Role.COMMUNE, Role.CODE) if r in columns.positions]
    if any(place < named for place in places):
        return False
    names = [words_of(columns.cell(row.cells, Role.NAME)) for row in rows]
    repeats = any(one and one == two for one, two in pairwise(names))
    return not repeats or all(names)


def _stage_of_title(text: str) -> str:
    """Give the stage that heads the rows below: « CPTS en fonctionnement »."""
    words = words_of(text)
    if not words.startswith("cpts "):
        return ""
    rest = words.removeprefix("cpts ")
    ways = (rest, re.sub(r"^(en|au|a|avec|ayant|sous) (stade (de |d )?)?", "", rest))
    return next((way for way in ways if read_stage(way).slug), "")


def _one_line(text: str) -> str:
    return " ".join(text.split())
