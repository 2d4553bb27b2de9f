"""The SQL of claims that imports refused."""

from sqlalchemy import delete

from app.cpts.claims.models import RefusedClaim
from app.database.sessions import ReadingSession, WritingSession


def refusal(session: ReadingSession, number: int) -> RefusedClaim | None:
    """Give a refused claim, None when it is no more."""
    return session.get(RefusedClaim, number)


def forget(session: WritingSession, number: int) -> None:
    """Drop one refused claim."""
    session.execute(delete(RefusedClaim).where(RefusedClaim.id == number))
