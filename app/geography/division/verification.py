"""Do the parts of divided communes still fill them, and count their inhabitants?"""

from collections.abc import Iterator

import numpy as np
import shapely
from sqlalchemy import text

from app.database.sessions import ReadingSession
from app.geography.division.geometry import fills_exactly
from app.geography.division.repository import COLUMNS

_CITIES = text("""
    SELECT c.code, c.name FROM commune c
    WHERE c.kind = 'commune' AND NOT upper_inf(c.in_force) ORDER BY c.code
""")
_POLYGONS = text("""
    SELECT c.kind = 'part' AS is_part, ST_AsBinary(c.geom) AS geom,
           ST_AsBinary(c.geom_department) AS geom_department,
           ST_AsBinary(c.geom_region) AS geom_region,
           ST_AsBinary(c.geom_country) AS geom_country
    FROM commune c
    WHERE c.code = :city OR c.kind = 'part' AND c.city_code = :city AND upper_inf(c.in_force)
    ORDER BY c.kind, c.code
""")
_UNEVEN = text("""
    SELECT v.in_force_from AS day, v.population AS total, sum(q.population) AS summed
    FROM commune_population v
    JOIN commune p ON p.city_code = v.commune_code AND p.kind = 'part' AND upper_inf(p.in_force)
    LEFT JOIN commune_population q
        ON q.commune_code = p.code AND q.in_force_from = v.in_force_from
    WHERE v.commune_code = :city
    GROUP BY v.in_force_from, v.population
    -- Of what came in with another commune, an older vintage is of days before it was a part.
    HAVING v.population > coalesce(sum(q.population), 0)
        OR v.population < sum(q.population) AND v.in_force_from = (
            SELECT max(w.in_force_from) FROM commune_population w WHERE w.commune_code = :city)
    ORDER BY 1
""")


def astray(session: ReadingSession) -> Iterator[str]:
    """Give a French line for each thing that parts of a divided commune lack.

    At each scale they fill it exactly, and in each vintage they count its inhabitants.
    """
    for code, name in list(session.execute(_CITIES)):
        told = f"Commune divisée {name} ({code})"
        own, *parts = session.execute(_POLYGONS, {"city": code}).mappings()
        for column in COLUMNS:
            polygons = [shapely.from_wkb(bytes(part[column])) for part in parts]
            commune = shapely.from_wkb(bytes(own[column]))
            if not polygons or not fills_exactly(commune, np.array(polygons, dtype=object)):
                yield f"{told} : ses quartiers ne la remplissent pas ({column})"
        for row in session.execute(_UNEVEN, {"city": code}):
            yield (
                f"{told} : ses quartiers comptent {row.summed} habitants au lieu de "
                f"{row.total} à partir du {row.day}"
            )
