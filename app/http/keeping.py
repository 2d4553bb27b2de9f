"""What follows from the registry's revision and the day, kept until either changes."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from threading import Lock
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from cachetools import LRUCache
from sqlalchemy import Connection, Engine

from app.database.calendar import today
from app.database.sessions import ReadingSession, WritingSession
from app.database.waiting import held
from app.http.repository import Revision, current_revision

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Moment:
    """What is asked about: a state of the registry and a day, seen from today."""

    revision: Revision
    day: date
    today: date


def moment_of(session: ReadingSession, day: date) -> Moment:
    """Tell what the session's own snapshot shows of a day."""
    return Moment(current_revision(session), day, today())


class _Place(Generic[Value]):
    """Where something is put by the one who reads it; others wait for that."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.values: list[Value] = []


class Kept(Generic[Value]):
    """Things that were read, those asked for most lately; a key tells of which moment.

    By what sessions are bound to: a process may serve several databases, and requests have
    threads of their own. Every table that a thing is read from advances the revision.
    Sessions that write have no snapshot: what they read may be newer than the moment that
    they asked for, and is kept for nobody.

    Parameters: `most`, how many things of one database.
    """

    def __init__(self, most: int) -> None:
        self._lock = Lock()
        self._most = most
        self._of: WeakKeyDictionary[Engine | Connection, LRUCache[Hashable, _Place[Value]]] = (
            WeakKeyDictionary()
        )

    def get(self, session: ReadingSession, key: Hashable, read: Callable[[], Value]) -> Value:
        """Give the thing, read once for all who ask at once.

        Raises SQLAlchemy's `TimeoutError` when another's reading takes too long.
        """
        if isinstance(session, WritingSession):
            return read()
        with self._lock:
            kept = self._of.setdefault(session.get_bind(), LRUCache(maxsize=self._most))
            place = kept.setdefault(key, _Place())
        with held(place.lock):
            if not place.values:
                place.values.append(read())
            return place.values[0]


class KeptTexts:
    """Texts by the number of a CPTS, within a bound in bytes, the latest used.

    Of sessions that write as `Kept`.

    Parameters: `most_bytes`, of all texts of one database.
    """

    def __init__(self, most_bytes: int) -> None:
        self._lock = Lock()
        self._most_bytes = most_bytes
        self._of: WeakKeyDictionary[
            Engine | Connection, LRUCache[tuple[Hashable, int], bytes]
        ] = WeakKeyDictionary()

    def get(
        self,
        session: ReadingSession,
        moment: Hashable,
        ids: Sequence[int],
        read: Callable[[Sequence[int]], Iterable[tuple[int, bytes]]],
    ) -> dict[int, bytes]:
        """Give the texts of CPTS; what is not kept is read at once.

        Parameters: `moment`, of which they tell, beside whatever else they depend on.
        """
        if isinstance(session, WritingSession):
            return dict(read(ids))
        with self._lock:
            kept = self._of.setdefault(
                session.get_bind(), LRUCache(maxsize=self._most_bytes, getsizeof=len)
            )
            found = {
                each: text for each in ids if (text := kept.get((moment, each))) is not None
            }
        missing = [each for each in ids if each not in found]
        if missing:
            fresh = dict(read(missing))
            found |= fresh
            with self._lock:
                for each, text in fresh.items():
                    if len(text) <= self._most_bytes:
                        kept[moment, each] = text
        return found
