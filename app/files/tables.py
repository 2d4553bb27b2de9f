"""Reading tables: XLSX workbooks and CSV files, as rows of text.

A row keeps the number under which a person sees it in a spreadsheet. Nothing here
knows what the columns mean.
"""

import csv
import html
import io
import re
import unicodedata
import zipfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import ftfy
from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from app.files.json_tables import json_rows
from app.files.sources import Format, Source, unusable
from app.files.struck import struck_cells

MOST_ROWS = 300_000
# Rows without a word do not count as such; a spreadsheet has this many in all.
_MOST_NUMBERED = 1_048_576
MOST_COLUMNS = 200
LONGEST_CELL = 100_000

_SEPARATORS = (";", "\t", "|", ",")
_ENCODINGS = ("cp1252", "mac_roman", "cp850")
# What UTF-8 read as a one-byte encoding looks like.
_TWICE_ENCODED = re.compile(r"[ÃÂ][\u0080-\u00ff\u0152-\u0178\u2018-\u203a€™]|â€|├.")
_WORKSHEET = re.compile(r"xl/worksheets/[^/]+\.xml")
_CELL = re.compile(rb"<c r=\"([A-Z]+)([0-9]+)\"")
_FRENCH_LETTERS = frozenset("éèêëàâäçùûüîïôöœæÿÉÈÊËÀÂÄÇÙÛÜÎÏÔÖŒÆ’–«»°€ ")
# How often a letter stands for itself, against one that another encoding would make of it.
_USUAL = {"é": 6, "è": 4, "ê": 3, "à": 3, "ç": 3, "ô": 3, "â": 3, "î": 3, "É": 4}
# « VallÇe », « Barràme »: no French word has a capital within, or « à » but at its end.
_NO_WORD = re.compile("[a-zà-ÿ][À-ÖØ-ÞŒŸ]|[a-zA-Z]à[a-z]")
_ENTITY = re.compile(r"&(?:#\d{1,6}|#x[0-9a-f]{1,5}|[a-z]{2,8});", re.IGNORECASE)
_CUTTING = frozenset(';,\t|"\r\n')

# What workbooks and pages write for a line end within a cell.
_LINE_BREAK = re.compile(r"_x000[dDaA]_\n?|<br\s*/?>", re.IGNORECASE)


@dataclass(frozen=True)
class Row:
    """One row: `number` as a spreadsheet shows it, `cells` cleaned, "" when empty.

    `struck` are the positions of cells whose text is struck through.
    """

    number: int
    cells: tuple[str, ...]
    struck: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Table:
    """The rows of one sheet that are not empty; `name` is "" for a CSV file."""

    name: str
    rows: tuple[Row, ...]


def read_tables(source: Source) -> list[Table]:
    """Read every visible sheet of a workbook, or the one table of a CSV file.

    A workbook's cell that is merged over several rows stands in each of them.
    Raises `Failure` (exit status 2) on a file that is damaged or too large.
    """
    if source.format.is_workbook:
        return _read_workbook(source)
    if source.format is Format.JSON:
        return [Table("", tuple(_json_rows(source)))]
    return [Table("", tuple(read_csv_rows(source.path.read_bytes(), source.encoding)))]


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
    if value is True:
        value = "VRAI"
    text = _LINE_BREAK.sub("\n", repaired(str(value)[:LONGEST_CELL]))
    text = unicodedata.normalize("NFC", text)
    kept = "".join(
        character
        for character in text
        if character in "\n\t"
        or (unicodedata.category(character) not in ("Cc", "Cf", "Cs") and _is_text(character))
    )
    lines = (re.sub(r"[^\S\n]+", " ", line).strip() for line in kept.split("\n"))
    return "\n".join(lines).strip()


def repaired(text: str) -> str:
    """Undo an UTF-8 text that was read as another encoding, where that is certain.

    « VallÃ©e » → « Vallée »; a text in which nothing is certain stays as it is.
    """
    return ftfy.fix_encoding(text) if _TWICE_ENCODED.search(text) else text


def _is_text(character: str) -> bool:
    # Two of every plane, and a row of Arabic forms, are reserved for no text at all.
    code = ord(character)
    return code & 0xFFFE != 0xFFFE and not 0xFDD0 <= code <= 0xFDEF


def _read_workbook(source: Source) -> list[Table]:
    damaged = unusable(f"« {source.name} » est endommagé : le classeur ne s'ouvre pas.")
    try:
        _check_extent(source)
        struck = struck_cells(source.path, source.format)
        with source.path.open("rb") as opened, CalamineWorkbook.from_filelike(opened) as book:
            return [
                Table(
                    sheet.name,
                    tuple(_sheet_rows(book, sheet.name, struck.get(sheet.name, frozenset()))),
                )
                for sheet in book.sheets_metadata
                if sheet.typ is SheetTypeEnum.WorkSheet
                and sheet.visible is SheetVisibleEnum.Visible
            ]
    except PasswordError:
        raise unusable(f"« {source.name} » est protégé par un mot de passe.") from None
    except _TooLong as error:
        raise unusable(f"« {source.name} » : {error}") from None
    except _UNREADABLE as error:
        raise damaged from error


def _json_rows(source: Source) -> list[Row]:
    try:
        return list(
            _numbered(json_rows(source.path.read_bytes().removeprefix(b"\xef\xbb\xbf")))
        )
    except _TooLong as error:
        raise unusable(f"« {source.name} » : {error}") from None
    except ValueError:
        raise unusable(f"« {source.name} » est du JSON, mais pas une liste.") from None


class _TooLong(ValueError):
    pass


