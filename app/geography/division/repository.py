"""The SQL of the rows that a division makes in the geography, and takes away again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import shapely
from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from app.database.sessions import ReadingSession, WritingSession
from app.geography.division.rules import Part
from app.geography.loading.generalisation import as_ewkb
from app.geography.naming import name_keys

COLUMNS = ("geom", "geom_department", "geom_region", "geom_country")

_COMMUNES = text("""
    SELECT c.code, c.name, c.kind, c.department_code AS department, c.in_force,
           ST_AsBinary(c.geom) AS geom, ST_AsBinary(c.geom_department) AS geom_department,
           ST_AsBinary(c.geom_region) AS geom_region,
           ST_AsBinary(c.geom_country) AS geom_country,
           ARRAY(SELECT p.population FROM commune_population p
                 WHERE p.commune_code = c.code ORDER BY p.in_force_from) AS populations,
           ARRAY(SELECT p.in_force_from FROM commune_population p
                 WHERE p.commune_code = c.code ORDER BY p.in_force_from) AS vintages
    FROM commune c WHERE c.code = ANY (:codes)
""").bindparams(bindparam("codes", type_=ARRAY(Text)))


@dataclass(frozen=True)
class DividedCommune:
    """A commune that is to be divided; polygons by column, populations by vintage, in order."""

    code: str
    name: str
    kind: str
    department: str
    in_force: Any
    polygons: Mapping[str, Any]
    vintages: Sequence[date]
    populations: Sequence[int]


def communes_to_divide(
    session: ReadingSession, codes: Sequence[str]
) -> dict[str, DividedCommune]:
    """Read communes with their polygons at every scale, by code; unknown ones are left out."""
    return {
        row["code"]: DividedCommune(
            code=row["code"],
            name=row["name"],
            kind=row["kind"],
            department=row["department"],
            in_force=row["in_force"],
            polygons={column: shapely.from_wkb(bytes(row[column])) for column in COLUMNS},
            vintages=row["vintages"],
            populations=row["populations"],
        )
        for row in session.execute(_COMMUNES, {"codes": list(codes)}).mappings()
    }


_AROUND = text("""
    SELECT DISTINCT c.code, ST_AsBinary(c.geom) AS geom
    FROM commune_neighbour n JOIN commune c ON c.code = n.neighbour_code
    WHERE n.commune_code = ANY (:codes) AND c.code <> ALL (:codes)
    ORDER BY c.code
""").bindparams(bindparam("codes", type_=ARRAY(Text)))


def polygons_around(session: ReadingSession, codes: Sequence[str]) -> dict[str, Any]:
    """Give the polygons of everything that shares a border with these communes, by code."""
    rows = session.execute(_AROUND, {"codes": list(codes)})
    return {code: shapely.from_wkb(bytes(geom)) for code, geom in rows}


_CITY = text("""
    INSERT INTO city (code, name, department_code)
    SELECT c.code, c.name, c.department_code FROM commune c WHERE c.code = :city
    ON CONFLICT (code) DO NOTHING
""")
_END_COMMUNE = text("""
    UPDATE commune SET in_force = daterange(lower(in_force), :day) WHERE code = :city
""")
_PARTS = text("""
    INSERT INTO commune (code, name, kind, city_code, department_code, region_code, epci_code,
                         geom, geom_department, geom_region, geom_country, in_force, quarter)
    SELECT p.code, p.name, 'part', c.code, c.department_code, c.region_code, c.epci_code,
           CAST(p.geom AS geometry), CAST(p.geom_department AS geometry),
           CAST(p.geom_region AS geometry), CAST(p.geom_country AS geometry),
           daterange(:day, NULL), p.quarter
    FROM unnest(CAST(:codes AS text[]), CAST(:names AS text[]), CAST(:quarters AS text[]),
                CAST(:geom AS text[]), CAST(:geom_department AS text[]),
                CAST(:geom_region AS text[]), CAST(:geom_country AS text[]))
         AS p (code, name, quarter, geom, geom_department, geom_region, geom_country)
    JOIN commune c ON c.code = :city
""")
_WEIGHTS = text("""
    INSERT INTO division_part (division_id, part_code, weight)
    SELECT :division, p.code, p.weight
    FROM unnest(CAST(:codes AS text[]), CAST(:weights AS float8[])) AS p (code, weight)
""")
_POPULATIONS = text("""
    INSERT INTO commune_population (commune_code, in_force_from, year, population)
    SELECT s.code, s.day, v.year, s.population
    FROM unnest(CAST(:codes AS text[]), CAST(:days AS date[]), CAST(:populations AS integer[]))
         AS s (code, day, population)
    JOIN commune_population v ON v.commune_code = :city AND v.in_force_from = s.day
""")
_POSTCODES = text("""
    INSERT INTO commune_postcode (commune_code, postcode)
    SELECT p.code, k.postcode FROM unnest(CAST(:codes AS text[])) AS p (code)
    JOIN commune_postcode k ON k.commune_code = :city
""")
_NAMES = text("""
    INSERT INTO commune_name (key, name, commune_code, department_code, kind)
    SELECT n.key, n.name, n.code, :department, n.kind
    FROM unnest(CAST(:keys AS text[]), CAST(:names AS text[]), CAST(:codes AS text[]),
                CAST(:kinds AS text[])) AS n (key, name, code, kind)
    ON CONFLICT DO NOTHING
