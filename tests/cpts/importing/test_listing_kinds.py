"""Lists as people make them: which column says what, and whose each row is."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font

from app.cpts.importing.columns import Role, recognise
from app.cpts.importing.listing import Listing, read_table_listing
from app.failures import Failure
from app.files.sources import open_source
from app.files.tables import decode, repaired

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ReadCsv = Callable[[str], Listing]


@pytest.fixture
def read_csv(tmp_path: Path) -> ReadCsv:
    """Read a listing written as CSV with semicolons."""

    def read(text: str) -> Listing:
        path = tmp_path / "liste.csv"
        path.write_text(text, encoding="utf-8")
        return read_table_listing(open_source(path), {})

    return read


def claims(listing: Listing) -> list[tuple[str, str]]:
    return [(e.cpts, e.commune or e.code) for e in listing.entries if not e.is_unclaimed]


def unclaimed(listing: Listing) -> list[str]:
    return [e.commune or e.code for e in listing.entries if e.is_unclaimed]


@pytest.mark.parametrize(
    "seat",
    [
        (
            "CPTS;Adresse;Code postal;Ville;Communes du territoire\n"
            'CPTS A;1 rue X;05000;Mende;"Gap, Veynes"\n'
        ),
        'Nom CPTS;Commune;Liste des communes\nCPTS A;Mende;"Gap, Veynes"\n',
        'Nom CPTS;Ville;Territoire\nCPTS A;Mende;"Gap, Veynes"\n',
        'Nom CPTS;Commune siège;Communes\nCPTS A;Mende;"Gap, Veynes"\n',
        'Nom CPTS;Territoire;Siège (ville)\nCPTS A;"Gap, Veynes";Mende\n',
    ],
)
def test_the_town_of_the_seat_is_not_the_territory(read_csv: ReadCsv, seat: str) -> None:
    listing = read_csv(seat)
    assert claims(listing) == [("CPTS A", "Gap"), ("CPTS A", "Veynes")]
    assert all(entry.postcode == "" for entry in listing.entries)


def test_a_list_of_seats_alone_is_refused(read_csv: ReadCsv) -> None:
    with pytest.raises(Failure, match="aucun en-tête"):
        read_csv("CPTS;Adresse;Code postal;Commune\nCPTS A;1 rue X;05000;Gap\n")


def test_one_commune_per_row_goes_before_the_name_of_the_territory(read_csv: ReadCsv) -> None:
    listing = read_csv(
        "CPTS;Territoire;Commune\nCPTS A;Pays gap.;Gap\nCPTS A;Pays gap.;Veynes\n"
    )
    assert claims(listing) == [("CPTS A", "Gap"), ("CPTS A", "Veynes")]


def test_numbers_are_an_order_and_no_names(read_csv: ReadCsv) -> None:
    listing = read_csv("CPTS;Nom CPTS;Commune\n1;CPTS du Gapençais;Gap\n2;CPTS B;Embrun\n")
    assert claims(listing) == [("CPTS du Gapençais", "Gap"), ("CPTS B", "Embrun")]
    assert "« CPTS » non retenue : des numéros" in listing.remarks[0]


def test_a_column_of_codes_holds_codes(read_csv: ReadCsv) -> None:
    listing = read_csv("CPTS;Code commune;Commune\nCPTS A;oui;Gap\nCPTS A;non;Veynes\n")
    assert claims(listing) == [("CPTS A", "Gap"), ("CPTS A", "Veynes")]
    assert "ne sont pas des codes" in listing.remarks[0]


def test_a_list_of_communes_names_no_cpts(read_csv: ReadCsv) -> None:
    with pytest.raises(Failure, match="aucun en-tête"):
        read_csv("Nom;Code INSEE;Population\nGap;05061;40895\nVeynes;05179;3183\n")


def test_a_name_that_says_cpts_beside_codes_is_a_name(read_csv: ReadCsv) -> None:
    assert claims(read_csv("Nom;Code INSEE\nCPTS du Gap;05061\n")) == [("CPTS du Gap", "05061")]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Nom CPTS;Commune;dpt;Date du stade", {Role.SINCE: 3}),
        ("Nom CPTS;Commune;Stade;Date de signature", {Role.STAGE: 2, Role.SINCE: 3}),
        ("Nom CPTS;Commune;Stade;Statut de la commune", {Role.STAGE: 2, Role.MEMBERSHIP: 3}),
        ("Nom CPTS;COM;LIBELLE", {Role.NAME: 0, Role.CODE: 1, Role.COMMUNE: 2}),
        ("Communauté professionnelle territoriale de santé;Commune", {Role.NAME: 0}),
        ("CPTS;#Code_commune_INSEE;Nom_de_la_commune;Code_postal",
         {Role.CODE: 1, Role.COMMUNE: 2, Role.POSTCODE: 3}),
        (("CPTS;Code Officiel Commune / Arrondissement Municipal;"
         "Nom Officiel Commune / Arrondissement Municipal"), {Role.CODE: 1, Role.COMMUNE: 2}),
        ("CPTS;com_code;com_name", {Role.CODE: 1, Role.COMMUNE: 2}),
        ("cpts_name;commune_name;insee_code;department;stage;stage_since",
         {Role.NAME: 0, Role.COMMUNE: 1, Role.CODE: 2, Role.DEPARTMENT: 3, Role.STAGE: 4,
          Role.SINCE: 5}),
        ("CPTS;COM_NOM;INSEE_COM;INSEE_DEP",
         {Role.COMMUNE: 1, Role.CODE: 2, Role.DEPARTMENT: 3}),
        ("nom_de_la_;nom_commun;code_commu;departemen;stade_avan",
         {Role.NAME: 0, Role.COMMUNE: 1, Role.CODE: 2, Role.DEPARTMENT: 3, Role.STAGE: 4}),
    ],
)  # fmt: skip
def test_headers_of_the_usual_publishers_are_recognised(
    header: str, expected: dict[Role, int]
) -> None:
    positions = recognise(header.split(";")).positions
    assert {role: positions.get(role) for role in expected} == expected


@pytest.mark.parametrize(
    "text",
    [
        (
            "CPTS;;Territoire;;\nNom;Stade;Commune;Code INSEE;Population\n"
            "CPTS A;ACI signé;Gap;05061;1400\n"
        ),
        (
            "CPTS;CPTS;Commune;Commune;Commune\nNom;Stade;Nom;Code INSEE;Population\n"
            "CPTS A;ACI signé;Gap;05061;1400\n"
        ),
    ],
)
def test_a_header_may_take_two_rows(read_csv: ReadCsv, text: str) -> None:
    [entry] = read_csv(text).entries
    assert (entry.cpts, entry.commune, entry.code) == ("CPTS A", "Gap", "05061")
    assert entry.particulars[Role.STAGE] == "ACI signé"


def test_a_blank_name_in_a_list_of_all_communes_is_nobody(read_csv: ReadCsv) -> None:
    listing = read_csv(
        "Code INSEE;Commune;CPTS;Stade\n48001;Albaret;CPTS Nord;ACI\n48002;Allenc;;\n"
        "48004;Altier;CPTS Sud;ACI\n48005;Antrenas;;\n"
    )
    assert claims(listing) == [("CPTS Nord", "Albaret"), ("CPTS Sud", "Altier")]
    assert unclaimed(listing) == ["Allenc", "Antrenas"]


def test_a_blank_name_among_names_that_repeat_is_nobody(read_csv: ReadCsv) -> None:
    listing = read_csv("CPTS;Commune\nCPTS A;Gap\nCPTS A;Veynes\n;Embrun\nCPTS B;Apt\n")
    assert unclaimed(listing) == ["Embrun"]


def test_a_blank_name_in_grouped_rows_is_the_one_above_with_its_department(
    read_csv: ReadCsv,
) -> None:
    listing = read_csv(
        "Département;Nom CPTS;Commune\n83;CPTS A;La Garde\n;;Le Castellet\n"
        "05;CPTS B;Gap\n;;Veynes\n"
    )
    assert [(e.cpts, e.department, e.commune) for e in listing.entries] == [
        ("CPTS A", "83", "La Garde"), ("CPTS A", "83", "Le Castellet"),
        ("CPTS B", "05", "Gap"), ("CPTS B", "05", "Veynes"),
    ]  # fmt: skip


def test_merged_cells_say_the_same_of_all_their_rows(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in (
        ["Commune", "Département", "CPTS"], ["Gap", "05", "CPTS A"], ["Veynes", None, None],
        ["Apt", "84", None],
    ):  # fmt: skip
        sheet.append(row)
    sheet.merge_cells("B2:B3")
    sheet.merge_cells("C2:C3")
    book.save(tmp_path / "m.xlsx")
    listing = read_table_listing(open_source(tmp_path / "m.xlsx"), {})
    assert [(e.cpts, e.department, e.commune) for e in listing.entries if e.cpts] == [
        ("CPTS A", "05", "Gap"), ("CPTS A", "05", "Veynes"),
    ]  # fmt: skip
    assert unclaimed(listing) == ["Apt"]


@pytest.mark.parametrize(
    "nobody",
    ["Aucune", "Hors CPTS", "Zone blanche", "Sans CPTS", "0", "-", "NC", "Non couverte",
     "À définir", "néant", "Pas de CPTS", "N/A", "commune libre", "NULL", "#N/A"],
)  # fmt: skip
def test_words_for_nobody_name_no_cpts(read_csv: ReadCsv, nobody: str) -> None:
    listing = read_csv(f"Commune;CPTS\nAltier;CPTS A\nBarjac;{nobody}\nBrion;CPTS A\n")
    assert claims(listing) == [("CPTS A", "Altier"), ("CPTS A", "Brion")]
    assert unclaimed(listing) == ["Barjac"]


def test_a_commune_may_be_called_aucun(read_csv: ReadCsv) -> None:
    assert claims(read_csv("Nom CPTS;Commune\nCPTS A;Aucun\n")) == [("CPTS A", "Aucun")]


def test_a_cell_of_two_cpts_is_shared(read_csv: ReadCsv) -> None:
    listing = read_csv(
        "CPTS;Commune\nCPTS Nord;Gap\nCPTS Sud;Apt\nCPTS Nord / CPTS Sud;Veynes\n"
    )
    assert listing.entries[2].shared == ("CPTS Nord", "CPTS Sud")


@pytest.mark.parametrize("name", ["CPTS Ubaye / Serre-Ponçon", "CPTS Vallée et Plateau"])
def test_one_name_may_hold_a_slash_or_an_et(read_csv: ReadCsv, name: str) -> None:
    [entry] = read_csv(f"CPTS;Commune\n{name};Gap\n").entries
    assert (entry.cpts, entry.shared) == (name, ())


def test_totals_notes_and_dates_are_no_rows(read_csv: ReadCsv) -> None:
    listing = read_csv(
        "Nom CPTS;Commune;dpt;Stade\nCPTS A;Aiglun;04;ACI\n;Allons;;\n;Total;;\n"
        ";2 communes;;\nTotal CPTS A;2 communes;;\nTotal général;3 communes;;\n"
        "Source : ARS;;;\n* population 2021;;;\nMis à jour le 12/03/2024;;;\nDonnées : x;;;\n"
    )
    assert claims(listing) == [("CPTS A", "Aiglun"), ("CPTS A", "Allons")]


def test_rows_of_titles_give_the_department_of_those_below(read_csv: ReadCsv) -> None:
    listing = read_csv(
        "Nom CPTS;Commune\nALPES-DE-HAUTE-PROVENCE (04);\nCPTS A;Aiglun\n"
        "Département du Var;\nCPTS B;La Garde\n"
    )
    assert [(e.cpts, e.department) for e in listing.entries] == [
        ("CPTS A", "ALPES-DE-HAUTE-PROVENCE (04)"), ("CPTS B", "Département du Var"),
    ]  # fmt: skip


def test_a_crosstab_gives_each_marked_commune_to_its_cpts(read_csv: ReadCsv) -> None:
    listing = read_csv(
        "Commune;Code INSEE;CPTS Nord;CPTS Sud\nAiglun;04001;X;\nAllons;04005;;x\n"
        "Annot;04008;;\nBanon;04018;X;X\n"
    )
    first, second, nobody, both = listing.entries
    assert (first.cpts, second.cpts) == ("CPTS Nord", "CPTS Sud")
    assert nobody.is_unclaimed
    assert both.shared == ("CPTS Nord", "CPTS Sud")


def test_a_commune_that_was_withdrawn_is_not_taken(read_csv: ReadCsv) -> None:
    listing = read_csv(
        "Nom CPTS;Commune;Statut de la commune\nCPTS A;Altier;Intégrée\nCPTS A;Auroux;Retirée\n"
        "CPTS A;Barjac (hors CPTS);\nCPTS A;Brion (à venir);\nCPTS A;Banassac (48);\n"
    )
    doubtful = [e.commune for e in listing.entries if e.doubt]
    assert doubtful == ["Auroux", "Barjac (hors CPTS)", "Brion (à venir)"]


def test_a_line_break_in_a_cell_is_one_however_it_is_written(read_csv: ReadCsv) -> None:
    listing = read_csv("Nom CPTS;Communes\nCPTS A;Aiglun<br>Allons<BR/>Annot_x000D_Banon\n")
    assert [e.commune for e in listing.entries] == ["Aiglun", "Allons", "Annot", "Banon"]


def test_lines_of_two_encodings_are_each_read_as_what_they_are() -> None:
    content = "CPTS Été\n".encode() + "Barrême\n".encode("cp1252") + b"CPTS B\n"
    assert decode(content) == "CPTS Été\nBarrême\nCPTS B\n"


def test_utf16_that_lost_its_mark_is_read() -> None:
    assert decode("CPTS Été;Gap".encode("utf-16-le")) == "CPTS Été;Gap"
    assert decode("CPTS Été;Gap".encode("utf-16-be")) == "CPTS Été;Gap"


@pytest.mark.parametrize(
    "text", ["Vallée de l’Ubaye", "Sélestat", "Été à Nîmes", "Mâcon – Sud"]
)
def test_sound_text_is_left_as_it_is(text: str) -> None:
    assert repaired(text) == text


def test_the_usual_double_encoding_is_undone() -> None:
    assert repaired("CPTS de la VallÃ©e de lâ€™Ubaye") == "CPTS de la Vallée de l’Ubaye"


_SHEET = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>
<table:table table:name="F">{rows}</table:table>
</office:spreadsheet></office:body></office:document-content>"""


