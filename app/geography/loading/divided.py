"""Divisions that a new release finds: their parts are carried over into it.

A part keeps what it is. Where its commune has another outline it is fitted into it; where
communes go into a divided one, what comes in with them becomes a part of its own; and the
inhabitants of the new vintage are shared out by the weights of the division.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from psycopg import Cursor, sql

from app.database.statements import script
from app.geography.division.rules import shared_out
from app.geography.loading.errors import GeographyRefused
from app.geography.naming import name_keys

_COLUMNS = ("geom", "geom_department", "geom_region", "geom_country")

_VANISHED = """
SELECT c.code, c.name FROM commune c
WHERE c.code IN (SELECT d.city_code FROM division d)
  AND NOT EXISTS (SELECT FROM new_commune n WHERE n.code = c.code AND n.kind = 'commune')
ORDER BY c.code
"""
_ABSORBED = "SELECT city, code, quarter FROM absorbed ORDER BY city"
_CHANGED = """
SELECT n.code, n.name FROM commune t JOIN new_commune n ON n.code = t.code
WHERE n.code IN (SELECT d.city_code FROM division d)
  AND (ST_AsBinary(t.geom), ST_AsBinary(t.geom_department), ST_AsBinary(t.geom_region),
       ST_AsBinary(t.geom_country))
      IS DISTINCT FROM
      (ST_AsBinary(n.geom), ST_AsBinary(n.geom_department), ST_AsBinary(n.geom_region),
       ST_AsBinary(n.geom_country))
ORDER BY n.code
"""
_POLYGONS = """
SELECT n.code, ST_AsBinary(n.geom), ST_AsBinary(n.geom_department), ST_AsBinary(n.geom_region),
       ST_AsBinary(n.geom_country)
FROM new_commune n
WHERE n.code = %(city)s
   OR n.kind = 'part' AND n.city_code = %(city)s AND upper_inf(n.in_force)
ORDER BY n.kind, n.geom IS NULL, n.code
"""
_FIT = """
UPDATE new_commune SET geom = %s, geom_department = %s, geom_region = %s, geom_country = %s
WHERE code = %s
"""
# The weight of what comes in is such that the inhabitants of what was there weigh as before.
_WEIGHTS = """
SELECT d.id, d.city_code, p.part_code, p.weight
FROM division d JOIN division_part p ON p.division_id = d.id
UNION ALL
SELECT d.id, a.city, a.code, coalesce(
    (SELECT sum(p.weight) FROM division_part p WHERE p.division_id = d.id)
    * (SELECT sum(v.population) FROM unnest(a.communes) AS c (code)
       CROSS JOIN LATERAL commune_population_on(c.code,
         (now() AT TIME ZONE 'Europe/Paris')::date) v)
    / nullif((SELECT v.population FROM commune_population_on(a.city,
      (now() AT TIME ZONE 'Europe/Paris')::date) v), 0), 0)
FROM absorbed a
JOIN division d ON d.id = (SELECT max(k.id) FROM division k WHERE k.city_code = a.city)
ORDER BY 1, 3
"""
_POPULATIONS = """
SELECT commune_code, in_force_from, year, population FROM new_population
WHERE commune_code IN (SELECT d.city_code FROM division d)
"""
_AROUND = """
SELECT DISTINCT o.code, ST_AsBinary(o.geom)
FROM new_neighbour b JOIN new_commune o
  ON o.code = b.neighbour_code OR o.city_code = b.neighbour_code AND o.kind = 'part'
