"""`./cpts check-letter` on files."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import shapely
from sqlalchemy import Engine, text
from typer.testing import CliRunner, Result

from app.cli import application
from app.failures import Failure

pytestmark = pytest.mark.usefixtures("complete_country")

Register = Callable[..., int]
Run = Callable[..., Result]


@pytest.fixture
def run(engine: Engine, test_database: str, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command on the tests' database."""
    monkeypatch.setenv("DATABASE_URL", test_database)
    # Wide enough that no table cell is broken.
    monkeypatch.setenv("COLUMNS", "200")

    def command(path: Path, *options: str) -> Result:
        return CliRunner().invoke(application, ["check-letter", str(path), *options])

    return command


@pytest.fixture
def one_per_line(tmp_path: Path) -> Path:
    path = tmp_path / "communes.txt"
    path.write_text("59163\nRoubaix\n", encoding="utf-8")
    return path


def test_a_free_territory_exits_with_0_and_says_so(run: Run, one_per_line: Path) -> None:
    result = run(one_per_line)
    assert result.exit_code == 0, result.output
    assert "LIBRE" in result.output
    assert "2 commune(s)" in result.output


@pytest.mark.parametrize(
    ("stage", "said"),
    [("aci_signe", "BLOQUÉ"), ("dynamique_identifiee", "DISPUTÉ")],
)
def test_a_held_commune_exits_with_1_and_names_its_holder(
    run: Run, register: Register, one_per_line: Path, stage: str, said: str
) -> None:
    register("CPTS [bold]du Test", stage=stage, communes=("59163",))
    result = run(one_per_line)
    assert result.exit_code == 1, result.output
    assert said in result.output
    assert "CPTS [bold]du Test" in result.output
    assert "59163" in result.output


def test_a_name_that_cannot_be_told_exits_with_1_and_offers_candidates(
    run: Run, tmp_path: Path
) -> None:
    path = tmp_path / "communes.txt"
    path.write_text("Saint-Denis\nNulle-Part-sur-Rien\n", encoding="utf-8")
    result = run(path)
    assert result.exit_code == 1, result.output
    assert "INCOMPLET" in result.output
    assert "97411" in result.output
    assert "inconnue" in result.output


def test_json_is_the_answer_of_the_route(run: Run, one_per_line: Path) -> None:
    result = run(
        one_per_line, "--json", "--name", "CPTS du Projet", "--effective-on", "2030-01-01"
    )
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    assert answer["verdict"] == "clear"
    assert answer["name"] == "CPTS du Projet"
    assert answer["effective_on"] == "2030-01-01"
    assert [c["code"] for c in answer["territory"]["communes"]] == ["59163", "59512"]


def test_an_amendment_is_asked_with_its_cpts(
    run: Run, register: Register, one_per_line: Path
) -> None:
    own = register("CPTS des Essais", communes=("59163",))
    assert run(one_per_line).exit_code == 1
    assert run(one_per_line, "--exclude-cpts", str(own)).exit_code == 0


def test_a_csv_gives_names_with_their_department(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "communes.csv"
    path.write_text("Commune;Département\nSaint-Denis;974\nCroix;59\n", encoding="utf-8")
    result = run(path, "--json")
    assert result.exit_code == 0, result.output
    communes = json.loads(result.stdout)["territory"]["communes"]
    assert [c["code"] for c in communes] == ["59163", "97411"]


def test_a_workbook_is_read(run: Run, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Code INSEE", "Commune"])
    sheet.append(["59163", "Croix"])
    path = tmp_path / "communes.xlsx"
    book.save(path)
    result = run(path, "--json")
    assert result.exit_code == 0, result.output
    assert len(json.loads(result.stdout)["territory"]["communes"]) == 1


def test_a_polygon_file_gives_the_communes_inside(
    run: Run, tmp_path: Path, engine: Engine
) -> None:
    with engine.connect() as connection:
        outline = connection.execute(
            text("SELECT ST_AsGeoJSON(geom) FROM commune WHERE code = '59163'")
        ).scalar_one()
    assert shapely.from_geojson(outline).is_valid
    path = tmp_path / "territoire.geojson"
    feature = {"type": "Feature", "properties": {}, "geometry": json.loads(outline)}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    result = run(path, "--json")
    assert result.exit_code == 0, result.output
    communes = json.loads(result.stdout)["territory"]["communes"]
    assert [(c["code"], c["given"]) for c in communes] == [("59163", "geometry")]


def test_an_unusable_file_stops_with_2(run: Run, tmp_path: Path) -> None:
    empty = tmp_path / "vide.txt"
    empty.write_text("")
    for path in (tmp_path / "absent.txt", empty):
        result = run(path)
        assert isinstance(result.exception, Failure), result.output
        assert result.exception.exit_status == 2


def test_an_unknown_cpts_stops_with_2(run: Run, one_per_line: Path) -> None:
    result = run(one_per_line, "--exclude-cpts", "987654")
    assert isinstance(result.exception, Failure)
    assert result.exception.exit_status == 2


def test_an_unknown_territory_is_not_said_to_be_free_of_any_cpts(
    run: Run, one_per_line: Path, engine: Engine
) -> None:
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM department_completeness"))
    result = run(one_per_line)
    assert result.exit_code == 0
    assert "Territoire non renseigné" in result.output
    assert "aucune commune" not in result.output


def test_stated_departments_settle_a_list_at_once(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "communes.txt"
    path.write_text("Toulon\nHyères\nLa Garde\nLe Castellet\n", encoding="utf-8")
    offered = run(path)
    assert offered.exit_code == 1, offered.output
    assert "--department 83" in offered.output
    settled = run(path, "--department", "83", "--json")
    assert settled.exit_code == 0, settled.output
    communes = json.loads(settled.output)["territory"]["communes"]
    assert {commune["code"] for commune in communes} == {"83137", "83069", "83062", "83035"}
    assert any("précisé par le département" in (c["note"] or "") for c in communes)


def test_a_department_that_is_none_stops_with_2(run: Run, one_per_line: Path) -> None:
    result = run(one_per_line, "--department", "Ruritanie")
    assert isinstance(result.exception, Failure)
    assert result.exception.exit_status == 2
    assert "Ruritanie" in result.exception.message
