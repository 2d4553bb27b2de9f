"""Questions to the reference geography: one query each, however many communes are asked for."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import orjson
from sqlalchemy import TextClause, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from app.database.calendar import today
from app.database.sessions import ReadingSession
from app.geography.units import CommuneRef, DividedCity

# The city of a declared part, nothing for other units.
_PART_OF = "CASE WHEN c.kind = 'part' THEN c.city_code END AS part_of"


def _statement(sql: str) -> TextClause:
    return text(sql.replace("{part_of}", _PART_OF))


@dataclass(frozen=True)
class CommuneOnDay:
    """A commune with its municipal population of a day."""

    code: str
    name: str
    department: str
    region: str
    population: int
    population_year: int


_COMMUNES = text("""
    SELECT c.code, c.name, c.department_code AS department, c.region_code AS region,
           n.population, n.year AS population_year
    FROM commune c CROSS JOIN LATERAL commune_population_on(c.code, :day) n
    WHERE c.code = ANY (:codes)
    ORDER BY c.code
""").bindparams(bindparam("codes", type_=ARRAY(Text)))


def communes_by_code(
    session: ReadingSession, codes: Collection[str], day: date
) -> dict[str, CommuneOnDay]:
    """Give communes by code, with their population of a day; unknown codes are left out."""
    rows = session.execute(_COMMUNES, {"codes": list(codes), "day": day})
    return {row["code"]: CommuneOnDay(**row) for row in rows.mappings()}


# The literal is repaired and kept to its surfaces; the communes' own index finds the touched
# ones. All are cut, even those wholly inside: ST_Contains fails (TopologyException) on some
# valid polygons whose border runs along a commune's within the last digits.
_IN_POLYGON = """
    WITH given AS MATERIALIZED (
        SELECT ST_CollectionExtract(ST_MakeValid({literal}), 3) AS geom
    ), piece AS MATERIALIZED (
        SELECT ST_Subdivide(g.geom, 128) AS geom FROM given g WHERE NOT ST_IsEmpty(g.geom)
    ), cut AS (
        SELECT c.code, c.geom, sum(ST_Area(ST_Intersection(p.geom, c.geom))) AS inside
        FROM piece p JOIN unit_on(:today) c ON ST_Intersects(c.geom, p.geom)
        GROUP BY c.code, c.geom
    )
    SELECT code, least(1, inside / ST_Area(geom)) AS share FROM cut
    WHERE inside > 0
    ORDER BY code
"""
_WKB_LITERAL = "ST_GeomFromWKB(CAST(:geometry AS bytea), 4326)"
_GEOJSON_LITERAL = "ST_SetSRID(ST_GeomFromGeoJSON(CAST(:geometry AS text)), 4326)"


def communes_in_polygon(
    session: ReadingSession, geometry: bytes | str | Mapping[str, Any]
) -> list[tuple[str, float]]:
    """Tell which communes lie in a polygon, and by which share of their area.

    Parameters: `geometry`, in longitude and latitude (EPSG:4326): WKB as bytes, or a
    GeoJSON geometry as text or mapping. An invalid polygon is repaired (ST_MakeValid);
    lines and points count for nothing. Gives `(code, share)` by code, `share` in ]0, 1]:
    area of the intersection over area of the commune, both in degrees, whose distortion
    is the same in both.

    Raises:
        sqlalchemy.exc.DBAPIError: the geometry is neither WKB nor GeoJSON.
    """
    if isinstance(geometry, Mapping):
        geometry = orjson.dumps(geometry).decode()
    literal = _WKB_LITERAL if isinstance(geometry, bytes) else _GEOJSON_LITERAL
    statement = text(_IN_POLYGON.format(literal=literal))
    rows = session.execute(statement, {"geometry": geometry, "today": today()})
    return [(row.code, float(row.share)) for row in rows]


class KnownCode(NamedTuple):
    """What a code is: `kind` is 'commune', 'city', 'epci' or the kind of a former commune.

    One row per commune of today that the code leads to; `part_of` as `CommuneRef` has it.
    """

    given: str
    kind: str
    name: str
    code: str
    commune: str
    department: str
    part_of: str | None


# A list of thousands is joined as rows: as `= ANY` the planner weighs each of its values.
_CODES = _statement("""
    SELECT c.code AS given, 'commune' AS kind, c.name AS name,
           c.code, c.name AS commune, c.department_code AS department,
           {part_of}
    FROM unit_on(:today) c WHERE c.code IN (SELECT unnest(:codes))
    UNION ALL
    SELECT t.code, 'city', t.name, c.code, c.name, c.department_code, {part_of}
    FROM city t JOIN unit_on(:today) c ON c.city_code = t.code
    WHERE t.code IN (SELECT unnest(:codes))
    UNION ALL
    SELECT e.code, 'epci', e.name, c.code, c.name, c.department_code, {part_of}
    FROM epci e JOIN unit_on(:today) c ON c.epci_code = e.code
    WHERE e.code IN (SELECT unnest(:codes))
    UNION ALL
    SELECT f.code, f.kind, f.name, c.code, c.name, c.department_code, {part_of}
    FROM former_commune f JOIN unit_on(:today) c ON c.code = f.commune_code
    WHERE f.code IN (SELECT unnest(:codes))
    ORDER BY given, code
