"""The SQL of the rows that a division makes in the geography, and takes away again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import shapely
from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from app.database.sessions import ReadingSession, WritingSession
from app.geography.borders import refresh_borders
from app.geography.division.rules import Part
from app.geography.loading.generalisation import as_ewkb
from app.geography.naming import name_keys

COLUMNS = ("geom", "geom_department", "geom_region", "geom_country")

_COMMUNES = text("""
    SELECT c.code, c.name, c.kind, c.department_code AS department,
           upper(c.in_force) AS divided_on,
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
    """A commune that is to be divided; polygons by column, populations by vintage, in order.

    `divided_on` is the day since which it is a city, None for a unit.
    """

    code: str
    name: str
    kind: str
    department: str
    divided_on: date | None
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
            divided_on=row["divided_on"],
            polygons={column: shapely.from_wkb(bytes(row[column])) for column in COLUMNS},
            vintages=row["vintages"],
            populations=row["populations"],
        )
        for row in session.execute(_COMMUNES, {"codes": list(codes)}).mappings()
    }


_PARTS_OF_CITIES = text("""
    SELECT c.city_code, c.code, c.name, c.in_force, ST_AsBinary(c.geom) AS geom
    FROM commune c WHERE c.kind = 'part' AND c.city_code = ANY (:cities) ORDER BY c.code
""").bindparams(bindparam("cities", type_=ARRAY(Text)))


@dataclass(frozen=True)
class StandingPart:
    """A part that a city has, or had."""

    code: str
    name: str
    in_force: Any
    polygon: Any


def parts_of_cities(
    session: ReadingSession, cities: Sequence[str]
) -> dict[str, list[StandingPart]]:
    """Read the parts that cities have and had, by the city's code."""
    found: dict[str, list[StandingPart]] = {}
    for row in session.execute(_PARTS_OF_CITIES, {"cities": list(cities)}):
        part = StandingPart(row.code, row.name, row.in_force, shapely.from_wkb(bytes(row.geom)))
        found.setdefault(row.city_code, []).append(part)
    return found


_AROUND = text("""
    SELECT DISTINCT c.code, ST_AsBinary(c.geom) AS geom
    FROM commune_neighbour n JOIN commune c ON c.code = n.neighbour_code
    WHERE n.commune_code = ANY (:codes) AND c.city_code IS DISTINCT FROM n.commune_code
    ORDER BY c.code
""").bindparams(bindparam("codes", type_=ARRAY(Text)))


def polygons_around(session: ReadingSession, codes: Sequence[str]) -> dict[str, Any]:
    """Give the polygons of everything that shares a border with these communes, by code.

    A neighbour that is divided is there itself and by its parts: either is a unit on some day.
    """
    rows = session.execute(_AROUND, {"codes": list(codes)})
    return {code: shapely.from_wkb(bytes(geom)) for code, geom in rows}


