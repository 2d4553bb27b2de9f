"""What is struck through in workbooks, and files that are made to be slow."""

import zipfile
from pathlib import Path

import pytest

from app.files.sources import Format
from app.files.struck import struck_cells

CONTENT = (
    '<office:document-content xmlns:office="o" xmlns:style="s" xmlns:table="t" xmlns:text="x">'
    '<office:automatic-styles><style:style style:name="gone">'
    '<style:text-properties style:text-line-through-style="solid"/></style:style>'
    "</office:automatic-styles>"
    '<table:table table:name="Liste">{rows}</table:table></office:document-content>'
)
CELL = '<table:table-cell table:style-name="gone" {more}>{text}</table:table-cell>'


def written(tmp_path: Path, rows: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "liste.ods"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("content.xml", CONTENT.format(rows=rows).encode(encoding))
    return path


def row(cell: str, more: str = "") -> str:
    return f"<table:table-row {more}>{cell}</table:table-row>"


def test_a_struck_cell_is_told_with_its_place_and_an_empty_one_is_not(tmp_path: Path) -> None:
    said = CELL.format(more="", text="<text:p>Gap</text:p>")
    empty = CELL.format(more='table:number-columns-repeated="16000"', text="")
    path = written(tmp_path, row("<table:table-cell/>" + said + empty))
    assert struck_cells(path, Format.ODS) == {"Liste": frozenset({(0, 1)})}


def test_no_table_multiplies_its_struck_cells_without_end(tmp_path: Path) -> None:
    many = CELL.format(more='table:number-columns-repeated="1000"', text="<text:p>x</text:p>")
    path = written(tmp_path, row(many, 'table:number-rows-repeated="1000"') * 2)
    with pytest.raises(ValueError, match="struck"):
        struck_cells(path, Format.ODS)


def test_a_document_type_is_refused_in_two_bytes_a_sign_as_well(tmp_path: Path) -> None:
    path = tmp_path / "liste.ods"
    text = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "line-through">]><a>&b;</a>'
    with zipfile.ZipFile(path, "w") as archive:
        # The search for struck styles finds its word; the parser shall not be asked.
        archive.writestr("content.xml", b"\xff\xfe" + text.encode("utf-16-le"))
    with zipfile.ZipFile(path) as archive:
        assert archive.read("content.xml").startswith(b"\xff\xfe")
    wide = b"\xff\xfe" + (text + "<!-- -->").encode("utf-16-le") + b"line-through"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("content.xml", wide)
    with pytest.raises(ValueError, match="document type"):
        struck_cells(path, Format.ODS)
