"""What the check reads, in few statements whose time does not grow with the registry."""

import sys
import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import shapely
from psycopg.errors import QueryCanceled
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.database.sessions import ReadingSession
from app.geography.repository import communes_in_polygon
from app.letters.check.errors import polygon_too_complex
from app.letters.check.rules import LandBorders
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

_TIMEOUT = text("SELECT current_setting('statement_timeout')")
_SET_TIMEOUT = text("SELECT set_config('statement_timeout', :limit, true)")
# A rectangle over several departments takes a tenth of that.
POLYGON_TIMEOUT_MS = 5_000

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


def shares_inside(session: ReadingSession, surface: Any) -> list[tuple[str, float]]:
    """Give the communes that a surface touches, and the share of each that is inside.

    Parameters: `surface`, a valid shapely surface (EPSG:4326). Raises `Invalid` when it
    takes longer than `POLYGON_TIMEOUT_MS`; the transaction is of no more use then.
    """
    if shapely.is_empty(surface):
        return []
    before = session.execute(_TIMEOUT).scalar_one()
    session.execute(_SET_TIMEOUT, {"limit": f"{POLYGON_TIMEOUT_MS}ms"})
    try:
        shares = communes_in_polygon(session, shapely.to_wkb(surface))
    except OperationalError as error:
        if isinstance(error.orig, QueryCanceled):
            raise polygon_too_complex() from error
        raise
    session.execute(_SET_TIMEOUT, {"limit": before})
    return shares


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
