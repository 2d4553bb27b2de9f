"""Tables are read whatever tool wrote them."""

import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from app.cpts.importing.columns import Role, find_header, parse_column_options, recognise
from app.cpts.importing.listing import read_table_listing
from app.failures import Failure
from app.files.sources import Format, open_source
from app.files.tables import clean, decode, read_csv_rows, read_tables, separator_of
from tests.cpts.importing.conftest import HEADER


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "mac_roman", "utf-16"])
def test_accents_survive_every_usual_encoding(encoding: str) -> None:
    text = "Nom CPTS;Commune\nCPTS du Pré Fleuri;Saint-Étienne-des-Grès\nÇà et là;Besançon\n"
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize("encoding", ["cp1252", "mac_roman", "cp850"])
@pytest.mark.parametrize(
    "text", ["Barrême", "Évêché", "À côté", "Saint-Étienne", "ACI signé", "Fayet-le-Château"]
)
def test_one_accent_tells_the_encoding(encoding: str, text: str) -> None:
    assert decode(text.encode(encoding)) == text


def test_letters_written_as_entities_do_not_cut_a_cell() -> None:
    text = "CPTS;Commune\nA;L&#039;Escale\nB &amp; C;Barr&ecirc;me\n"
    rows = read_csv_rows(text.encode())
    assert [row.cells for row in rows[1:]] == [("A", "L'Escale"), ("B & C", "Barrême")]


def test_what_looks_like_an_entity_between_quotes_is_kept() -> None:
    assert read_csv_rows(b'CPTS;Commune\n"A &amp; B";"x"\n')[1].cells == ("A &amp; B", "x")


def test_an_entity_that_cuts_cells_stays() -> None:
    assert read_csv_rows(b"CPTS;Commune\nA &quot;x;y\n")[1].cells == ("A &quot", "x", "y")


@pytest.mark.parametrize("separator", [";", ",", "\t", "|"])
def test_the_separator_is_found(separator: str) -> None:
    rows = [["CPTS", "Commune", "dpt"], ["CPTS A, et B", "Nice", "6"], ["CPTS C", "Apt", "84"]]
    text = "\n".join(
        separator.join(f'"{cell}"' if separator in cell else cell for cell in row)
        for row in rows
    )
    assert separator_of(text) == separator
    assert [list(row.cells) for row in read_csv_rows(text.encode())] == rows


def test_rows_keep_the_numbers_that_a_person_sees() -> None:
    content = b'sep=;\nListing\n\nCPTS;Commune\n"CPTS\nA";Nice\n;;\nCPTS B;Apt\n'
    assert [row.number for row in read_csv_rows(content)] == [2, 4, 5, 7]


def test_numbers_and_dates_of_a_workbook_become_what_was_meant(
    write_xlsx: Callable[..., Path],
) -> None:
    path = write_xlsx([["a", 4.0, 2, datetime(2024, 3, 1), None, "  x\u00a0y  "]])  # noqa: DTZ001
    [table] = read_tables(open_source(path))
    assert table.rows[0].cells == ("a", "4", "2", "2024-03-01", "", "x y")


def test_the_header_is_found_below_a_title_and_persons_are_read_past(
    write_xlsx: Callable[..., Path],
) -> None:
    path = write_xlsx(
        [
            ["Listing des CPTS - janvier 2026"],
            [],
            HEADER,
            ["CPTS A", "Aiglun", 4, "Mme Xyz", "M. Abc", "contact@a.example", 0],
        ]
    )
    listing = read_table_listing(open_source(path), {})
    [entry] = listing.entries
    assert (entry.row, entry.cpts, entry.commune, entry.department) == (
        4, "CPTS A", "Aiglun", "4",
    )  # fmt: skip
    assert "Xyz" not in repr(listing)
    assert "Abc" not in repr(listing)
    assert "non lues : Président-e, Coordonnateur-rice" in listing.remarks[0]