_CITIES = text("""
    INSERT INTO city (code, name, department_code)
    SELECT c.code, c.name, c.department_code FROM commune c WHERE c.code = ANY (:cities)
    ON CONFLICT (code) DO NOTHING
""")
_END_UNITS = text("""
    UPDATE commune SET in_force = daterange(lower(in_force), :day) WHERE code = ANY (:units)
""")
_PARTS = text("""
    INSERT INTO commune (code, name, kind, city_code, department_code, region_code, epci_code,
                         geom, geom_department, geom_region, geom_country, in_force, quarter)
    SELECT p.code, p.name, 'part', c.code, c.department_code, c.region_code, c.epci_code,
           CAST(p.geom AS geometry), CAST(p.geom_department AS geometry),
           CAST(p.geom_region AS geometry), CAST(p.geom_country AS geometry),
           daterange(:day, NULL), p.quarter
    FROM unnest(CAST(:cities AS text[]), CAST(:codes AS text[]), CAST(:names AS text[]),
                CAST(:quarters AS text[]), CAST(:geom AS text[]),
                CAST(:geom_department AS text[]), CAST(:geom_region AS text[]),
                CAST(:geom_country AS text[]))
         AS p (city, code, name, quarter, geom, geom_department, geom_region, geom_country)
    JOIN commune c ON c.code = p.city
""")
_WEIGHTS = text("""
    INSERT INTO division_part (division_id, part_code, unit_code, weight)
    SELECT p.division, p.code, p.unit, p.weight
    FROM unnest(CAST(:divisions AS bigint[]), CAST(:codes AS text[]), CAST(:units AS text[]),
                CAST(:weights AS float8[])) AS p (division, code, unit, weight)
""")
_POPULATIONS = text("""
    INSERT INTO commune_population (commune_code, in_force_from, year, population)
    SELECT s.code, s.day, v.year, s.population
    FROM unnest(CAST(:cities AS text[]), CAST(:codes AS text[]), CAST(:days AS date[]),
                CAST(:populations AS integer[])) AS s (city, code, day, population)
    JOIN commune_population v ON v.commune_code = s.city AND v.in_force_from = s.day
""")
_OF_CITY = "unnest(CAST(:cities AS text[]), CAST(:codes AS text[])) AS p (city, code)"
_POSTCODES = text(f"""
    INSERT INTO commune_postcode (commune_code, postcode)
    SELECT p.code, k.postcode
    FROM {_OF_CITY} JOIN commune_postcode k ON k.commune_code = p.city
""")  # noqa: S608 (a constant of this module)
_NAMES = text("""
    INSERT INTO commune_name (key, name, commune_code, department_code, kind)
    SELECT n.key, n.name, c.code, c.department_code, n.kind
    FROM unnest(CAST(:keys AS text[]), CAST(:names AS text[]), CAST(:codes AS text[]),
                CAST(:kinds AS text[])) AS n (key, name, code, kind)
    JOIN commune c ON c.code = n.code
    ON CONFLICT DO NOTHING
""")
# A former name or code of the commune leads to all of its parts, as its own does.
_FORMER_NAMES = text(f"""
    INSERT INTO commune_name (key, name, commune_code, department_code, kind, former_code)
    SELECT n.key, n.name, p.code, n.department_code, n.kind, n.former_code
    FROM {_OF_CITY}
    JOIN commune_name n ON n.commune_code = p.city AND n.kind NOT IN ('current', 'city')
""")  # noqa: S608
_FORMER_CODES = text(f"""
    INSERT INTO former_commune (code, commune_code, name, kind, ended_on)
    SELECT f.code, p.code, f.name, f.kind, f.ended_on
    FROM {_OF_CITY} JOIN former_commune f ON f.commune_code = p.city
""")  # noqa: S608
_BORDERS = text("""
    WITH border AS (
        SELECT b.one, b.other, b.metres
        FROM unnest(CAST(:ones AS text[]), CAST(:others AS text[]), CAST(:metres AS float8[]))
             AS b (one, other, metres)
    )
    INSERT INTO commune_neighbour (commune_code, neighbour_code, border_m)
    SELECT one, other, metres FROM border UNION ALL SELECT other, one, metres FROM border
""")
_UNITS_CHANGED = text("UPDATE geography_release SET units_changed_at = clock_timestamp()")


def refresh_arcs(session: WritingSession) -> None:
    """Work out the arcs of what was divided or joined, and of its neighbours."""
    driver: Any = session.connection().connection.driver_connection
    with driver.cursor() as cursor:
        refresh_borders(cursor)


def make_cities(session: WritingSession, communes: Sequence[str]) -> None:
    """Let the codes of communes stand for their parts, as that of Paris does."""
    session.execute(_CITIES, {"cities": list(communes)})


def end_units(session: WritingSession, units: Sequence[str], day: date) -> None:
    """End units: from this day on they are none, and nobody may hold them then."""
    session.execute(_END_UNITS, {"units": list(units), "day": day})


