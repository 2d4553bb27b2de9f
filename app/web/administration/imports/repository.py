"""The SQL of the map of a plan."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from app.database.sessions import ReadingSession
from app.database.statements import statement

METROPOLE = "metropole"
# The official projection of each part (EPSG).
PROJECTIONS: Mapping[str, int] = {
    METROPOLE: 2154,
    "971": 5490,
    "972": 5490,
    "973": 2972,
    "974": 2975,
    "976": 4471,
}
_OVERSEAS = [part for part in PROJECTIONS if part != METROPOLE]
# Beyond, outlines of each commune are more than a page bears.
_MOST_DETAILED = 2_000

_PARTS = text("""
    SELECT CASE WHEN m.department_code = ANY (:overseas) THEN m.department_code
                ELSE 'metropole' END AS part, count(*) AS communes
    FROM (SELECT unnest(r.commune_codes) AS code FROM import_row r WHERE r.draft_id = :draft
          UNION
          SELECT split_part(unnest(r.candidates), ' ', 1)
          FROM import_row r WHERE r.draft_id = :draft) t
    JOIN commune m ON m.code = t.code
    GROUP BY 1 ORDER BY 2 DESC, 1
""").bindparams(bindparam("overseas", type_=ARRAY(Text)))
_MAP = statement(__file__, "map").bindparams(bindparam("overseas", type_=ARRAY(Text)))


def parts(session: ReadingSession, draft: int) -> dict[str, int]:
    """Count the communes of a plan by part of the country, the largest first."""
    rows = session.execute(_PARTS, {"draft": draft, "overseas": _OVERSEAS})
    return {row.part: row.communes for row in rows}


def paths(
    session: ReadingSession, draft: int, part: str, communes: int
) -> Sequence[Mapping[str, Any]]:
    """Draw a plan in a part of the country: outlines of departments, then communes.

    Parameters: `communes`, how many there are; a great many are drawn by outcome only. Each
    path has the corners of the drawing with it, in hundreds of metres.
    """
    asked = {
        "draft": draft,
        "part": part,
        "srid": PROJECTIONS[part],
        "overseas": _OVERSEAS,
        "detailed": communes <= _MOST_DETAILED,
    }
    return [dict(row) for row in session.execute(_MAP, asked).mappings()]
