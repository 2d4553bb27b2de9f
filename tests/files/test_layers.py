"""Polygons whose file does not say in which coordinate system they are."""

import json
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import geopandas
import pyogrio
import pytest
from shapely.geometry import box, mapping

from app.failures import Failure
from app.files.layers import read_layers
from app.files.sources import open_source

# Around Gap, in Lambert 93.
SQUARE = box(940_000, 6_380_000, 950_000, 6_390_000)


@pytest.fixture
def unstated(tmp_path: Path) -> Path:
    """A GeoPackage in metres that states no system."""
    path = tmp_path / "territoire.gpkg"
    frame = geopandas.GeoDataFrame({"nom": ["CPTS A"]}, geometry=[SQUARE])
    with pytest.warns(UserWarning, match="crs"):
        pyogrio.write_dataframe(frame, path, driver="GPKG")
    return path


def test_metres_without_a_system_are_called_so_and_the_field_is_named(unstated: Path) -> None:
    with pytest.raises(Failure, match=r"en mètres sans dire leur système : dites-le \(crs\)"):
        read_layers(open_source(unstated))


@pytest.mark.parametrize("crs", ["EPSG:2154", "epsg 2154", "2154"])
def test_a_stated_system_is_used(unstated: Path, crs: str) -> None:
    [layer] = read_layers(open_source(unstated, crs=crs))
    west, south, east, north = layer.features[0].polygon.bounds
    assert 6 < west < east < 6.3
    assert 44.4 < south < north < 44.7


@pytest.mark.parametrize(
    ("crs", "said"),
    [
        ("EPSG:32740", "ne sont pas en France"),
        ("EPSG:4326", "ne sont pas en France"),
        ("EPSG:999999", "ne se convertit pas"),
        ("+proj=lcc +datum=WGS84", "Système de coordonnées"),
        ("/etc/passwd", "Système de coordonnées"),
    ],
)
def test_a_system_that_does_not_fit_is_refused(unstated: Path, crs: str, said: str) -> None:
    with pytest.raises(Failure, match=said):
        read_layers(open_source(unstated, crs=crs))


def test_what_the_file_states_goes_before(tmp_path: Path) -> None:
    path = tmp_path / "territoire.gpkg"
    frame = geopandas.GeoDataFrame({"nom": ["CPTS A"]}, geometry=[SQUARE], crs="EPSG:2154")
    pyogrio.write_dataframe(frame, path, driver="GPKG")
    [layer] = read_layers(open_source(path, crs="EPSG:32740"))
    assert 6 < layer.features[0].polygon.bounds[0] < 6.3


def test_nothing_of_gdal_is_written(unstated: Path, capfd: pytest.CaptureFixture[str]) -> None:
    damaged = unstated.with_name("abime.gpkg")
    content = bytearray(unstated.read_bytes())
    content[5000:9000] = b"\xff" * 4000
    damaged.write_bytes(content)
    with pytest.raises(Failure):
        read_layers(open_source(damaged))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("suffix", [".geojson", ".zip"])
def test_metres_are_called_so_in_every_format(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"territoire{suffix}"
    if suffix == ".geojson":
        # Without a word, GeoJSON is in degrees: these cannot be.
        frame = geopandas.GeoDataFrame({"nom": ["CPTS A"]}, geometry=[SQUARE])
        path.write_text(frame.to_json(), encoding="utf-8")
    else:
        frame = geopandas.GeoDataFrame({"nom": ["CPTS A"]}, geometry=[SQUARE], crs="EPSG:2154")
        pyogrio.write_dataframe(frame, tmp_path / "t.shp")
        with zipfile.ZipFile(path, "w") as archive:
            for part in ("t.shp", "t.shx", "t.dbf"):
                archive.write(tmp_path / part, part)
    with pytest.raises(Failure, match="en mètres sans dire leur système"):
        read_layers(open_source(path))
    [layer] = read_layers(open_source(path, crs="2154"))
    assert 6 < layer.features[0].polygon.bounds[0] < 6.3


def test_a_number_for_no_system_is_none(tmp_path: Path) -> None:
    path = tmp_path / "territoire.gpkg"
    frame = geopandas.GeoDataFrame({"nom": ["CPTS A"]}, geometry=[SQUARE], crs="EPSG:2154")
    pyogrio.write_dataframe(frame, path, driver="GPKG")
    for number in (0, -1):
        with closing(sqlite3.connect(path)) as database, database:
            database.execute("PRAGMA writable_schema = 0")
            database.execute("DROP TRIGGER IF EXISTS trigger_insert_feature_count_territoire")
            database.execute("UPDATE gpkg_geometry_columns SET srs_id = ?", (number,))
            database.execute("UPDATE gpkg_contents SET srs_id = ?", (number,))
        with pytest.raises(Failure, match="en mètres sans dire leur système"):
            read_layers(open_source(path))
        [layer] = read_layers(open_source(path, crs="EPSG:2154"))
        assert 6 < layer.features[0].polygon.bounds[0] < 6.3


def test_lists_in_fields_are_read(tmp_path: Path) -> None:
    path = tmp_path / "territoire.geojson"
    feature = {
        "type": "Feature",
        "geometry": mapping(box(6, 44, 7, 45)),
        "properties": {
            "name": "CPTS A",
            "departments": ["04", "05"],
            "themes": [{"slug": "a", "label": "A"}],
        },
    }
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    [layer] = read_layers(open_source(path))
    values = dict(zip(layer.fields, layer.features[0].values, strict=True))
    assert values["name"] == "CPTS A"
    assert values["departments"] == "04, 05"
    assert values["themes"] == "a"
