"""The files of ``geo_data/``: their columns, how they are written, what must hold of them."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas
import shapely

from app.geography.build.editions import GeographyBuildError
from app.geography.build.former import FormerCommune
from app.geography.build.packages import Territories
from app.geography.build.polygons import AREA_TOLERANCE, is_clean, on_grid

COMPRESSION_LEVEL = 19
RELEASE_FILE = "release.json"


@dataclass(frozen=True)
class ReferenceGeography:
    """Everything that the build writes.

    ``units`` has the columns of ``communes.parquet``, one row per commune or municipal
    arrondissement, geometry in EPSG:4326; ``borders`` are (commune, neighbour, metres).
    """

    units: geopandas.GeoDataFrame
    territories: Territories
    cities: Sequence[Mapping[str, str]]
    former: Sequence[FormerCommune]
    borders: Sequence[tuple[str, str, float]]
    release: Mapping[str, Any]


def check(geography: ReferenceGeography, expected: Mapping[str, int]) -> None:
    """Raise GeographyBuildError, naming each fault, unless all that must hold does hold.

    ``expected`` may give ``units`` and ``inhabitants``; nothing is compared for a year that has
    no published figure yet.
    """
    units = geography.units
    polygons = units.geometry.to_numpy()
    codes = set(units["code"])
    source_area = geography.release["source_area_square_degrees"]
    figures = {"units": len(units), "inhabitants": int(units["population"].sum())}
    faults = [
        f"{figures[name]} {name}, attendu {figure}"
        for name, figure in expected.items()
        if figures[name] != figure
    ]
    checks = {
        "codes répétés": len(codes) == len(units),
        "couverture invalide": is_clean(polygons),
        "géométrie autre que MultiPolygon": set(units.geom_type) == {"MultiPolygon"},
        "sommets hors de la grille": on_grid(polygons),
        "surface différente de la source": abs(shapely.area(polygons).sum() / source_area - 1)
        < AREA_TOLERANCE,
        "département inconnu": set(units["department"])
        == {row["code"] for row in geography.territories.departments},
        "région inconnue": set(units["region"])
        == {row["code"] for row in geography.territories.regions},
        "EPCI inconnu": set(units["epci"].dropna())
        <= {row["code"] for row in geography.territories.epci},
        "commune sans code postal": bool(units["postcodes"].map(len).all()),
        "population négative": bool((units["population"] >= 0).all()),
        "ancien code qui ne mène nulle part": all(
            each.communes and set(each.communes) <= codes for each in geography.former
        ),
        "frontière sans longueur": all(metres > 0 for _, _, metres in geography.borders),
        "voisine inconnue": {code for pair in geography.borders for code in pair[:2]} <= codes,
    }
    faults += [fault for fault, holds in checks.items() if not holds]
    if faults:
        raise GeographyBuildError("Géographie refusée : " + " ; ".join(faults))


def write(geography: ReferenceGeography, directory: Path) -> None:
    """Write every file of the reference geography; the same input gives the same bytes."""
    directory.mkdir(parents=True, exist_ok=True)
    geography.units.to_parquet(
        directory / "communes.parquet",
        index=False,
        compression="zstd",
        compression_level=COMPRESSION_LEVEL,
        write_covering_bbox=False,
        schema_version="1.1.0",
    )
    territories = geography.territories
    _write_rows(directory / "regions.csv", ["code", "name"], territories.regions)
    _write_rows(
        directory / "departments.csv", ["code", "name", "region"], territories.departments
    )
    _write_rows(directory / "epci.csv", ["code", "name", "kind"], territories.epci)
    _write_rows(directory / "cities.csv", ["code", "name", "department"], geography.cities)
    _write_rows(
        directory / "former_communes.csv",
        ["code", "name", "kind", "ended_on", "commune"],
        (
            {
                "code": each.code,
                "name": each.name,
                "kind": each.kind,
                "ended_on": each.ended_on or "",
                "commune": commune,
            }
            for each in geography.former
            for commune in each.communes
        ),
    )
    _write_rows(
        directory / "neighbours.csv",
        ["commune", "neighbour", "border_m"],
        (
            {"commune": one, "neighbour": other, "border_m": _metres(border)}
            for one, other, border in geography.borders
        ),
    )
    _write_release(geography.release, directory)


def _write_release(release: Mapping[str, Any], directory: Path) -> None:
    names = (
        "communes.parquet",
        "regions.csv",
        "departments.csv",
        "epci.csv",
        "cities.csv",
        "former_communes.csv",
        "neighbours.csv",
    )
    hashes = {
        name: hashlib.sha256((directory / name).read_bytes()).hexdigest() for name in names
    }
    text = json.dumps({**release, "files": hashes}, ensure_ascii=False, indent=2)
    (directory / RELEASE_FILE).write_text(text + "\n", encoding="utf-8")


def _metres(border: float) -> str:
    # A border of positive length stays positive: the shortest are a fraction of a metre.
    return f"{max(border, 0.1):.1f}"


def _write_rows(path: Path, columns: list[str], rows: Iterable[Mapping[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted(rows, key=lambda row: [row[column] for column in columns]))
