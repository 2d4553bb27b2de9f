"""The clients that people use: GDAL's OAPIF driver and OWSLib, beside the database."""

import json
import subprocess
import sys
from collections.abc import Callable

import pytest
import requests
from owslib.ogcapi.features import Features
from sqlalchemy import Engine, text

from app.ogc.collections import COLLECTIONS

# GDAL holds Python's lock while it asks, and the service here answers under the same one.
GDAL = """
import json, sys
import pyogrio
source = f"OAPIF:{sys.argv[1]}/ogc"
told = {"layers": pyogrio.list_layers(source)[:, 0].tolist()}
for layer, asked in json.loads(sys.argv[2]):
    found = pyogrio.read_dataframe(source, layer=layer, **asked)
    read = found.geometry.dropna()
    told[json.dumps([layer, asked])] = {
        "count": pyogrio.read_info(source, layer=layer, force_feature_count=True)["features"],
        "read": len(found),
        "crs": found.crs.to_authority(),
        "valid": bool(read.is_valid.all()),
        "area": float(read.area.sum()),
        "columns": sorted(found.columns),
    }
print(json.dumps(told))
"""


def read_by_gdal(address: str, *asked: tuple[str, dict[str, object]]) -> dict[str, object]:
    command = [sys.executable, "-W", "ignore", "-c", GDAL, address, json.dumps(asked)]
    read = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert read.returncode == 0, read.stderr
    told: dict[str, object] = json.loads(read.stdout)
    return told


def test_gdal_reads_each_collection_as_it_stands_in_the_database(
    live_server: str, registry: list[int], engine: Engine
) -> None:
    lambert = "ST_Transform({}, 2154)"
    expected = {
        ("cpts", "{}"): "SELECT 4, 4, 'CRS84', sum(ST_Area(geom)) FROM cpts_territory",
        ("cpts", '{"CRS": "EPSG:2154"}'): "SELECT 4, 4, '2154',"
        f" sum(ST_Area({lambert.format('geom')})) FROM cpts_territory",
        # It asks the service for the first half and goes through the second itself.
        ("communes", '{"where": "department = \'05\' AND population > 1000"}'): (
            "SELECT (SELECT count(*) FROM commune), count(*), 'CRS84', sum(ST_Area(geom))"
            " FROM commune CROSS JOIN LATERAL commune_population_on(code, '2026-01-01') n"
            " WHERE department_code = '05' AND n.population > 1000"
        ),
        ("departments", "{}"): "SELECT count(*), count(*), 'CRS84',"
        " sum(ST_Area(geom_department)) FROM department",
        ("regions", "{}"): "SELECT count(*), count(*), 'CRS84', sum(ST_Area(geom_region))"
        " FROM region",
    }
    asked = [(layer, json.loads(given)) for layer, given in expected]
    told = read_by_gdal(live_server, *asked)
    assert told["layers"] == [each.name for each in COLLECTIONS]
    with engine.connect() as connection:
        for (layer, given), statement in expected.items():
            read = told[json.dumps([layer, json.loads(given)])]
            assert isinstance(read, dict)
            count, rows, system, area = connection.execute(text(statement)).one()
            assert (read["count"], read["read"]) == (count, rows), layer
            assert read["crs"][1] == system
            assert read["valid"]
            # A coordinate is written to a centimetre.
            assert read["area"] == pytest.approx(area, rel=1e-6)


def test_owslib_finds_its_way_from_the_landing_page(
    live_server: str, registry: list[int], register: Callable[..., int]
) -> None:
    service = Features(f"{live_server}/ogc")
    assert service.feature_collections() == [each.name for each in COLLECTIONS]
    assert (
        "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text"
        in (service.conformance()["conformsTo"])
    )
    assert service.api()["openapi"].startswith("3.0")
    assert service.collection("cpts")["storageCrs"].endswith("CRS84")
    assert "finess" in service.collection_queryables("cpts")["properties"]
    found = service.collection_items("cpts", limit=2, filter="acronym = 'É' OR id = 1")
    assert [each["id"] for each in found["features"]] == registry[:2]
    assert service.collection_item("communes", "05061")["properties"]["name"] == "Gap"
    # Links are whole addresses, which lead on by themselves.
    page = service.collection_items("regions", limit=17)
    (following,) = (link["href"] for link in page["links"] if link["rel"] == "next")
    assert requests.get(following, timeout=60).json()["numberReturned"] == 1
