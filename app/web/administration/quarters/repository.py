"""The SQL of divisions and of the map of one that is prepared."""

from collections.abc import Mapping, Sequence
from typing import Any

import shapely
from sqlalchemy import text

from app.database.sessions import ReadingSession
from app.database.statements import statement

_DIVIDED = text("""
    SELECT d.id, d.city_code AS code, t.name, d.divided_on, d.recorded_at, d.actor, d.source,
        d.population_by, d.population_column,
        (SELECT count(*) FROM division_part p WHERE p.division_id = d.id) AS parts,
        (SELECT count(DISTINCT h.cpts_id) FROM division_part p
         JOIN claim h ON h.commune_code = p.part_code WHERE p.division_id = d.id) AS cpts,
        NOT EXISTS (SELECT FROM division l
                    WHERE l.city_code = d.city_code AND l.id > d.id) AS is_latest
    FROM division d JOIN city t ON t.code = d.city_code
    ORDER BY d.id DESC
    LIMIT :limit OFFSET :offset
""")
_NUMBER = text("SELECT count(*) FROM division")
_REGION = text("SELECT region_code FROM commune WHERE code = :code")


def divided_cities(session: ReadingSession, *, limit: int, offset: int) -> list[dict[str, Any]]:
    """List divisions with who made them, and how many CPTS hold a part, the latest first."""
    rows = session.execute(_DIVIDED, {"limit": limit, "offset": offset})
    return [dict(row) for row in rows.mappings()]


def number_of_divisions(session: ReadingSession) -> int:
    """Count the divisions that stand."""
    number: int = session.execute(_NUMBER).scalar_one()
    return number


def region_of(session: ReadingSession, code: str) -> str:
    """Give the region of a commune of the registry."""
    region: str = session.execute(_REGION, {"code": code}).scalar_one()
    return region


def drawn_shapes(
    session: ReadingSession, shapes: Sequence[tuple[str, str, Any]]
) -> list[Mapping[str, Any]]:
    """Draw surfaces as SVG paths, in their order.

    Parameters: `shapes` of a kind, a name and a shapely surface in degrees (EPSG:4326). Each
    row has `kind`, `name`, `path`, a point inside (`x`, `y`), its `width`, and the size of
    the drawing (`total_width`, `total_height`).
    """
    rows = session.execute(
        statement(__file__, "map"),
        {
            "kinds": [kind for kind, _, _ in shapes],
            "names": [name for _, name, _ in shapes],
            "shapes": [shapely.to_wkb(shape, hex=True) for _, _, shape in shapes],
        },
    )
    return [dict(row) for row in rows.mappings()]
