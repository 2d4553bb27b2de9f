"""The SQL that writes letters, and reads one of them for a write."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.types import Text

from app.cpts.models import Theme
from app.database.sessions import ReadingSession, WritingSession
from app.letters.record.models import (
    Letter,
    LetterAbsorbedCpts,
    LetterCommune,
    LetterEvent,
    LetterPosition,
    LetterTheme,
)
from app.letters.record.rules import PENDING, Agent, Part


@dataclass(frozen=True)
class StoredLetter:
    """A letter as a write needs it.

    `parts` tells what each commune is to it; `regions` are those of all its communes, the
    one with the most inhabitants first.
    """

    id: int
    name: str
    kind: str
    state: str
    deposited_on: date
    effective_on: date | None
    lead_region: str
    lead_region_corrected: bool
    subject_cpts_id: int | None
    created_by: int | None
    parts: Mapping[str, str]
    regions: tuple[str, ...]
    absorbed: tuple[int, ...]
    themes: tuple[str, ...]

    @property
    def pending(self) -> bool:
        """Tell whether it may still change."""
        return self.state in PENDING

    def communes(self, *parts: Part) -> set[str]:
        """Give the communes that are one of these parts of it."""
        return {code for code, part in self.parts.items() if part in parts}


_REGIONS = text("""
    SELECT c.region_code
    FROM commune c CROSS JOIN LATERAL commune_population_on(c.code, :day) n
    WHERE c.code = ANY (:communes)
    GROUP BY c.region_code
    ORDER BY sum(n.population) DESC, c.region_code
""").bindparams(bindparam("communes", type_=ARRAY(Text)))


def regions_by_inhabitants(
    session: ReadingSession, communes: Collection[str], day: date
) -> list[str]:
    """List the regions of these communes, that with the most inhabitants first."""
    rows = session.execute(_REGIONS, {"communes": list(communes), "day": day})
    return list(rows.scalars())


def read_letter(session: ReadingSession, letter_id: int, day: date) -> StoredLetter | None:
    """Read a letter as it stands now, None when there is none.

    Parameters: `day`, whose populations order its regions.
    """
    letter = session.get(Letter, letter_id, populate_existing=True)
    if letter is None:
        return None
    communes = session.execute(
        select(LetterCommune.commune_code, LetterCommune.part).where(
            LetterCommune.letter_id == letter_id
        )
    )
    parts = {row.commune_code: row.part for row in communes}
    absorbed = select(LetterAbsorbedCpts.cpts_id).where(
        LetterAbsorbedCpts.letter_id == letter_id
    )
    themes = select(LetterTheme.theme_slug).where(LetterTheme.letter_id == letter_id)
    return StoredLetter(
        id=letter.id,
        name=letter.name,
        kind=letter.kind,
        state=letter.state,
        deposited_on=letter.deposited_on,
        effective_on=letter.effective_on,
        lead_region=letter.lead_region,
        lead_region_corrected=letter.lead_region_corrected,
        subject_cpts_id=letter.subject_cpts_id,
        created_by=letter.created_by,
        parts=parts,
        regions=tuple(regions_by_inhabitants(session, parts, day)),
        absorbed=tuple(sorted(session.execute(absorbed).scalars())),
        themes=tuple(sorted(session.execute(themes).scalars())),
    )


def insert_letter(session: WritingSession, values: Mapping[str, Any]) -> int:
    """Store a letter (columns of `letter`) and give its number."""
    statement = insert(Letter).values(**values).returning(Letter.id)
    return session.execute(statement).scalar_one()


def update_letter(session: WritingSession, letter_id: int, values: Mapping[str, Any]) -> None:
    """Change columns of a letter and its date of change."""
    session.execute(
        update(Letter)
        .where(Letter.id == letter_id)
        .values(updated_at=func.clock_timestamp(), **values)
    )


def put_parts(session: WritingSession, letter_id: int, parts: Mapping[str, str]) -> None:
    """Replace the communes of a letter."""
    session.execute(delete(LetterCommune).where(LetterCommune.letter_id == letter_id))
    if parts:
        session.execute(
            insert(LetterCommune),
            [
                {"letter_id": letter_id, "commune_code": code, "part": part}
                for code, part in sorted(parts.items())
            ],
        )


def put_themes(session: WritingSession, letter_id: int, themes: Collection[str]) -> None:
    """Replace the orientations of a letter."""
    session.execute(delete(LetterTheme).where(LetterTheme.letter_id == letter_id))
    if themes:
        session.execute(
            insert(LetterTheme),
            [{"letter_id": letter_id, "theme_slug": slug} for slug in sorted(set(themes))],
        )


def put_absorbed(session: WritingSession, letter_id: int, cpts_ids: Collection[int]) -> None:
    """Record the CPTS that a merger ends."""
    if cpts_ids:
        session.execute(
            insert(LetterAbsorbedCpts),
            [{"letter_id": letter_id, "cpts_id": cpts_id} for cpts_id in sorted(cpts_ids)],
        )


def put_position(
    session: WritingSession,
    letter_id: int,
    authority: str,
    *,
    position: str,
    given_on: date,
    note: str | None,
    agent: Agent,
) -> None:
    """Record where an authority stands, in place of what it said before."""
    statement = upsert(LetterPosition).values(
        letter_id=letter_id,
        authority=authority,
        position=position,
        given_on=given_on,
        note=note,
        actor=agent.name,
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["letter_id", "authority"],
            set_={
                "position": statement.excluded.position,
                "given_on": statement.excluded.given_on,
                "note": statement.excluded.note,
                "actor": statement.excluded.actor,
                "recorded_at": func.clock_timestamp(),
            },
        )
    )


def positions_of(session: ReadingSession, letter_id: int) -> dict[str, tuple[str, date]]:
    """Give what each authority says of a letter, and since which day."""
    statement = select(
        LetterPosition.authority, LetterPosition.position, LetterPosition.given_on
    ).where(LetterPosition.letter_id == letter_id)
    return {row.authority: (row.position, row.given_on) for row in session.execute(statement)}


def drop_positions(
    session: WritingSession, letter_id: int, authorities: Collection[str]
) -> list[str]:
    """Let positions lapse, and name the authorities whose they were."""
    statement = (
        delete(LetterPosition)
        .where(LetterPosition.letter_id == letter_id, LetterPosition.authority.in_(authorities))
        .returning(LetterPosition.authority)
    )
    return sorted(session.execute(statement).scalars())


def record_event(
    session: WritingSession,
    letter_id: int,
    action: str,
    agent: Agent,
    *,
    state: str,
    occurred_on: date,
    note: str | None = None,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Write an entry of a letter's timeline, signed by whoever acts."""
    session.execute(
        insert(LetterEvent).values(
            letter_id=letter_id,
            action=action,
            occurred_on=occurred_on,
            state=state,
            actor=agent.name,
            actor_token_id=agent.token_id,
            note=note,
            details=dict(details or {}),
        )
    )


def theme_slugs(session: ReadingSession) -> list[str]:
    """List the slugs of all themes, in their order."""
    return list(session.execute(select(Theme.slug).order_by(Theme.rank)).scalars())
