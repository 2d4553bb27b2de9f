"""The SQL of verification notes."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger, Text

from app.database.sessions import ReadingSession, WritingSession
from app.database.statements import statement
from app.letters.notes.models import VerificationNote


@dataclass(frozen=True)
class MapShape:
    """A shape of a note's map: `kind` is department, cpts, commune or enclave.

    `x`, `y`, a point inside, and `width`, of its box, are in units of the drawing;
    `metres`, of one unit on the ground.
    """

    kind: str
    code: str
    name: str
    stage: str | None
    metres: float
    path: str
    x: float
    y: float
    width: float


_MAP = statement(__file__, "map").bindparams(
    bindparam("codes", type_=ARRAY(Text)),
    bindparam("enclaves", type_=ARRAY(Text)),
    bindparam("excluded", type_=ARRAY(BigInteger)),
)


def map_shapes(
    session: ReadingSession,
    codes: Collection[str],
    day: date,
    *,
    enclaves: Collection[str],
    excluded_cpts: Collection[int],
    width: int,
    height: int,
    least_m: float,
) -> list[MapShape]:
    """Draw communes, what surrounds them and who holds it on a day.

    Parameters: `enclaves`, communes drawn besides; `excluded_cpts`, not drawn; `width`,
    `height`, of the drawing in units; `least_m`, its least width on the ground in metres.
    """
    rows = session.execute(
        _MAP,
        {
            "codes": list(codes),
            "day": day,
            "enclaves": list(enclaves),
            "excluded": list(excluded_cpts),
            "width": float(width),
            "height": float(height),
            "least_m": least_m,
        },
    )
    return [MapShape(**row) for row in rows.mappings()]


_WORDINGS = text("""
    SELECT jsonb_build_object(
        'stages', (SELECT jsonb_object_agg(slug, label) FROM stage),
        'departments', (SELECT coalesce(jsonb_object_agg(code, name), '{}')
                        FROM department WHERE code = ANY (:departments)),
        'regions', (SELECT coalesce(jsonb_object_agg(code, name), '{}')
                    FROM region WHERE code = ANY (:regions)))
""").bindparams(
    bindparam("departments", type_=ARRAY(Text)), bindparam("regions", type_=ARRAY(Text))
)


def wordings(
    session: ReadingSession, departments: Collection[str], regions: Collection[str]
) -> dict[str, dict[str, str]]:
    """Give the labels of stages, and the names of these departments and regions, by code."""
    found: dict[str, dict[str, str]] = session.execute(
        _WORDINGS, {"departments": list(departments), "regions": list(regions)}
    ).scalar_one()
    return found


def one_snapshot(session: WritingSession) -> None:
    """Make the transaction that begins here see a single state of the database."""
    session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def insert_note(session: WritingSession, **columns: Any) -> VerificationNote:
    """Store a note and give it with its number."""
    note = VerificationNote(**columns)
    session.add(note)
    session.flush()
    session.refresh(note)
    return note


def note_by_key(
    session: ReadingSession, key: str, *, kept_days: int
) -> VerificationNote | None:
    """Give a note that is no older than `kept_days`, None when there is none."""
    return session.execute(
        select(VerificationNote).where(
            VerificationNote.key == key,
            VerificationNote.created_at > func.now() - timedelta(days=kept_days),
        )
    ).scalar_one_or_none()


def delete_notes(session: WritingSession, before: datetime) -> int:
    """Delete the notes made before a moment and give how many there were."""
    deleted = session.execute(
        delete(VerificationNote)
        .where(VerificationNote.created_at < before)
        .returning(VerificationNote.id)
    )
    return len(deleted.all())
