"""The SQL that passes what is held, planned, refused and asked for on to parts, and back.

Letters and conciliations stand above the registry; like those that follow a merged commune
(triggers of the database), theirs are rows here, without a rule of their own.
"""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger, Text

from app.database.sessions import ReadingSession, WritingSession
from app.database.statements import statement

_HOLDERS = text("""
    SELECT DISTINCT c.cpts_id FROM claim c WHERE c.commune_code = ANY (:units)
    ORDER BY c.cpts_id
""").bindparams(bindparam("units", type_=ARRAY(Text)))


def holders(session: ReadingSession, units: Sequence[str]) -> list[int]:
    """List the CPTS that hold, held or will hold one of these units."""
    return list(session.execute(_HOLDERS, {"units": list(units)}).scalars())


class Recorded(NamedTuple):
    """What is recorded of a division before it changes anything."""

    city: str
    units: list[str]
    by_column: bool


def insert_divisions(
    session: WritingSession,
    recorded: Sequence[Recorded],
    *,
    day: date,
    actor: str,
    source: str,
    population_column: str | None,
) -> dict[str, int]:
    """Record divisions together with what stands now; gives their numbers by commune."""
    rows = session.execute(
        statement(__file__, "recorded"),
        {
            "cities": [each.city for each in recorded],
            "columns": [population_column if each.by_column else None for each in recorded],
            "of_cities": [each.city for each in recorded for _ in each.units],
            "units": [unit for each in recorded for unit in each.units],
            "day": day,
            "actor": actor,
            "source": source,
        },
    )
    return {row.city_code: row.id for row in rows}


_END_CLAIMS = (
    text("DELETE FROM claim WHERE commune_code = ANY (:units) AND lower(held) >= :day"),
    text("""
        UPDATE claim SET held = daterange(lower(held), :day)
        WHERE commune_code = ANY (:units) AND held @> CAST(:day AS date)
    """),
)


def end_claims(session: WritingSession, units: Sequence[str], day: date) -> None:
    """End the claims on units, of which the record of the division tells."""
    for each in _END_CLAIMS:
        session.execute(each, {"units": list(units), "day": day})


_PARTS = """
    FROM division d JOIN division_part p ON p.division_id = d.id
"""
# What is asked for and what is settled by conciliation, while nothing is decided.
_ASKED = """
    letter_commune l
    JOIN letter g ON g.id = l.letter_id AND is_pending(g.state)
"""
_PASS_ON = tuple(
    text(each).bindparams(bindparam("divisions", type_=ARRAY(BigInteger)))
    for each in (
        f"""
        INSERT INTO claim (cpts_id, commune_code, held)
        SELECT c.cpts_id, p.part_code, daterange(greatest(c."from", d.divided_on), c.until)
        {_PARTS}
        CROSS JOIN jsonb_to_recordset(d.former_state -> 'claims')
            AS c (id bigint, cpts_id bigint, unit text, "from" date, until date)
        WHERE d.id = ANY (:divisions) AND c.unit = p.unit_code
        ORDER BY c.cpts_id, p.part_code, c."from"
        """,
        f"""
        INSERT INTO planned_change (letter_id, cpts_id, commune_code, change, effective_on)
        SELECT k.letter_id, k.cpts_id, p.part_code, k.change, k.effective_on
        {_PARTS}
        JOIN planned_change k ON k.commune_code = p.unit_code
            AND k.effective_on >= d.divided_on
        WHERE d.id = ANY (:divisions)
        """,
        """
        DELETE FROM planned_change k USING division d, division_part p
        WHERE p.division_id = d.id AND d.id = ANY (:divisions)
          AND k.commune_code = p.unit_code AND k.effective_on >= d.divided_on
        """,
        f"""
        INSERT INTO refused_claim (commune_code, cpts_id, claimant_name, claimant_finess,
                                   claimant_stage, refused_on)
        SELECT p.part_code, r.cpts_id, r.claimant_name, r.claimant_finess, r.claimant_stage,
               r.refused_on
        {_PARTS} JOIN refused_claim r ON r.commune_code = p.unit_code
        WHERE d.id = ANY (:divisions)
        ORDER BY r.id, p.part_code
        """,
        """
        DELETE FROM refused_claim r USING division_part p
        WHERE p.division_id = ANY (:divisions) AND r.commune_code = p.unit_code
        """,
        f"""
        INSERT INTO letter_commune (letter_id, commune_code, part)
        SELECT l.letter_id, p.part_code, l.part
        FROM division_part p JOIN ({_ASKED}) ON l.commune_code = p.unit_code
        WHERE p.division_id = ANY (:divisions)
        """,  # noqa: S608
        f"""
        DELETE FROM letter_commune k USING division_part p, {_ASKED}
        WHERE p.division_id = ANY (:divisions) AND l.commune_code = p.unit_code
          AND k.letter_id = l.letter_id AND k.commune_code = l.commune_code
        """,  # noqa: S608
        """
        INSERT INTO conciliation_commune (conciliation_id, commune_code)
        SELECT l.conciliation_id, p.part_code
        FROM division_part p JOIN conciliation_commune l ON l.commune_code = p.unit_code
        JOIN conciliation g ON g.id = l.conciliation_id AND g.closed_on IS NULL
        WHERE p.division_id = ANY (:divisions)
        """,
        """
        DELETE FROM conciliation_commune l USING division_part p, conciliation g
        WHERE p.division_id = ANY (:divisions) AND l.commune_code = p.unit_code
          AND g.id = l.conciliation_id AND g.closed_on IS NULL
        """,
    )
)


