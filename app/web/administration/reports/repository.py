"""The SQL of the reports of errors, each with the CPTS that it is about."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import text

from app.database.sessions import ReadingSession

_REPORTS = text("""
    SELECT e.id, e.reported_at, e.message, e.reply_to, e.handled_at, e.outcome,
           p.id AS cpts_id, p.name, p.acronym, p.website, p.email, p.phone, p.address,
           s.label AS stage_label, s.slug AS stage, t.commune_count, t.population,
           m.code AS commune_code, m.name AS commune_name,
           count(*) OVER () AS number
    FROM error_report e
    LEFT JOIN cpts p ON p.id = e.cpts_id
    LEFT JOIN LATERAL (
        SELECT g.slug, g.label FROM cpts_stage k JOIN stage g ON g.slug = k.stage_slug
        WHERE k.cpts_id = p.id ORDER BY g.rank DESC LIMIT 1) s ON true
    LEFT JOIN cpts_territory t ON t.cpts_id = p.id AND t.held @> CAST(:day AS date)
    LEFT JOIN commune m ON m.code = e.commune_code
    WHERE (:closed OR e.handled_at IS NULL)
      AND (CAST(:region AS text) IS NULL OR m.region_code = :region OR EXISTS (
          SELECT FROM cpts_territory w
          WHERE w.cpts_id = p.id AND w.regions @> ARRAY[CAST(:region AS text)]))
    ORDER BY e.handled_at IS NOT NULL, e.id
    LIMIT :limit OFFSET :offset
""")


def reports(session: ReadingSession, **asked: Any) -> list[Mapping[str, Any]]:
    """List reports, those that wait first, then by age.

    Parameters: `region`, of the CPTS or commune, None for all; `closed`, whether the closed
    ones count; `day`, of the territory that is told; `limit`, `offset`.
    """
    return [dict(row) for row in session.execute(_REPORTS, asked).mappings()]