_MANIFEST = (
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
)


def test_open_document_sheets_are_read(tmp_path: Path) -> None:
    rows = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p>'
            "</table:table-cell>"
            for cell in row
        )
        + "</table:table-row>"
        for row in (["CPTS", "Commune"], ["CPTS A", "Gap"])
    )
    path = tmp_path / "liste.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", _SHEET.format(rows=rows))
        archive.writestr("META-INF/manifest.xml", _MANIFEST)
    assert claims(read_table_listing(open_source(path), {})) == [("CPTS A", "Gap")]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.4 x", "un PDF"),
        (b"{\\rtf1 Gap}", "RTF"),
        (b"\x89PNG\r\n", "PNG"),
        (b"<html><table><tr><td>Gap", "page HTML.*tableur"),
        (b'<!DOCTYPE html PUBLIC "x"><html>', "page HTML"),
        (b'<?xml version="1.0"?><gpx version="1.1">', "GPX"),
        (b'<?xml version="1.0"?><wfs:FeatureCollection>', "outputFormat"),
        (b"\x00\x00\x27\x0a\x00\x00", "Shapefile"),
        (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
        (OLE + "WordDocument".encode("utf-16-le"), "document Word"),
    ],
)
def test_a_document_that_is_no_list_is_called_what_it_is(
    tmp_path: Path, content: bytes, kind: str
) -> None:
    (tmp_path / "liste.csv").write_bytes(content)
    with pytest.raises(Failure, match=kind):
        open_source(tmp_path / "liste.csv")


