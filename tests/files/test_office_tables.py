"""Tables for offices: what Excel in French makes of each kind of value."""

import io
import zipfile
from datetime import UTC, date, datetime

import openpyxl
import pytest

from app.files.office_tables import Heading, Sheet, csv_for_excel, workbook

MOMENT = datetime(2026, 1, 31, 23, 30, tzinfo=UTC)
HEADINGS = (
    Heading("Nom", "Nom officiel."),
    Heading("Code"),
    Heading("Part", "De 0 à 1.", share=True),
    Heading("Nombre"),
    Heading("Vrai"),
    Heading("Jour"),
    Heading("Instant"),
)
ROWS = (
    ("Saint-Étienne ; « Œuvre »", "01004", 0.125, 12345, True, date(2024, 3, 1), MOMENT),
    ("=HYPERLINK(1)", "2A004", None, -3, False, None, None),
)


def _sheet(rows: tuple[tuple[object, ...], ...] = ROWS) -> Sheet:
    return Sheet("Un titre bien plus long que ce qu’Excel admet", HEADINGS, rows)


def test_csv_for_excel_has_its_mark_semicolons_and_french_values() -> None:
    written = csv_for_excel(_sheet())
    assert written.startswith(b"\xef\xbb\xbf")
    assert written.decode("utf-8-sig").splitlines() == [
        "Nom;Code;Part;Nombre;Vrai;Jour;Instant",
        '"Saint-Étienne ; « Œuvre »";01004;0,125;12345;oui;01/03/2024;01/02/2026 00:30',
        "'=HYPERLINK(1);2A004;;-3;non;;",
    ]


def test_a_workbook_has_typed_cells_and_no_formula() -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook([_sheet()], written_at=MOMENT, about=[])))
    table = book.worksheets[0]
    assert [cell.value for cell in table[1]] == [heading.title for heading in HEADINGS]
    name, code, share, count, yes, day, moment = table[2]
    assert (code.value, code.data_type) == ("01004", "s")
    assert (share.value, share.number_format) == (0.125, "0.0%")
    assert (count.value, count.data_type) == (12345, "n")
    assert (name.value, yes.value) == ("Saint-Étienne ; « Œuvre »", "oui")
    assert str(day.value) == "2024-03-01 00:00:00"
    assert str(moment.value) == "2026-02-01 00:30:00"
    formula = table[3][0]
    assert (formula.value, formula.data_type) == ("=HYPERLINK(1)", "s")
    assert table.freeze_panes == "A2"
    assert table.auto_filter.ref == "A1:G3"


def test_a_workbook_defines_its_columns_below_what_it_is() -> None:
    written = workbook([_sheet()], written_at=MOMENT, about=[("Situation au", "1er mars 2024")])
    book = openpyxl.load_workbook(io.BytesIO(written))
    assert len(book.sheetnames[0]) <= 31
    assert book.sheetnames[1] == "Définitions"
    lines = [tuple(cell.value for cell in row) for row in book["Définitions"].rows]
    assert lines[0] == ("Situation au", "1er mars 2024")
    assert ("Nom", "Nom officiel.") in lines
    assert len(lines) == 1 + 2 + len(HEADINGS)


def test_a_table_written_twice_is_the_same_bytes() -> None:
    first, second = (
        workbook([_sheet()], written_at=MOMENT, about=[("a", "b")]) for _ in range(2)
    )
    assert first == second


@pytest.mark.parametrize(
    "text", ["\x00\x0b\ufffe", "a" * 40_000, "http://example.test/", "007"]
)
def test_any_text_makes_a_sound_workbook(text: str) -> None:
    rows = ((text, text, None, None, None, None, None),)
    written = workbook([_sheet(rows)], written_at=MOMENT, about=[])
    assert zipfile.ZipFile(io.BytesIO(written)).testzip() is None
    cell = openpyxl.load_workbook(io.BytesIO(written)).worksheets[0]["A2"]
    assert cell.hyperlink is None
    assert cell.data_type == "s"
    assert len(cell.value) <= 32_767


def test_a_table_without_rows_keeps_its_header() -> None:
    assert csv_for_excel(_sheet(())).decode("utf-8-sig").count("\r\n") == 1
    written = workbook([_sheet(())], written_at=MOMENT, about=[])
    assert openpyxl.load_workbook(io.BytesIO(written)).worksheets[0].max_row == 1
