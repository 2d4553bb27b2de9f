"""One use case: bring the database to the reference geography of some files."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from psycopg import Cursor
from psycopg.errors import ForeignKeyViolation
from sqlalchemy import Engine

from app.failures import Failure
from app.french import short_date
from app.geography.borders import refresh_borders
from app.geography.loading import divided, repository
from app.geography.loading.errors import GeographyRefused
from app.geography.loading.names import stored_former_codes, stored_names
from app.geography.loading.release import Release, content_hash, read_release
from app.progress import Progress
from app.settings import PROJECT_ROOT

GEO_DATA = PROJECT_ROOT / "geo_data"
ACTOR = "chargement de la géographie"


def load_or_keep(engine: Engine, progress: Progress, directory: Path = GEO_DATA) -> bool:
    """As `load_geography`; but a service that holds a release goes on with it.

    What keeps the new one from being loaded is said, kept for `/readyz` and the
    administration, and forgotten once a release is loaded.
    """
    try:
        loaded = load_geography(engine, progress, directory)
    except GeographyRefused as refused:
        if repository.loaded_hash(engine) is None:
            raise
        release = read_release(directory, with_geometries=False)
        repository.record_refusal(
            engine, release.reference_date, release.content_hash, refused.message
        )
        progress.say(refused.message)
        progress.say(
            "Le service garde la géographie qu'il a : voir /administration/geographie."
        )
        return False
    repository.forget_refusal(engine)
    return loaded


def load_geography(engine: Engine, progress: Progress, directory: Path = GEO_DATA) -> bool:
    """Load a reference geography in one transaction; do nothing when it is loaded already.

    Parameters: `engine`, on a migrated database; `directory`, which holds the files of one
    release. Gives True when something was loaded. The claims on communes that merged go
    to their successor, for the same days.

    Raises `Failure`, with nothing changed, when a file is missing or wrong, when two CPTS
    would come to hold one commune on the same day, or when a held commune vanishes
    without exactly one successor.
    """
    if repository.loaded_hash(engine) == content_hash(directory):
        return False
    with progress.step("Lecture de la géographie de référence"):
        release = read_release(directory)
    shapes = _shapes(release, progress)
    with repository.loading_transaction(engine) as cursor:
        if repository.loaded_hash_of(cursor) == release.content_hash:
            return False
        repository.stage_tables(cursor)
        _send(cursor, release, shapes, progress)
        lines = divided.stage_parts(cursor)
        divided.carry_over(cursor)
        repository.work_out_succession(cursor)
        _refuse_lost_claims(cursor)
        for line in (*lines, *_notices(cursor)):
            progress.say(line)
        _apply(cursor, release, progress)
    repository.vacuum(engine)
    return True


def _apply(cursor: Cursor[Any], release: Release, progress: Progress) -> None:
    try:
        with progress.step("Mise à jour des communes"):
            repository.apply_territories(cursor)
            divided.record_absorbed(cursor)
            repository.hand_over(
                cursor,
                actor=ACTOR,
                reason=f"Communes au {short_date(release.reference_date)}",
            )
        with progress.step("Noms, populations, anciens codes et frontières"):
            repository.apply_attributes(cursor)
        with progress.step("Bords des communes"):
            refresh_borders(cursor)
            repository.record_release(cursor, release.reference_date, release.content_hash)
    except ForeignKeyViolation as error:
        raise Failure(
            "Géographie de référence : un code retiré est encore utilisé "
            f"({error.diag.message_detail or error.diag.constraint_name}). Rien n'a changé."
        ) from error


def _shapes(release: Release, progress: Progress) -> dict[str, dict[str, list[str]]]:
    """Give the geometries as hexadecimal EWKB: by table, then by column."""
    import numpy as np  # noqa: PLC0415 (slow to import, and needed while loading only)

    from app.geography.loading import generalisation as general  # noqa: PLC0415

    full = general.as_multipolygons(release.geometries)
    departments = np.array([unit.department for unit in release.units], dtype=object)
    regions = np.array([unit.region for unit in release.units], dtype=object)
    shapes: dict[str, dict[str, list[str]]] = {"commune": {}, "department": {}, "region": {}}
    with progress.step("Contours à chaque échelle", 1 + len(general.SCALES)) as step:
        general.check_coverage(full, "pleine précision")
        shapes["commune"]["geom"] = general.as_ewkb(full)
        step.advance()
        with ThreadPoolExecutor() as threads:
            # The geometry library works outside of Python's lock.
            coverages = threads.map(
                lambda scale: general.generalise(full, scale), general.SCALES
            )
        for scale, coverage in zip(general.SCALES, coverages, strict=True):
            column = f"geom_{scale.name}"
            shapes["commune"][column] = general.as_ewkb(coverage)
            shapes["department"][column] = _outlines(
                general.outlines(coverage, departments), release.departments
            )
            if scale.name != "department":
                shapes["region"][column] = _outlines(
                    general.outlines(coverage, regions), release.regions
                )
            step.advance()
    return shapes


def _outlines(united: dict[str, Any], rows: tuple[dict[str, str], ...]) -> list[str]:
    from app.geography.loading.generalisation import as_ewkb  # noqa: PLC0415

    return as_ewkb([united.get(row["code"]) for row in rows])


def _send(
    cursor: Cursor[Any],
    release: Release,
    shapes: dict[str, dict[str, list[str]]],
    progress: Progress,
) -> None:
    with progress.step("Envoi à la base de données", len(release.units)) as step:
        for table, columns, rows in _tables(release, shapes):
            repository.copy_rows(cursor, table, columns, rows)
            if table == "new_commune":
                step.advance(len(release.units))


Table = tuple[str, tuple[str, ...], Iterator[tuple[Any, ...]]]


def _tables(release: Release, shapes: dict[str, dict[str, list[str]]]) -> Iterator[Table]:
    units = release.units
    yield (
        "new_region",
        ("code", "name", *shapes["region"]),
        _with_shapes(((r["code"], r["name"]) for r in release.regions), shapes["region"]),
    )
    yield (
        "new_department",
        ("code", "name", "region_code", *shapes["department"]),
        _with_shapes(
            ((d["code"], d["name"], d["region"]) for d in release.departments),
            shapes["department"],
        ),
    )
    epci = ((e["code"], e["name"], e["kind"]) for e in release.epci)
    yield "new_epci", ("code", "name", "kind"), epci
    cities = ((c["code"], c["name"], c["department"]) for c in release.cities)
    yield "new_city", ("code", "name", "department_code"), cities
    yield (
        "new_commune",
        (
            *("code", "name", "kind", "city_code", "department_code", "region_code"),
            *("epci_code", *shapes["commune"]),
        ),
        _with_shapes(
            ((u.code, u.name, u.kind, u.city, u.department, u.region, u.epci) for u in units),
            shapes["commune"],
        ),
    )
    # A vintage of populations is in force from the release's 1 January on, whatever the
    # year of the census (Mayotte's own is older).
    yield (
        "new_population",
        ("commune_code", "in_force_from", "year", "population"),
        ((u.code, release.reference_date, u.population_year, u.population) for u in units),
    )
    yield (
        "new_postcode",
        ("commune_code", "postcode"),
        ((u.code, postcode) for u in units for postcode in sorted(set(u.postcodes))),
    )
    yield (
        "new_name",
        ("key", "name", "commune_code", "department_code", "kind", "former_code"),
        stored_names(release),
    )
    yield (
        "new_former",
        ("code", "commune_code", "name", "kind", "ended_on"),
        stored_former_codes(release),
    )
    yield (
        "new_neighbour",
        ("commune_code", "neighbour_code", "border_m"),
        (
            (one, other, n["border_m"])
            for n in release.neighbours
            for one, other in (
                (n["commune"], n["neighbour"]),
                (n["neighbour"], n["commune"]),
            )
        ),
    )


def _with_shapes(
    rows: Iterator[tuple[Any, ...]], shapes: dict[str, list[str]]
) -> Iterator[tuple[Any, ...]]:
    for row, *geometries in zip(rows, *shapes.values(), strict=True):
        yield (*row, *geometries)


def _refuse_lost_claims(cursor: Cursor[Any]) -> None:
    stranded = repository.stranded_communes(cursor)
    if stranded:
        lines = [
            f"{s.name} ({s.code}), tenue par {', '.join(s.holders)}, "
            + (f"partagée entre {', '.join(s.successors)}" if s.successors else "sans suite")
            for s in stranded
        ]
        raise GeographyRefused(
            "Géographie non chargée, rien n'a changé : des communes tenues disparaissent sans "
            "une seule commune pour leur succéder. Retirez-les d'abord des territoires : "
            + " ; ".join(lines)
            + "."
        )
    contested: dict[str, list[repository.Contested]] = {}
    for each in repository.contested_communes(cursor):
        contested.setdefault(f"{each.name} ({each.code})", []).append(each)
    if contested:
        lines = [
            f"{commune} : "
            + ", ".join(f"{each.holder} (tient {', '.join(each.held)})" for each in claims)
            for commune, claims in contested.items()
        ]
        raise GeographyRefused(
            "Géographie non chargée, rien n'a changé : des communes fusionnent alors que "
            "plusieurs CPTS les tiennent le même jour. Départagez-les d'abord : "
            + " ; ".join(lines)
            + "."
        )


def _notices(cursor: Cursor[Any]) -> Iterator[str]:
    for code, name, origin, holders in repository.detached_communes(cursor):
        yield (
            f"{name} ({code}) se sépare de {origin} : aucune CPTS ne la tient, "
            f"{origin} reste à {', '.join(holders)}."
        )
