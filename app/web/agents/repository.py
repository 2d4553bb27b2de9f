"""The SQL of what is to be followed in a region."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text

from app.database.sessions import ReadingSession


@dataclass(frozen=True, slots=True)
class StageOfCpts:
    """A CPTS of a region and its stage: reached `since`, if known, on record `recorded_on`."""

    id: int
    name: str
    stage: str
    label: str
    since: date | None
    recorded_on: date


@dataclass(frozen=True, slots=True)
class WaitingReport:
    """A report of an error that nobody has closed; about a CPTS or a commune."""

    id: int
    reported_at: datetime
    cpts_id: int | None
    commune: str | None
    about: str
    message: str


_STAGES = text("""
    SELECT p.id, p.name, s.slug AS stage, s.label, s.since, s.recorded_on
    FROM cpts_territory t JOIN cpts p ON p.id = t.cpts_id
    CROSS JOIN LATERAL cpts_stage_on(p.id, :day) s
    WHERE t.held @> CAST(:day AS date) AND CAST(:region AS text) = ANY (t.regions)
    ORDER BY p.name, p.id
""")

_REPORTS = text("""
    SELECT r.id, r.reported_at, r.cpts_id, r.commune_code AS commune,
        coalesce(p.name, c.name) AS about, r.message
    FROM error_report r
    LEFT JOIN cpts p ON p.id = r.cpts_id
    LEFT JOIN commune c ON c.code = r.commune_code
    WHERE r.handled_at IS NULL
        AND (c.region_code = :region OR EXISTS (
            SELECT FROM cpts_territory t
            WHERE t.cpts_id = r.cpts_id AND t.held @> CAST(:day AS date)
                AND CAST(:region AS text) = ANY (t.regions)))
    ORDER BY r.reported_at, r.id
""")


def stages_of_region(session: ReadingSession, region: str, day: date) -> list[StageOfCpts]:
    """List the CPTS that hold a commune of a region on a day, with their stages."""
    rows = session.execute(_STAGES, {"region": region, "day": day})
    return [StageOfCpts(**row) for row in rows.mappings()]


def reports_of_region(session: ReadingSession, region: str, day: date) -> list[WaitingReport]:
    """List the open reports on CPTS and communes of a region, without who wrote them."""
    rows = session.execute(_REPORTS, {"region": region, "day": day})
    return [WaitingReport(**row) for row in rows.mappings()]
