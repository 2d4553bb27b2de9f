"""The official sources, for whoever has them: IGN ADMIN EXPRESS, INSEE, Etalab contours.

Each file is optional and takes the place of what the pinned packages say on its subject.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas
import shapely

from app.geography.build.editions import (
    Attached,
    AttachedKind,
    Commune,
    Edition,
    GeographyBuildError,
    in_scope,
)
from app.geography.build.lineage import Lineage

ATTACHED_KINDS: dict[str, AttachedKind] = {"COMD": "delegated", "COMA": "associated"}
# Columns of the code and of the municipal population in the releases of INSEE since 2019.
POPULATION_CODE_COLUMNS = ("COM", "CODGEO", "codgeo", "code_insee")
POPULATION_COLUMNS = ("PMUN", "pmun", "population_municipale", "Population municipale")
CONTOURS_CODE_COLUMNS = ("code_insee", "code", "insee_com", "INSEE_COM")


@dataclass(frozen=True)
class OfficialFiles:
    """Paths of the official files that were given.

    ``tolerance`` (degrees) simplifies polygons finer than the maps need; ``population_year`` is
    the census year of ``populations``.
    """

    admin_express: Path | None = None
    contours: tuple[Path, ...] = ()
    insee_communes: Path | None = None
    insee_movements: Path | None = None
    populations: tuple[Path, ...] = ()
    population_year: int | None = None
    tolerance: float = 0.0

    def described(self) -> list[dict[str, str]]:
        """Return name and SHA-256 of each file given, for the release."""
        single = (self.admin_express, self.insee_communes, self.insee_movements)
        paths = [path for path in single if path is not None]
        return [
            {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
            for path in (*paths, *self.contours, *self.populations)
        ]


def complete_editions(
    editions: list[Edition], year: int, given: OfficialFiles
) -> list[Edition]:
    """Return the editions with the one of ``year`` as the INSEE files tell it, if given.

    Population, EPCI and postcodes that INSEE's list does not carry are inherited from the
    previous edition through the movements. Raises GeographyBuildError when one of the two files
    (communes, movements) is missing.
    """
    if (given.insee_communes is None) != (given.insee_movements is None):
        raise GeographyBuildError("--insee-communes et --insee-movements vont ensemble")
    if given.insee_communes is not None and given.insee_movements is not None:
        before = [each for each in editions if each.year < year]
        if not before:
            raise GeographyBuildError(f"Aucune liste de communes antérieure à {year}")
        edition = replace(
            read_insee_communes(given.insee_communes, year),
            successors=read_insee_movements(given.insee_movements, before[-1].year, year),
        )
        listed = next((each for each in editions if each.year == year), None)
        editions = [*before, _inherit(before[-1], edition, listed)]
    if given.populations:
        last = _with_populations(editions[-1], given.populations)
        editions = [*editions[:-1], last]
    return editions


def read_insee_communes(path: Path, year: int) -> Edition:
    """Read ``v_commune_YYYY.csv``: communes, arrondissements, communes déléguées, associées."""
    communes: dict[str, Commune] = {}
    districts: dict[str, Commune] = {}
    attached: dict[str, Attached] = {}
    parents: dict[str, Commune] = {}
    rows = [row for row in _rows(path) if in_scope(row["COM"])]
    for row in rows:
        code, kind = row["COM"], row["TYPECOM"]
        if kind == "COM":
            communes[code] = parents[code] = Commune(
                code, row["LIBELLE"], row["DEP"], row["REG"], None
            )
    for row in rows:
        code, kind, parent = row["COM"], row["TYPECOM"], row.get("COMPARENT", "")
        if kind in ATTACHED_KINDS:
            attached[code] = Attached(code, row["LIBELLE"], ATTACHED_KINDS[kind], parent)
        elif kind == "ARM":
            city = parents[parent]
            districts[code] = replace(city, code=code, name=row["LIBELLE"], city=parent)
    return Edition(year=year, communes=communes, districts=districts, attached=attached)


def read_insee_movements(path: Path, after: int, until: int) -> dict[str, frozenset[str]]:
    """Read ``v_mvt_commune_YYYY.csv``: the communes that each commune became in between.

    Takes the movements after 1 January of ``after`` up to 1 January of ``until``, in order of
    date, and follows chains to their end.
    """
    first, last = f"{after}-01-01", f"{until}-01-01"
    moves_by_day: dict[str, dict[str, set[str]]] = {}
    for row in _rows(path):
        between_communes = row["TYPECOM_AV"] == row["TYPECOM_AP"] == "COM"
        if between_communes and first < row["DATE_EFF"] <= last and in_scope(row["COM_AV"]):
            moves = moves_by_day.setdefault(row["DATE_EFF"], {})
            moves.setdefault(row["COM_AV"], set()).add(row["COM_AP"])
    became: dict[str, set[str]] = {}
    for day in sorted(moves_by_day):
        moves = moves_by_day[day]
        for origin, codes in became.items():
            became[origin] = set().union(*(moves.get(code, {code}) for code in codes))
        for code, receivers in moves.items():
            became.setdefault(code, set(receivers))
    return {code: frozenset(codes) for code, codes in became.items()}


def read_official_polygons(
    given: OfficialFiles,
) -> dict[tuple[str, str], shapely.Geometry] | None:
    """Return polygons by (kind, code) in EPSG:4326 from ADMIN EXPRESS or the Etalab contours.

    None when neither was given.
    """
    if given.admin_express is not None:
        layers = {"commune": "commune", "arrondissement_municipal": "district"}
        polygons: dict[tuple[str, str], shapely.Geometry] = {}
        for layer, kind in layers.items():
            frame = geopandas.read_file(given.admin_express, layer=layer)
            for code, polygon in _coded(frame, f"{given.admin_express.name}, {layer}"):
                polygons[kind, code] = polygon
        return polygons
    if given.contours:
        polygons = {}
        for path in given.contours:
            for code, polygon in _coded(geopandas.read_file(path), path.name):
                polygons["commune", code] = polygons["district", code] = polygon
        return polygons
    return None


def read_populations(path: Path) -> dict[str, int]:
    """Read municipal populations by code from a CSV of INSEE's reference populations."""
    rows = list(_rows(path))
    columns = rows[0].keys() if rows else ()
    code = next((name for name in POPULATION_CODE_COLUMNS if name in columns), None)
    population = next((name for name in POPULATION_COLUMNS if name in columns), None)
    if code is None or population is None:
        raise GeographyBuildError(
            f"{path.name} : colonnes attendues {POPULATION_CODE_COLUMNS[0]} et "
            f"{POPULATION_COLUMNS[0]}"
        )
    return {row[code]: int(row[population].replace(" ", "")) for row in rows if row[population]}


