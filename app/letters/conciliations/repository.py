"""The SQL of conciliations: who disputes what, and what is on record of it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.types import BigInteger

from app.cpts.stages import FIRST_STAGE
from app.database.sessions import ReadingSession, WritingSession
from app.letters.conciliations.rules import Dispute, Meeting
from app.letters.record.models import (
    Conciliation,
    ConciliationCommune,
    ConciliationCpts,
    ConciliationLetter,
    ConciliationSettlement,
    Letter,
)
from app.letters.record.rules import PENDING

_DISPUTES = text("""
    WITH asked AS MATERIALIZED (
        SELECT l.id, l.subject_cpts_id, c.commune_code,
               greatest(coalesce(l.effective_on, :today), :today) AS day
        FROM letter l JOIN letter_commune c ON c.letter_id = l.id
        WHERE l.state = ANY (CAST(:pending AS text[])) AND c.part = 'asked'
    )
    SELECT a.id AS letter, b.id AS other_letter, CAST(NULL AS bigint) AS cpts,
           a.commune_code AS commune
    FROM asked a JOIN asked b ON b.commune_code = a.commune_code AND b.id > a.id
    UNION
    SELECT a.id, NULL, k.cpts_id, a.commune_code
    FROM asked a
    JOIN claim k ON k.commune_code = a.commune_code AND k.held && daterange(a.day, NULL)
        AND k.cpts_id IS DISTINCT FROM a.subject_cpts_id
    JOIN cpts p ON p.id = k.cpts_id
    CROSS JOIN LATERAL cpts_stage_on(k.cpts_id, greatest(a.day, lower(k.held), p.started_on)) s
    WHERE s.slug = :first_stage
      AND NOT EXISTS (
          SELECT FROM conciliation_settlement t
          WHERE t.letter_id = a.id AND t.cpts_id = k.cpts_id
            AND t.commune_code = a.commune_code)
    ORDER BY letter, commune
