"""What must hold of the committed reference geography."""

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

import geopandas
import pytest
import shapely

from app.geography.build.neighbours import shared_borders
from app.geography.build.polygons import is_clean, on_grid

GEO_DATA = Path(__file__).parents[2] / "geo_data"

# Facts of the communes: an old code with its old name, and what answers for it today.
FORMER = [
    ("05039", "Chauffayer", {"05039"}),
    ("05043", "Les Costes", {"05039"}),
    ("05141", "Saint-Eusèbe-en-Champsaur", {"05039"}),
    ("05024", "Bruis", {"05024"}),
    ("05088", "Montmorin", {"05024"}),
    ("05150", "Sainte-Marie", {"05024"}),
    ("05120", "Ristolas", {"05001"}),
    ("15141", "Neussargues en Pinatelle", {"15031", "15035", "15047", "15141", "15171"}),
    ("14712", "Saline", {"14666", "14712"}),
    ("27058", "Les Trois Lacs", {"27676"}),
    ("12076", "Conques-en-Rouergue", {"12218"}),
    ("45117", "Creusy", {"45093", "45313"}),
    ("69232", "Saint-Rambert-l'Île-Barbe", {"69389"}),
    ("20366", "Chisa", {"2B366"}),
    ("78692", "Butry-sur-Oise", {"95120"}),
    ("01033", "Bellegarde-sur-Valserine", {"01033"}),
]
WITHOUT_INHABITANTS = {"55039", "55050", "55139", "55189", "55239", "55307"}


@pytest.fixture(scope="module")
def units() -> geopandas.GeoDataFrame:
    return geopandas.read_parquet(GEO_DATA / "communes.parquet")


@pytest.fixture(scope="module")
def release() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((GEO_DATA / "release.json").read_text("utf-8"))
    return content


