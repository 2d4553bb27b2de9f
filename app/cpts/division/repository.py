"""The SQL that passes what CPTS hold, have planned and were refused on, and back."""

from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import text

from app.database.sessions import ReadingSession, WritingSession
from app.database.statements import statement

_HOLDERS = text("""
    SELECT DISTINCT c.cpts_id FROM claim c
    JOIN commune u ON u.code = c.commune_code
    WHERE c.commune_code = :city OR u.kind = 'part' AND u.city_code = :city
    ORDER BY c.cpts_id
""")


def holders(session: ReadingSession, city: str) -> list[int]:
    """List the CPTS that ever held a commune, or one of its parts."""
    return list(session.execute(_HOLDERS, {"city": city}).scalars())


def insert_division(
    session: WritingSession,
    *,
    city: str,
    day: date,
    actor: str,
    source: str,
    population_column: str | None,
) -> int:
    """Record a division together with what stands now, before it changes anything."""
    parameters: dict[str, Any] = {
        "city": city,
        "day": day,
        "actor": actor,
        "source": source,
        "by": "area" if population_column is None else "column",
        "population_column": population_column,
    }
    division: int = session.execute(statement(__file__, "recorded"), parameters).scalar_one()
    return division


_END_CLAIMS = (
    text("DELETE FROM claim WHERE commune_code = :city AND lower(held) >= :day"),
    text("""
        UPDATE claim SET held = daterange(lower(held), :day)
        WHERE commune_code = :city AND held @> CAST(:day AS date)
    """),
)


def end_claims(session: WritingSession, city: str, day: date) -> None:
    """End the claims on a commune, of which the division's record tells."""
    for each in _END_CLAIMS:
        session.execute(each, {"city": city, "day": day})


class Shared(NamedTuple):
    """A CPTS that holds, or held, some parts of a city and not the others."""

    cpts: str
    parts: list[str]


_SHARED = text("""
    WITH part AS (
        SELECT p.part_code AS code FROM division_part p WHERE p.division_id = :division
    ), holding AS (
        SELECT c.cpts_id, c.commune_code, range_agg(c.held) AS held
        FROM claim c JOIN part p ON p.code = c.commune_code
        GROUP BY c.cpts_id, c.commune_code
    )
    SELECT k.name, array_agg(DISTINCT u.name ORDER BY u.name) AS parts
    FROM holding h JOIN cpts k ON k.id = h.cpts_id JOIN commune u ON u.code = h.commune_code
    GROUP BY k.id, k.name
    HAVING count(*) < (SELECT count(*) FROM part) OR count(DISTINCT h.held) > 1
    ORDER BY k.name
""")


def shared_parts(session: ReadingSession, division: int) -> list[Shared]:
    """List the CPTS that do not hold all parts of a division on the same days."""
    return [Shared(*row) for row in session.execute(_SHARED, {"division": division})]


_GATHER_CLAIMS = (
    text("""
        CREATE TEMPORARY TABLE gathered ON COMMIT DROP AS
        SELECT h.cpts_id, unnest(range_agg(h.held)) AS held
        FROM (
            SELECT c.cpts_id, c.held FROM claim c WHERE c.commune_code = :city
            UNION ALL
            SELECT c.cpts_id, c.held FROM claim c
            JOIN division_part p ON p.part_code = c.commune_code
            WHERE p.division_id = :division
        ) h
        GROUP BY h.cpts_id
    """),
    text("""
        CREATE TEMPORARY TABLE formerly ON COMMIT DROP AS
        SELECT c.id, c.cpts_id, c."from"
        FROM division d
        CROSS JOIN jsonb_to_recordset(d.former_state -> 'claims')
            AS c (id bigint, cpts_id bigint, "from" date)
        WHERE d.id = :division
    """),
    text("""
        DELETE FROM claim c USING division_part p
        WHERE p.division_id = :division AND c.commune_code = p.part_code
    """),
)


def gather_claims(session: WritingSession, city: str, division: int) -> None:
    """Take the claims of parts away, and remember those of the commune that come of them."""
    for each in _GATHER_CLAIMS:
        session.execute(each, {"city": city, "division": division})


_PUT_GATHERED = (
    text("""
        UPDATE claim c SET held = g.held FROM gathered g
        WHERE c.commune_code = :city AND c.cpts_id = g.cpts_id
          AND lower(c.held) = lower(g.held) AND c.held <> g.held
    """),
    # A claim that the division had ended is the same one again.
    text("""
        INSERT INTO claim (id, cpts_id, commune_code, held)
        OVERRIDING SYSTEM VALUE
        SELECT f.id, g.cpts_id, :city, g.held
        FROM gathered g
        JOIN formerly f ON f.cpts_id = g.cpts_id AND f."from" = lower(g.held)
        WHERE NOT EXISTS (SELECT FROM claim c WHERE c.id = f.id)
    """),
    text("""
        INSERT INTO claim (cpts_id, commune_code, held)
        SELECT g.cpts_id, :city, g.held FROM gathered g
        WHERE NOT EXISTS (
            SELECT FROM claim c
            WHERE c.commune_code = :city AND c.cpts_id = g.cpts_id AND c.held = g.held)
    """),
    text("DROP TABLE gathered, formerly"),
)


def put_gathered_claims(session: WritingSession, city: str) -> None:
    """Make the commune held by whoever held all its parts, for the same days."""
    for each in _PUT_GATHERED:
        session.execute(each, {"city": city})


_PASS_CLAIMS = text("""
    INSERT INTO claim (cpts_id, commune_code, held)
    SELECT c.cpts_id, p.part_code, daterange(greatest(c."from", d.divided_on), c.until)
    FROM division d
    CROSS JOIN jsonb_to_recordset(d.former_state -> 'claims')
        AS c (id bigint, cpts_id bigint, "from" date, until date)
    JOIN division_part p ON p.division_id = d.id
    WHERE d.id = :division
    ORDER BY c.cpts_id, p.part_code, c."from"
""")


def pass_claims(session: WritingSession, division: int) -> None:
    """Make the holders of the commune hold all its parts."""
    session.execute(_PASS_CLAIMS, {"division": division})
