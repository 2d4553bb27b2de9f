"""The SQL that is about demonstration data only."""

from datetime import date

from sqlalchemy import delete, func, select, update

from app.cpts.claims.models import Claim
from app.cpts.claims.repository import planned_after
from app.cpts.claims.rules import PlannedChange
from app.cpts.models import Cpts, RegistryRevision
from app.database.sessions import ReadingSession, WritingSession


def never_loaded(session: ReadingSession) -> bool:
    """Tell whether the registry is empty and demonstration data was never loaded into it."""
    loaded = select(RegistryRevision.demonstration_loaded_at)
    if session.execute(loaded).scalar_one() is not None:
        return False
    return session.execute(select(Cpts.id).limit(1)).first() is None


def first_one(session: ReadingSession) -> int | None:
    """Give the number of a fictitious CPTS, None when there is none."""
    return session.execute(
        select(func.min(Cpts.id)).where(Cpts.demonstration, Cpts.ended_on.is_(None))
    ).scalar_one_or_none()


def has_real_ones(session: ReadingSession) -> bool:
    """Tell whether a CPTS that is not fictitious is there, or was."""
    real = select(Cpts.id).where(Cpts.demonstration.is_(False)).limit(1)
    return session.execute(real).first() is not None


def note_loaded(session: WritingSession) -> None:
    """Remember that demonstration data was loaded, so that it does not come back by itself."""
    session.execute(update(RegistryRevision).values(demonstration_loaded_at=func.now()))


def planned_with_real_ones(session: ReadingSession, day: date) -> list[PlannedChange]:
    """List what letters plan, after a day, for real CPTS together with fictitious ones."""
    planned = planned_after(session, None, day)
    fictitious = set(session.execute(select(Cpts.id).where(Cpts.demonstration)).scalars())
    changes = [change for each in planned.values() for change in each]
    sides: dict[int, set[bool]] = {}
    for change in changes:
        sides.setdefault(change.letter, set()).add(change.cpts_id in fictitious)
    return [change for change in changes if len(sides[change.letter]) == 2]


def remove(session: WritingSession) -> int:
    """Delete every demonstration CPTS with all that hangs on it and give their number."""
    fictitious = select(Cpts.id).where(Cpts.demonstration)
    session.execute(delete(Claim).where(Claim.cpts_id.in_(fictitious)))
    deleted = session.execute(delete(Cpts).where(Cpts.demonstration).returning(Cpts.id))
    return len(deleted.all())
