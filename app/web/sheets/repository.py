"""The SQL of the sheets: dates of stages, CPTS next door, CPTS on the same themes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger, Text

from app.database.sessions import ReadingSession


@dataclass(frozen=True, slots=True)
class ReachedStage:
    """A stage that a CPTS reached, and when; without a date, since when it is known."""

    slug: str
    label: str
    meaning: str
    since: date | None
    recorded_on: date


@dataclass(frozen=True, slots=True)
class NeighbourCpts:
    """A CPTS next door, and the geodesic length of the shared border in kilometres."""

    id: int
    name: str
    stage: str | None
    stage_label: str | None
    demonstration: bool
    border_km: float


@dataclass(frozen=True, slots=True)
class KindredCpts:
    """A CPTS that works on some of the same themes, given by their labels."""

    id: int
    name: str
    stage: str | None
    stage_label: str | None
    department: str | None
    themes: tuple[str, ...]


_STAGES = text("""
    SELECT s.slug, s.label, s.meaning, t.since, t.recorded_on
    FROM cpts_stage t JOIN stage s ON s.slug = t.stage_slug
    WHERE t.cpts_id = :id AND t.known_from <= CAST(:day AS date)
    ORDER BY s.rank
""")

_NEIGHBOURS = text("""
    SELECT p.id, p.name, s.slug AS stage, s.label AS stage_label, p.demonstration,
           sum(n.border_m) / 1000.0 AS border_km
    FROM commune_neighbour n
    JOIN claim h ON h.commune_code = n.neighbour_code AND h.held @> CAST(:day AS date)
    JOIN cpts p ON p.id = h.cpts_id
    LEFT JOIN LATERAL cpts_stage_on(p.id, CAST(:day AS date)) s ON true
    WHERE n.commune_code = ANY (:codes) AND NOT n.neighbour_code = ANY (:codes)
      AND NOT p.id = ANY (:without)
    GROUP BY p.id, p.name, s.slug, s.label, p.demonstration
    ORDER BY border_km DESC, p.id
""").bindparams(
    bindparam("codes", type_=ARRAY(Text)), bindparam("without", type_=ARRAY(BigInteger))
)

_KINDRED = text("""
    SELECT p.id, p.name, s.slug AS stage, s.label AS stage_label,
           t.lead_department AS department, k.themes
    FROM (
        SELECT other.cpts_id, count(*) AS shared, array_agg(e.label ORDER BY e.rank) AS themes
        FROM cpts_theme mine
        JOIN cpts_theme other ON other.theme_slug = mine.theme_slug
        JOIN theme e ON e.slug = mine.theme_slug
        WHERE mine.cpts_id = :id AND other.cpts_id <> :id
        GROUP BY other.cpts_id
    ) k
    JOIN cpts p ON p.id = k.cpts_id AND p.started_on <= CAST(:day AS date)
        AND (p.ended_on IS NULL OR CAST(:day AS date) < p.ended_on)
    LEFT JOIN cpts_territory t ON t.cpts_id = p.id AND t.held @> CAST(:day AS date)
    LEFT JOIN LATERAL cpts_stage_on(p.id, CAST(:day AS date)) s ON true
    ORDER BY k.shared DESC, coalesce(t.regions && :regions, false) DESC, p.name_key, p.id
    LIMIT :most
""").bindparams(bindparam("regions", type_=ARRAY(Text)))

_COMMUNE_NAMES = text("SELECT code, name FROM commune WHERE code = ANY (:codes)").bindparams(
    bindparam("codes", type_=ARRAY(Text))
)


def reached_stages(session: ReadingSession, cpts_id: int, day: date) -> list[ReachedStage]:
    """List the stages that a CPTS had reached on a day, oldest first."""
    rows = session.execute(_STAGES, {"id": cpts_id, "day": day})
    return [ReachedStage(**row) for row in rows.mappings()]


def neighbouring_cpts(
    session: ReadingSession, codes: Collection[str], day: date, without: Collection[int] = ()
) -> list[NeighbourCpts]:
    """List the CPTS that hold communes next to these, the longest shared border first.

    Parameters: `without`, CPTS that are left out, such as those that hold `codes`.
    """
    rows = session.execute(
        _NEIGHBOURS, {"codes": list(codes), "day": day, "without": list(without)}
    )
    return [NeighbourCpts(**row) for row in rows.mappings()]


def kindred_cpts(
    session: ReadingSession, cpts_id: int, day: date, *, regions: Sequence[str], most: int
) -> list[KindredCpts]:
    """List the CPTS that share most themes with one, those of its regions first."""
    rows = session.execute(
        _KINDRED, {"id": cpts_id, "day": day, "regions": list(regions), "most": most}
    )
    return [KindredCpts(**{**row, "themes": tuple(row["themes"])}) for row in rows.mappings()]


_PARTS = text("""
    SELECT c.code, t.code AS city_code, t.name AS city, c.quarter, (
        SELECT count(*) FROM unit_on(CAST(:day AS date)) p
        WHERE p.kind = 'part' AND p.city_code = t.code
    ) AS in_all
    FROM commune c JOIN city t ON t.code = c.city_code
    WHERE c.kind = 'part' AND c.code = ANY (:codes)
""").bindparams(bindparam("codes", type_=ARRAY(Text)))


@dataclass(frozen=True, slots=True)
class Quarter:
    """A part of a city: `name` is what it is called within it, `in_all` how many it has."""

    city_code: str
    city: str
    name: str
    in_all: int


def quarters(session: ReadingSession, codes: Collection[str], day: date) -> dict[str, Quarter]:
    """Tell, by code, which of some units are parts, and of what city on a day."""
    rows = session.execute(_PARTS, {"codes": list(codes), "day": day})
    return {row.code: Quarter(row.city_code, row.city, row.quarter, row.in_all) for row in rows}


def commune_names(session: ReadingSession, codes: Collection[str]) -> dict[str, str]:
    """Give the names of communes by code."""
    if not codes:
        return {}
    rows = session.execute(_COMMUNE_NAMES, {"codes": list(codes)})
    return {row.code: row.name for row in rows}
