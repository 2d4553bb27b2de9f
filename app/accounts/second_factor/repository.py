"""The SQL of recovery codes."""

from collections.abc import Iterable

from sqlalchemy import delete, func, insert, select

from app.accounts.models import RecoveryCode
from app.database.sessions import ReadingSession, WritingSession


def replace_codes(session: WritingSession, person_id: int, digests: Iterable[bytes]) -> None:
    """Give somebody these recovery codes, by their digests, and none of those before."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))
    rows = [{"person_id": person_id, "code_hash": digest} for digest in digests]
    if rows:
        session.execute(insert(RecoveryCode), rows)


def use_code(session: WritingSession, person_id: int, digest: bytes) -> bool:
    """Use a recovery code up; False when it is none of theirs, or was used."""
    used = delete(RecoveryCode).where(
        RecoveryCode.person_id == person_id, RecoveryCode.code_hash == digest
    )
    return session.execute(used.returning(RecoveryCode.person_id)).first() is not None


def count_codes(session: ReadingSession, person_id: int) -> int:
    """Tell how many recovery codes somebody has left."""
    return session.execute(
        select(func.count()).where(RecoveryCode.person_id == person_id)
    ).scalar_one()
