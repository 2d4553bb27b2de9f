"""Files of parts: the fields of IRIS of every year, quarters with names alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas
import pytest
import shapely

from app.failures import Failure
from app.geography.division.reading import communes_of, parts_of, read_parts
from app.geography.division.rules import (
    DrawnPart,
    full_name,
    part_codes,
    shared_out,
)

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write squares side by side, with some fields, in a format and a coordinate system."""

    def run(name: str, crs: str = "EPSG:4326", **fields: list[Any]) -> Path:
        number = len(next(iter(fields.values())))
        squares = [
            shapely.box(7 + n / 100, 43, 7 + (n + 1) / 100, 43.01) for n in range(number)
        ]
        frame = geopandas.GeoDataFrame(fields, geometry=squares, crs="EPSG:4326").to_crs(crs)
        path = tmp_path / name
        frame.to_file(path)
        return path

    return run


IRIS: dict[str, dict[str, Any]] = {
    "new": {
        "code_iris": ["060880101", "060880102", "061230000"],
        "nom_iris": ["Vieille Ville", "Port", "Saint-Laurent"],
        "code_insee": ["06088", "06088", "06123"],
        "iris": ["0101", "0102", "0000"],
        "typ_iris": ["H", "H", "Z"],
    },
    "old": {
        "INSEE_COM": ["06088", "06088", "06123"],
        "IRIS": ["0101", "0102", "0000"],
        "CODE_IRIS": ["060880101", "060880102", "061230000"],
        "NOM_IRIS": ["Vieille Ville", "Port", "Saint-Laurent"],
        "TYP_IRIS": ["H", "H", "Z"],
    },
    "numbers": {
        "DEPCOM": [6088, 6088, 6123],
        "IRIS": [101, 102, 0],
        "LIBIRIS": ["Vieille Ville", "Port", "Saint-Laurent"],
    },
}


@pytest.mark.parametrize("spelling", IRIS)
@pytest.mark.parametrize("file", ["iris.gpkg", "iris.geojson"])
def test_iris_are_read_whatever_year_names_their_fields(
    write: Write, spelling: str, file: str
) -> None:
    crs = "EPSG:2154" if file.endswith("gpkg") else "EPSG:4326"
    read = read_parts(write(file, crs, **IRIS[spelling]))
    assert [(part.code, part.name) for part in parts_of(read, "06088")] == [
        ("060880101", "Vieille Ville"),
        ("060880102", "Port"),
    ]
    assert list(communes_of(read)) == ["06088"]
    [first, _] = parts_of(read, "06088")
    assert shapely.bounds(first.polygon) == pytest.approx((7, 43, 7.01, 43.01), abs=1e-5)


def test_quarters_with_names_alone_are_those_of_the_commune_that_is_asked_for(
    write: Write,
) -> None:
    read = read_parts(
        write("quartiers.geojson", nom=["Cimiez", "Port", "Port"], pop=["10", "20,5", "30"]),
        population_column="POP",
    )
    assert [(p.code, p.name, p.weight) for p in parts_of(read, "06088")] == [
        (None, "Cimiez", 10),
        (None, "Port", 50.5),
    ]
    assert communes_of(read) == {}


@pytest.mark.parametrize(
    ("fields", "asked", "told"),
    [
        ({"numero": [1, 2]}, {}, "aucun champ ne nomme les quartiers. Champs : numero"),
        ({"nom": ["A", "B"]}, {"population_column": "pop"}, "pas de champ « pop »"),
        ({"nom": ["A", ""]}, {}, "l'entité 2 n'a pas de nom"),
        ({"nom": ["A", "B" * 201]}, {}, "entité 2 : Le nom a 201 signes, pour 200 au plus."),
        ({"nom": ["A", "B\nC"]}, {}, "entité 2 : Les caractères de contrôle"),
        ({"nom": ["A", "B"], "pop": ["1", "?"]}, {"population_column": "pop"}, "pour B"),
    ],
)
def test_a_file_that_says_too_little_is_refused_with_what_it_lacks(
    write: Write, fields: dict[str, list[Any]], asked: dict[str, str], told: str
) -> None:
    with pytest.raises(Failure) as refused:
        read_parts(write("quartiers.geojson", **fields), **asked)
    assert told in refused.value.message
    assert refused.value.exit_status == 2


def test_one_part_divides_nothing(write: Write) -> None:
    with pytest.raises(Failure, match="moins de deux quartiers"):
        parts_of(read_parts(write("quartiers.geojson", nom=["Cimiez"])), "06088")


def test_a_part_is_told_alone_with_its_city_unless_it_has_its_name() -> None:
    assert full_name("Nice", "Cimiez") == "Nice – Cimiez"
    assert full_name("Nice", "NICE Nord") == "NICE Nord"
    assert full_name("Nice", "Niceron") == "Nice – Niceron"


def test_no_code_is_given_twice() -> None:
    drawn = [DrawnPart("A", None, "060880101"), DrawnPart("B", None), DrawnPart("C", None)]
    assert part_codes("06088", drawn) == ["060880101", "06088-01", "06088-02"]
    assert part_codes("06088", drawn, ["060880101", "06088-02"]) == [
        "06088-01",
        "06088-03",
        "06088-04",
    ]


def test_inhabitants_are_shared_out_by_the_largest_remainder() -> None:
    assert shared_out(10, [1, 1, 1]) == [4, 3, 3]
    assert shared_out(10, [2.6, 2.5, 4.9]) == [3, 2, 5]
    assert shared_out(3, [0, 0]) == [2, 1]
    assert shared_out(0, [5, 7]) == [0, 0]
