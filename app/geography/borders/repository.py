"""The SQL that reads polygons and keeps their arcs."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from psycopg import Cursor

SCALES = ("geom", "geom_department", "geom_region", "geom_country")

_UNBORDERED = """
SELECT c.code FROM commune c
WHERE NOT EXISTS (SELECT FROM bordered_commune b WHERE b.commune_code = c.code)
"""

# By their boxes: whoever lies near without touching shares no segment.
_AROUND = """
SELECT c.code FROM commune c WHERE c.code = ANY (%(codes)s)
UNION
SELECT n.code FROM commune c JOIN commune n ON n.geom && c.geom
WHERE c.code = ANY (%(codes)s)
  AND cardinality(%(codes)s::text[]) < (SELECT count(*) FROM commune)
"""

_UNITS = """
SELECT c.code, lower(c.in_force) AS since, upper(c.in_force) AS until, ST_AsBinary(c.geom),
       ST_AsBinary(c.geom_department), ST_AsBinary(c.geom_region), ST_AsBinary(c.geom_country)
FROM commune c WHERE c.code = ANY (%(codes)s) ORDER BY c.code
"""

_FORGET = (
    "DELETE FROM border_arc WHERE left_code = ANY (%(codes)s) OR right_code = ANY (%(codes)s)"
)

_KEEP = """
COPY border_arc (
    left_code, right_code, in_force, geom, geom_department, geom_region, geom_country)
FROM STDIN
"""

_BORDERED = """
INSERT INTO bordered_commune (commune_code) SELECT unnest(%(codes)s::text[])
ON CONFLICT DO NOTHING
"""


class UnitRow(NamedTuple):
    """A unit, the days it stands for, its polygons by `SCALES` (WKB, EPSG:4326)."""

    code: str
    since: Any
    until: Any
    polygons: tuple[bytes, ...]


def unbordered(cursor: Cursor[Any]) -> list[str]:
    """List the communes whose arcs are not known."""
    return [code for (code,) in cursor.execute(_UNBORDERED)]


def around(cursor: Cursor[Any], codes: Collection[str]) -> list[str]:
    """List these communes and those that may touch them."""
    return [code for (code,) in cursor.execute(_AROUND, {"codes": list(codes)})]


def units(cursor: Cursor[Any], codes: Collection[str]) -> list[UnitRow]:
    """Read communes with their polygons, in the order of their codes."""
    rows = cursor.execute(_UNITS, {"codes": list(codes)}, binary=True)
    return [UnitRow(code, since, until, tuple(shapes)) for code, since, until, *shapes in rows]


def replace_arcs(
    cursor: Cursor[Any], codes: Collection[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Put arcs in the place of all that have one of these communes at a side.

    Parameters: `rows`, `(left, right, days in force, one geometry per scale)`, geometries as
    hexadecimal EWKB.
    """
    asked = {"codes": list(codes)}
    cursor.execute(_FORGET, asked)
    with cursor.copy(_KEEP) as copy:
        for row in rows:
            copy.write_row(row)
    cursor.execute(_BORDERED, asked)
