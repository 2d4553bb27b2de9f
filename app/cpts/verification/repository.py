"""The SQL that reads what the verification compares."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import RowMapping, text

from app.database.sessions import ReadingSession
from app.database.statements import statement

_COMMUNES = text("""
    SELECT c.code, c.name, c.department_code AS department, c.region_code AS region,
           array_agg(p.in_force_from ORDER BY p.in_force_from) AS days,
           array_agg(p.year ORDER BY p.in_force_from) AS years,
           array_agg(p.population ORDER BY p.in_force_from) AS populations
    FROM commune c JOIN commune_population p ON p.commune_code = c.code
    WHERE c.code IN (SELECT h.commune_code FROM claim h)
    GROUP BY c.code
""")

_FIRST_VINTAGE = text("SELECT min(in_force_from) FROM commune_population")

_BOUNDS = text("""
    SELECT tier, lower(population) AS lower, upper(population) AS upper,
           lower(in_force) AS since, upper(in_force) AS until
    FROM tier_bound ORDER BY tier
""")

_CLAIMS = text("""
    SELECT c.cpts_id, c.commune_code AS commune, lower(c.held) AS since, upper(c.held) AS until
    FROM claim c ORDER BY c.cpts_id, c.commune_code, c.held
""")

_TERRITORIES = text("""
    SELECT t.cpts_id, lower(t.held) AS since, upper(t.held) AS until, t.commune_codes,
           t.commune_count, t.population, t.population_year, t.tier, t.departments, t.regions,
           t.lead_department
    FROM cpts_territory t ORDER BY t.cpts_id, t.held
""")

_NAMES = text("SELECT id, name FROM cpts")

# Stages whose order in time is not that of their ranks.
_STAGES_OUT_OF_ORDER = text("""
    SELECT DISTINCT a.cpts_id
    FROM cpts_stage a JOIN stage sa ON sa.slug = a.stage_slug
    JOIN cpts_stage b ON b.cpts_id = a.cpts_id JOIN stage sb ON sb.slug = b.stage_slug
    WHERE sa.rank < sb.rank AND a.since > b.since
    ORDER BY a.cpts_id
""")

_WITHOUT_STAGE = text("""
    SELECT p.id FROM cpts p
    WHERE NOT EXISTS (SELECT FROM cpts_stage s WHERE s.cpts_id = p.id) ORDER BY p.id
""")

_HELD_BEFORE_A_STAGE = text("""
    SELECT DISTINCT c.cpts_id FROM claim c
    WHERE NOT EXISTS (
        SELECT FROM cpts_stage s WHERE s.cpts_id = c.cpts_id AND s.known_from <= lower(c.held))
      AND EXISTS (SELECT FROM cpts_stage s WHERE s.cpts_id = c.cpts_id)
    ORDER BY c.cpts_id
""")

# The communes' own polygons, each beside the period that its CPTS holds it in.
_GEOMETRIES = {
    scale: text(f"""
        SELECT t.cpts_id, lower(t.held) AS since, ST_AsBinary(t.{scale}) AS stored,
               (SELECT array_agg(ST_AsBinary(c.{scale})) FROM commune c
                WHERE c.code = ANY (t.commune_codes)) AS parts
        FROM cpts_territory t ORDER BY t.cpts_id, t.held
    """)  # noqa: S608 (column names of this module)
    for scale in ("geom", "geom_department", "geom_region", "geom_country")
}

# Guards that somebody with the rights of an owner could have switched off.
_GUARDS_OFF = text("""
    SELECT c.relname || '.' || t.tgname AS guard
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = current_schema() AND NOT t.tgisinternal AND t.tgenabled = 'D'
    ORDER BY guard
""")

_OVERLAP_RULE = text("""
    SELECT count(*) FROM pg_constraint
    WHERE conname IN ('claim_commune_held_once', 'cpts_territory_one_a_day') AND convalidated
""")


# What the history says, and what there is. Entries of before the database kept the history
# whole need not begin where the one before ended.
_HISTORY = text("""
    SELECT c.cpts_id, c.id, c.before, c.after, c.id > r.history_chained_after AS chained
    FROM cpts_change c CROSS JOIN registry_revision r ORDER BY c.id
