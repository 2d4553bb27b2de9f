"""Files of polygons become communes by the share of their area."""

import json
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas
import pytest
import shapely
from sqlalchemy import Engine, text

from app.failures import Failure
from app.files.layers import read_layers
from app.files.sources import open_source
from app.letters.check.commune_lists import read_commune_list
from tests.cpts.importing.conftest import RunImport
from tests.cpts.importing.test_import import territories

SQUARE = shapely.box(6.0, 44.0, 6.1, 44.1)


def outline(engine: Engine, *codes: str) -> Any:
    """Give the union of some communes, in EPSG:4326."""
    with engine.connect() as connection:
        wkb = connection.execute(
            text("SELECT ST_AsBinary(ST_Union(geom)) FROM commune WHERE code = ANY (:codes)"),
            {"codes": list(codes)},
        ).scalar_one()
    return shapely.from_wkb(bytes(wkb))


def frame(shapes: dict[str, Any], **fields: list[Any]) -> geopandas.GeoDataFrame:
    return geopandas.GeoDataFrame(
        {"nom_cpts": list(shapes), **fields}, geometry=list(shapes.values()), crs="EPSG:4326"
    )


def written(data: geopandas.GeoDataFrame, folder: Path, kind: str) -> Path:
    """Write a layer in one of the formats that are read."""
    if kind == "shapefile":
        inner = folder / "inner"
        inner.mkdir()
        data.to_file(inner / "cpts.shp", encoding="utf-8")
        path = folder / "cpts.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for part in inner.iterdir():
                archive.write(part, f"dossier/{part.name}")
        return path
    path = folder / f"cpts.{kind}"
    if kind == "parquet":
        data.to_parquet(path)
        return path
    data.to_file(path, driver={"geojson": "GeoJSON", "gpkg": "GPKG"}[kind])
    return path


@pytest.mark.parametrize("kind", ["geojson", "gpkg", "shapefile", "parquet"])
@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:2154", "EPSG:3857"])
def test_any_format_in_any_crs_leads_to_the_same_communes(
    kind: str, crs: str, engine: Engine, tmp_path: Path, run_import: RunImport
) -> None:
    data = frame(
        {"CPTS Été": outline(engine, "04001", "04070"), "CPTS Hiver": outline(engine, "84003")},
        statut=["ACI signé", "LI validée"],
    )
    done = run_import(written(data.to_crs(crs), tmp_path, kind))
    assert done.status == 0, done.output + str(done.report)
    assert territories(engine) == {"CPTS Été": {"04001", "04070"}, "CPTS Hiver": {"84003"}}
    assert [(line["row"], line["outcome"]) for line in done.report] == [
        ("1", "loaded"), ("2", "loaded"),
    ]  # fmt: skip
    assert "name ← « nom_cpts »" in done.output


def test_half_the_area_decides_and_the_doubtful_are_listed(
    engine: Engine, tmp_path: Path, run_import: RunImport
) -> None:
    apt = outline(engine, "84003")
    west, south, east, north = apt.bounds
    # The western part of Gargas, cut where it is more than a fifth and less than half.
    gargas = outline(engine, "84047")
    west, south, east, north = gargas.bounds
    part = next(
        piece
        for tenth in range(1, 10)
        if 0.25
        < (
            piece := gargas.intersection(
                shapely.box(west, south, west + (east - west) * tenth / 10, north)
            )
        ).area
        / gargas.area
        < 0.5
    )
    data = frame({"CPTS A": apt.union(part)}, statut=["ACI"])
    done = run_import(written(data, tmp_path, "geojson"))
    assert territories(engine) == {"CPTS A": {"84003"}}
    [line] = done.report
    assert "Gargas (84047)" in line["detail"]
    assert "non retenue" in line["detail"]
    assert "1 commune(s) douteuse(s)" in done.output


def test_a_commune_split_between_two_features_of_one_cpts_is_whole(
    engine: Engine, tmp_path: Path, run_import: RunImport
) -> None:
    apt = outline(engine, "84003")
    west, south, east, north = apt.bounds
    middle = (west + east) / 2
    halves = [
        apt.intersection(shapely.box(west, south, middle, north)),
        apt.intersection(shapely.box(middle, south, east, north)),
    ]
    data = geopandas.GeoDataFrame(
        {"NOM": ["CPTS A", "CPTS A"]}, geometry=halves, crs="EPSG:4326"
    )
    done = run_import(written(data, tmp_path, "gpkg"), "--default-stage", "aci_signe")
    assert done.status == 0, done.report
    assert territories(engine) == {"CPTS A": {"84003"}}
    assert "réuni à l'entité 1" in done.report[1]["detail"]


def test_fields_with_other_names_can_be_given(
    engine: Engine, tmp_path: Path, run_import: RunImport
) -> None:
    data = geopandas.GeoDataFrame(
        {"groupe": ["CPTS A"], "situation2": ["ACI"]},
        geometry=[outline(engine, "84003")],
        crs="EPSG:4326",
    )
    path = written(data, tmp_path, "geojson")
    refused = run_import(path)
    assert refused.status == 2
    assert "groupe, situation2" in refused.output
    done = run_import(path, "--column", "name=groupe", "--column", "stage=situation2")
    assert done.status == 0, done.output
    assert territories(engine) == {"CPTS A": {"84003"}}


