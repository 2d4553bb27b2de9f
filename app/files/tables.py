"""Reading tables: XLSX workbooks and CSV files, as rows of text.

A row keeps the number under which a person sees it in a spreadsheet. Nothing here
knows what the columns mean.
"""

import csv
import io
import re
import unicodedata
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl

from app.files.sources import Format, Source, unusable

MOST_ROWS = 300_000
MOST_COLUMNS = 200
LONGEST_CELL = 100_000

_SEPARATORS = (";", "\t", "|", ",")
_ENCODINGS = ("cp1252", "mac_roman", "cp850")
_FRENCH_LETTERS = frozenset("éèêëàâäçùûüîïôöœæÿÉÈÊËÀÂÄÇÙÛÜÎÏÔÖŒÆ’–«»°€ ")


@dataclass(frozen=True)
class Row:
    """One row: `number` as a spreadsheet shows it, `cells` cleaned, "" when empty."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """The rows of one sheet that are not empty; `name` is "" for a CSV file."""

    name: str
    rows: tuple[Row, ...]


def read_tables(source: Source) -> list[Table]:
    """Read every visible sheet of a workbook, or the one table of a CSV file.

    Raises `Failure` (exit status 2) on a file that is damaged or too large.
    """
    if source.format is Format.XLSX:
        return _read_workbook(source)
    return [Table("", tuple(read_csv_rows(source.path.read_bytes())))]


def clean(value: Any) -> str:
    """Give the text of a cell: whole numbers without decimals, dates in ISO form."""
    if value is None or value is False:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = unicodedata.normalize("NFC", str(value))[:LONGEST_CELL]
    kept = "".join(
        character
        for character in text
        if character in "\n\t"
        or (unicodedata.category(character) not in ("Cc", "Cf", "Cs") and _is_text(character))
    )
    lines = (re.sub(r"[^\S\n]+", " ", line).strip() for line in kept.split("\n"))
    return "\n".join(lines).strip()


def _is_text(character: str) -> bool:
    # Two of every plane, and a row of Arabic forms, are reserved for no text at all.
    code = ord(character)
    return code & 0xFFFE != 0xFFFE and not 0xFDD0 <= code <= 0xFDEF


def _read_workbook(source: Source) -> list[Table]:
    damaged = unusable(f"« {source.name} » est endommagé : le classeur ne s'ouvre pas.")
    try:
        with warnings.catch_warnings():
            # Styles and extensions that openpyxl does not keep do not matter here.
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(source.path, read_only=True, data_only=True)
            try:
                return [
                    Table(sheet.title, tuple(_sheet_rows(sheet)))
                    for sheet in book.worksheets
                    if sheet.sheet_state == "visible"
                ]
            finally:
                book.close()
    except MemoryError:
        raise damaged from None
    except _TooLong as error:
        raise unusable(f"« {source.name} » : {error}") from None
    except Exception as error:  # openpyxl raises whatever a damaged part made it meet
        raise damaged from error


class _TooLong(ValueError):
    pass


def _sheet_rows(sheet: Any) -> Iterator[Row]:
    # What the sheet says of its own size is often wrong.
    sheet.reset_dimensions()
    values = sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS)
    yield from _numbered(values)


def _numbered(values: Iterable[Iterable[Any]]) -> Iterator[Row]:
    kept = 0
    for number, row in enumerate(values, start=1):
        cells = tuple(clean(value) for value in row)
        while cells and not cells[-1]:
            cells = cells[:-1]
        if cells:
            kept += 1
            if kept > MOST_ROWS:
                raise _TooLong(f"plus de {MOST_ROWS} lignes.")
            yield Row(number, cells)


def read_csv_rows(content: bytes) -> list[Row]:
    """Read the rows of a CSV file whose encoding and separator are not known.

    Raises `Failure` (exit status 2) when no row can be read.
    """
    text = decode(content)
    first, _, _ = text.partition("\n")
    stated = re.fullmatch(r"sep=(.)\s*", first.strip("\r"))
    separator = stated[1] if stated else separator_of(text)
    try:
        rows = list(_numbered(csv.reader(io.StringIO(text, newline=""), delimiter=separator)))
    except csv.Error:
        raise unusable("Le fichier CSV ne se lit pas : guillemets mal fermés ?") from None
    except _TooLong as error:
        raise unusable(f"Le fichier CSV a {error}") from None
    return [row for row in rows if row.number > 1] if stated else rows


def decode(content: bytes) -> str:
    """Turn bytes into text: UTF-8 and UTF-16 are certain, the rest is judged.

    Between the one-byte encodings of Windows, the Mac and DOS, the one that yields the
    most letters of French, and the fewest other signs, is the right one.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    read = [content.decode(encoding, errors="replace") for encoding in _ENCODINGS]
    return max(read, key=_french)


def _french(text: str) -> int:
    signs = Counter(character for character in text if ord(character) > 127)
    return sum(
        count if character in _FRENCH_LETTERS else -2 * count
        for character, count in signs.items()
    )


def separator_of(text: str) -> str:
    """Find the separator: the one that cuts most rows into the same number of cells."""
    sample = text[:200_000]
    best, best_score = ";", (0.0, 0)
    for separator in _SEPARATORS:
        try:
            widths = Counter(
                len(row)
                for row in csv.reader(io.StringIO(sample, newline=""), delimiter=separator)
                if any(row)
            )
        except csv.Error:
            continue
        if not widths:
            continue
        width, count = widths.most_common(1)[0]
        if width < 2:
            continue
        score = (count / widths.total(), width)
        if score > best_score:
            best, best_score = separator, score
    return best


def read_text_lines(path: Path) -> list[Row]:
    """Read a text file, one entry per line; empty lines and `#` comments are left out."""
    lines = decode(path.read_bytes()).splitlines()
    rows = ((number, clean(line)) for number, line in enumerate(lines, start=1))
    return [Row(number, (line,)) for number, line in rows if line and line[0] != "#"]
