"""What the check reads, in few statements whose time does not grow with the registry."""

import sys
import threading
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from app.database.sessions import ReadingSession
from app.letters.rules import LandBorders
from app.problems import DatabaseUnavailable


@dataclass(frozen=True)
class RegistryState:
    """Which registry and which geography a snapshot shows."""

    revision: int
    geography: tuple[str, datetime]


_STATE = text("""
    SELECT r.revision, g.content_hash, g.loaded_at
    FROM registry_revision r LEFT JOIN geography_release g ON true
""")

_BORDERS = text("""
    SELECT commune_code, array_agg(neighbour_code), array_agg(border_m)
    FROM commune_neighbour
    GROUP BY commune_code
""")


def registry_state(session: ReadingSession) -> RegistryState:
    """Tell which state of the registry this session's snapshot shows.

    Raises `DatabaseUnavailable` as long as no reference geography is loaded.
    """
    row = session.execute(_STATE).one()
    if row.content_hash is None:
        raise DatabaseUnavailable("La géographie de référence n'est pas encore chargée.")
    return RegistryState(row.revision, (row.content_hash, row.loaded_at))


class _BordersInMemory:
    """The land borders of the last geography seen, read once per process.

    They change once a year, with the geography; 35 000 communes take some 20 MB.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._geography: tuple[str, datetime] | None = None
        self._borders: LandBorders = {}

    def of(self, session: ReadingSession, geography: tuple[str, datetime]) -> LandBorders:
        with self._lock:
            if self._geography != geography:
                self._borders = {
                    sys.intern(code): dict(zip(map(sys.intern, beside), metres, strict=True))
                    for code, beside, metres in session.execute(_BORDERS)
                }
                self._geography = geography
            return self._borders


_BORDERS_IN_MEMORY = _BordersInMemory()


def land_borders(session: ReadingSession, state: RegistryState) -> LandBorders:
    """Give the shared borders of all communes, in metres, of this snapshot's geography."""
    return _BORDERS_IN_MEMORY.of(session, state.geography)