@pytest.mark.parametrize(
    "cell", ["04001 04004 2A004", "04001-04004-2A004", "04001 - 04004;2A004"]
)
def test_codes_in_one_cell_are_cut_whatever_parts_them(read_csv: ReadCsv, cell: str) -> None:
    listing = read_csv(f'Nom CPTS;Codes INSEE\nCPTS A;"{cell}"\n')
    assert claims(listing) == [("CPTS A", code) for code in ("04001", "04004", "2A004")]


def test_the_apostrophe_that_open_data_put_before_a_formula_goes(read_csv: ReadCsv) -> None:
    listing = read_csv("Nom CPTS;Commune\n'-CPTS Tiret;Gap\n'CPTS;Veynes\n")
    assert claims(listing) == [("-CPTS Tiret", "Gap"), ("'CPTS", "Veynes")]


def test_a_row_of_a_stage_says_that_of_the_rows_below(read_csv: ReadCsv) -> None:
    listing = read_csv(
        "Nom CPTS;Commune;dpt\nCPTS en fonctionnement;;\nCPTS A;Aiglun;04\n"
        "CPTS en projet;;\nCPTS B;Allons;04\n"
    )
    assert [(e.cpts, e.particulars[Role.STAGE]) for e in listing.entries] == [
        ("CPTS A", "en fonctionnement"), ("CPTS B", "en projet"),
    ]  # fmt: skip