def _with_populations(edition: Edition, paths: tuple[Path, ...]) -> Edition:
    figures: dict[str, int] = {}
    for path in paths:
        figures |= read_populations(path)

    def counted(communes: Mapping[str, Commune]) -> dict[str, Commune]:
        return {
            code: replace(each, population=figures.get(code, each.population))
            for code, each in communes.items()
        }

    return replace(
        edition, communes=counted(edition.communes), districts=counted(edition.districts)
    )


def _inherit(before: Edition, edition: Edition, listed: Edition | None) -> Edition:
    """Give each commune its inhabitants and postcodes.

    They are those that the packages list for the same year, else of all that became it.
    """
    lineage = Lineage([before, edition])
    sources: dict[str, list[Commune]] = {}
    for commune in before.communes.values():
        destinations = lineage.commune_today(0, commune.code)
        for destination in destinations:
            # A commune that was split leaves its inhabitants to no one: a file must tell them.
            known = commune if len(destinations) == 1 else replace(commune, population=None)
            sources.setdefault(destination, []).append(known)
    if listed is not None:
        sources |= {code: [commune] for code, commune in listed.communes.items()}
    communes = {
        code: _sum_of(each, sources.get(code, [])) for code, each in edition.communes.items()
    }
    districts = {
        code: _sum_of(each, [before.districts[code]] if code in before.districts else [])
        for code, each in edition.districts.items()
    }
    return replace(edition, communes=communes, districts=districts)


def _sum_of(commune: Commune, parts: list[Commune]) -> Commune:
    figures = [part.population for part in parts]
    known = [figure for figure in figures if figure is not None]
    return replace(
        commune,
        population=sum(known) if parts and len(known) == len(parts) else None,
        postcodes=tuple(sorted({code for part in parts for code in part.postcodes})),
    )


def _coded(frame: geopandas.GeoDataFrame, label: str) -> Iterator[tuple[str, shapely.Geometry]]:
    column = next((name for name in CONTOURS_CODE_COLUMNS if name in frame.columns), None)
    if column is None:
        raise GeographyBuildError(f"{label} : aucune colonne de code INSEE")
    if frame.crs is not None and frame.crs.to_epsg() != 4326:
        frame = frame.to_crs("EPSG:4326")
    for code, polygon in zip(frame[column], frame.geometry, strict=True):
        if in_scope(code):
            yield str(code), shapely.force_2d(polygon)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        header = stream.readline()
        stream.seek(0)
        yield from csv.DictReader(stream, delimiter=";" if ";" in header else ",")
