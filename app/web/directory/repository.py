"""The SQL that only pages of the directory need."""

from collections.abc import Collection
from datetime import date

from sqlalchemy import text

from app.cpts.references import repository as references
from app.database.sessions import ReadingSession


def missions_of_themes(session: ReadingSession) -> dict[str, str]:
    """Give the label of the mission of each theme, by slug."""
    return {theme.slug: theme.mission_label for theme in references.themes(session)}


def commune_name(session: ReadingSession, code: str) -> str | None:
    """Give the name of a commune of today, None when there is none of this code."""
    named = text("SELECT name FROM commune WHERE code = :code")
    return session.execute(named, {"code": code}).scalar_one_or_none()


def there_today(session: ReadingSession, cpts_ids: Collection[int], day: date) -> set[int]:
    """Tell which of these CPTS are there on a day."""
    there = text(
        "SELECT c.id FROM cpts c WHERE c.id = ANY (CAST(:ids AS bigint[]))"
        " AND c.started_on <= :day AND (c.ended_on IS NULL OR CAST(:day AS date) < c.ended_on)"
    )
    return set(session.scalars(there, {"ids": list(cpts_ids), "day": day}))


def largest_commune(session: ReadingSession, cpts_id: int, day: date) -> str | None:
    """Give the code of the commune with most inhabitants of a CPTS, None without any."""
    largest = text(
        "SELECT h.commune_code FROM claim h"
        " CROSS JOIN LATERAL commune_population_on(h.commune_code, :day) n"
        " WHERE h.cpts_id = :id AND h.held @> CAST(:day AS date)"
        " ORDER BY n.population DESC, h.commune_code LIMIT 1"
    )
    return session.execute(largest, {"id": cpts_id, "day": day}).scalar_one_or_none()
