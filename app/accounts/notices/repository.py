"""The SQL of notices: who is to be told of a letter, once."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from app.accounts.models import LetterNotice
from app.accounts.permissions import REGIONAL_ROLES
from app.database.sessions import ReadingSession, WritingSession

_TELL = text("""
    WITH told AS (
        INSERT INTO letter_notice (letter_id, person_id)
        SELECT :letter, p.id FROM person p
        WHERE p.role = ANY (:roles) AND p.region_code = ANY (:regions) AND p.letter_mail
            AND p.confirmed_at IS NOT NULL AND p.suspended_at IS NULL
            AND p.identity_id <> :actor
        ORDER BY p.id
        ON CONFLICT DO NOTHING
        RETURNING person_id)
    SELECT p.id, p.email FROM told JOIN person p ON p.id = told.person_id ORDER BY p.id
""").bindparams(bindparam("roles", type_=ARRAY(Text)), bindparam("regions", type_=ARRAY(Text)))


def people_to_tell(
    session: WritingSession, letter_id: int, regions: Collection[str], actor: int
) -> list[tuple[int, str]]:
    """Note whom a letter is told to, and give those who were not told of it before.

    Parameters: `regions`, those that it concerns; `actor`, the identity of whoever wrote
    it, who is not told. Gives number and address of each.
    """
    rows = session.execute(
        _TELL,
        {
            "letter": letter_id,
            "regions": list(regions),
            "roles": list(REGIONAL_ROLES),
            "actor": actor,
        },
    )
    return [(row.id, row.email) for row in rows]


def told_to(session: ReadingSession, person_id: int) -> list[dict[str, Any]]:
    """List the letters that somebody was told of, and when."""
    rows = session.execute(
        select(LetterNotice.letter_id, LetterNotice.told_at)
        .where(LetterNotice.person_id == person_id)
        .order_by(LetterNotice.letter_id)
    )
    return [{"letter": row.letter_id, "told_at": row.told_at} for row in rows]