# Of an archive that is encrypted, or packed by a method it does not know, zipfile raises
# RuntimeError or a kind of it.
_UNREADABLE = (
    CalamineError, OSError, ValueError, KeyError, MemoryError, ParseError, zipfile.BadZipFile,
    zlib.error, RuntimeError,
)  # fmt: skip


def _check_extent(source: Source) -> None:
    """Refuse a sheet whose farthest cell lies out of reach.

    A workbook is held whole, from its first cell to its last: one cell in the last corner
    of a sheet would ask for all the memory of the machine.
    """
    if source.format is not Format.XLSX:
        return
    with zipfile.ZipFile(source.path) as archive:
        for member in archive.namelist():
            if not _WORKSHEET.fullmatch(member.lower()):
                continue
            for column, row in _CELL.findall(archive.read(member)):
                if len(column) > 2 or int(row) > MOST_ROWS:
                    raise _TooLong(
                        f"une cellule est hors des limites ({column.decode()}{row.decode()}) ; "
                        f"{MOST_ROWS} lignes au plus."
                    )


def _sheet_rows(
    book: CalamineWorkbook, name: str, struck: Collection[tuple[int, int]]
) -> Iterator[Row]:
    sheet = book.get_sheet_by_name(name)
    values = sheet.to_python(skip_empty_area=False)
    crossed: dict[int, set[int]] = defaultdict(set)
    for line, column in struck:
        crossed[line].add(column)
    # A cell that was merged over rows says the same of each of them.
    for (top, left), (bottom, _) in sheet.merged_cell_ranges or ():
        for number in range(top + 1, min(bottom + 1, len(values)) if bottom > top else 0):
            if left < len(values[number]):
                values[number][left] = values[top][left]
                if left in crossed.get(top, ()):
                    crossed[number].add(left)
    for row in _numbered(row[:MOST_COLUMNS] for row in values):
        columns = crossed.get(row.number - 1)
        yield replace(row, struck=frozenset(columns)) if columns else row


def _numbered(values: Iterable[Iterable[Any]]) -> Iterator[Row]:
    kept = 0
    for number, row in enumerate(values, start=1):
        if number > _MOST_NUMBERED:
            raise _TooLong(f"plus de {_MOST_NUMBERED} lignes, vides comprises.")
        cells = tuple(clean(value) for value in row)
        while cells and not cells[-1]:
            cells = cells[:-1]
        if cells:
            kept += 1
            if kept > MOST_ROWS:
                raise _TooLong(f"plus de {MOST_ROWS} lignes.")
            yield Row(number, cells)


def read_csv_rows(content: bytes, encoding: str | None = None) -> list[Row]:
    """Read the rows of a CSV file whose separator is not known.

    Parameters: `encoding` as for `decode`. Raises `Failure` (exit status 2) when no row
    can be read.
    """
    text = decode(content, encoding)
    text = _with_entities_read(text)
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


def decode(content: bytes, encoding: str | None = None) -> str:
    """Turn bytes into text: UTF-8 and UTF-16 are certain, the rest is judged.

    Lines of UTF-8 among others of one byte a sign are read as what each is. Between the
    one-byte encodings of Windows, the Mac and DOS, the one that yields the most letters
    of French, and the fewest other signs, is the right one. Parameters: `encoding`, as the
    user states it, None to find it; signs that it does not know become U+FFFD.
    """
    if encoding is not None:
        return content.decode(encoding, errors="replace").removeprefix("\ufeff")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    if b"\x00" in content[:200]:
        # UTF-16 whose mark was lost: every other byte of its Latin letters is zero.
        order = "le" if content[1:200:2].count(0) > content[0:200:2].count(0) else "be"
        return content.decode(f"utf-16-{order}", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    lines = content.removeprefix(b"\xef\xbb\xbf").splitlines(keepends=True)
    told = [_utf8(line) for line in lines]
    rest = b"".join(line for line, text in zip(lines, told, strict=True) if text is None)
    one_byte = max(_ENCODINGS, key=lambda name: _french(rest.decode(name, errors="replace")))
    if _LATIN_9.search(rest.decode(one_byte, errors="replace")):
        one_byte = "iso8859-15"
    return "".join(
        line.decode(one_byte, errors="replace") if text is None else text
        for line, text in zip(lines, told, strict=True)
    )


# « C½ur » is « Cœur » in the encoding that put œ where Windows has a half.
_LATIN_9 = re.compile(r"[^\W\d_][¼½][^\W\d_]")


def _utf8(line: bytes) -> str | None:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _french(text: str) -> int:
    """Weigh the letters of French in a text: « é » is half of them, « É » in a word none."""
    signs = Counter(character for character in text if ord(character) > 127)
    weighed = sum(
        (_USUAL.get(character, 2) if character in _FRENCH_LETTERS else -4) * count
        for character, count in signs.items()
    )
    return weighed - 8 * len(_NO_WORD.findall(text))


def _with_entities_read(text: str) -> str:
    """Read the letters of HTML whose semicolon would cut a cell: « L&#039;Escale ».

    Whatever writes a table with semicolons puts such a cell between quotes, and then it is
    meant. A sign that cuts or quotes cells stays as it is written.
    """
    if "&" not in text:
        return text
    parts = re.split(r'("[^"]*+(?:""[^"]*+)*+")', text)
    return "".join(
        part if part.startswith('"') else _ENTITY.sub(_letter_of, part) for part in parts
    )


def _letter_of(found: re.Match[str]) -> str:
    sign = html.unescape(found[0])
    return found[0] if sign in _CUTTING else sign


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