def test_a_feature_without_polygon_keeps_its_cpts_out(
    engine: Engine, tmp_path: Path, run_import: RunImport
) -> None:
    data = frame(
        {"CPTS A": None, "CPTS B": outline(engine, "84003")}, statut=["ACI signé", "ACI signé"]
    )
    done = run_import(written(data, tmp_path, "geojson"))
    assert [line["outcome"] for line in done.report] == ["unknown", "loaded"]
    assert set(territories(engine)) == {"CPTS B"}


def test_a_polygon_in_the_sea_names_no_commune(
    engine: Engine, tmp_path: Path, run_import: RunImport
) -> None:
    data = frame({"CPTS A": shapely.box(-6, 45, -5, 46)}, statut=["ACI"])
    done = run_import(written(data, tmp_path, "geojson"))
    assert (done.status, done.report[0]["outcome"]) == (1, "unknown")


@pytest.mark.parametrize(
    "told",
    [{"numberMatched": 740, "numberReturned": 1}, {"numberMatched": 740},
     {"totalFeatures": 740}, {"total_count": 740}],
)  # fmt: skip
def test_one_page_of_an_answer_is_refused(tmp_path: Path, told: dict[str, int]) -> None:
    collection = {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "properties": {"nom": "A"},
                      "geometry": shapely.geometry.mapping(SQUARE)}],
        **told,
    }  # fmt: skip
    path = tmp_path / "page.geojson"
    path.write_text(json.dumps(collection))
    with pytest.raises(Failure, match="1 entités sur 740"):
        read_layers(open_source(path))


def test_a_shapefile_without_its_crs_is_not_guessed(tmp_path: Path) -> None:
    data = frame({"A": SQUARE}).to_crs("EPSG:2154")
    path = written(data, tmp_path, "shapefile")
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(tmp_path / "bare.zip", "w") as bare:
        for name in whole.namelist():
            if not name.endswith(".prj"):
                bare.writestr(name, whole.read(name))
    with pytest.raises(Failure, match="prj"):
        read_layers(open_source(tmp_path / "bare.zip"))


@pytest.mark.parametrize(
    "content",
    [b'{"type": "FeatureCollection", "features": []}', b'{"type": "Feature', b"{}", b"[1, 2]",
     b"SQLite format 3\x00" + b"x" * 200, b"PAR1" + b"x" * 200],
)  # fmt: skip
def test_layers_that_hold_nothing_are_refused_in_one_line(
    content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "layer.bin"
    path.write_bytes(content)
    with pytest.raises(Failure) as refused:
        read_layers(open_source(path))
    assert refused.value.exit_status == 2
    assert "\n" not in refused.value.message


def test_parquet_without_geometry_or_without_its_library_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "cpts.parquet"
    frame({"A": SQUARE}).drop(columns="geometry").to_parquet(path)
    with pytest.raises(Failure, match="sans géométrie"):
        read_layers(open_source(path))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(Failure, match="envoyez un GeoPackage"):
        read_layers(open_source(path))


def test_a_third_dimension_and_a_bow_tie_are_mended(tmp_path: Path) -> None:
    tie = shapely.Polygon([(0, 0, 5), (1, 1, 5), (1, 0, 5), (0, 1, 5)])
    path = written(frame({"A": tie}), tmp_path, "geojson")
    [layer] = read_layers(open_source(path))
    polygon = layer.features[0].polygon
    assert polygon.is_valid
    assert not polygon.has_z
    assert polygon.area == pytest.approx(0.5)


Write = Callable[..., Path]


def test_a_list_of_communes_is_read_from_text_table_and_polygon(
    tmp_path: Path, write_csv: Write, write_xlsx: Write
) -> None:
    lines = tmp_path / "communes.txt"
    lines.write_text("# mon projet\nSaint-Denis (974)\n\nMarseille 14e Arrondissement\n")
    assert [given.text for given in read_commune_list(lines).given] == [
        "Saint-Denis (974)", "Marseille 14e Arrondissement",
    ]  # fmt: skip
    table = write_csv([["Commune", "dpt"], ["Apt", "84"], ["Aiglun", "4"]])
    assert [(g.text, g.department) for g in read_commune_list(table).given] == [
        ("Apt", "84"), ("Aiglun", "4"),
    ]  # fmt: skip
    bare = write_xlsx([["a", 84003], ["b", 4001]])
    assert [(g.text, g.number) for g in read_commune_list(bare).given] == [
        ("a", "84003"), ("b", "4001"),
    ]  # fmt: skip
    drawn = read_commune_list(written(frame({"A": SQUARE}), tmp_path, "geojson"))
    assert drawn.given == []
    assert drawn.geometry.equals(SQUARE)


def test_a_table_without_communes_is_no_list(write_csv: Write) -> None:
    with pytest.raises(Failure):
        read_commune_list(write_csv([["a", "b"], ["c", "d"]]))
