"""Which kind of file is this, and is it safe to open?

Every reader starts from a `Source`: the kind is told from the content, never from the
name alone, and an archive is measured before anything is unpacked from it.
"""

import codecs
import re
import zipfile
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from app.failures import Failure
from app.files.foreign_kinds import (
    foreign_archive,
    foreign_kind,
    foreign_markup,
    foreign_office,
)
from app.files.json_tables import is_plain_json

LARGEST_FILE = 200 * 1024 * 1024
LARGEST_UNPACKED = 250 * 1024 * 1024
# A workbook is held in memory; 300 000 rows of a listing take less.
LARGEST_WORKBOOK = 100 * 1024 * 1024
MOST_MEMBERS = 2_000

_WORKBOOK = "xl/workbook.xml"
_SPREADSHEET_PARTS = {"mimetype", "content.xml"}
_ENCODING_NAMES = {"mac": "mac_roman", "dos": "cp850", "windows": "cp1252", "excel": "cp1252"}
_EPSG = re.compile(r"(?:EPSG\s*:?\s*)?(\d{4,6})", re.IGNORECASE | re.ASCII)
_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_XML_START = re.compile(rb"^\s*<[?!a-z]", re.IGNORECASE)
# Excel writes neither; a document type is how entities that expand endlessly get in.
_DOCUMENT_TYPE = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_KML_START = re.compile(rb"<([a-z0-9]+:)?kml[\s>]", re.IGNORECASE)


class Format(StrEnum):
    """The formats that are read."""

    CSV = "csv"
    JSON = "json"
    XLSX = "xlsx"
    ODS = "ods"
    XLS = "xls"
    GEOJSON = "geojson"
    GPKG = "gpkg"
    SHAPEFILE = "shapefile"
    KML = "kml"
    PARQUET = "parquet"

    @property
    def has_polygons(self) -> bool:
        """Whether rows of this format carry a polygon instead of names of communes."""
        return not (self in (Format.CSV, Format.JSON) or self.is_workbook)

    @property
    def is_workbook(self) -> bool:
        """Whether it is a workbook of sheets."""
        return self in (Format.XLSX, Format.ODS, Format.XLS)


# How files of some formats begin.
_STARTS = {
    b"SQLite format 3\x00": Format.GPKG,
    b"PAR1": Format.PARQUET,
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": Format.XLS,
}


@dataclass(frozen=True)
class Source:
    """A file on disk whose format is known.

    `name` is how its user knows it, `encoding` that of its texts as the user states it
    (a name of Python's), None to find it; `crs` the coordinate system of its polygons as the
    user states it (`EPSG:2154`), for a file that does not say.
    """

    path: Path
    format: Format
    name: str
    encoding: str | None = None
    crs: str | None = None


def unusable(message: str) -> Failure:
    """Give the failure of a command whose input cannot be used (exit status 2)."""
    return Failure(message, exit_status=2)


def open_source(
    path: Path,
    *,
    name: str | None = None,
    given: str | None = None,
    encoding: str | None = None,
    crs: str | None = None,
) -> Source:
    """Recognise the format of a file, and check that it may be opened.

    Parameters: `path`, the file; `name`, what to call it in messages (its own name by
    default); `given`, the format as the user states it (`Format` values, or `zip`,
    `json`), which must agree with the content as far as it can be told; `encoding`, that
    of its texts as the user states it (any name that Python knows); `crs`, the coordinate
    system of its polygons when the file states none (`EPSG:2154`, `2154`). Raises
    `Failure` (exit status 2, one French line) on what cannot be read.
    """
    shown = name or path.name
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise unusable(f"« {shown} » est un dossier, pas un fichier.")
        with path.open("rb") as opened:
            head = opened.read(4096)
    except FileNotFoundError:
        raise unusable(f"Le fichier « {shown} » n'existe pas.") from None
    except OSError as error:
        raise unusable(f"« {shown} » ne se lit pas ({error.strerror or 'erreur'}).") from None
    if size == 0 or not head.strip():
        raise unusable(f"« {shown} » est vide.")
    if size > LARGEST_FILE:
        raise unusable(
            f"« {shown} » est trop gros : {size // 2**20} Mo, "
            f"{LARGEST_FILE // 2**20} Mo au plus."
        )
    wanted = _stated(given)
    found = _recognise(path, head, shown, wanted)
    if wanted is Format.JSON and found is Format.GEOJSON:
        wanted = found
    if wanted is not None and wanted is not found:
        raise unusable(f"« {shown} » n'est pas au format {wanted} mais {found}.")
    return Source(path, found, shown, _known_encoding(encoding), _known_crs(crs))


def _known_crs(given: str | None) -> str | None:
    """Read a coordinate system by its EPSG number; a text of PROJ's could name a file."""
    if not given or not given.strip():
        return None
    number = _EPSG.fullmatch(given.strip())
    if number is None:
        raise unusable(
            f"Système de coordonnées « {given[:40]} » inconnu ; par exemple EPSG:2154 "
            "(Lambert 93)."
        )
    return f"EPSG:{number[1]}"


