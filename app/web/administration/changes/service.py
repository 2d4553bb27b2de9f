"""Changes told before they are made, and after."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import orjson

from app.database.calendar import PARIS
from app.database.sessions import ReadingSession, WritingSession
from app.http.repository import lock_registry
from app.web.administration.changes import repository
from app.web.administration.changes.repository import Recorded
from app.web.administration.changes.rules import ACTIONS, communes_in, lines


def rehearsed(session: WritingSession, act: Callable[[], object]) -> Sequence[Recorded]:
    """Make a change, and give what it records; the caller keeps it or rolls it back.

    Raises whatever the change raises.
    """
    # What others commit until then is not of this change.
    lock_registry(session)
    last = repository.last_number(session)
    act()
    session.flush()
    repository.check_now(session)
    return repository.recorded(session, after=last, limit=2_000)


def fingerprint(changes: Sequence[Recorded]) -> str:
    """Give what tells two outcomes apart, so that what is confirmed is what was shown."""
    told = sorted(
        (each.cpts_id, each.action, orjson.dumps([each.before, each.after]).decode())
        for each in changes
    )
    return hashlib.sha256(orjson.dumps(told)).hexdigest()[:32]


def told(session: ReadingSession, changes: Sequence[Recorded]) -> list[dict[str, Any]]:
    """Word changes for a page, in their order."""
    communes = set().union(*(communes_in(each.before, each.after) for each in changes))
    named = repository.names(session, communes)
    return [
        {
            "id": each.id,
            "cpts_id": each.cpts_id,
            "name": each.name,
            "day": each.changed_at.astimezone(PARIS).date(),
            "time": f"{each.changed_at.astimezone(PARIS):%H:%M}",
            "action": ACTIONS[each.action],
            "actor": each.actor,
            "reason": each.reason,
            "lines": lines(each.before, each.after, named),
        }
        for each in changes
    ]
