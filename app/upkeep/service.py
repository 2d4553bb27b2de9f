"""The use case of a task: claimed, done, and told, each in a transaction of its own."""

from app.database.sessions import Sessions
from app.upkeep import repository
from app.upkeep.rules import Task


def run_if_due(sessions: Sessions, task: Task) -> bool:
    """Do a task if it is due and no other worker has claimed it; tells whether it was done.

    Raises whatever keeps it from ending well, once that is noted.
    """
    with sessions.aside_write() as session, session.begin():
        if not repository.claim(session, task.name, task.every):
            return False
    try:
        with sessions.aside_write() as session, session.begin():
            if not repository.hold(session, task.name):
                return False
            removed = task.act(session)
        removed += task.afterwards()
    except Exception as error:
        with sessions.aside_write() as session, session.begin():
            repository.note_trouble(session, task.name, type(error).__name__)
        raise
    with sessions.aside_write() as session, session.begin():
        repository.note_end(session, task.name, removed, task.every)
    return True
