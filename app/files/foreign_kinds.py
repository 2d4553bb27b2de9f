"""Files that are no list and no layer, called what they are, with what to do instead."""

import re
import zipfile
from collections.abc import Collection

_STARTS = {
    b"%PDF": "un PDF, qui ne se lit pas",
    b"{\\rtf": "un document RTF, qui ne se lit pas",
    b"\x89PNG": "une image PNG, qui ne se lit pas",
    b"\xff\xd8\xff": "une image JPEG, qui ne se lit pas",
    b"GIF8": "une image GIF, qui ne se lit pas",
    b"Rar!": "une archive RAR",
    b"7z\xbc\xaf": "une archive 7-Zip",
    b"\x1f\x8b": "une archive gzip",
}
_LIST_WANTED = "donnez la liste en CSV ou en classeur (.xlsx, .ods)."
_ARCHIVES = {
    "word/document.xml": f"est un document Word : {_LIST_WANTED}",
    "ppt/presentation.xml": f"est une présentation PowerPoint : {_LIST_WANTED}",
    "xl/workbook.bin": "est un classeur binaire (.xlsb) : enregistrez-le en .xlsx.",
    "index/document.iwa": "est un document Numbers ou Pages : exportez-le en .xlsx.",
}
_SHAPE_START = b"\x00\x00\x27\x0a"
_HTML = re.compile(rb"<(!doctype\s+html|html|head|body|table|meta|div)\b", re.IGNORECASE)
_GPX = re.compile(rb"<([a-z0-9]+:)?gpx[\s>]", re.IGNORECASE)
_TEXT_DOCUMENT = b"application/vnd.oasis.opendocument.text"


def foreign_kind(head: bytes) -> str | None:
    """Say in French what a file is by its beginning, None for what may be read."""
    for start, kind in _STARTS.items():
        if head.startswith(start):
            return f"est {kind} : {_LIST_WANTED}"
    if head.startswith(_SHAPE_START):
        return (
            "n'est qu'une partie d'un Shapefile : zippez-la avec ses .shp, .shx, .dbf et .prj."
        )
    return None


def foreign_markup(head: bytes) -> str:
    """Say in French what a file of markup is that is no KML."""
    if _GPX.search(head):
        return "est un GPX (des traces et des points) : il ne dessine aucun territoire."
    if _HTML.search(head):
        return (
            "est une page HTML, même si son nom dit autre chose : ouvrez-la dans un tableur et "
            "enregistrez-la en .xlsx ou en CSV."
        )
    return (
        "est une page ou un document XML ; pour un service WFS, demandez "
        "outputFormat=application/json."
    )


def foreign_office(content: bytes) -> str | None:
    """Say in French what an old Office file is that is no workbook."""
    if "WordDocument".encode("utf-16-le") in content:
        return f"est un document Word : {_LIST_WANTED}"
    if "PowerPoint Document".encode("utf-16-le") in content:
        return f"est une présentation PowerPoint : {_LIST_WANTED}"
    return None


def foreign_archive(archive: zipfile.ZipFile, names: Collection[str]) -> str | None:
    """Say in French what an archive is, and what to take out of it, None when unknown.

    Parameters: `names`, those of its members in lower case.
    """
    for member, kind in _ARCHIVES.items():
        if member in names:
            return kind
    if "mimetype" in names and archive.read("mimetype").startswith(_TEXT_DOCUMENT):
        return f"est un document texte OpenDocument : {_LIST_WANTED}"
    if any(name.endswith(".kml") for name in names):
        return "est un KMZ : extrayez-en le fichier .kml."
    kinds = (".csv", ".txt", ".geojson", ".json", ".gpkg", ".xlsx", ".ods", ".xls")
    inside = next((m for m in archive.namelist() if m.lower().endswith(kinds)), None)
    if inside:
        return f"est une archive : extrayez-en le fichier « {inside[-60:]} »."
    return None
