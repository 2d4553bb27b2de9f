"""The SQL that is about demonstration data only."""

from sqlalchemy import delete, func, select, update

from app.cpts.claims.models import Claim
from app.cpts.models import Cpts, RegistryRevision
from app.database.sessions import ReadingSession, WritingSession


def never_loaded(session: ReadingSession) -> bool:
    """Tell whether the registry is empty and demonstration data was never loaded into it."""
    loaded = select(RegistryRevision.demonstration_loaded_at)
    if session.execute(loaded).scalar_one() is not None:
        return False
    return session.execute(select(Cpts.id).limit(1)).first() is None


def note_loaded(session: WritingSession) -> None:
    """Remember that demonstration data was loaded, so that it does not come back by itself."""
    session.execute(update(RegistryRevision).values(demonstration_loaded_at=func.now()))


def remove(session: WritingSession) -> int:
    """Delete every demonstration CPTS with all that hangs on it and give their number."""
    fictitious = select(Cpts.id).where(Cpts.demonstration)
    session.execute(delete(Claim).where(Claim.cpts_id.in_(fictitious)))
    deleted = session.execute(delete(Cpts).where(Cpts.demonstration).returning(Cpts.id))
    return len(deleted.all())