def rows_of(name: str) -> list[dict[str, str]]:
    with (GEO_DATA / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_there_are_34917_units_and_68350798_inhabitants(units: geopandas.GeoDataFrame) -> None:
    assert len(units) == units["code"].nunique() == 34_917
    assert units["population"].sum() == 68_350_798
    assert units.crs is not None
    assert units.crs.to_epsg() == 4326


def test_paris_lyon_and_marseille_stand_for_their_45_arrondissements(
    units: geopandas.GeoDataFrame,
) -> None:
    districts = units[units["kind"] == "arrondissement"]
    assert districts.groupby("city").size().to_dict() == {"13055": 16, "69123": 9, "75056": 20}
    assert not set(units["code"]) & {"13055", "69123", "75056"}
    assert {row["code"] for row in rows_of("cities.csv")} == {"13055", "69123", "75056"}
    assert districts["epci"].notna().all()


def test_six_communes_only_have_no_inhabitant(units: geopandas.GeoDataFrame) -> None:
    assert set(units.loc[units["population"] == 0, "code"]) == WITHOUT_INHABITANTS


def test_the_census_of_mayotte_is_of_2017_and_all_others_of_2023(
    units: geopandas.GeoDataFrame,
) -> None:
    years = units.groupby("department")["population_year"].unique().map(list).to_dict()
    assert years.pop("976") == [2017]
    assert all(year == [2023] for year in years.values())
    assert units.loc[units["department"] == "976", "population"].sum() == 256_518


def test_the_polygons_are_one_valid_coverage_on_the_grid(units: geopandas.GeoDataFrame) -> None:
    polygons = units.geometry.to_numpy()
    assert is_clean(polygons)
    assert on_grid(polygons)
    assert set(units.geom_type) == {"MultiPolygon"}


def test_the_area_is_that_of_the_union_of_2024(
    units: geopandas.GeoDataFrame, release: dict[str, Any]
) -> None:
    # In a valid coverage the area of the union is the sum of the areas.
    area = shapely.area(units.geometry.to_numpy()).sum()
    assert area == pytest.approx(release["source_area_square_degrees"], rel=1e-6)
    assert area == pytest.approx(71.7168, abs=1e-4)


def test_a_commune_of_a_merger_covers_all_that_merged(units: geopandas.GeoDataFrame) -> None:
    # Verdun-sur-le-Doubs and Ciel, neighbours, are Verdun-Ciel since 1 January 2025;
    # their polygons of 2024 have 7.5 and 17.2 km2.
    verdun_ciel = units.set_index("code").loc[["71566"]]
    (piece,) = shapely.get_parts(verdun_ciel.geometry["71566"])
    assert len(piece.interiors) == 0
    assert verdun_ciel.to_crs("EPSG:2154").area["71566"] == pytest.approx(24.7e6, rel=0.01)


def test_the_four_communes_of_the_cantal_are_back(units: geopandas.GeoDataFrame) -> None:
    by_code = units.set_index("code")
    back = ["15031", "15035", "15047", "15171", "15141"]
    assert list(by_code.loc[back, "name"]) == [
        "Celles",
        "Chalinargues",
        "Chavagnac",
        "Sainte-Anastasie",
        "Neussargues-Moissac",
    ]
    once = sum(by_code.geometry[code].area for code in back)
    assert once == pytest.approx(0.0105674, rel=1e-4)
    assert by_code.geometry["15141"].area < once / 2


def test_every_unit_has_a_department_a_region_and_a_postal_code(
    units: geopandas.GeoDataFrame,
) -> None:
    departments = {row["code"]: row["region"] for row in rows_of("departments.csv")}
    regions = {row["code"] for row in rows_of("regions.csv")}
    assert len(departments) == 101
    assert len(regions) == 18
    assert set(departments.values()) == regions
    assert (units["department"].map(departments) == units["region"]).all()
    assert units["postcodes"].map(len).min() == 1
    without_epci = units.loc[units["epci"].isna(), "code"]
    assert set(without_epci) == {"22016", "29083", "29155", "85113"}
    assert set(units["epci"].dropna()) <= {row["code"] for row in rows_of("epci.csv")}


@pytest.mark.parametrize(("code", "name", "communes"), FORMER)
def test_a_former_commune_leads_to_today(code: str, name: str, communes: set[str]) -> None:
    found = {
        row["commune"]
        for row in rows_of("former_communes.csv")
        if row["code"] == code and row["name"] == name
    }
    assert found == communes


def test_former_rows_are_unique_and_lead_to_units(units: geopandas.GeoDataFrame) -> None:
    rows = rows_of("former_communes.csv")
    keys = {(row["code"], row["name"], row["commune"]) for row in rows}
    assert len(keys) == len(rows) > 7_000
    assert {row["commune"] for row in rows} <= set(units["code"])
    assert {row["kind"] for row in rows} == {"former", "delegated", "associated"}


def test_neighbours_are_all_pairs_that_share_a_border(units: geopandas.GeoDataFrame) -> None:
    found = shared_borders(list(units["code"]), units.geometry.to_numpy())
    written = {
        (row["commune"], row["neighbour"]): float(row["border_m"])
        for row in rows_of("neighbours.csv")
    }
    assert set(written) == {pair[:2] for pair in found}
    assert all(abs(written[one, other] - metres) <= 0.1 for one, other, metres in found)
    assert min(written.values()) > 0


def test_neighbours_agree_with_the_geometry(units: geopandas.GeoDataFrame) -> None:
    by_code = units.set_index("code").geometry
    around = {
        row["neighbour"] if row["commune"] == "05039" else row["commune"]
        for row in rows_of("neighbours.csv")
        if "05039" in (row["commune"], row["neighbour"])
    }
    aubessagne = by_code["05039"]
    touching = by_code[by_code.intersects(aubessagne)].drop("05039")
    sharing = {
        code for code, other in touching.items() if aubessagne.intersection(other).length > 0
    }
    assert around == sharing
    assert len(around) > 3


def test_the_release_describes_these_very_files(release: dict[str, Any]) -> None:
    for name, digest in release["files"].items():
        assert hashlib.sha256((GEO_DATA / name).read_bytes()).hexdigest() == digest, name
    assert release["reference_date"] == "2026-01-01"
    sources = json.loads((GEO_DATA / "sources.json").read_text("utf-8"))
    assert release["inputs"] == sources["inputs"]


def test_the_files_stay_small() -> None:
    sizes = {path.name: path.stat().st_size for path in GEO_DATA.iterdir() if path.is_file()}
    assert sizes["communes.parquet"] < 7_000_000
    assert sum(sizes.values()) < 12_000_000