def _known_encoding(given: str | None) -> str | None:
    if given is None:
        return None
    try:
        return codecs.lookup(_ENCODING_NAMES.get(given.strip().lower(), given)).name
    except LookupError:
        raise unusable(
            f"Encodage « {given} » inconnu ; par exemple utf-8, windows-1252, mac, cp850."
        ) from None


def _stated(given: str | None) -> Format | None:
    if given is None:
        return None
    word = given.strip().lower().lstrip(".")
    aliases = {
        "zip": Format.SHAPEFILE, "shp": Format.SHAPEFILE,
        "wfs": Format.GEOJSON, "geopackage": Format.GPKG, "excel": Format.XLSX,
        "tsv": Format.CSV, "txt": Format.CSV, "opendocument": Format.ODS,
        "geoparquet": Format.PARQUET,
    }  # fmt: skip
    if word in aliases:
        return aliases[word]
    try:
        return Format(word)
    except ValueError:
        accepted = ", ".join(Format)
        raise unusable(f"Format « {given} » inconnu ; formats acceptés : {accepted}.") from None


def _recognise(path: Path, head: bytes, shown: str, wanted: Format | None) -> Format:
    if head.startswith(b"PK"):
        return _archive(path, shown)
    for start, found in _STARTS.items():
        if head.startswith(start):
            if found is Format.XLS and (foreign := foreign_office(path.read_bytes())):
                raise unusable(f"« {shown} » {foreign}")
            return found
    if foreign := foreign_kind(head):
        raise unusable(f"« {shown} » {foreign}")
    text = head
    for mark in _BYTE_ORDER_MARKS:
        text = text.removeprefix(mark)
    if text.lstrip().startswith((b"{", b"[")) and wanted is not Format.CSV:
        return Format.JSON if is_plain_json(path.read_bytes()) else Format.GEOJSON
    if _XML_START.match(text):
        if _KML_START.search(text):
            return _plain_kml(path, shown)
        raise unusable(f"« {shown} » {foreign_markup(text)}")
    if b"\x00" in head and not (
        head.startswith(_BYTE_ORDER_MARKS[1:]) or _is_unmarked_utf16(head)
    ):
        raise unusable(
            f"« {shown} » n'est ni un tableau (CSV, XLSX) ni un fichier de polygones "
            "(GeoJSON, GeoPackage, GeoParquet, KML, Shapefile zippé) ; il est peut-être "
            "endommagé."
        )
    return Format.CSV


def _is_unmarked_utf16(head: bytes) -> bool:
    """Whether every other byte is zero, as in Latin letters of UTF-16."""
    pairs = len(head) // 2
    zeros = max(head[0::2].count(0), head[1::2].count(0))
    return (
        pairs > 1
        and zeros >= 0.9 * pairs
        and min(head[0::2].count(0), head[1::2].count(0)) == 0
    )


def _plain_kml(path: Path, shown: str) -> Format:
    if _DOCUMENT_TYPE.search(path.read_bytes()):
        raise unusable(f"« {shown} » déclare des entités XML ; il n'est pas ouvert.")
    return Format.KML


def _archive(path: Path, shown: str) -> Format:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _check_members(archive, members, shown)
            names = [member.filename.lower() for member in members]
            foreign = foreign_archive(archive, names)
    except Failure:
        raise
    except Exception as error:  # each way of compressing has errors of its own
        raise unusable(f"« {shown} » est endommagé : l'archive ne s'ouvre pas.") from error
    if any(name.endswith(".shp") for name in names):
        return Format.SHAPEFILE
    if _WORKBOOK in names:
        return Format.XLSX
    if set(names) >= _SPREADSHEET_PARTS and "document texte" not in (foreign or ""):
        return Format.ODS
    if foreign:
        raise unusable(f"« {shown} » {foreign}")
    raise unusable(f"L'archive « {shown} » ne contient ni classeur ni Shapefile (.shp).")


def _check_members(
    archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], shown: str
) -> None:
    if len(members) > MOST_MEMBERS:
        raise unusable(f"L'archive « {shown} » contient trop de fichiers.")
    # The sizes in the directory may lie, but unpacking stops at the size it announces.
    is_workbook = any(
        member.filename.lower() in (_WORKBOOK, "content.xml") for member in members
    )
    largest = LARGEST_WORKBOOK if is_workbook else LARGEST_UNPACKED
    if sum(member.file_size for member in members) > largest:
        raise unusable(
            f"L'archive « {shown} » est trop grosse une fois ouverte "
            f"({largest // 2**20} Mo au plus)."
        )
    for member in members:
        if member.flag_bits & 0x1:
            raise unusable(f"L'archive « {shown} » est protégée par un mot de passe.")
        if member.filename.lower().endswith((".xml", ".rels")):
            with archive.open(member) as opened:
                if _DOCUMENT_TYPE.search(opened.read(4096)):
                    raise unusable(
                        f"« {shown} » contient du XML qu'un tableur n'écrit pas ; "
                        "il n'est pas ouvert."
                    )
