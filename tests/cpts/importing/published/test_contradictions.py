"""A published file that is no longer what it was is refused, or its CPTS stays out."""

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import geopandas
import pytest
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app.database.calendar import today
from tests.cpts.importing.conftest import RunImport
from tests.cpts.importing.published.registries import put, stands
from tests.cpts.importing.published.test_round_trip import IDEA, NORTH, VAL
from tests.emptying import Emptying

Publish = Callable[[str], Path]


@pytest.fixture
def publish(engine: Engine, client: TestClient, emptying: Emptying, tmp_path: Path) -> Publish:
    """Download a file of a registry of three CPTS, which is empty afterwards."""
    put(engine, [VAL, NORTH, IDEA])
    bodies = {
        address: client.get(f"/{address}").content
        for address in ("donnees/cpts.csv", "donnees/compositions.csv", "donnees/cpts.gpkg",
                        "api/v1/cpts.geojson?detail=full", "api/v1/cpts.geojson")
    }  # fmt: skip
    emptying.empty()

    def get(address: str) -> Path:
        path = tmp_path / address.replace("/", "-").replace("?", "-")
        path.write_bytes(bodies[address])
        return path

    return get


def _edit(path: Path, column: str, value: str, line: int = 0) -> Path:
    rows = list(csv.DictReader(io.StringIO(path.read_text(), newline="")))
    rows[line][column] = value
    with path.open("w", newline="") as opened:
        writer = csv.DictWriter(opened, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_the_table_of_cpts_alone_names_no_commune(
    publish: Publish, run_import: RunImport
) -> None:
    refused = run_import(publish("donnees/cpts.csv"))
    assert refused.status == 2
    assert "--with compositions.csv" in refused.output


def test_two_tables_of_different_moments_are_refused(
    engine: Engine, publish: Publish, run_import: RunImport
) -> None:
    described, composed = publish("donnees/cpts.csv"), publish("donnees/compositions.csv")
    lines = composed.read_text().splitlines(keepends=True)
    composed.write_text("".join(lines[:-1]))
    fewer = run_import(described, "--with", str(composed))
    composed.write_text("".join(lines).replace("aci_signe::", "aci_signe:2020-01-01:"))
    other = run_import(described, "--with", str(composed))
    same = run_import(described, "--with", str(described))
    assert [fewer.status, other.status, same.status] == [2, 2, 2]
    assert "en même temps" in fewer.output
    assert "ne dit pas la même chose" in other.output
    assert "la même table" in same.output
    assert stands(engine) == []


@pytest.mark.parametrize(
    ("column", "value"),
    [("held_from", "04/03/2021"), ("held_until", "2020-01-01"), ("stages", "aci_signe"),
     ("stage", "association_creee"), ("cpts_id", ""), ("cpts_name", ""),
     ("demonstration", "VRAI")],
)  # fmt: skip
def test_a_value_that_is_never_published_refuses_the_file(
    column: str, value: str, engine: Engine, publish: Publish, run_import: RunImport
) -> None:
    path = _edit(publish("donnees/compositions.csv"), column, value)
    refused = run_import(path)
    assert refused.status == 2
    assert "ligne 2" in refused.output
    assert "\n" not in refused.output
    assert stands(engine) == []


def test_a_code_that_is_not_that_of_the_name_keeps_its_cpts_out(
    engine: Engine, publish: Publish, run_import: RunImport
) -> None:
    done = run_import(_edit(publish("donnees/compositions.csv"), "commune_code", "84003", 2))
    assert done.status == 1
    assert "ambiguous" in {line["outcome"] for line in done.report}
    assert len(stands(engine)) == 1


def test_a_layer_whose_polygon_is_another_keeps_its_cpts_out(
    engine: Engine, publish: Publish, run_import: RunImport, tmp_path: Path
) -> None:
    layer = geopandas.read_file(publish("donnees/cpts.gpkg"))
    drawn = list(layer.index[layer.geometry.notna()])
    shapes = list(layer.geometry)
    first, second = drawn
    shapes[first], shapes[second] = shapes[second], shapes[first]
    path = tmp_path / "autre.gpkg"
    layer.set_geometry(shapes).to_file(path, driver="GPKG", layer="cpts")
    done = run_import(path)
    assert done.status == 1
    assert "se contredisent" in done.output
    assert [row["name"] for row in stands(engine)] == ["CPTS sans commune"]


def test_a_file_of_another_day_asks_for_that_day(
    publish: Publish, run_import: RunImport
) -> None:
    path = publish("donnees/compositions.csv")
    early = run_import(path, "--as-of", "2020-01-01")
    late = run_import(path, "--as-of", str(today() + timedelta(days=40)))
    assert [early.status, late.status] == [2, 2]
    assert "--as-of" in early.output
    assert "--as-of" in late.output


def test_the_geojson_of_the_api_gives_the_present_stage_and_the_communes_of_today(
    engine: Engine, publish: Publish, run_import: RunImport
) -> None:
    done = run_import(publish("api/v1/cpts.geojson?detail=full"))
    assert done.status == 0, done.output
    by_name = {row["name"]: row for row in stands(engine)}
    val = by_name["CPTS du Val"]
    assert val["stages"] == ["aci_signe ? 2024-05-06"]
    assert val["themes"] == ["diabete", "vaccination"]
    assert val["claims"] == [f"{code} [{today()},)" for code in ("05046", "05061", "75113")]
    assert len(by_name) == 3


def test_a_column_that_is_named_makes_it_a_listing_as_any_other(
    engine: Engine, publish: Publish, run_import: RunImport
) -> None:
    path = _edit(publish("donnees/compositions.csv"), "held_from", "04/03/2021")
    done = run_import(path, "--column", "name=cpts_name")
    # In Gap and in Paris: as in any listing, one name in two far departments is in doubt.
    assert done.status == 1
    assert "qui ne se touchent pas" in done.output
    assert [row["name"] for row in stands(engine)] == [NORTH.columns["name"]]


def test_fictitious_cpts_stay_fictitious_and_are_not_removed_by_their_own_file(
    engine: Engine, client: TestClient, run_import: RunImport, tmp_path: Path
) -> None:
    put(engine, [replace(NORTH, demonstration=True)])
    before = stands(engine)
    path = tmp_path / "compositions.csv"
    path.write_bytes(client.get("/donnees/compositions.csv").content)
    ids = client.get("/api/v1/cpts").json()["items"][0]["id"]
    done = run_import(path)
    assert done.status == 0, done.output
    assert stands(engine) == before
    assert client.get("/api/v1/cpts").json()["items"][0]["id"] == ids
    assert before[0]["demonstration"] is True


def test_a_fictitious_cpts_is_never_taken_for_a_real_one(
    engine: Engine, publish: Publish, run_import: RunImport
) -> None:
    path = publish("donnees/compositions.csv")
    path.write_text(path.read_text().replace(",false,", ",true,"))
    put(engine, [VAL])
    before = stands(engine)
    done = run_import(path)
    assert done.status == 1
    assert "fictive d'un côté seulement" in done.output
    assert [row for row in stands(engine) if not row["demonstration"]] == before


def test_a_cpts_that_one_table_has_without_communes_has_none_in_the_other(
    publish: Publish, run_import: RunImport
) -> None:
    described = _edit(publish("donnees/cpts.csv"), "commune_count", "0")
    refused = run_import(described, "--with", str(publish("donnees/compositions.csv")))
    assert refused.status == 2
    assert "ne dit pas la même chose" in refused.output
