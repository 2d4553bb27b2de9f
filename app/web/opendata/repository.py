"""The SQL of what is published: territories as WKB, recorded changes, addresses of sheets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import text

from app.cpts.reading.schemas import Detail
from app.database.calendar import today
from app.database.sessions import ReadingSession

_TERRITORIES = text(
    """
    SELECT t.cpts_id, ST_AsBinary(ST_ForcePolygonCCW(
        CASE CAST(:detail AS text)
            WHEN 'national' THEN t.geom_country
            WHEN 'region' THEN t.geom_region
            WHEN 'department' THEN t.geom_department
            ELSE t.geom
        END))
    FROM cpts_territory t
    WHERE t.cpts_id = ANY (CAST(:ids AS bigint[])) AND t.held @> CAST(:day AS date)
    """
)

# Reasons and authors stay out: they may name people. Neither do contacts count as news.
_CHANGES = text(
    """
    SELECT h.id, h.cpts_id, h.changed_at, c.name, c.demonstration,
        -- A change without an earlier state has none, or JSON's own null.
        coalesce(jsonb_typeof(h.before), 'null') = 'null' AS is_new,
        h.after ->> 'ended_on' AS ended_on,
        h.before -> 'stages' AS stages_before, h.after -> 'stages' AS stages_after,
        h.before -> 'claims' AS claims_before, h.after -> 'claims' AS claims_after
    FROM cpts_change h
    JOIN cpts c ON c.id = h.cpts_id
    WHERE (coalesce(jsonb_typeof(h.before), 'null') = 'null'
            OR h.after ?| ARRAY['stages', 'claims', 'ended_on'])
        AND jsonb_typeof(h.after) = 'object'
        AND (CAST(:before AS bigint) IS NULL OR h.id < :before)
        AND (CAST(:regions AS text[]) IS NULL AND CAST(:departments AS text[]) IS NULL
            OR EXISTS (
                SELECT FROM cpts_territory t
                WHERE t.cpts_id = h.cpts_id
                    AND (CAST(:regions AS text[]) IS NULL
                        OR t.regions && CAST(:regions AS text[]))
                    AND (CAST(:departments AS text[]) IS NULL
                        OR t.departments && CAST(:departments AS text[]))))
    ORDER BY h.id DESC
    LIMIT :limit
    """
)

_SHEETS = text("""
    SELECT c.id, u.updated_at
    FROM cpts c JOIN cpts_updated_at(CAST(:today AS date)) u ON u.cpts_id = c.id
    WHERE NOT c.demonstration ORDER BY c.id
""")
_COMMUNES = text(
    "SELECT code FROM (SELECT code FROM unit_on(:today) UNION SELECT code FROM city) unit"
    " ORDER BY code"
)
_COUNTS = text(
    """
    SELECT (SELECT count(*) FROM cpts WHERE NOT demonstration) AS cpts,
        (SELECT count(*) FROM unit_on(:today)) + (
            SELECT count(*) FROM city t
            WHERE NOT EXISTS (SELECT FROM unit_on(:today) c WHERE c.code = t.code)
        ) AS communes
    """
)
_COMMUNE_NAMES = text(
    "SELECT code, name FROM commune WHERE code = ANY (CAST(:codes AS text[]))"
)


@dataclass(frozen=True, slots=True)
class RecordedChange:
    """An entry of the history that is news to the public, with what changed of it.

    `stages_…` map slugs to ISO dates or None, `claims_…` list `{communes, from, until}`;
    both are None when the change left them as they were. `ended_on` is an ISO date.
    """

    id: int
    cpts_id: int
    changed_at: datetime
    name: str
    demonstration: bool
    is_new: bool
    ended_on: str | None
    stages_before: dict[str, str | None] | None
    stages_after: dict[str, str | None] | None
    claims_before: list[dict[str, Any]] | None
    claims_after: list[dict[str, Any]] | None


def territories(
    session: ReadingSession, cpts_ids: Sequence[int], day: date, detail: Detail
) -> dict[int, bytes]:
    """Give territories of a day as WKB (MultiPolygon, WGS 84, exterior rings turn left).

    A CPTS without commune that day is left out.
    """
    rows = session.execute(
        _TERRITORIES, {"ids": list(cpts_ids), "day": day, "detail": detail}
    ).all()
    return {cpts_id: bytes(wkb) for cpts_id, wkb in rows}


def recorded_changes(
    session: ReadingSession,
    *,
    before: int | None,
    limit: int,
    regions: Sequence[str] = (),
    departments: Sequence[str] = (),
) -> list[RecordedChange]:
    """List the latest creations, ends and changes of stage or territory, latest first.

    Parameters: `before`, the id of an entry of the history, to read on from there;
    `regions`, `departments`, codes: CPTS that have or had a commune there.
    """
    rows = session.execute(
        _CHANGES,
        {
            "before": before,
            "limit": limit,
            "regions": list(regions) or None,
            "departments": list(departments) or None,
        },
    )
    return [RecordedChange(**row._mapping) for row in rows]  # noqa: SLF001


def sheets(session: ReadingSession) -> list[tuple[int, datetime]]:
    """List the sheets of real CPTS, ended ones too, with the time of their last change."""
    return [(row.id, row.updated_at) for row in session.execute(_SHEETS, {"today": today()})]


def commune_codes(session: ReadingSession) -> list[str]:
    """List the codes of today's units, and of the cities that are divided into them."""
    return list(session.scalars(_COMMUNES, {"today": today()}))


def counts(session: ReadingSession) -> tuple[int, int]:
    """Give how many CPTS `sheets` lists and how many codes `commune_codes`."""
    row = session.execute(_COUNTS, {"today": today()}).one()
    return row.cpts, row.communes


def commune_names(session: ReadingSession, codes: Sequence[str]) -> dict[str, str]:
    """Give the names of communes of today by their code."""
    rows = session.execute(_COMMUNE_NAMES, {"codes": list(codes)})
    return {row.code: row.name for row in rows}