def pass_on(session: WritingSession, divisions: Sequence[int]) -> None:
    """Give parts what was held, planned, refused and asked for of what they come out of.

    Letters that are decided and conciliations that are closed name what they named.
    """
    for each in _PASS_ON:
        session.execute(each, {"divisions": list(divisions)})


class Apart(NamedTuple):
    """A CPTS or a letter that has some parts of a unit and not the others."""

    name: str
    parts: list[str]


def held_apart(session: ReadingSession, division: int) -> list[Apart]:
    """List the CPTS that do not hold all parts of a unit, on the same days."""
    rows = session.execute(statement(__file__, "held_apart"), {"division": division})
    return [Apart(*row) for row in rows]


def asked_apart(session: ReadingSession, division: int) -> list[Apart]:
    """List the letters, decided ones too, that name some parts of a unit and not the others."""
    rows = session.execute(statement(__file__, "asked_apart"), {"division": division})
    return [Apart(*row) for row in rows]


_GATHER = (
    """
    CREATE TEMPORARY TABLE gathered ON COMMIT DROP AS
    SELECT h.unit_code, h.cpts_id, unnest(range_agg(h.held)) AS held
    FROM (
        SELECT p.unit_code, c.cpts_id, c.held
        FROM division_part p JOIN claim c ON c.commune_code IN (p.unit_code, p.part_code)
        WHERE p.division_id = :division
    ) h
    GROUP BY h.unit_code, h.cpts_id
    """,
    """
    CREATE TEMPORARY TABLE gathered_rest ON COMMIT DROP AS
    SELECT d.former_state, array(
        SELECT DISTINCT ON (p.unit_code, r.claimant_key)
            to_jsonb(r) || jsonb_build_object('commune_code', p.unit_code)
        FROM division_part p JOIN refused_claim r ON r.commune_code = p.part_code
        WHERE p.division_id = d.id
        ORDER BY p.unit_code, r.claimant_key, r.id) AS refused
    FROM division d WHERE d.id = :division
    """,
    """
    INSERT INTO planned_change (letter_id, cpts_id, commune_code, change, effective_on)
    SELECT DISTINCT k.letter_id, k.cpts_id, p.unit_code, k.change, k.effective_on
    FROM division_part p JOIN planned_change k ON k.commune_code = p.part_code
    WHERE p.division_id = :division
    ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO letter_commune (letter_id, commune_code, part)
    SELECT DISTINCT l.letter_id, p.unit_code, l.part
    FROM division_part p JOIN letter_commune l ON l.commune_code = p.part_code
    WHERE p.division_id = :division
    ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO conciliation_commune (conciliation_id, commune_code)
    SELECT DISTINCT l.conciliation_id, p.unit_code
    FROM division_part p JOIN conciliation_commune l ON l.commune_code = p.part_code
    WHERE p.division_id = :division
    ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO conciliation_settlement (conciliation_id, letter_id, cpts_id, commune_code)
    SELECT DISTINCT l.conciliation_id, l.letter_id, l.cpts_id, p.unit_code
    FROM division_part p JOIN conciliation_settlement l ON l.commune_code = p.part_code
    WHERE p.division_id = :division
    ON CONFLICT DO NOTHING
    """,
    """
    UPDATE error_report r SET commune_code = p.unit_code
    FROM division_part p
    WHERE p.division_id = :division AND r.commune_code = p.part_code
    """,
    """
    DELETE FROM claim c USING division_part p
    WHERE p.division_id = :division AND c.commune_code = p.part_code
    """,
)