def test_a_merged_name_counts_for_the_rows_beneath_it(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in (["CPTS", "Commune"], ["CPTS A", "Aiglun"], [None, "Barles"], ["CPTS B", "Apt"]):
        sheet.append(row)
    sheet.merge_cells("A2:A3")
    book.save(tmp_path / "merged.xlsx")
    listing = read_table_listing(open_source(tmp_path / "merged.xlsx"), {})
    assert [(e.cpts, e.commune) for e in listing.entries] == [
        ("CPTS A", "Aiglun"), ("CPTS A", "Barles"), ("CPTS B", "Apt"),
    ]  # fmt: skip


def test_every_sheet_with_a_header_is_read_and_the_others_are_named(
    write_xlsx: Callable[..., Path],
) -> None:
    path = write_xlsx(
        Var=[["CPTS", "Commune"], ["CPTS A", "Hyères"]],
        Vaucluse=[["Commune", "Nom de la CPTS"], ["Apt", "CPTS B"]],
        Notes=[["Source : nous"]],
    )
    listing = read_table_listing(open_source(path), {})
    assert [(e.sheet, e.cpts, e.commune) for e in listing.entries] == [
        ("Var", "CPTS A", "Hyères"), ("Vaucluse", "CPTS B", "Apt"),
    ]  # fmt: skip
    assert any("Notes" in remark and "laissée de côté" in remark for remark in listing.remarks)


@pytest.mark.parametrize(
    ("header", "role"),
    [
        ("Nom de la CPTS", Role.NAME), ("CPTS", Role.NAME), ("NOM_CPTS", Role.NAME),
        ("nomCpts", Role.NAME), ("Libellé CPTS", Role.NAME), ("Code INSEE", Role.CODE),
        ("code commune", Role.CODE), ("CODGEO", Role.CODE), ("INSEE_COM", Role.CODE),
        ("Commune", Role.COMMUNE), ("Nom de la commune", Role.COMMUNE),
        ("Communes", Role.COMMUNE), ("dpt", Role.DEPARTMENT), ("Département", Role.DEPARTMENT),
        ("Stade d'avancement", Role.STAGE), ("Statut", Role.STAGE), ("Avancement", Role.STAGE),
        ("Date", Role.SINCE), ("N° FINESS", Role.FINESS), ("E-mail", Role.EMAIL),
        ("Contact de la CPTS", Role.EMAIL), ("Site internet", Role.WEBSITE),
        ("Thématiques", Role.THEMES), ("Territoire CPTS", Role.COMMUNE),
    ],
)  # fmt: skip
def test_usual_headers_are_recognised(header: str, role: Role) -> None:
    assert recognise([header]).positions == {role: 0}


@pytest.mark.parametrize(
    "header",
    ["Président-e", "Mail président", "Coordonnatrice", "Prénom", "Contact coordinateur",
     "Nombre de communes", "Population", "Statut juridique"],
)  # fmt: skip
def test_persons_and_figures_are_not_taken_for_anything(header: str) -> None:
    assert recognise([header]).positions == {}


def test_a_name_beside_a_first_name_is_a_persons() -> None:
    columns = recognise(["CPTS", "Commune", "Nom", "Prénom"])
    assert columns.positions == {Role.NAME: 0, Role.COMMUNE: 1}
    assert set(columns.persons) == {"Nom", "Prénom"}


def test_the_user_may_name_columns(write_csv: Callable[..., Path]) -> None:
    path = write_csv([["Groupe", "Lieu-dit", "Commune"], ["CPTS A", "Apt", "x"]])
    chosen = parse_column_options(["name=groupe", "commune=Lieu dit"])
    [table] = read_tables(open_source(path))
    assert find_header(table.rows) is None
    [entry] = read_table_listing(open_source(path), chosen).entries
    assert (entry.cpts, entry.commune) == ("CPTS A", "Apt")


@pytest.mark.parametrize("option", ["name", "=x", "inconnu=x", "name="])
def test_a_malformed_column_option_is_refused(option: str) -> None:
    with pytest.raises(Failure) as refused:
        parse_column_options([option])
    assert refused.value.exit_status == 2


def test_a_table_without_a_header_says_which_columns_it_saw(
    write_csv: Callable[..., Path],
) -> None:
    path = write_csv([["Groupe", "Lieu"], ["CPTS A", "Apt"]])
    with pytest.raises(Failure, match="Groupe, Lieu") as refused:
        read_table_listing(open_source(path), {})
    assert refused.value.exit_status == 2


def damaged_files(folder: Path) -> list[Path]:
    """Files that must each be refused with one line."""
    (folder / "empty.csv").write_bytes(b"")
    (folder / "damaged.xlsx").write_bytes(b"PK\x03\x04 not an archive")
    (folder / "old.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    (folder / "picture.csv").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    (folder / "page.json").write_bytes(b"<!DOCTYPE html><html></html>")
    with zipfile.ZipFile(folder / "other.zip", "w") as archive:
        archive.writestr("readme.txt", "x")
    with zipfile.ZipFile(folder / "hollow.xlsx", "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    with zipfile.ZipFile(folder / "entities.xlsx", "w") as archive:
        archive.writestr(
            "xl/workbook.xml", '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'
        )
    with zipfile.ZipFile(folder / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            for _ in range(11):
                part.write(b"0" * (10 * 1024 * 1024))
    return sorted(folder.iterdir())


def test_hostile_and_damaged_files_are_refused_in_one_line(tmp_path: Path) -> None:
    files = [*damaged_files(tmp_path), tmp_path / "absent.csv", tmp_path]
    for path in files:
        with pytest.raises(Failure) as refused:
            read_table_listing(open_source(path), {})
        assert refused.value.exit_status == 2, path.name
        assert "\n" not in refused.value.message


def test_a_stated_format_that_the_content_belies_is_refused(
    write_csv: Callable[..., Path],
) -> None:
    path = write_csv([["CPTS", "Commune"]])
    assert open_source(path, given="csv").format is Format.CSV
    for wrong in ("xlsx", "gpkg", "docx"):
        with pytest.raises(Failure):
            open_source(path, given=wrong)


def test_a_note_under_the_table_is_told_and_is_no_cpts(write_csv: Callable[..., Path]) -> None:
    rows = [["CPTS", "Commune"], ["CPTS A", "Apt"], ["Source : nous, 2026", ""], ["CPTS B", ""]]
    listing = read_table_listing(open_source(write_csv(rows)), {})
    assert [entry.cpts for entry in listing.entries] == ["CPTS A", "CPTS B"]
    assert any("ligne 3" in remark for remark in listing.remarks)


@pytest.mark.parametrize("unseen", ["\ufffe", "\ufdd0", "\U0001ffff", "\u202e", "\u200e", "\0"])
def test_a_cell_keeps_nothing_that_no_text_may_hold(unseen: str) -> None:
    assert clean(f"CPTS {unseen}du Val 🏥") == "CPTS du Val 🏥"