""")

_STATES = text("SELECT s.id, s.state FROM cpts_state(ARRAY(SELECT p.id FROM cpts p)) s")

_LETTERS_ASTRAY = text("""
    SELECT l.id, l.state, last.state AS told
    FROM letter l
    LEFT JOIN LATERAL (SELECT e.state FROM letter_event e WHERE e.letter_id = l.id
                       ORDER BY e.id DESC LIMIT 1) last ON true
    WHERE l.state IS DISTINCT FROM last.state
    ORDER BY l.id
""")

# The words of the directory, counted anew: those whose count is stored otherwise.
_WORDS_ASTRAY = text("""
    SELECT word, coalesce(w.entries, 0) AS stored, coalesce(f.entries, 0) AS counted
    FROM directory_word w
    FULL JOIN (
        SELECT l.word, count(*) AS entries
        FROM directory_entry e, unnest(tsvector_to_array(e.words)) AS l (word) GROUP BY l.word
    ) f USING (word)
    WHERE w.entries IS DISTINCT FROM f.entries
    ORDER BY word
""")


def _mappings(session: ReadingSession, statement: Any) -> Sequence[RowMapping]:
    return session.execute(statement).mappings().all()


def communes(session: ReadingSession) -> Sequence[RowMapping]:
    """Read every commune that is or was held, with its vintages of population."""
    return _mappings(session, _COMMUNES)


def first_vintage(session: ReadingSession) -> date | None:
    """Give the day on which the first population vintage of all came into force."""
    day: date | None = session.execute(_FIRST_VINTAGE).scalar_one()
    return day


def bounds(session: ReadingSession) -> Sequence[RowMapping]:
    """Read the tier bounds of all times."""
    return _mappings(session, _BOUNDS)


def claims(session: ReadingSession) -> Sequence[RowMapping]:
    """Read every claim."""
    return _mappings(session, _CLAIMS)


def territories(session: ReadingSession) -> Sequence[RowMapping]:
    """Read every derived row without its polygons."""
    return _mappings(session, _TERRITORIES)


def names(session: ReadingSession) -> dict[int, str]:
    """Read the name of every CPTS, by id."""
    return {row.id: row.name for row in session.execute(_NAMES)}


def stages_out_of_order(session: ReadingSession) -> list[int]:
    """List the CPTS whose stages do not advance with time."""
    return list(session.execute(_STAGES_OUT_OF_ORDER).scalars())


def without_stage(session: ReadingSession) -> list[int]:
    """List the CPTS that have no stage."""
    return list(session.execute(_WITHOUT_STAGE).scalars())


def held_before_a_stage(session: ReadingSession) -> list[int]:
    """List the CPTS with stages that hold a commune before the first of them."""
    return list(session.execute(_HELD_BEFORE_A_STAGE).scalars())


def geometries(session: ReadingSession, scale: str) -> Iterator[RowMapping]:
    """Read, a few at a time, each stored polygon (WKB) beside those of its communes."""
    result = session.execute(_GEOMETRIES[scale].execution_options(yield_per=50))
    yield from result.mappings()


def history(session: ReadingSession) -> Iterator[RowMapping]:
    """Read every entry of the history, oldest first."""
    yield from session.execute(_HISTORY.execution_options(yield_per=500)).mappings()


def states(session: ReadingSession) -> dict[int, dict[str, Any]]:
    """Read the present state of every CPTS, by id."""
    return {row.id: row.state for row in session.execute(_STATES)}


def letters_astray(session: ReadingSession) -> Sequence[RowMapping]:
    """List the letters whose state is not that of their last event."""
    return _mappings(session, _LETTERS_ASTRAY)


def directory_entries_astray(session: ReadingSession) -> Sequence[RowMapping]:
    """List the CPTS of which the directory searches something else than they wrote."""
    return _mappings(session, statement(__file__, "directory_entries"))


def directory_words_astray(session: ReadingSession) -> Sequence[RowMapping]:
    """List the words of the directory that are not in as many entries as is stored."""
    return _mappings(session, _WORDS_ASTRAY)


def guards_off(session: ReadingSession) -> list[str]:
    """List the triggers that are switched off, and the exclusion constraints if one is gone."""
    off = list(session.execute(_GUARDS_OFF).scalars())
    if session.execute(_OVERLAP_RULE).scalar_one() != 2:
        off.append("claim_commune_held_once")
    return off
