"""Reading the history of a CPTS."""

from typing import Any

from app.cpts.history import repository
from app.cpts.models import Cpts
from app.database.sessions import ReadingSession
from app.problems import NotFound


def read_history(session: ReadingSession, cpts_id: int) -> list[dict[str, Any]]:
    """List the changes of a CPTS, oldest first, in the shape of `HistoryEntry`.

    Raises:
        NotFound: no such CPTS.
    """
    if session.get(Cpts, cpts_id) is None:
        raise NotFound(f"Aucune CPTS ne porte l'identifiant {cpts_id}.")
    return [
        {
            "changed_at": change.changed_at,
            "action": change.action,
            "actor": change.actor,
            "reason": change.reason,
            "revision": change.revision,
            "before": change.before,
            "after": change.after,
        }
        for change in repository.history(session, cpts_id)
    ]
