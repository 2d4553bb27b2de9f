"""The SQL of what runs by itself: which worker does it, and what came of it."""

from collections.abc import Collection, Sequence
from datetime import timedelta

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from app.database.sessions import ReadingSession, WritingSession
from app.upkeep.models import UpkeepTask


def claim(session: WritingSession, name: str, every: timedelta) -> bool:
    """Take a task that is due, for this worker alone; False when it is not, or another's.

    Parameters: `every`, after which it is due again, whatever becomes of this run.
    """
    session.execute(insert(UpkeepTask).values(name=name).on_conflict_do_nothing())
    taken = session.execute(
        update(UpkeepTask)
        .where(UpkeepTask.name == name, UpkeepTask.due_at <= func.now())
        .values(began_at=func.now(), due_at=func.now() + every)
        .returning(UpkeepTask.name)
    )
    return taken.first() is not None


def note_end(session: WritingSession, name: str, removed: int) -> None:
    """Note how much a run that succeeded has removed."""
    session.execute(
        update(UpkeepTask)
        .where(UpkeepTask.name == name)
        .values(ended_at=func.clock_timestamp(), removed=removed, trouble=None)
    )


def note_trouble(session: WritingSession, name: str, trouble: str) -> None:
    """Note the class of what kept a run from ending well."""
    session.execute(
        update(UpkeepTask)
        .where(UpkeepTask.name == name)
        .values(ended_at=func.clock_timestamp(), trouble=trouble)
    )


def runs(session: ReadingSession, names: Collection[str]) -> Sequence[UpkeepTask]:
    """List the last runs of these tasks; one that never ran is missing."""
    found = session.execute(select(UpkeepTask).where(UpkeepTask.name.in_(names)))
    return found.scalars().all()
