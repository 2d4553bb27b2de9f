"""The SQL of the CPTS that somebody keeps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select, text

from app.cpts.claims.models import RefusedClaim
from app.cpts.models import Cpts, CptsStage, CptsTheme, Stage
from app.database.sessions import ReadingSession
from app.geography.models import Commune


@dataclass(frozen=True)
class Found:
    """A CPTS of the list; `stage` is its latest, whatever its date."""

    id: int
    name: str
    acronym: str | None
    stage: str | None
    ended_on: date | None
    departments: Sequence[str]
    updated_on: date
    number: int


# Its territories of all days say where it is, those of an ended one too.
_FOUND = text("""
    SELECT p.id, p.name, p.acronym, p.ended_on,
           (SELECT s.slug FROM cpts_stage t JOIN stage s ON s.slug = t.stage_slug
            WHERE t.cpts_id = p.id ORDER BY s.rank DESC LIMIT 1) AS stage,
           coalesce(w.departments, '{}') AS departments,
           (p.updated_at AT TIME ZONE 'Europe/Paris')::date AS updated_on,
           count(*) OVER () AS number
    FROM cpts p
    LEFT JOIN LATERAL (
        SELECT array_agg(DISTINCT d ORDER BY d) AS departments
        FROM cpts_territory t CROSS JOIN LATERAL unnest(t.departments) d
        WHERE t.cpts_id = p.id) w ON true
    WHERE (CAST(:words AS text[]) = '{}' OR NOT EXISTS (
            SELECT FROM unnest(CAST(:words AS text[])) AS word
            WHERE p.search_words NOT LIKE '% ' || word || '%'))
      AND (CAST(:region AS text) IS NULL OR EXISTS (
            SELECT FROM cpts_territory t
            WHERE t.cpts_id = p.id AND t.regions @> ARRAY[CAST(:region AS text)])
           OR NOT EXISTS (SELECT FROM cpts_territory t WHERE t.cpts_id = p.id))
      AND (:ended OR p.ended_on IS NULL OR p.ended_on > :day)
    ORDER BY p.name_key, p.id
    LIMIT :limit OFFSET :offset
""")
_WORDS = text("SELECT search_key(:asked)")
_REGIONS = text("""
    SELECT DISTINCT r FROM cpts_territory t CROSS JOIN LATERAL unnest(t.regions) r
    WHERE t.cpts_id = :cpts_id ORDER BY r
""")
_HELD = text("""
    SELECT c.commune_code AS code, m.name, lower(c.held) AS since, upper(c.held) AS until
    FROM claim c JOIN commune m ON m.code = c.commune_code
    WHERE c.cpts_id = :cpts_id AND (upper_inf(c.held) OR upper(c.held) > :day)
    ORDER BY m.name, c.commune_code, lower(c.held)
""")


def find(
    session: ReadingSession,
    asked: str,
    day: date,
    *,
    region: str | None,
    ended: bool,
    limit: int,
    offset: int = 0,
) -> list[Found]:
    """Find CPTS by the beginnings of words, by name.

    Parameters: `region`, of which each must have had a commune, or none at all, None for
    any; `ended`, whether those count that have ended by `day`.
    """
    key = session.execute(_WORDS, {"asked": asked}).scalar_one()
    rows = session.execute(
        _FOUND,
        {
            "words": key.split(),
            "region": region,
            "ended": ended,
            "day": day,
            "limit": limit,
            "offset": offset,
        },
    )
    return [Found(**row) for row in rows.mappings()]


def cpts(session: ReadingSession, cpts_id: int) -> Cpts | None:
    """Give a CPTS, None when there is none."""
    return session.get(Cpts, cpts_id)


def regions_ever(session: ReadingSession, cpts_id: int) -> list[str]:
    """List the regions in which a CPTS has, or ever had, a commune."""
    return list(session.execute(_REGIONS, {"cpts_id": cpts_id}).scalars())


def stages(session: ReadingSession, cpts_id: int) -> list[tuple[str, str, date | None, date]]:
    """Give slug, label, date and day of record of each stage, in order."""
    rows = session.execute(
        select(Stage.slug, Stage.label, CptsStage.since, CptsStage.recorded_on)
        .join(Stage, Stage.slug == CptsStage.stage_slug)
        .where(CptsStage.cpts_id == cpts_id)
        .order_by(Stage.rank)
    )
    return [(row.slug, row.label, row.since, row.recorded_on) for row in rows]


def themes(session: ReadingSession, cpts_id: int) -> list[str]:
    """List the themes of a CPTS, by slug."""
    return list(
        session.execute(
            select(CptsTheme.theme_slug).where(CptsTheme.cpts_id == cpts_id)
        ).scalars()
    )


def held(session: ReadingSession, cpts_id: int, day: date) -> list[Mapping[str, Any]]:
    """List the communes that a CPTS holds on a day or later, by name."""
    rows = session.execute(_HELD, {"cpts_id": cpts_id, "day": day})
    return [dict(row) for row in rows.mappings()]


def refused(session: ReadingSession, cpts_id: int) -> list[Mapping[str, Any]]:
    """List the claims that imports refused, of this CPTS or on communes that it holds."""
    rows = session.execute(
        select(
            RefusedClaim.id,
            RefusedClaim.commune_code.label("code"),
            Commune.name.label("commune"),
            Commune.kind,
            RefusedClaim.claimant_name.label("claimant"),
            RefusedClaim.refused_on,
            RefusedClaim.cpts_id.label("claimant_id"),
        )
        .join(Commune, Commune.code == RefusedClaim.commune_code)
        .where(
            (RefusedClaim.cpts_id == cpts_id)
            | RefusedClaim.commune_code.in_(
                text("SELECT c.commune_code FROM claim c WHERE c.cpts_id = :holder").bindparams(
                    holder=cpts_id
                )
            )
        )
        .order_by(Commune.name, RefusedClaim.claimant_name)
    )
    return [dict(row) for row in rows.mappings()]
