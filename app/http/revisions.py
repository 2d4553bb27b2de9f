"""The registry's revision of this moment, at less than one query a request."""

import asyncio
import contextlib
import logging
from weakref import WeakKeyDictionary

import psycopg
from sqlalchemy.engine import URL

from app.http.repository import REVISION_SQL, Revision

log = logging.getLogger(__name__)

_CONNECT_TIMEOUT_S = 3
_ANSWER_TIMEOUT_S = 5


class RevisionUnknown(Exception):
    """The database does not answer."""


class Revisions:
    """Looks up the revision over one connection of its own, for many requests at once.

    A request is never answered by a look-up that had begun before it arrived: whoever
    arrives during a look-up shares the next one. So what a client has seen committed
    before it asked, it sees in the answer. The connection is made when first needed and
    made again after a restart of the database; each event loop has its own.

    Parameters: `url`, of the database, as for SQLAlchemy.
    """

    def __init__(self, url: URL) -> None:
        query = {"application_name": "cpts-revision", **url.query}
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
            look_ups = self._look_ups[loop] = _LookUps(self._conninfo)
        return await look_ups.current()

    async def close(self) -> None:
        """Let go of the connection of this event loop."""
        look_ups = self._look_ups.pop(asyncio.get_running_loop(), None)
        if look_ups is not None:
            await look_ups.close()


class _LookUps:
    """The look-ups of one event loop: one that runs, and one that waits to begin."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
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
            return await asyncio.wait_for(self._look_up(), _ANSWER_TIMEOUT_S)
        except (psycopg.Error, OSError, TimeoutError) as error:
            log.warning("the registry's revision cannot be asked for: %r", error)
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
            connect_timeout=_CONNECT_TIMEOUT_S,
            prepare_threshold=0,
        )
        return await _ask(self._connection)


async def _ask(connection: psycopg.AsyncConnection) -> Revision:
    cursor = await connection.execute(REVISION_SQL)
    row = await cursor.fetchone()
    if row is None:
        raise psycopg.DataError("registry_revision is empty")
    return Revision(row[0], row[1])