""")


def disputes(session: ReadingSession, today: date) -> list[Dispute]:
    """List every commune that pending letters dispute with each other or with a dynamic.

    What an earlier conciliation settled with a dynamic counts no more; neither does the
    dynamic that a letter itself advances.
    """
    rows = session.execute(
        _DISPUTES, {"today": today, "first_stage": FIRST_STAGE, "pending": list(PENDING)}
    )
    return [Dispute(**row) for row in rows.mappings()]


@dataclass(frozen=True)
class StoredConciliation:
    """A conciliation with its parties."""

    id: int
    opened_on: date
    closed_on: date | None
    letters: frozenset[int]
    cpts: frozenset[int]
    communes: frozenset[str]


def read_conciliation(
    session: ReadingSession, conciliation_id: int
) -> StoredConciliation | None:
    """Read a conciliation as it stands now, None when there is none."""
    stored = session.get(Conciliation, conciliation_id, populate_existing=True)
    if stored is None:
        return None

    def column(of: Any, table: Any) -> frozenset[Any]:
        statement = select(of).where(table.conciliation_id == conciliation_id)
        return frozenset(session.execute(statement).scalars())

    return StoredConciliation(
        id=stored.id,
        opened_on=stored.opened_on,
        closed_on=stored.closed_on,
        letters=column(ConciliationLetter.letter_id, ConciliationLetter),
        cpts=column(ConciliationCpts.cpts_id, ConciliationCpts),
        communes=column(ConciliationCommune.commune_code, ConciliationCommune),
    )


def pending_states(session: ReadingSession, letters: Collection[int]) -> dict[int, str]:
    """Give the states of those of these letters that are pending."""
    statement = select(Letter.id, Letter.state).where(
        Letter.id.in_(letters), Letter.state.in_(PENDING)
    )
    return {row.id: row.state for row in session.execute(statement)}


def open_conciliations(
    session: ReadingSession, letters: Collection[int]
) -> dict[int, set[int]]:
    """Give the open conciliations that one of these letters is a party to, with all theirs."""
    concerned = select(ConciliationLetter.conciliation_id).where(
        ConciliationLetter.letter_id.in_(letters)
    )
    statement = (
        select(ConciliationLetter.conciliation_id, ConciliationLetter.letter_id)
        .join(Conciliation, Conciliation.id == ConciliationLetter.conciliation_id)
        .where(Conciliation.closed_on.is_(None), Conciliation.id.in_(concerned))
    )
    found: dict[int, set[int]] = {}
    for row in session.execute(statement):
        found.setdefault(row.conciliation_id, set()).add(row.letter_id)
    return found


def open_conciliation(session: WritingSession, day: date) -> int:
    """Open a conciliation without parties yet, and give its number."""
    statement = insert(Conciliation).values(opened_on=day).returning(Conciliation.id)
    return session.execute(statement).scalar_one()


def put_meeting(session: WritingSession, conciliation_id: int, meeting: Meeting) -> None:
    """Make the parties and communes of an open conciliation those of a meeting.

    Letters that are not pending any more stay on record.
    """
    session.execute(
        delete(ConciliationLetter).where(
            ConciliationLetter.conciliation_id == conciliation_id,
            ConciliationLetter.letter_id.not_in(meeting.letters),
            ConciliationLetter.letter_id.in_(
                select(Letter.id).where(Letter.state.in_(PENDING))
            ),
        )
    )
    add_letters(session, conciliation_id, meeting.letters)
    for table, column, values in (
        (ConciliationCpts, "cpts_id", meeting.cpts),
        (ConciliationCommune, "commune_code", meeting.communes),
    ):
        session.execute(delete(table).where(table.conciliation_id == conciliation_id))
        if values:
            session.execute(
                insert(table),
                [
                    {"conciliation_id": conciliation_id, column: value}
                    for value in sorted(values)
                ],
            )


def add_letters(
    session: WritingSession, conciliation_id: int, letters: Collection[int]
) -> None:
    """Make these letters parties."""
    if letters:
        session.execute(
            upsert(ConciliationLetter)
            .values(
                [
                    {"conciliation_id": conciliation_id, "letter_id": letter}
                    for letter in sorted(letters)
                ]
            )
            .on_conflict_do_nothing()
        )


def close_conciliation(
    session: WritingSession,
    conciliation_id: int,
    day: date,
    *,
    outcome: str | None = None,
    joined_into: int | None = None,
    note: str | None = None,
    closed_by: str | None = None,
) -> None:
    """Close a conciliation, by an outcome or into another one."""
    session.execute(
        update(Conciliation)
        .where(Conciliation.id == conciliation_id)
        .values(
            closed_on=day,
            outcome=outcome,
            joined_into=joined_into,
            note=note,
            closed_by=closed_by,
        )
    )


def settle(
    session: WritingSession, conciliation_id: int, settled: Collection[tuple[int, int, str]]
) -> None:
    """Record what dynamics give up, as `(letter, CPTS, commune)`."""
    if settled:
        session.execute(
            insert(ConciliationSettlement),
            [
                {
                    "conciliation_id": conciliation_id,
                    "letter_id": letter,
                    "cpts_id": cpts,
                    "commune_code": commune,
                }
                for letter, cpts, commune in sorted(settled)
            ],
        )


def settled_cpts(session: ReadingSession, letter_id: int) -> list[int]:
    """List the dynamics that conciliations made give way to a letter."""
    statement = (
        select(ConciliationSettlement.cpts_id)
        .where(ConciliationSettlement.letter_id == letter_id)
        .distinct()
        .order_by(ConciliationSettlement.cpts_id)
    )
    return list(session.execute(statement).scalars())


_REGIONS = text("""
    SELECT DISTINCT c.region_code
    FROM letter_commune l JOIN commune c ON c.code = l.commune_code
    WHERE l.letter_id = ANY (:letters)
""").bindparams(bindparam("letters", type_=ARRAY(BigInteger)))


def regions_of(session: ReadingSession, letters: Collection[int]) -> set[str]:
    """Give the regions that these letters concern."""
    return set(session.execute(_REGIONS, {"letters": list(letters)}).scalars())
