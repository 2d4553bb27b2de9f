"""The registry's revision of this moment, at less than one query a request."""

import asyncio
import contextlib

import psycopg
from sqlalchemy.engine import URL

from app.http.repository import REVISION_SQL, Revision

_CONNECT_TIMEOUT_S = 3
_ANSWER_TIMEOUT_S = 5


class RevisionUnknown(Exception):
    """The database does not answer."""


class Revisions:
    """Looks up the revision over one connection of its own, for many requests at once.

    A request is never answered by a look-up that had begun before it arrived: whoever
    arrives during a look-up shares the next one. So what a client has seen committed
    before it asked, it sees in the answer. The connection is made when first needed and
    made again after a restart of the database.

    Parameters: `url`, of the database, as for SQLAlchemy.
    """

    def __init__(self, url: URL) -> None:
        query = {"application_name": "cpts-revision", **url.query}
        self._conninfo = url.set(drivername="postgresql", query=query).render_as_string(
            hide_password=False
        )
        self._connection: psycopg.AsyncConnection | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._running: asyncio.Task[Revision] | None = None
        self._next: asyncio.Task[Revision] | None = None

    async def current(self) -> Revision:
        """Give the revision of a moment after this call; raises `RevisionUnknown`."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            # Of another event loop nothing can be used: it is closed, or another thread's.
            self._loop, self._connection = loop, None
            self._running = self._next = None
        shared = self._next
        if shared is None:
            shared = self._next = loop.create_task(self._look_up_after(self._running))
        # Another request's cancellation must not take the look-up away from this one.
        return await asyncio.shield(shared)

    async def close(self) -> None:
        """Let go of the connection."""
        connection, self._connection = self._connection, None
        if connection is not None and self._loop is asyncio.get_running_loop():
            with contextlib.suppress(psycopg.Error):
                await connection.close()

    async def _look_up_after(self, earlier: "asyncio.Task[Revision] | None") -> Revision:
        if earlier is not None and not earlier.done():
            await asyncio.wait([earlier])
        # From here on newcomers wait for the next one.
        self._running, self._next = self._next, None
        try:
            return await asyncio.wait_for(self._look_up(), _ANSWER_TIMEOUT_S)
        except (psycopg.Error, OSError, TimeoutError) as error:
            self._connection = None
            raise RevisionUnknown from error

    async def _look_up(self) -> Revision:
        connection = self._connection
        if connection is not None and not connection.closed:
            with contextlib.suppress(psycopg.OperationalError, psycopg.InterfaceError):
                return await _ask(connection)
            # The database went away in the meantime, and may be back already.
            with contextlib.suppress(psycopg.Error):
                await connection.close()
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
