"""The SQL of what runs by itself: which worker does it, and what came of it."""

from collections.abc import Collection, Sequence
from datetime import timedelta

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from app.database.sessions import ReadingSession, WritingSession
from app.upkeep.models import UpkeepTask

# After which a run that failed, or whose process was killed, is tried again.
RETRY = timedelta(minutes=10)
_HOLD = text("SELECT pg_try_advisory_xact_lock(hashtext('upkeep_task'), hashtext(:name))")


def claim(session: WritingSession, name: str, every: timedelta) -> bool:
    """Take a task that is due, for this worker alone; False when it is not, or another's.

    Parameters: `every`, after which it is due again; sooner as long as no run has ended well.
    """
    session.execute(insert(UpkeepTask).values(name=name).on_conflict_do_nothing())
    taken = session.execute(
        update(UpkeepTask)
        .where(UpkeepTask.name == name, UpkeepTask.due_at <= func.now())
        .values(began_at=func.now(), due_at=func.now() + min(every, RETRY))
        .returning(UpkeepTask.name)
    )
    return taken.first() is not None


def hold(session: WritingSession, name: str) -> bool:
    """Keep a task to this transaction; False while a run that takes long still does."""
    return bool(session.execute(_HOLD, {"name": name}).scalar_one())


def note_end(session: WritingSession, name: str, removed: int, every: timedelta) -> None:
    """Note how much a run that succeeded has removed.

    Parameters: `every`, after which it is due again, counted from its beginning.
    """
    session.execute(
        update(UpkeepTask)
        .where(UpkeepTask.name == name)
        .values(
            ended_at=func.clock_timestamp(),
            removed=removed,
            trouble=None,
            due_at=UpkeepTask.began_at + every,
        )
    )


def note_trouble(session: WritingSession, name: str, trouble: str) -> None:
    """Note the class of what kept a run from ending well; it is tried again before long."""
    session.execute(
        update(UpkeepTask)
        .where(UpkeepTask.name == name)
        .values(ended_at=func.clock_timestamp(), trouble=trouble)
    )


def runs(session: ReadingSession, names: Collection[str]) -> Sequence[UpkeepTask]:
    """List the last runs of these tasks; one that never ran is missing."""
    found = session.execute(select(UpkeepTask).where(UpkeepTask.name.in_(names)))
    return found.scalars().all()
