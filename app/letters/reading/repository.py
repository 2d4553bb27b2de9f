"""The SQL that reads letters and their timelines."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger, Text

from app.database.sessions import ReadingSession
from app.database.statements import statement
from app.letters.reading.schemas import LetterFilters
from app.letters.record.models import LetterEvent

_LETTERS = statement(__file__, "letters").bindparams(
    *(
        bindparam(name, type_=ARRAY(Text))
        for name in ("states", "kinds", "regions", "departments")
    )
)


def find_letters(
    session: ReadingSession,
    filters: LetterFilters,
    day: date,
    *,
    sees_names: bool,
    token_id: int | None,
    letter_id: int | None = None,
) -> tuple[int, list[dict[str, Any]]]:
    """Find a page of letters, newest first, and how many match in all.

    Parameters: `day`, whose populations and tiers are told; `sees_names`, whether names
    of letters that are not validated may be searched; `token_id`, whose own letters may.
    """
    rows = session.execute(
        _LETTERS,
        {
            "id": letter_id,
            "states": list(filters.states) or None,
            "kinds": list(filters.kinds) or None,
            "since": filters.since,
            "until": filters.until,
            "regions": list(filters.regions) or None,
            "departments": list(filters.departments) or None,
            "q": filters.q,
            "sees_names": sees_names,
            "token": token_id,
            "day": day,
            "limit": filters.limit,
            "offset": filters.offset,
        },
    )
    found = rows.mappings().all()
    return found[0]["number_matched"], [dict(row) for row in found if row["id"] is not None]


def events_of(session: ReadingSession, letter_id: int) -> list[LetterEvent]:
    """List what happened to a letter, as it was recorded."""
    recorded = (
        select(LetterEvent).where(LetterEvent.letter_id == letter_id).order_by(LetterEvent.id)
    )
    return list(session.execute(recorded).scalars())


_CONCILIATIONS = text("""
    SELECT n.id, n.opened_on, n.closed_on, n.outcome, n.joined_into, n.note, n.closed_by,
        coalesce(k.communes, '[]') AS communes, coalesce(k.population, 0) AS population,
        coalesce(k.departments, '{}') AS departments, coalesce(k.regions, '{}') AS regions,
        (SELECT coalesce(jsonb_agg(jsonb_build_object(
                    'id', l.id, 'name', l.name, 'state', l.state) ORDER BY l.id), '[]')
         FROM conciliation_letter y JOIN letter l ON l.id = y.letter_id
         WHERE y.conciliation_id = n.id) AS letters,
        (SELECT coalesce(jsonb_agg(jsonb_build_object(
                    'id', p.id, 'name', p.name, 'ended_on', p.ended_on) ORDER BY p.id), '[]')
         FROM conciliation_cpts y JOIN cpts p ON p.id = y.cpts_id
         WHERE y.conciliation_id = n.id) AS cpts
    FROM conciliation n
    LEFT JOIN LATERAL (
        SELECT jsonb_agg(jsonb_build_object(
                   'code', c.code, 'name', c.name, 'department', c.department_code,
                   'population', u.population) ORDER BY c.code) AS communes,
               sum(u.population)::integer AS population,
               array_agg(DISTINCT c.department_code) AS departments,
               array_agg(DISTINCT c.region_code) AS regions
        FROM conciliation_commune m JOIN commune c ON c.code = m.commune_code
        CROSS JOIN LATERAL commune_population_on(c.code, :day) u
        WHERE m.conciliation_id = n.id
    ) k ON true
    WHERE (CAST(:id AS bigint) IS NULL OR n.id = :id)
      AND (CAST(:open AS boolean) IS NULL OR (n.closed_on IS NULL) = :open)
      AND (CAST(:regions AS text[]) IS NULL OR k.regions && CAST(:regions AS text[]))
      AND (CAST(:departments AS text[]) IS NULL
           OR k.departments && CAST(:departments AS text[]))
    ORDER BY n.opened_on DESC, n.id DESC