""").bindparams(bindparam("codes", type_=ARRAY(Text)))


def known_codes(
    session: ReadingSession, codes: Collection[str], day: date | None = None
) -> dict[str, list[KnownCode]]:
    """Look up codes of communes, cities, EPCI and former communes, by the code asked.

    Parameters: `day` whose units they lead to, today when None.
    """
    found: dict[str, list[KnownCode]] = defaultdict(list)
    for row in session.execute(_CODES, {"codes": list(codes), "today": day or today()}):
        found[row[0]].append(KnownCode._make(row))
    return dict(found)


class KnownName(NamedTuple):
    """A name that leads to a unit of today; `city` is set on a city's own name.

    The kind of what a part is called within its city is 'part'; `part_of` as `CommuneRef`
    has it.
    """

    key: str
    name: str
    kind: str
    former_code: str | None
    code: str
    commune: str
    department: str
    city: str | None
    part_of: str | None


_NAMES = _statement("""
    SELECT n.key, n.name, n.kind, n.former_code, c.code, c.name AS commune,
           c.department_code AS department,
           CASE WHEN n.kind = 'city' THEN c.city_code END AS city, {part_of}
    FROM commune_name n JOIN unit_on(:today) c ON c.code = n.commune_code
    WHERE n.key IN (SELECT unnest(:keys))
    ORDER BY c.department_code, c.code, n.id
""").bindparams(bindparam("keys", type_=ARRAY(Text)))


def known_names(session: ReadingSession, keys: Collection[str]) -> dict[str, list[KnownName]]:
    """Look up names by their keys (`app.geography.naming.name_keys`)."""
    found: dict[str, list[KnownName]] = defaultdict(list)
    for row in session.execute(_NAMES, {"keys": list(keys), "today": today()}):
        found[row[0]].append(KnownName._make(row))
    return dict(found)


# Under this share of common trigrams a name is no help, and looking at it costs time.
_NEARNESS = "SELECT set_config('pg_trgm.similarity_threshold', '0.4', true)"

_NEAREST = _statement("""
    SELECT given.number, near.*
    FROM unnest(CAST(:keys AS text[]), CAST(:departments AS text[]))
         WITH ORDINALITY AS given (key, departments, number)
    CROSS JOIN LATERAL (
        SELECT m.key, m.name, m.kind, m.former_code, c.code, c.name AS commune,
               c.department_code AS department, NULL AS city, {part_of}
        FROM (SELECT DISTINCT ON (n.commune_code) n.*, similarity(n.key, given.key) AS nearness
              FROM commune_name n
              WHERE n.key % given.key AND n.kind NOT IN ('city', 'part')
                AND (given.departments = ''
                     OR n.department_code = ANY (string_to_array(given.departments, ' ')))
              ORDER BY n.commune_code, similarity(n.key, given.key) DESC) m
        JOIN unit_on(:today) c ON c.code = m.commune_code
        ORDER BY m.nearness DESC, m.kind <> 'current', c.code
        LIMIT :most
    ) near
    ORDER BY given.number