@dataclass(frozen=True)
class NewPart:
    """A part that is to be a unit: of which division of which commune, with its polygons."""

    division: int
    city: DividedCommune
    part: Part
    polygons: Mapping[str, Any]


def insert_parts(session: WritingSession, new: Sequence[NewPart], day: date) -> None:
    """Make parts units from this day on, with what they have of their communes."""
    of_city = {"cities": [n.city.code for n in new], "codes": [n.part.code for n in new]}
    session.execute(
        _PARTS,
        of_city
        | {
            "day": day,
            "names": [n.part.name for n in new],
            "quarters": [n.part.quarter for n in new],
        }
        | {column: as_ewkb(n.polygons[column] for n in new) for column in COLUMNS},
    )
    session.execute(
        _WEIGHTS,
        {
            "divisions": [n.division for n in new],
            "codes": of_city["codes"],
            "units": [n.part.unit for n in new],
            "weights": [n.part.weight for n in new],
        },
    )
    for each in (_POSTCODES, _FORMER_NAMES, _FORMER_CODES):
        session.execute(each, of_city)
    names = [
        (key, name, n.part.code, kind)
        for n in new
        for name, kind in (
            (n.part.name, "current"),
            (n.part.quarter, "part"),
            (n.city.name, "city"),
        )
        for key in name_keys(name)
    ]
    keys, told, codes, kinds = map(list, zip(*names, strict=True))
    session.execute(_NAMES, {"keys": keys, "names": told, "codes": codes, "kinds": kinds})


# Of the commune, the part, the first day in force and the number.
Population = tuple[str, str, date, int]


def insert_populations(session: WritingSession, populations: Sequence[Population]) -> None:
    """Give parts their inhabitants, of the census years of their communes."""
    cities, codes, days, numbers = map(list, zip(*populations, strict=True))
    session.execute(
        _POPULATIONS,
        {"cities": cities, "codes": codes, "days": days, "populations": numbers},
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
_RESUME_UNITS = text("""
    UPDATE commune SET in_force = daterange(lower(in_force), NULL) WHERE code = ANY (:units)
""")
_DELETE_DIVISION = text("DELETE FROM division WHERE id = :division")
_DELETE_CITY = text("""
    DELETE FROM city t
    WHERE t.code = :city AND NOT EXISTS (SELECT FROM division d WHERE d.city_code = t.code)
""")


@dataclass(frozen=True)
class Division:
    """A division that stands: `units`, what it divided, and the `parts` that it made."""

    id: int
    city: str
    divided_on: date
    source: str
    by_column: bool
    units: Sequence[str]
    parts: Sequence[str]


_DIVISIONS = text("""
    SELECT d.id, d.city_code AS city, d.divided_on, d.source,
           d.population_by = 'column' AS by_column,
           array_agg(DISTINCT p.unit_code) AS units,
           array_agg(p.part_code ORDER BY p.part_code) AS parts
    FROM division d JOIN division_part p ON p.division_id = d.id
    WHERE CAST(:city AS text) IS NULL OR d.city_code = :city
    GROUP BY d.id
    ORDER BY d.city_code, d.id
""")


def divisions(session: ReadingSession, city: str | None = None) -> list[Division]:
    """List the divisions of a city, or of all, the latest of a city last."""
    rows = session.execute(_DIVISIONS, {"city": city})
    return [Division(**row) for row in rows.mappings()]


def take_back(session: WritingSession, division: Division) -> None:
    """Make what was divided a unit again; the parts go with all that is theirs, unheld."""
    session.execute(_DELETE_PARTS, {"division": division.id})
    session.execute(_RESUME_UNITS, {"units": list(division.units)})
    session.execute(_DELETE_DIVISION, {"division": division.id})
    session.execute(_DELETE_CITY, {"city": division.city})
    refresh_arcs(session)