def gather(session: WritingSession, division: int) -> None:
    """Take what parts have back to what they come out of; claims are put by `put_gathered`."""
    for each in _GATHER:
        session.execute(text(each), {"division": division})


_PUT = (
    """
    UPDATE claim c SET held = g.held FROM gathered g
    WHERE c.commune_code = g.unit_code AND c.cpts_id = g.cpts_id
      AND lower(c.held) = lower(g.held) AND c.held <> g.held
    """,
    # A claim that the division had taken away is the same one again.
    """
    INSERT INTO claim (id, cpts_id, commune_code, held)
    OVERRIDING SYSTEM VALUE
    SELECT f.id, g.cpts_id, g.unit_code, g.held
    FROM gathered g
    JOIN gathered_rest t ON true
    CROSS JOIN jsonb_to_recordset(t.former_state -> 'claims')
        AS f (id bigint, cpts_id bigint, unit text, "from" date)
    WHERE f.cpts_id = g.cpts_id AND f.unit = g.unit_code AND f."from" = lower(g.held)
      AND NOT EXISTS (SELECT FROM claim c WHERE c.id = f.id)
    """,
    """
    INSERT INTO claim (cpts_id, commune_code, held)
    SELECT g.cpts_id, g.unit_code, g.held FROM gathered g
    WHERE NOT EXISTS (
        SELECT FROM claim c WHERE c.commune_code = g.unit_code
          AND c.cpts_id = g.cpts_id AND c.held = g.held)
    """,
    """
    INSERT INTO refused_claim (id, commune_code, cpts_id, claimant_name, claimant_finess,
                               claimant_stage, refused_on)
    OVERRIDING SYSTEM VALUE
    SELECT f.id, r.commune_code, r.cpts_id, r.claimant_name, r.claimant_finess,
           r.claimant_stage, r.refused_on
    FROM gathered_rest t
    CROSS JOIN unnest(t.refused) AS one
    CROSS JOIN jsonb_populate_record(NULL::refused_claim, one) AS r
    JOIN jsonb_to_recordset(t.former_state -> 'refused')
        AS f (id bigint, unit text, claimant_key text)
      ON f.unit = r.commune_code AND f.claimant_key = r.claimant_key
    """,
    """
    INSERT INTO refused_claim (commune_code, cpts_id, claimant_name, claimant_finess,
                               claimant_stage, refused_on)
    SELECT r.commune_code, r.cpts_id, r.claimant_name, r.claimant_finess, r.claimant_stage,
           r.refused_on
    FROM gathered_rest t
    CROSS JOIN unnest(t.refused) AS one
    CROSS JOIN jsonb_populate_record(NULL::refused_claim, one) AS r
    ON CONFLICT DO NOTHING
    """,
    "DROP TABLE gathered, gathered_rest",
)


def put_gathered(session: WritingSession) -> None:
    """Make units held by whoever held all their parts, for the same days."""
    for each in _PUT:
        session.execute(text(each))
