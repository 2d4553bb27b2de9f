"""Cells whose text is struck through: whoever keeps a list means « withdrawn » by it.

The reader of workbooks gives values only, so the formats are looked up in the XML of XLSX and
ODS files; those of the old binary XLS are not seen.
"""

import io
import posixpath
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from xml.etree.ElementTree import Element, iterparse

from app.files.sources import Format

Struck = Mapping[str, frozenset[tuple[int, int]]]

_CELL_PLACE = re.compile(r"([A-Z]+)(\d+)")
_DOCUMENT_TYPE = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_MOST_REPEATED = 1_000
_MOST_STRUCK = 1_000_000


def struck_cells(path: Path, kind: Format) -> Struck:
    """Give the places, from (0, 0), of the struck cells of each sheet, by its name.

    A cell of which some letters are struck counts. Raises what `zipfile` and the XML parser
    raise on a damaged file.
    """
    if kind not in (Format.XLSX, Format.ODS):
        return {}
    with zipfile.ZipFile(path) as archive:
        return dict(_of_xlsx(archive) if kind is Format.XLSX else _of_ods(archive))


def _of_xlsx(archive: zipfile.ZipFile) -> Iterator[tuple[str, frozenset[tuple[int, int]]]]:
    names = set(archive.namelist())
    styles = _struck_styles(archive) if "xl/styles.xml" in names else frozenset()
    strings = _struck_strings(archive) if "xl/sharedStrings.xml" in names else frozenset()
    for name, member in _sheets(archive, names):
        if styles or strings or b"<strike" in archive.read(member):
            yield name, frozenset(_struck_in_sheet(archive, member, styles, strings))


def _struck_styles(archive: zipfile.ZipFile) -> frozenset[str]:
    fonts: set[str] = set()
    found: set[str] = set()
    if b"strike" not in archive.read("xl/styles.xml"):
        return frozenset()
    for element in _elements(archive, "xl/styles.xml"):
        if _name(element) == "fonts":
            fonts = {str(at) for at, font in enumerate(element) if _is_struck(font)}
        elif _name(element) == "cellXfs":
            found = {str(at) for at, xf in enumerate(element) if xf.get("fontId") in fonts}
    return frozenset(found)


def _struck_strings(archive: zipfile.ZipFile) -> frozenset[str]:
    if b"strike" not in archive.read("xl/sharedStrings.xml"):
        return frozenset()
    items = (e for e in _elements(archive, "xl/sharedStrings.xml") if _name(e) == "si")
    return frozenset(str(at) for at, item in enumerate(items) if _is_struck(item))


def _sheets(archive: zipfile.ZipFile, names: set[str]) -> Iterator[tuple[str, str]]:
    targets = {
        element.get("Id"): posixpath.normpath(
            posixpath.join("xl", (element.get("Target") or "").removeprefix("/xl/"))
        )
        for element in _elements(archive, "xl/_rels/workbook.xml.rels")
        if _name(element) == "Relationship"
    }
    for element in _elements(archive, "xl/workbook.xml"):
        if _name(element) != "sheet":
            continue
        link = next((v for k, v in element.items() if k.endswith("}id")), None)
        if (member := targets.get(link)) in names:
            yield element.get("name") or "", member


def _struck_in_sheet(
    archive: zipfile.ZipFile, member: str, styles: frozenset[str], strings: frozenset[str]
) -> Iterator[tuple[int, int]]:
    for element in _elements(archive, member):
        if _name(element) == "row":
            element.clear()
        if _name(element) != "c" or not (place := _CELL_PLACE.fullmatch(element.get("r", ""))):
            continue
        value = next((child.text for child in element if _name(child) == "v"), None)
        shared = element.get("t") == "s" and value in strings
        if element.get("s") in styles or shared or _is_struck(element):
            yield int(place[2]) - 1, _column(place[1])


def _is_struck(element: Element) -> bool:
    return any(
        _name(each) == "strike" and each.get("val", "1") not in ("0", "false")
        for each in element.iter()
    )


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - ord("A") + 1
    return number - 1


def _of_ods(archive: zipfile.ZipFile) -> Iterator[tuple[str, frozenset[tuple[int, int]]]]:
    if b"line-through" not in archive.read("content.xml"):
        return
    styles: set[str] = set()
    found: dict[str, set[tuple[int, int]]] = defaultdict(set)
    for element in _elements(archive, "content.xml"):
        if _name(element) == "automatic-styles":
            styles = {_get(s, "name") for s in element if _strikes(s)}
        elif _name(element) == "table":
            found[_get(element, "name")] = set(_struck_in_table(element, styles))
            element.clear()
    for name, places in found.items():
        yield name, frozenset(places)


def _struck_in_table(table: Element, styles: set[str]) -> Iterator[tuple[int, int]]:
    at = told = 0
    for row in (each for each in table.iter() if _name(each) == "table-row"):
        repeated = int(_get(row, "number-rows-repeated") or 1)
        for struck in _struck_in_row(row, styles):
            for number in range(min(repeated, _MOST_REPEATED)):
                told += 1
                if told > _MOST_STRUCK:
                    raise ValueError("more struck cells than a list has")
                yield at + number, struck
        at += repeated


def _struck_in_row(row: Element, styles: set[str]) -> Iterator[int]:
    at = 0
    for cell in row:
        repeated = int(_get(cell, "number-columns-repeated") or 1)
        # A cell without content is struck by the style of its column or row: it says nothing.
        if len(cell) and any(_get(each, "style-name") in styles for each in cell.iter()):
            yield from range(at, at + min(repeated, _MOST_REPEATED))
        at += repeated


def _strikes(style: Element) -> bool:
    return any(
        _get(each, "text-line-through-style") not in ("", "none")
        or _get(each, "text-line-through-type") not in ("", "none")
        for each in style.iter()
    )


def _elements(archive: zipfile.ZipFile, member: str) -> Iterator[Element]:
    content = archive.read(member)
    # Of two bytes a sign, the parser would read what the search below does not find.
    if b"\x00" in content[:64] or _DOCUMENT_TYPE.search(content):
        raise ValueError("a document type")
    # Without one there are no entities that could expand.
    for _, element in iterparse(io.BytesIO(content)):  # noqa: S314
        yield element


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _get(element: Element, attribute: str) -> str:
    return next((v for k, v in element.items() if k.rpartition("}")[2] == attribute), "")