""")


def nearest_names(
    session: ReadingSession, asked: Sequence[tuple[str, Collection[str]]], most: int
) -> list[list[KnownName]]:
    """Give the communes whose names are nearest to some keys, by common trigrams.

    Parameters: `asked`, pairs of a key and the departments to look in (all when empty);
    `most`, how many communes for each. Gives one list per pair, the nearest first.
    """
    found: list[list[KnownName]] = [[] for _ in asked]
    if not asked:
        return found
    parameters = {
        "keys": [key for key, _ in asked],
        "departments": [" ".join(sorted(codes)) for _, codes in asked],
        "most": most,
        "today": today(),
    }
    session.execute(text(_NEARNESS))
    for number, *values in session.execute(_NEAREST, parameters):
        found[number - 1].append(KnownName._make(values))
    return found


_NAMES_OF_DEPARTMENTS = _statement("""
    SELECT n.key, n.name, n.kind, n.former_code, c.code, c.name AS commune,
           c.department_code AS department, NULL AS city, {part_of}
    FROM commune_name n JOIN unit_on(:today) c ON c.code = n.commune_code
    WHERE n.kind NOT IN ('city', 'part')
      AND (n.department_code = ANY (:departments)
           OR :accented AND n.name ~ '[^ -~]')
    ORDER BY c.code, n.id
""").bindparams(bindparam("departments", type_=ARRAY(Text)))


def names_of_departments(
    session: ReadingSession, departments: Collection[str], *, accented_elsewhere: bool = False
) -> list[KnownName]:
    """Give every name of some departments; with an accent, those of the others on demand."""
    asked = {
        "departments": list(departments),
        "accented": accented_elsewhere,
        "today": today(),
    }
    return list(map(KnownName._make, session.execute(_NAMES_OF_DEPARTMENTS, asked)))


_NOT_YET = text("""
    SELECT c.code, lower(c.in_force) AS begins FROM commune c
    WHERE c.code = ANY (:codes) AND lower(c.in_force) > :day
""").bindparams(bindparam("codes", type_=ARRAY(Text)))


def units_to_come(
    session: ReadingSession, codes: Collection[str], day: date
) -> dict[str, date]:
    """Give, of these units, those that are none on a day, with the day on which they begin."""
    rows = session.execute(_NOT_YET, {"codes": list(codes), "day": day})
    return {row.code: row.begins for row in rows}


_DIVIDED_CITIES = text("""
    SELECT t.code, t.name, t.department_code, count(*), array_agg(DISTINCT left(c.code, 5))
    FROM unit_on(:today) c JOIN city t ON t.code = c.city_code
    WHERE c.kind = 'part'
    GROUP BY t.code
    ORDER BY t.code
""")


def divided_cities(session: ReadingSession) -> list[DividedCity]:
    """List the cities that declared parts make up today."""
    return [
        DividedCity._make(row) for row in session.execute(_DIVIDED_CITIES, {"today": today()})
    ]


def departments_with_region(session: ReadingSession) -> list[tuple[str, str, str]]:
    """List `(code, name, name of the region)` of every department."""
    rows = session.execute(
        text(
            "SELECT d.code, d.name, r.name AS region FROM department d"
            " JOIN region r ON r.code = d.region_code ORDER BY d.code"
        )
    )
    return [(row.code, row.name, row.region) for row in rows]


def epci_names(session: ReadingSession) -> list[tuple[str, str]]:
    """List `(code, name)` of every EPCI."""
    rows = session.execute(text("SELECT code, name FROM epci ORDER BY code"))
    return [(row.code, row.name) for row in rows]


def department_names(session: ReadingSession) -> list[tuple[str, str]]:
    """List `(code, name)` of every department."""
    rows = session.execute(text("SELECT code, name FROM department ORDER BY code"))
    return [(row.code, row.name) for row in rows]


_BY_POSTCODE = _statement("""
    SELECT p.postcode, c.code, c.name, c.department_code AS department, {part_of}
    FROM commune_postcode p JOIN unit_on(:today) c ON c.code = p.commune_code
    WHERE p.postcode IN (SELECT unnest(:postcodes))
    ORDER BY p.postcode, c.code
""").bindparams(bindparam("postcodes", type_=ARRAY(Text)))


def communes_by_postcode(
    session: ReadingSession, postcodes: Collection[str]
) -> dict[str, list[CommuneRef]]:
    """Give, by postal code, the communes that it serves."""
    found: dict[str, list[CommuneRef]] = defaultdict(list)
    asked = {"postcodes": list(postcodes), "today": today()}
    for postcode, *unit in session.execute(_BY_POSTCODE, asked):
        found[postcode].append(CommuneRef._make(unit))
    return dict(found)
