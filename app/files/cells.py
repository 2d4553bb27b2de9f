"""Cells of the CSV files that the service writes."""

from typing import Any

# Excel and LibreOffice take a cell that begins so for a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def spreadsheet_safe(value: str) -> str:
    """Put an apostrophe before text that a spreadsheet would run as a formula."""
    return "'" + value if value.startswith(_FORMULA_STARTS) else value


def csv_cell(value: Any) -> Any:
    """Give a value as a CSV file of ours says it: text made safe, `true` and `false`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return spreadsheet_safe(value) if isinstance(value, str) else value
