"""The build from end to end: inputs, lineage, polygons, neighbours, checks, files."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import shapely

from app.geography.build import files
from app.geography.build.editions import Commune, GeographyBuildError, cities_of
from app.geography.build.former import former_communes
from app.geography.build.lineage import Lineage
from app.geography.build.neighbours import shared_borders
from app.geography.build.official import (
    OfficialFiles,
    complete_editions,
    read_official_polygons,
)
from app.geography.build.packages import (
    Territories,
    read_edition,
    read_history,
    read_polygons,
    read_territories,
)
from app.geography.build.polygons import (
    base_area,
    clean_coverage,
    polygons_today,
    simplify,
    union_area,
)
from app.geography.build.sources import (
    PinnedInputs,
    obtain,
    pin_communes_package,
    read_pinned_inputs,
)
from app.progress import Progress

# INSEE: the populations in force on 1 January of a year are those of three years before.
POPULATION_AGE = 3


@dataclass(frozen=True)
class BuildRequest:
    """What is asked of the build; see ``./cpts geography build --help``."""

    year: int
    output: Path
    sources: Path
    inputs: Path | None = None
    communes_package: str | None = None
    official: OfficialFiles = field(default_factory=OfficialFiles)


def build(request: BuildRequest, progress: Progress) -> files.ReferenceGeography:
    """Make every file of the reference geography of 1 January of the year, and check it all.

    Nothing is written unless every check holds. Raises GeographyBuildError.
    """
    with ExitStack() as stack:
        directory = request.inputs or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="cpts-geography-"))
        )
        if request.communes_package is not None:
            pin_communes_package(
                request.sources, request.communes_package, request.year, directory
            )
        pinned = read_pinned_inputs(request.sources)
        with progress.step("Sources épinglées"):
            paths = obtain(
                pinned.inputs,
                directory,
                offline=request.inputs is not None,
                announce=progress.say,
            )
        geography = _assemble(request, pinned, paths, progress)
    with progress.step("Contrôles"):
        files.check(geography, pinned.expected.get(str(request.year), {}))
    with progress.step(f"Écriture dans {request.output}"):
        files.write(geography, request.output)
    return geography


def _assemble(
    request: BuildRequest, pinned: PinnedInputs, paths: Mapping[str, Path], progress: Progress
) -> files.ReferenceGeography:
    with progress.step("Communes et leur histoire depuis 1943"):
        lineage = _read_lineage(request, pinned, paths)
        former = former_communes(lineage)
    today = lineage.editions[-1]
    with progress.step("Polygones"):
        raw, source_area = _read_polygons(request, pinned, paths, lineage)
        codes = sorted(raw)
        polygons = clean_coverage(np.array([raw[code] for code in codes], dtype=object))
    with progress.step("Voisines"):
        borders = shared_borders(codes, polygons)
    newest = pinned.editions(request.year)[-1]
    territories = read_territories(paths[newest.file])
    population_year = request.official.population_year or (newest.year - POPULATION_AGE)
    units = _units_table(
        [today.districts.get(code) or today.communes[code] for code in codes],
        polygons,
        population_years=(population_year, pinned.population_year_exceptions),
        epci=_epci_today(lineage, newest.year, territories),
    )
    release = {
        "reference_date": f"{request.year}-01-01",
        "population_year": population_year,
        "population_year_exceptions": dict(pinned.population_year_exceptions),
        "units": len(units),
        "communes": len(today.communes),
        "inhabitants": int(units["population"].sum()),
        "former_names": len(former),
        "neighbour_pairs": len(borders),
        "source_area_square_degrees": source_area,
        "inputs": [vars(each) for each in pinned.inputs if each.year <= request.year],
        "official_files": request.official.described(),
    }
    return files.ReferenceGeography(
        units=units,
        territories=territories,
        cities=[
            {
                "code": code,
                "name": today.communes[code].name,
                "department": today.communes[code].department,
            }
            for code in sorted(cities_of(today))
        ],
        former=former,
        borders=borders,
        release=release,
    )


def _read_lineage(
    request: BuildRequest, pinned: PinnedInputs, paths: Mapping[str, Path]
) -> Lineage:
    editions = [
        read_edition(paths[each.file], each.year) for each in pinned.editions(request.year)
    ]
    editions = complete_editions(editions, request.year, request.official)
    if editions[-1].year != request.year:
        raise GeographyBuildError(
            f"Aucune liste des communes au 1er janvier {request.year} : donner "
            "--communes-package VERSION ou --insee-communes et --insee-movements"
        )
    return Lineage(editions, read_history(paths[pinned.history().file]))


def _read_polygons(
    request: BuildRequest,
    pinned: PinnedInputs,
    paths: Mapping[str, Path],
    lineage: Lineage,
) -> tuple[dict[str, shapely.Geometry], float]:
    """Return the polygon of each unit and the area in square degrees of the source's union."""
    polygons = read_official_polygons(request.official)
    year = request.year
    if polygons is None:
        source = pinned.polygons()
        polygons, year = read_polygons(paths[source.file]), source.year
    position = next(
        (index for index, each in enumerate(lineage.editions) if each.year == year), None
    )
    if position is None:
        raise GeographyBuildError(f"Aucune liste des communes pour les polygones de {year}")
    result = polygons_today(polygons, lineage, position)
    if request.official.tolerance > 0:
        result = simplify(result, request.official.tolerance)
        return result, union_area(result.values())
    return result, base_area(polygons, lineage.editions[position])


def _epci_today(lineage: Lineage, year: int, territories: Territories) -> dict[str, str]:
    """Return the EPCI of each commune of today; after a merger, that of most of its parts."""
    position = next(index for index, each in enumerate(lineage.editions) if each.year == year)
    votes: dict[str, Counter[str]] = {}
    for code, epci in sorted(territories.epci_of_commune.items()):
        for commune in lineage.commune_today(position, code):
            votes.setdefault(commune, Counter())[epci] += 1
    return {commune: count.most_common(1)[0][0] for commune, count in votes.items()}


def _units_table(
    units: list[Commune],
    polygons: Any,
    *,
    population_years: tuple[int, Mapping[str, int]],
    epci: Mapping[str, str],
) -> geopandas.GeoDataFrame:
    unknown = [unit.code for unit in units if unit.population is None]
    if unknown:
        raise GeographyBuildError(f"Population inconnue : {', '.join(unknown[:10])}")
    usual_year, exceptions = population_years
    columns = {
        "code": [unit.code for unit in units],
        "name": [unit.name for unit in units],
        "kind": ["arrondissement" if unit.city else "commune" for unit in units],
        "city": [unit.city for unit in units],
        "population": [unit.population for unit in units],
        "population_year": [exceptions.get(unit.department, usual_year) for unit in units],
        "department": [unit.department for unit in units],
        "region": [unit.region for unit in units],
        "epci": [epci.get(unit.city or unit.code) for unit in units],
        "postcodes": [list(unit.postcodes) for unit in units],
    }
    return geopandas.GeoDataFrame(columns, geometry=polygons, crs="EPSG:4326")
