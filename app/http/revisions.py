"""The registry's revision of this moment, at less than one query a request."""

import asyncio
import contextlib
import logging
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from sqlalchemy.engine import URL

from app.database.engine import connection_settings
from app.database.waiting import WaitLimits
from app.exception_texts import safe_text
from app.http.repository import REVISION_SQL, Revision

log = logging.getLogger(__name__)

_ANSWER_TIMEOUT_S = 3.0


class RevisionUnknown(Exception):
    """The database does not answer."""


class Revisions:
    """Looks up the revision over one connection of its own, for many requests at once.

    A request is never answered by a look-up that had begun before it arrived: whoever
    arrives during a look-up shares the next one. So what a client has seen committed
    before it asked, it sees in the answer. The connection is made when first needed and
    made again after a restart of the database; each event loop has its own.

    Parameters: `url`, of the database, as for SQLAlchemy; `answer_s`, the most that a
    look-up takes, in seconds, connecting included.
    """

    def __init__(self, url: URL, *, answer_s: float = _ANSWER_TIMEOUT_S) -> None:
        limits = WaitLimits(connect=answer_s, statement=answer_s, lock=answer_s)
        query = {"application_name": "cpts-revision", **url.query}
        self._answer_s = answer_s
        self._settings = connection_settings(url, limits)
        self._conninfo = url.set(drivername="postgresql", query=query).render_as_string(
            hide_password=False
        )
        self._look_ups: WeakKeyDictionary[asyncio.AbstractEventLoop, _LookUps] = (
            WeakKeyDictionary()
        )

    async def current(self) -> Revision:
        """Give the revision of a moment after this call; raises `RevisionUnknown`."""
        loop = asyncio.get_running_loop()
        look_ups = self._look_ups.get(loop)
        if look_ups is None:
            look_ups = self._look_ups[loop] = _LookUps(
                self._conninfo, self._settings, self._answer_s
            )
        return await look_ups.current()

    async def close(self) -> None:
        """Let go of the connection of this event loop."""
        look_ups = self._look_ups.pop(asyncio.get_running_loop(), None)
        if look_ups is not None:
            await look_ups.close()


class _LookUps:
    """The look-ups of one event loop: one that runs, and one that waits to begin."""

    def __init__(self, conninfo: str, settings: dict[str, Any], answer_s: float) -> None:
        self._conninfo = conninfo
        self._settings = settings
        self._answer_s = answer_s
        self._connection: psycopg.AsyncConnection | None = None
        self._running: asyncio.Task[Revision] | None = None
        self._next: asyncio.Task[Revision] | None = None

    async def current(self) -> Revision:
        shared = self._next
        if shared is None:
            shared = self._next = asyncio.create_task(self._look_up_after(self._running))
        # Another request's cancellation must not take the look-up away from this one.
        return await asyncio.shield(shared)

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(psycopg.Error):
                await connection.close()

    async def _look_up_after(self, earlier: asyncio.Task[Revision] | None) -> Revision:
        if earlier is not None and not earlier.done():
            await asyncio.wait([earlier])
        # From here on newcomers wait for the next one.
        self._running, self._next = self._next, None
        try:
            return await asyncio.wait_for(self._look_up(), self._answer_s)
        except (psycopg.Error, OSError, TimeoutError) as error:
            log.warning("the registry's revision cannot be asked for: %s", safe_text(error))
            await self.close()
            raise RevisionUnknown from error

    async def _look_up(self) -> Revision:
        if self._connection is not None and not self._connection.closed:
            with contextlib.suppress(psycopg.OperationalError, psycopg.InterfaceError):
                return await _ask(self._connection)
        # The database went away in the meantime, and may be back already.
        await self.close()
        self._connection = await psycopg.AsyncConnection.connect(
            self._conninfo,
            autocommit=True,
            prepare_threshold=0,
            **self._settings,
        )
        return await _ask(self._connection)


async def _ask(connection: psycopg.AsyncConnection) -> Revision:
    cursor = await connection.execute(REVISION_SQL)
    row = await cursor.fetchone()
    if row is None:
        raise psycopg.DataError("registry_revision is empty")
    return Revision(row[0], row[1])
