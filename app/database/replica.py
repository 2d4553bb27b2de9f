"""Reading from a replica of the database, never from one that is behind what is asked for."""

import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import psycopg
from sqlalchemy import Engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.instruments import REPLICA_READS

Made = TypeVar("Made", bound=Session)

# How long a replica may take to come up to what the primary had committed, in seconds.
_CATCH_UP_S = 0.25
_LOOK_AGAIN_S = 0.01
# How long it is left alone after it was behind, and after it could not be reached.
_BEHIND_FOR_S = 1.0
_AWAY_FOR_S = 5.0

_HAS_REACHED = "SELECT pg_last_wal_replay_lsn() >= CAST(%s AS pg_lsn)"


class Replica(Generic[Made]):
    """A server that follows the primary (streaming replication), and may lag or be gone.

    Parameters: `make`, what makes sessions for reading on `engine`.
    """

    def __init__(self, make: Callable[[], Made], engine: Engine) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._avoided_until = float("-inf")
        # Whatever fails in the midst of an answer, the next one is read elsewhere.
        event.listen(engine, "handle_error", lambda _: self._avoid(_AWAY_FOR_S))

    def is_avoided(self) -> bool:
        """Tell whether it was behind or gone a moment ago."""
        return time.monotonic() < self._avoided_until

    def session_at(self, position: str) -> Made | None:
        """Give a session whose snapshot shows all that was committed at a position.

        Parameters: `position`, of the primary's write-ahead log. None when the replica does
        not come up to it in time, or does not answer. For a thread: waits.
        """
        session = self._make()
        try:
            # Checked out, and not asked anything yet.
            driver: Any = session.connection().connection.driver_connection
            has_reached = self._comes_up_to(driver, position)
        except (SQLAlchemyError, psycopg.Error):
            self._avoid(_AWAY_FOR_S)
            session.close()
            REPLICA_READS.labels("unreachable").inc()
            return None
        if not has_reached:
            self._avoid(_BEHIND_FOR_S)
            session.close()
            REPLICA_READS.labels("behind").inc()
            return None
        REPLICA_READS.labels("replica").inc()
        return session

    @staticmethod
    def _comes_up_to(driver: Any, position: str) -> bool:
        # Each look in a transaction of its own, before that of the session: its snapshot is
        # taken by its first statement, and shows what had been replayed by then.
        driver.autocommit = True
        try:
            until = time.monotonic() + _CATCH_UP_S
            while driver.execute(_HAS_REACHED, (position,)).fetchone() != (True,):
                if time.monotonic() > until:
                    return False
                time.sleep(_LOOK_AGAIN_S)
        finally:
            if not driver.closed:
                driver.autocommit = False
        return True

    def _avoid(self, seconds: float) -> None:
        with self._lock:
            self._avoided_until = max(self._avoided_until, time.monotonic() + seconds)
