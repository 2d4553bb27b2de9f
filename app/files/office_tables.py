"""Tables as French offices open them: CSV for Excel, and XLSX with its definitions."""

import csv
import io
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from app.database.calendar import PARIS
from app.files.cells import spreadsheet_safe

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

XLSX_MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# What Excel takes; a file with a longer text would have to be repaired when it is opened.
_CELL_SIGNS = 32_767
_SHEET_TITLE_SIGNS = 31
_NARROWEST, _WIDEST = 10, 60
# Rows whose texts decide how wide a column is.
_MEASURED_ROWS = 200
_OPTIONS = {
    "in_memory": True,
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
    "remove_timezone": True,
}


@dataclass(frozen=True, slots=True)
class Heading:
    """A column: its title, what it says, and whether its numbers are shares of 0 to 1."""

    title: str
    description: str = ""
    share: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: `title` of its sheet, its columns, and one value a column in each row.

    Values are text, numbers, booleans, dates, moments (with their zone) or None.
    """

    title: str
    headings: Sequence[Heading]
    rows: Iterable[Sequence[Any]]


def csv_for_excel(sheet: Sheet) -> bytes:
    """Write a table as Excel in French reads it without being asked anything.

    UTF-8 with its mark (BOM), semicolons, decimal commas, days as 31/12/2026, « oui » and
    « non ». Text that would be a formula is made safe.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, delimiter=";")
    writer.writerow(spreadsheet_safe(heading.title) for heading in sheet.headings)
    for row in sheet.rows:
        writer.writerow([_french(value) for value in row])
    return buffer.getvalue().encode("utf-8-sig")


def workbook(
    sheets: Sequence[Sheet],
    *,
    written_at: datetime,
    about: Sequence[tuple[str, str]] | None = None,
) -> bytes:
    """Write tables as XLSX: typed cells, a header that stays and filters.

    Parameters: `written_at`, the moment that the file gives as its own: the same tables
    written twice are the same bytes; `about`, such as the date and the source, which stand
    above what each column means on one sheet more, « Définitions »; None for no such sheet.
    """
    import xlsxwriter  # noqa: PLC0415  (only whoever writes one pays for it)

    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, _OPTIONS)
    book.set_properties({"created": written_at.astimezone(PARIS).replace(tzinfo=None)})
    formats = _Formats(
        bold=book.add_format({"bold": True}),
        share=book.add_format({"num_format": "0.0%"}),
        day=book.add_format({"num_format": "dd/mm/yyyy"}),
        moment=book.add_format({"num_format": "dd/mm/yyyy hh:mm"}),
        wrapped=book.add_format({"text_wrap": True, "valign": "top"}),
    )
    for sheet in sheets:
        _write_table(book.add_worksheet(sheet.title[:_SHEET_TITLE_SIGNS]), sheet, formats)
    if about is not None:
        headings = [heading for sheet in sheets for heading in sheet.headings]
        _write_definitions(book.add_worksheet("Définitions"), headings, about, formats)
    book.close()
    return buffer.getvalue()


@dataclass(frozen=True, slots=True)
class _Formats:
    bold: "Format"
    share: "Format"
    day: "Format"
    moment: "Format"
    wrapped: "Format"


def _write_table(target: "Worksheet", sheet: Sheet, formats: _Formats) -> None:
    rows = iter(sheet.rows)
    first = list(itertools.islice(rows, _MEASURED_ROWS))
    for number, heading in enumerate(sheet.headings):
        longest = max((len(_french(row[number]) or "") for row in first), default=0)
        width = min(_WIDEST, max(_NARROWEST, len(heading.title), longest) + 2)
        target.set_column(number, number, width)
        target.write_string(0, number, heading.title, formats.bold)
    target.freeze_panes(1, 0)
    cells = _Cells(target, sheet.headings, formats)
    line = 0
    for line, row in enumerate(itertools.chain(first, rows), start=1):
        for number, value in enumerate(row):
            cells.write(line, number, value)
    target.autofilter(0, 0, line, len(sheet.headings) - 1)


class _Cells:
    """Writes values with the type that Excel has for them."""

    def __init__(self, target: "Worksheet", headings: Sequence[Heading], formats: _Formats):
        self._target = target
        self._formats = formats
        self._numbers = [formats.share if each.share else None for each in headings]

    def write(self, line: int, number: int, value: Any) -> None:
        """Write a value; nothing for None."""
        match value:
            case None:
                return
            case bool():
                self._target.write_string(line, number, _yes_or_no(value))
            case int() | float():
                self._target.write_number(line, number, value, self._numbers[number])
            case datetime():
                # Excel knows no zones: the moment as a clock in Paris shows it.
                shown = value.astimezone(PARIS).replace(tzinfo=None)
                self._target.write_datetime(line, number, shown, self._formats.moment)
            case date():
                self._target.write_datetime(line, number, value, self._formats.day)
            case _:
                self._target.write_string(line, number, str(value)[:_CELL_SIGNS])


def _write_definitions(
    target: "Worksheet",
    headings: Sequence[Heading],
    about: Sequence[tuple[str, str]],
    formats: _Formats,
) -> None:
    target.set_column(0, 0, 32)
    target.set_column(1, 1, 110)
    described = [(heading.title, heading.description) for heading in headings]
    lines = [*about, ("", ""), ("Colonne", "Ce qu’elle dit"), *described]
    for line, (name, text) in enumerate(lines):
        target.write_string(line, 0, name, formats.bold)
        target.write_string(line, 1, text[:_CELL_SIGNS], formats.wrapped)


def _french(value: Any) -> str | None:
    match value:
        case None:
            return None
        case bool():
            return _yes_or_no(value)
        case float():
            return format(value, ".15g").replace(".", ",")
        case datetime():
            return f"{value.astimezone(PARIS):%d/%m/%Y %H:%M}"
        case date():
            return f"{value:%d/%m/%Y}"
    return str(value) if isinstance(value, int) else spreadsheet_safe(str(value))


def _yes_or_no(value: bool) -> str:
    return "oui" if value else "non"
