"""The CSV files that the service writes for programs, and their cells."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any

CSV_MEDIA_TYPE = "text/csv; charset=utf-8"

# Excel and LibreOffice take a cell that begins so for a formula. Text that already has the
# apostrophe gets another one, so that what was put there can be told from what was written.
_TO_GUARD = re.compile(r"'*[=+\-@\t\r]")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")


def spreadsheet_safe(value: str) -> str:
    """Put an apostrophe before text that a spreadsheet would run as a formula."""
    return "'" + value if _TO_GUARD.match(value) else value


def without_guard(cell: str) -> str:
    """Give back the text that `spreadsheet_safe` made a cell of."""
    return cell[1:] if _GUARDED.match(cell) else cell


def csv_cell(value: Any) -> Any:
    """Give a value as a CSV file of ours says it: text made safe, `true` and `false`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return spreadsheet_safe(value) if isinstance(value, str) else value


def csv_table(columns: Iterable[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """Write a table as CSV (UTF-8, comma), a line with the names of the columns first."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(columns)
    writer.writerows([csv_cell(value) for value in row] for row in rows)
    return buffer.getvalue().encode()
