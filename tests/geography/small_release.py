"""A made-up country of a few communes, in the files that the loader reads.

Communes are cells of a grid of a tenth of a degree, whose borders meander so that there is
something to simplify; neighbours share every vertex of their border.
"""

import csv
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import shapely

Point = tuple[float, float]
Cell = tuple[int, int]

STEPS = 12


@dataclass(frozen=True)
class SmallCommune:
    """A commune that covers some cells; `islet` adds a tiny island beside the country."""

    code: str
    name: str
    cells: tuple[Cell, ...]
    population: int = 1_000
    department: str = "91"
    kind: str = "commune"
    city: str | None = None
    postcodes: tuple[str, ...] = ("91000",)
    population_year: int = 2023
    islet: bool = False


@dataclass(frozen=True)
class SmallRelease:
    """What the files of a release say."""

    communes: tuple[SmallCommune, ...]
    reference_date: str = "2026-01-01"
    former: tuple[Mapping[str, str], ...] = ()
    neighbours: tuple[tuple[str, str, float], ...] = ()
    epci: Mapping[str, str] = field(default_factory=dict)


def corner(column: int, row: int) -> Point:
    return (round(2 + column / 10, 6), round(46 + row / 10, 6))


def border(start: Cell, end: Cell) -> list[Point]:
    """Give the vertices from one corner of the grid to the next, without the last."""
    if start > end:
        return list(reversed(_meander(end, start)))[:-1]
    return _meander(start, end)[:-1]


def _meander(start: Cell, end: Cell) -> list[Point]:
    (x0, y0), (x1, y1) = corner(*start), corner(*end)
    across_x, across_y = -(y1 - y0), x1 - x0
    points = []
    for step in range(STEPS + 1):
        along = step / STEPS
        swing = 0.04 * math.sin(2 * math.pi * along) + 0.01 * math.sin(14 * math.pi * along)
        points.append(
            (
                round(x0 + (x1 - x0) * along + across_x * swing, 6),
                round(y0 + (y1 - y0) * along + across_y * swing, 6),
            )
        )
    return points


def cell_polygon(column: int, row: int) -> shapely.Polygon:
    corners = [
        (column, row),
        (column + 1, row),
        (column + 1, row + 1),
        (column, row + 1),
        (column, row),
    ]
    ring = [point for start, end in pairwise(corners) for point in border(start, end)]
    return shapely.Polygon(ring)


def shape(commune: SmallCommune) -> shapely.MultiPolygon:
    united = shapely.coverage_union_all([cell_polygon(*cell) for cell in commune.cells])
    parts = list(shapely.get_parts(united))
    if commune.islet:
        x, y = 1.5, 46.0
        parts.append(
            shapely.Polygon(
                [(x, y), (x + 0.0004, y), (x + 0.0004, y + 0.0003), (x, y + 0.0003)]
            )
        )
    return shapely.MultiPolygon(parts)


def write_release(directory: Path, release: SmallRelease) -> Path:
    """Write the files of a release and give their directory."""
    directory.mkdir(parents=True, exist_ok=True)
    communes = release.communes
    table: dict[str, Any] = {
        name: [getattr(commune, name) for commune in communes]
        for name in ("code", "name", "kind", "city", "population", "population_year")
    }
    table["department"] = [commune.department for commune in communes]
    table["region"] = ["90" for _ in communes]
    table["epci"] = [release.epci.get(commune.code) for commune in communes]
    table["postcodes"] = [list(commune.postcodes) for commune in communes]
    table["geometry"] = [shapely.to_wkb(shape(commune)) for commune in communes]
    pq.write_table(pa.table(table), directory / "communes.parquet")
    _write(directory / "regions.csv", ["code", "name"], [("90", "Essai")])
    _write(
        directory / "departments.csv",
        ["code", "name", "region"],
        [("91", "Amont", "90"), ("92", "Aval", "90")],
    )
    _write(
        directory / "epci.csv",
        ["code", "name", "kind"],
        [(code, f"CC {code}", "CC") for code in sorted(set(release.epci.values()))],
    )
    cities = sorted({commune.city for commune in communes if commune.city})
    _write(
        directory / "cities.csv",
        ["code", "name", "department"],
        [(code, "Grandville", "91") for code in cities],
    )
    _write(
        directory / "former_communes.csv",
        ["code", "name", "kind", "ended_on", "commune"],
        [
            (f["code"], f["name"], f.get("kind", "former"), f.get("ended_on", ""), f["commune"])
            for f in release.former
        ],
    )
    _write(
        directory / "neighbours.csv", ["commune", "neighbour", "border_m"], release.neighbours
    )
    (directory / "release.json").write_text(
        json.dumps({"reference_date": release.reference_date}), encoding="utf-8"
    )
    return directory


def _write(path: Path, header: list[str], rows: Iterable[Iterable[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