""").bindparams(
    bindparam("regions", type_=ARRAY(Text)), bindparam("departments", type_=ARRAY(Text))
)


def find_conciliations(
    session: ReadingSession,
    day: date,
    *,
    conciliation_id: int | None = None,
    is_open: bool | None = None,
    regions: Collection[str] = (),
    departments: Collection[str] = (),
) -> list[dict[str, Any]]:
    """Find conciliations with their communes and parties, newest first.

    Parameters: `day`, whose populations are told; `is_open`, None for all of them; the
    communes in dispute lie in one of `regions` and of `departments`, unless empty.
    """
    rows = session.execute(
        _CONCILIATIONS,
        {
            "id": conciliation_id,
            "open": is_open,
            "regions": list(regions) or None,
            "departments": list(departments) or None,
            "day": day,
        },
    )
    return [dict(row) for row in rows.mappings()]


_ZONES = text("""
    SELECT n.id,
        CASE CAST(:detail AS text)
            WHEN 'national' THEN ST_AsGeoJSON(z.geom_country, 4, 0)
            WHEN 'region' THEN ST_AsGeoJSON(z.geom_region, 5, 0)
            WHEN 'department' THEN ST_AsGeoJSON(z.geom_department, 6, 0)
            WHEN 'full' THEN ST_AsGeoJSON(z.geom, 6, 0)
        END AS geometry
    FROM conciliation n
    CROSS JOIN LATERAL (
        SELECT ST_ForcePolygonCCW(ST_Multi(ST_UnaryUnion(ST_Collect(c.geom)))) AS geom,
            ST_ForcePolygonCCW(ST_Multi(ST_UnaryUnion(ST_Collect(c.geom_department))))
                AS geom_department,
            ST_ForcePolygonCCW(ST_Multi(ST_UnaryUnion(ST_Collect(c.geom_region))))
                AS geom_region,
            ST_ForcePolygonCCW(ST_Multi(ST_UnaryUnion(ST_Collect(c.geom_country))))
                AS geom_country
        FROM conciliation_commune m JOIN commune c ON c.code = m.commune_code
        WHERE m.conciliation_id = n.id
    ) z
    WHERE n.id = ANY (:ids)
""").bindparams(bindparam("ids", type_=ARRAY(BigInteger)))


def zones(
    session: ReadingSession, conciliations: Collection[int], detail: str
) -> dict[int, Any]:
    """Give, by conciliation, its communes dissolved into one GeoJSON geometry (WGS 84)."""
    rows = session.execute(_ZONES, {"ids": list(conciliations), "detail": detail})
    return {row.id: row.geometry for row in rows}


_LETTERS_BEHIND = text("""
    SELECT DISTINCT l.id FROM letter l
    LEFT JOIN letter_absorbed_cpts a ON a.letter_id = l.id
    CROSS JOIN LATERAL unnest(
        ARRAY[l.resulting_cpts_id, l.subject_cpts_id, a.cpts_id]) AS named (cpts_id)
    WHERE named.cpts_id = ANY (:made)
       OR (named.cpts_id = ANY (:changed) AND EXISTS (
           SELECT FROM letter_event e
           WHERE e.letter_id = l.id AND e.action = 'validated'
             AND e.recorded_at BETWEEN CAST(:moment AS timestamptz) - interval '30 seconds'
                 AND CAST(:moment AS timestamptz) + interval '30 seconds'))
    ORDER BY l.id
""").bindparams(
    bindparam("made", type_=ARRAY(BigInteger)), bindparam("changed", type_=ARRAY(BigInteger))
)


def letters_behind(
    session: ReadingSession, changed: Collection[int], made: Collection[int], moment: datetime
) -> list[int]:
    """List the letters that a change of CPTS rests on, or that rest on what it made.

    Parameters: `changed`, the CPTS, of which a letter counts that was validated by the same
    request, within half a minute of `moment`; `made`, of which any letter counts.
    """
    asked = {"changed": list(changed), "made": list(made), "moment": moment}
    return list(session.execute(_LETTERS_BEHIND, asked).scalars())
