"""The files of a reference geography, read and checked before the database sees them."""

import csv
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from app.failures import Failure

COMMUNES = "communes.parquet"
TABLES = {
    "regions.csv": ("code", "name"),
    "departments.csv": ("code", "name", "region"),
    "epci.csv": ("code", "name", "kind"),
    "cities.csv": ("code", "name", "department"),
    "former_communes.csv": ("code", "name", "kind", "ended_on", "commune"),
    "neighbours.csv": ("commune", "neighbour", "border_m"),
}
RELEASE = "release.json"

# Part of the hash of a release: raised whenever the loader makes something else of the
# same files, so that databases that hold the older outcome are brought up to date.
LOADER_VERSION = 2

Row = dict[str, str]


@dataclass(frozen=True)
class Unit:
    """A commune or a municipal arrondissement of the reference date."""

    code: str
    name: str
    kind: str
    city: str | None
    department: str
    region: str
    epci: str | None
    population: int
    population_year: int
    postcodes: tuple[str, ...]


@dataclass(frozen=True)
class Release:
    """One reference geography, as its files tell it.

    `geometries` holds one shapely MultiPolygon per unit, in the same order, in WGS 84
    (EPSG:4326) on a grid of 1e-6 degree; borders are in geodesic metres.
    """

    reference_date: date
    content_hash: str
    units: tuple[Unit, ...]
    geometries: Any
    regions: tuple[Row, ...]
    departments: tuple[Row, ...]
    epci: tuple[Row, ...]
    cities: tuple[Row, ...]
    former: tuple[Row, ...]
    neighbours: tuple[Row, ...]


def content_hash(directory: Path) -> str:
    """Give one hash for all the files of a release and for what the loader makes of them.

    Raises `Failure` that names the missing file.
    """
    digest = hashlib.sha256(f"loader {LOADER_VERSION}".encode())
    for name in (COMMUNES, *TABLES, RELEASE):
        path = directory / name
        if not path.is_file():
            raise Failure(f"Géographie de référence : le fichier {path} manque.")
        digest.update(f"\n{name}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def read_release(directory: Path, *, with_geometries: bool = True) -> Release:
    """Read a release.

    Parameters: `with_geometries`, False for whoever needs none: `geometries` is then empty.

    Raises `Failure` when a file is missing or lacks a column, when a unit stands twice,
    or names a region, department, EPCI or city that no file has.
    """
    digest = content_hash(directory)
    try:
        about = json.loads((directory / RELEASE).read_text(encoding="utf-8"))
        reference_date = date.fromisoformat(about["reference_date"])
    except (ValueError, KeyError, TypeError) as error:
        raise Failure(f"{RELEASE} : la date de référence est illisible.") from error
    tables = {name: tuple(_rows(directory / name, TABLES[name])) for name in TABLES}
    units, geometries = _units(directory / COMMUNES, with_geometries=with_geometries)
    release = Release(
        reference_date=reference_date,
        content_hash=digest,
        units=units,
        geometries=geometries,
        regions=tables["regions.csv"],
        departments=tables["departments.csv"],
        epci=tables["epci.csv"],
        cities=tables["cities.csv"],
        former=tables["former_communes.csv"],
        neighbours=tables["neighbours.csv"],
    )
    _check(release)
    return release


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        missing = set(columns) - set(reader.fieldnames or ())
        if missing:
            raise Failure(f"{path.name} : colonne manquante : {', '.join(sorted(missing))}.")
        yield from reader


def _units(path: Path, *, with_geometries: bool) -> tuple[tuple[Unit, ...], Any]:
    import numpy as np  # noqa: PLC0415 (slow to import, and needed while loading only)
    import pyarrow.parquet as pq  # noqa: PLC0415
    import shapely  # noqa: PLC0415

    columns = [
        *("code", "name", "kind", "city", "department", "region", "epci"),
        *("population", "population_year", "postcodes"),
    ]
    shapes = ["geometry"] if with_geometries else []
    try:
        table = pq.read_table(path, columns=[*columns, *shapes])
        polygons = [
            shapely.from_wkb(np.array(table[name].to_pylist(), dtype=object)) for name in shapes
        ]
    except (OSError, ValueError, KeyError, shapely.errors.ShapelyError) as error:
        raise Failure(f"{path.name} : fichier illisible ou colonne manquante.") from error
    values = {name: table[name].to_pylist() for name in columns}
    units = tuple(
        Unit(**dict(zip(values, row, strict=True)) | {"postcodes": tuple(row[-1] or ())})
        for row in zip(*values.values(), strict=True)
    )
    return units, polygons[0] if polygons else ()


def _check(release: Release) -> None:
    if not release.units:
        raise Failure(f"{COMMUNES} : aucune commune.")
    codes = [unit.code for unit in release.units]
    known = set(codes)
    if len(known) < len(codes):
        raise Failure(f"{COMMUNES} : un code figure deux fois.")
    for label, named, table in (
        ("région", {u.region for u in release.units}, release.regions),
        ("région", {d["region"] for d in release.departments}, release.regions),
        ("département", {u.department for u in release.units}, release.departments),
        ("département", {c["department"] for c in release.cities}, release.departments),
        ("EPCI", {u.epci for u in release.units if u.epci}, release.epci),
        ("ville", {u.city for u in release.units if u.city}, release.cities),
    ):
        absent = named - {row["code"] for row in table}
        if absent:
            raise Failure(f"Géographie de référence : {label} sans nom : {sorted(absent)}.")
    for name, rows, column in (
        ("former_communes.csv", release.former, "commune"),
        ("neighbours.csv", release.neighbours, "commune"),
        ("neighbours.csv", release.neighbours, "neighbour"),
    ):
        absent = {row[column] for row in rows} - known
        if absent:
            raise Failure(f"{name} : commune inconnue : {sorted(absent)[:10]}.")