def test_no_commune_below_a_title_goes_to_the_cpts_above_it(read_csv: ReadCsv) -> None:
    listing = read_csv(
        "CPTS;Commune\nCPTS A;Gap\n;Veynes\nVar (83);\n;La Garde\nCPTS B;Bandol\n"
    )
    assert [(e.cpts, e.commune, e.is_unclaimed) for e in listing.entries] == [
        ("CPTS A", "Gap", False), ("CPTS A", "Veynes", False), ("", "La Garde", False),
        ("CPTS B", "Bandol", False),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["Lozère", "CPTS Gapençais (05)", "CPTS Marne 51"])
def test_a_cpts_above_its_communes_is_no_title(read_csv: ReadCsv, name: str) -> None:
    listing = read_csv(f"CPTS;Commune\nCPTS A;Gap\n{name};\n;Altier\n;Auroux\n")
    assert claims(listing)[1:] == [(name, ""), (name, "Altier"), (name, "Auroux")]


def workbook(tmp_path: Path, **sheets: list[list[str]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(tmp_path / "liste.xlsx")
    return tmp_path / "liste.xlsx"


@pytest.mark.parametrize(
    ("sheet", "department"),
    [("Dpt 04", "Dpt 04"), ("04", "04"), ("Var", "Var"), ("CPTS", ""), ("2024", "")],
)
def test_a_sheet_called_by_a_department_is_evidence_of_it(
    tmp_path: Path, sheet: str, department: str
) -> None:
    path = workbook(tmp_path, **{sheet: [["CPTS", "Commune"], ["CPTS A", "La Garde"]]})
    listing = read_table_listing(open_source(path), {})
    assert [entry.department for entry in listing.entries] == [department]


@pytest.mark.parametrize("column", [0, 1])
def test_what_is_struck_through_is_doubtful(tmp_path: Path, column: int) -> None:
    path = workbook(
        tmp_path, CPTS=[["CPTS", "Commune"], ["CPTS A", "Gap"], ["CPTS A", "Veynes"]]
    )
    book = openpyxl.load_workbook(path)
    book["CPTS"].cell(3, column + 1).font = Font(strike=True)
    book.save(path)
    first, second = read_table_listing(open_source(path), {}).entries
    assert first.doubt == ""
    assert "barré" in second.doubt


def test_a_text_of_which_letters_are_struck_through_is_doubtful(tmp_path: Path) -> None:
    path = workbook(tmp_path, CPTS=[["CPTS", "Commune"], ["CPTS A", "Gap"]])
    book = openpyxl.load_workbook(path)
    book["CPTS"]["B2"] = CellRichText("Gap ", TextBlock(InlineFont(strike=True), "Veynes"))
    book.save(path)
    [entry] = read_table_listing(open_source(path), {}).entries
    assert "barré" in entry.doubt


def test_a_struck_name_that_is_merged_over_rows_is_struck_in_each(tmp_path: Path) -> None:
    path = workbook(tmp_path, CPTS=[["CPTS", "Commune"], ["CPTS A", "Gap"], ["", "Veynes"]])
    book = openpyxl.load_workbook(path)
    book["CPTS"]["A2"].font = Font(strike=True)
    book["CPTS"].merge_cells("A2:A3")
    book.save(path)
    assert all("barré" in e.doubt for e in read_table_listing(open_source(path), {}).entries)


@pytest.mark.parametrize(
    ("member", "content", "kind"),
    [
        ("word/document.xml", b"", "document Word"),
        ("ppt/presentation.xml", b"", "PowerPoint"),
        ("xl/workbook.bin", b"", "xlsb"),
        ("mimetype", b"application/vnd.oasis.opendocument.text", "OpenDocument"),
        ("dossier/liste.csv", b"Gap", "extrayez-en le fichier « dossier/liste.csv »"),
        ("couche.geojson", b"{}", "extrayez-en le fichier « couche.geojson »"),
        ("photo.bin", b"", "ni classeur ni Shapefile"),
    ],
)
def test_an_archive_that_is_no_list_is_called_what_it_is(
    tmp_path: Path, member: str, content: bytes, kind: str
) -> None:
    with zipfile.ZipFile(tmp_path / "liste.zip", "w") as archive:
        archive.writestr(member, content)
        archive.writestr("content.xml", "<x/>")
    with pytest.raises(Failure, match=kind):
        open_source(tmp_path / "liste.zip")


@pytest.mark.parametrize(
    "text",
    [
        '[{"cpts":"CPTS A","nom_commune":"Gap","code_commune":"05061","cp":["05000"]}]',
        '{"total_count":1,"results":[{"cpts":"CPTS A","commune":"Gap","geo":null}]}',
        '[{"recordid":"x","fields":{"cpts":"CPTS A","commune":"Gap"}}]',
    ],
)
def test_a_list_that_an_api_gives_as_json_is_a_table(tmp_path: Path, text: str) -> None:
    path = tmp_path / "liste.json"
    path.write_text(text)
    assert claims(read_table_listing(open_source(path), {})) == [("CPTS A", "Gap")]


@pytest.mark.parametrize("text", ['{"a":1}', "[1, 2", '{"erreur":"introuvable"}'])
def test_json_that_is_no_list_is_said_to_be_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "liste.json").write_text(text)
    with pytest.raises(Failure, match="JSON, mais pas une liste"):
        read_table_listing(open_source(tmp_path / "liste.json"), {})


@pytest.mark.parametrize(
    "header",
    ["Commune(s)", "Ville / commune", "Localité", "NCC", "nom_standard", "LIBGEO_2024",
     "Communes composant la CPTS", "Communes rattachées", "Nom commune (INSEE)"],
)  # fmt: skip
def test_communes_are_headed_in_many_words(read_csv: ReadCsv, header: str) -> None:
    assert claims(read_csv(f"Nom CPTS;{header}\nCPTS A;Gap\n")) == [("CPTS A", "Gap")]


@pytest.mark.parametrize(
    "header",
    ["CPTS de rattachement", "Rattachement CPTS", "CPTS concernée", "CPTS couvrant la commune",
     "NOM_CPTS_2024"],
)  # fmt: skip
def test_cpts_are_headed_in_many_words(read_csv: ReadCsv, header: str) -> None:
    assert claims(read_csv(f"Commune;{header}\nGap;CPTS A\n")) == [("CPTS A", "Gap")]


@pytest.mark.parametrize(("at_local", "at_central", "value"), [(6, 8, 1), (8, 10, 99)])
def test_a_workbook_that_is_encrypted_or_packed_in_an_unknown_way_is_refused(
    write_xlsx: Callable[..., Path], at_local: int, at_central: int, value: int
) -> None:
    path = write_xlsx([["Nom CPTS", "Commune"], ["CPTS A", "Gap"]])
    content = bytearray(path.read_bytes())
    for signature, place in ((b"PK\x03\x04", at_local), (b"PK\x01\x02", at_central)):
        start = -1
        while (start := content.find(signature, start + 1)) >= 0:
            content[start + place : start + place + 2] = value.to_bytes(2, "little")
    path.write_bytes(content)
    with pytest.raises(Failure) as refused:
        read_table_listing(open_source(path), {})
    assert refused.value.exit_status == 2