WHERE b.commune_code IN (SELECT d.city_code FROM division d)
"""
_PARTS = """
SELECT code, city_code, ST_AsBinary(geom), upper_inf(in_force) FROM new_commune
WHERE kind = 'part' ORDER BY code
"""
_POPULATE_ABSORBED = """
INSERT INTO commune_population (commune_code, in_force_from, year, population)
SELECT p.commune_code, p.in_force_from, p.year, p.population
FROM new_population p WHERE p.commune_code IN (SELECT a.code FROM absorbed a)
"""
_RECORD_ABSORBED = """
INSERT INTO division_part (division_id, part_code, unit_code, weight)
SELECT %s, %s, %s, %s
"""


def stage_parts(cursor: Cursor[Any]) -> list[str]:
    """Put the parts of divided communes beside the units of the staged release.

    Gives a French line for each commune that others go into. Raises `GeographyRefused` when a
    divided commune is no longer in the release.
    """
    vanished = list(cursor.execute(_VANISHED))
    if vanished:
        told = ", ".join(f"{name} ({code})" for code, name in vanished)
        raise GeographyRefused(
            "Géographie non chargée, rien n'a changé : des communes divisées en quartiers "
            f"disparaissent : {told}. Annulez d'abord leur division."
        )
    cursor.execute(sql.SQL(script(__file__, "divided")))
    return [
        f"{quarter} entre dans {city}, qui est divisée : le quartier {code} lui revient."
        for city, code, quarter in cursor.execute(_ABSORBED)
    ]


def carry_over(cursor: Cursor[Any]) -> None:
    """Fit the staged parts into their communes, and give them inhabitants and borders.

    Raises `GeographyRefused` when the parts of a commune do not fit into its new outline.
    """
    if cursor.execute("SELECT FROM division LIMIT 1").fetchone() is None:
        return
    for code, name in list(cursor.execute(_CHANGED)):
        _fit(cursor, code, name)
    cursor.executemany(
        "INSERT INTO new_name (key, name, commune_code, department_code, kind)"
        " SELECT %s, %s, n.code, n.department_code, %s FROM new_commune n WHERE n.code = %s",
        list(_names(cursor)),
    )
    cursor.executemany(
        "INSERT INTO new_population (commune_code, in_force_from, year, population)"
        " VALUES (%s, %s, %s, %s)",
        list(_populations(cursor)),
    )
    cursor.executemany(
        "INSERT INTO new_neighbour (commune_code, neighbour_code, border_m)"
        " VALUES (%s, %s, %s)",
        [(*pair, metres) for pair, metres in _borders(cursor).items()],
    )


def record_absorbed(cursor: Cursor[Any]) -> None:
    """Keep the weights of the parts that came in with other communes, and their inhabitants.

    Before they are held: whoever holds a unit counts those who live there.
    """
    absorbed = {code: city for city, code, _ in cursor.execute(_ABSORBED)}
    if absorbed:
        cursor.execute(_POPULATE_ABSORBED)
        cursor.executemany(
            _RECORD_ABSORBED,
            [
                (division, part, city, weight)
                for division, city, part, weight in list(cursor.execute(_WEIGHTS))
                if part in absorbed
            ],
        )


def _fit(cursor: Cursor[Any], code: str, name: str) -> None:
    import numpy as np  # noqa: PLC0415 (slow to import, and needed with divisions only)
    import shapely  # noqa: PLC0415

    from app.geography.division.geometry import fill_commune  # noqa: PLC0415
    from app.geography.division.snapping import snapped  # noqa: PLC0415
    from app.geography.loading.generalisation import as_ewkb  # noqa: PLC0415

    (_, *own), *parts = list(cursor.execute(_POLYGONS, {"city": code}))
    commune = {
        column: shapely.from_wkb(bytes(each))
        for column, each in zip(_COLUMNS, own, strict=True)
    }
    drawn = [shapely.from_wkb(bytes(geom)) for _, geom, *_ in parts if geom is not None]
    if len(drawn) < len(parts):
        drawn.append(shapely.difference(commune["geom"], shapely.union_all(drawn)))
    met = snapped(commune["geom"], np.array(drawn, dtype=object)).parts
    if shapely.is_empty(met).any():
        raise GeographyRefused(
            f"Géographie non chargée, rien n'a changé : un quartier de {name} ({code}) n'est "
            "plus dans la commune. Annulez d'abord sa division."
        )
    filled = fill_commune(commune, met).columns
    shapes = zip(*(as_ewkb(filled[column]) for column in _COLUMNS), strict=True)
    cursor.executemany(
        _FIT, [(*each, part[0]) for part, each in zip(parts, shapes, strict=True)]
    )


def _names(cursor: Cursor[Any]) -> Iterator[tuple[str, str, str, str]]:
    rows = cursor.execute(
        "SELECT n.code, n.name, n.quarter FROM new_commune n JOIN absorbed a ON a.code = n.code"
    )
    for code, name, quarter in list(rows):
        for told, kind in ((name, "current"), (quarter, "part")):
            for key in name_keys(told):
                yield key, told, kind, code


def _populations(cursor: Cursor[Any]) -> Iterator[tuple[Any, ...]]:
    weights: dict[tuple[int, str], list[tuple[str, float]]] = defaultdict(list)
    for division, city, part, weight in list(cursor.execute(_WEIGHTS)):
        weights[division, city].append((part, weight))
    vintages = {city: rest for city, *rest in list(cursor.execute(_POPULATIONS))}
    for (_, city), parts in weights.items():
        day, year, total = vintages[city]
        shares = shared_out(total, [weight for _, weight in parts])
        for (part, _), share in zip(parts, shares, strict=True):
            yield part, day, year, share


def _borders(cursor: Cursor[Any]) -> dict[tuple[str, str], float]:
    import numpy as np  # noqa: PLC0415
    import shapely  # noqa: PLC0415

    from app.geography.division.borders import borders_of_parts  # noqa: PLC0415

    parts: Sequence[Any] = list(cursor.execute(_PARTS))
    around: Mapping[str, Any] = {
        code: shapely.from_wkb(bytes(geom)) for code, geom in list(cursor.execute(_AROUND))
    }
    borders: dict[tuple[str, str], float] = {}
    # Those that were units and those that are share places: each lot has its own borders.
    for present in (True, False):
        lot = [each for each in parts if each[3] is present]
        if not lot:
            continue
        own = {each[0] for each in lot}
        for one, other, metres in borders_of_parts(
            np.array([shapely.from_wkb(bytes(each[2])) for each in lot], dtype=object),
            [each[0] for each in lot],
            [each[1] for each in lot],
            {code: geom for code, geom in around.items() if code not in own},
        ):
            borders[one, other] = borders[other, one] = metres
    return borders
