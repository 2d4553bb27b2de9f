"""The SQL of the figures over time: one statement each, whatever the number of months."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import text

from app.database.sessions import ReadingSession
from app.database.statements import statement


@dataclass(frozen=True, slots=True)
class StageOnDay:
    """How many CPTS stood at a stage on a day, and how many reached it within its month."""

    day: date
    stage: str
    number: int
    reached: int


@dataclass(frozen=True, slots=True)
class CoverageOnDay:
    """Inhabitants and communes of the CPTS at the stages that count, on a day."""

    day: date
    population: int
    communes: int


def cpts_by_month(session: ReadingSession, first: date, day: date) -> list[StageOnDay]:
    """Count the CPTS by stage at the end of each month from `first` to `day`.

    The last moment is `day` itself. Rows come by day, then by rank of the stage.
    """
    rows = session.execute(statement(__file__, "cpts_by_month"), {"first": first, "day": day})
    return [StageOnDay(**row) for row in rows.mappings()]


_UNDATED = text("""
    SELECT count(*)
    FROM cpts c CROSS JOIN LATERAL cpts_stage_on(c.id, CAST(:day AS date)) s
    WHERE c.started_on <= CAST(:day AS date)
      AND (c.ended_on IS NULL OR CAST(:day AS date) < c.ended_on)
      AND s.since IS NULL
""")


def count_undated(session: ReadingSession, day: date) -> int:
    """Count the CPTS whose stage of a day has no date: no month can show them."""
    return int(session.execute(_UNDATED, {"day": day}).scalar_one())


def coverage_by_month(
    session: ReadingSession, first: date, day: date, stages: Sequence[str]
) -> list[CoverageOnDay]:
    """Add up what CPTS at some stages cover at the end of each month from `first` to `day`.

    Populations are those in force on `day` for all months.
    """
    rows = session.execute(
        statement(__file__, "coverage_by_month"),
        {"first": first, "day": day, "stages": list(stages)},
    )
    return [CoverageOnDay(**row) for row in rows.mappings()]
