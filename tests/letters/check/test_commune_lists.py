"""Bare lists of communes: nothing that a line or a cell says is left out."""

from pathlib import Path

import pytest

from app.failures import Failure
from app.geography.resolution import Given
from app.letters.check.commune_lists import read_commune_list


def read(tmp_path: Path, text: str, name: str = "liste.csv") -> list[Given]:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return list(read_commune_list(path).given)


def test_lines_of_several_shapes_are_all_read(tmp_path: Path) -> None:
    text = "04001 Aiglun\n04005 - Allons\nAnnot (04008)\n04018;Barrême\n"
    assert read(tmp_path, text, "liste.txt") == [
        Given("04001 Aiglun"),
        Given("04005 - Allons"),
        Given("Annot (04008)"),
        Given("Barrême", number="04018"),
    ]


def test_a_cell_of_another_kind_than_its_column_is_evidence(tmp_path: Path) -> None:
    assert read(tmp_path, "Gap;05061\nVeynes;voir note\n") == [
        Given("Gap", number="05061"),
        Given("Veynes", number="voir note"),
    ]


def test_codes_do_not_hide_the_names_beside_them(tmp_path: Path) -> None:
    assert read(tmp_path, "05061;Gap;Hautes-Alpes\n05179;Veynes;Hautes-Alpes\n") == [
        Given("Gap", "Hautes-Alpes", number="05061"),
        Given("Veynes", "Hautes-Alpes", number="05179"),
    ]


def test_two_columns_of_names_are_not_chosen_between(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="aucune colonne de communes"):
        read(tmp_path, "Gap;Veynes\nEmbrun;Chorges\n")


@pytest.mark.parametrize(
    "title", ["Communes", "Liste des communes", "Communes du territoire", "Code INSEE"]
)
def test_a_title_and_a_sum_are_no_places(tmp_path: Path, title: str) -> None:
    text = f"{title}\nGap\nVeynes\nTotal : 2 communes\n"
    assert read(tmp_path, text, "liste.txt") == [Given("Gap"), Given("Veynes")]


def test_a_commune_on_the_first_line_is_no_title(tmp_path: Path) -> None:
    assert read(tmp_path, "Ville\nGap\n", "liste.txt") == [Given("Ville"), Given("Gap")]


@pytest.mark.parametrize(
    "title", ["Hautes-Alpes :", "Hautes-Alpes", "HAUTES-ALPES (05)", "Dpt 05", "05 :"]
)
def test_a_department_heads_the_lines_below_it(tmp_path: Path, title: str) -> None:
    text = f"{title}\nGap\nVeynes\nVar :\nLa Garde\nAutres :\nAiglun\n"
    department = title.rstrip(": ")
    assert read(tmp_path, text, "liste.txt") == [
        Given("Gap", department),
        Given("Veynes", department),
        Given("La Garde", "Var"),
        Given("Autres :"),
        Given("Aiglun"),
    ]


@pytest.mark.parametrize("line", ["Paris", "Mayenne", "Mayenne (53)", "05", "75 - Paris"])
def test_a_commune_that_is_called_as_a_department_is_no_heading(
    tmp_path: Path, line: str
) -> None:
    assert read(tmp_path, f"{line}\nGap\n", "liste.txt") == [Given(line), Given("Gap")]


def test_a_department_that_heads_nothing_is_not_dropped(tmp_path: Path) -> None:
    assert read(tmp_path, "Gap\nVar :\n", "liste.txt") == [Given("Gap"), Given("Var :")]


def test_what_says_that_a_commune_left_is_kept_with_it(tmp_path: Path) -> None:
    text = "Commune;Statut de la commune\nGap;Intégrée\nVeynes;Retirée\n"
    first, second = read(tmp_path, text)
    assert first == Given("Gap")
    assert "Retirée" in second.doubt


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ('["05061","05179"]', [Given("05061"), Given("05179")]),
        ('["Gap","Veynes"]', [Given("Gap"), Given("Veynes")]),
        (
            '[{"nom":"Gap","code":"05061"},{"nom":"Veynes","code":"05179"}]',
            [Given("Gap", number="05061"), Given("Veynes", number="05179")],
        ),
    ],
)
def test_a_list_of_an_api_is_read(tmp_path: Path, text: str, given: list[Given]) -> None:
    assert read(tmp_path, text, "liste.json") == given


def test_a_crosstab_of_several_cpts_is_refused_with_words(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="croise des communes et plusieurs CPTS"):
        read(tmp_path, "Commune;CPTS Nord;CPTS Sud\nGap;X;\nVeynes;;X\n")