""")
# A former name or code of the commune leads to all of its parts, as its own does.
_FORMER_NAMES = text("""
    INSERT INTO commune_name (key, name, commune_code, department_code, kind, former_code)
    SELECT n.key, n.name, p.code, n.department_code, n.kind, n.former_code
    FROM unnest(CAST(:codes AS text[])) AS p (code)
    JOIN commune_name n ON n.commune_code = :city AND n.kind NOT IN ('current', 'city')
""")
_FORMER_CODES = text("""
    INSERT INTO former_commune (code, commune_code, name, kind, ended_on)
    SELECT f.code, p.code, f.name, f.kind, f.ended_on
    FROM unnest(CAST(:codes AS text[])) AS p (code)
    JOIN former_commune f ON f.commune_code = :city
""")
_BORDERS = text("""
    INSERT INTO commune_neighbour (commune_code, neighbour_code, border_m)
    SELECT b.one, b.other, b.metres
    FROM unnest(CAST(:ones AS text[]), CAST(:others AS text[]), CAST(:metres AS float8[]))
         AS b (one, other, metres)
    UNION ALL
    SELECT b.other, b.one, b.metres
    FROM unnest(CAST(:ones AS text[]), CAST(:others AS text[]), CAST(:metres AS float8[]))
         AS b (one, other, metres)
""")
_UNITS_CHANGED = text("UPDATE geography_release SET units_changed_at = clock_timestamp()")


def make_city(session: WritingSession, city: str) -> None:
    """Let a commune's code stand for a city's parts."""
    session.execute(_CITY, {"city": city})


def end_commune(session: WritingSession, city: str, day: date) -> None:
    """End a commune as a unit: from this day on it is none, and nobody may hold it then."""
    session.execute(_END_COMMUNE, {"city": city, "day": day})


def insert_parts(
    session: WritingSession,
    commune: DividedCommune,
    parts: Sequence[Part],
    polygons: Mapping[str, np.typing.NDArray[np.object_]],
    day: date,
) -> None:
    """Make the parts units from this day on."""
    codes = [part.code for part in parts]
    asked = {"city": commune.code, "codes": codes}
    session.execute(
        _PARTS,
        asked
        | {
            "day": day,
            "names": [part.name for part in parts],
            "quarters": [part.quarter for part in parts],
        }
        | {column: as_ewkb(polygons[column]) for column in COLUMNS},
    )
    session.execute(_POSTCODES, asked)
    names = [
        (key, name, part.code, kind)
        for part in parts
        for name, kind in (
            (part.name, "current"),
            (part.quarter, "part"),
            (commune.name, "city"),
        )
        for key in name_keys(name)
    ]
    keys, told, named, kinds = map(list, zip(*names, strict=True))
    session.execute(
        _NAMES,
        {
            "department": commune.department,
            "keys": keys,
            "names": told,
            "codes": named,
            "kinds": kinds,
        },
    )
    session.execute(_FORMER_NAMES, asked)
    session.execute(_FORMER_CODES, asked)


def insert_weights(session: WritingSession, division: int, parts: Sequence[Part]) -> None:
    """Keep what share of the commune's inhabitants each part has."""
    session.execute(
        _WEIGHTS,
        {
            "division": division,
            "codes": [part.code for part in parts],
            "weights": [part.weight for part in parts],
        },
    )


def insert_populations(
    session: WritingSession, city: str, populations: Sequence[tuple[str, date, int]]
) -> None:
    """Give parts their inhabitants: `(code, first day in force, population)`."""
    codes, days, numbers = map(list, zip(*populations, strict=True))
    session.execute(
        _POPULATIONS,
        {"city": city, "codes": codes, "days": days, "populations": numbers},
    )


def insert_borders(session: WritingSession, borders: Sequence[tuple[str, str, float]]) -> None:
    """Keep the lengths of borders in metres, each given once."""
    if borders:
        ones, others, metres = map(list, zip(*borders, strict=True))
        session.execute(_BORDERS, {"ones": ones, "others": others, "metres": metres})


def units_changed(session: WritingSession) -> None:
    """Say that the units are others, for whoever keeps something of them in memory."""
    session.execute(_UNITS_CHANGED)


_DELETE_PARTS = text("""
    DELETE FROM commune c USING division_part p
    WHERE p.division_id = :division AND c.code = p.part_code
""")
_DELETE_DIVISION = text("DELETE FROM division WHERE id = :division")
_RESTORE_COMMUNE = text("""
    UPDATE commune SET in_force = daterange(lower(in_force), NULL) WHERE code = :city
""")
_DELETE_CITY = text("DELETE FROM city WHERE code = :city")


def delete_parts(session: WritingSession, city: str, division: int) -> None:
    """Make a city a commune again; its parts go with all that is theirs, unheld."""
    session.execute(_DELETE_PARTS, {"division": division})
    session.execute(_DELETE_DIVISION, {"division": division})
    session.execute(_RESTORE_COMMUNE, {"city": city})
    session.execute(_DELETE_CITY, {"city": city})


@dataclass(frozen=True)
class Division:
    """A division that stands."""

    id: int
    city: str
    divided_on: date
    source: str
    parts: Sequence[str]


_DIVISIONS = text("""
    SELECT d.id, d.city_code AS city, d.divided_on, d.source,
           ARRAY(SELECT p.part_code FROM division_part p
                 WHERE p.division_id = d.id ORDER BY p.part_code) AS parts
    FROM division d WHERE CAST(:city AS text) IS NULL OR d.city_code = :city
    ORDER BY d.city_code, d.id
""")


def divisions(session: ReadingSession, city: str | None = None) -> list[Division]:
    """List the divisions of a city, or of all, the latest of a city last."""
    rows = session.execute(_DIVISIONS, {"city": city})
    return [Division(**row) for row in rows.mappings()]
