"""The registry's state of this moment, at less than one query a request."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from sqlalchemy.engine import URL

from app.database.engine import connection_settings
from app.database.waiting import WaitLimits
from app.exception_texts import safe_text
from app.http.repository import REVISION_SQL, STATE_SQL, Revision, State

log = logging.getLogger(__name__)

_ANSWER_TIMEOUT_S = 3.0


class RevisionUnknown(Exception):
    """The database does not answer."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The last state that the database told, and when it was asked (`time.monotonic`)."""

    state: State
    at: float


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

    async def current(self) -> State:
        """Give the registry's state at a moment after this call; raises `RevisionUnknown`."""
        return await self._here().current()

    def last_confirmed(self) -> Confirmed | None:
        """Give the last state that this event loop was told, None before the first."""
        return self._here().confirmed

    def doubt(self) -> None:
        """Take what was told so far for outdated, should the database not answer again."""
        self._here().confirmed = None

    def is_away(self) -> bool:
        """Tell whether the last look-up of this event loop was not answered."""
        return self._here().is_away

    @asynccontextmanager
    async def informed(self, every_s: float) -> AsyncIterator[None]:
        """Look up the state now and then while the block runs, though nobody asks.

        So that what is kept has been confirmed lately when the database goes away.
        """
        if every_s <= 0:
            yield
            return
        task = asyncio.create_task(self._look_up_every(every_s))
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _look_up_every(self, every_s: float) -> None:
        while True:
            await asyncio.sleep(every_s)
            confirmed = self.last_confirmed()
            # Who has never been asked keeps nothing.
            if confirmed is not None and confirmed.at < time.monotonic() - every_s:
                with contextlib.suppress(RevisionUnknown):
                    await self.current()

    def _here(self) -> "_LookUps":
        loop = asyncio.get_running_loop()
        look_ups = self._look_ups.get(loop)
        if look_ups is None:
            look_ups = self._look_ups[loop] = _LookUps(
                self._conninfo, self._settings, self._answer_s
            )
        return look_ups

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
        self._running: asyncio.Task[State] | None = None
        self._next: asyncio.Task[State] | None = None
        self._known: State | None = None
        self.confirmed: Confirmed | None = None
        self.is_away = False

    async def current(self) -> State:
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

    async def _look_up_after(self, earlier: asyncio.Task[State] | None) -> State:
        if earlier is not None and not earlier.done():
            await asyncio.wait([earlier])
        # From here on newcomers wait for the next one.
        self._running, self._next = self._next, None
        began = time.monotonic()
        try:
            state = await asyncio.wait_for(self._look_up(), self._answer_s)
        except (psycopg.Error, OSError, TimeoutError) as error:
            log.warning("the registry's revision cannot be asked for: %s", safe_text(error))
            self.is_away = True
            await self.close()
            raise RevisionUnknown from error
        self.confirmed, self.is_away = Confirmed(state, began), False
        return state

    async def _look_up(self) -> State:
        if self._connection is not None and not self._connection.closed:
            with contextlib.suppress(psycopg.OperationalError, psycopg.InterfaceError):
                return await self._ask(self._connection)
        # The database went away in the meantime, and may be back already.
        await self.close()
        self._connection = await psycopg.AsyncConnection.connect(
            self._conninfo,
            autocommit=True,
            prepare_threshold=0,
            **self._settings,
        )
        return await self._ask(self._connection)

    async def _ask(self, connection: psycopg.AsyncConnection) -> State:
        row = await (await connection.execute(REVISION_SQL)).fetchone()
        if row is None:
            raise psycopg.DataError("registry_revision is empty")
        known, position = self._known, row[2]
        if known is not None and known.revision == Revision(*row[:2]):
            return replace(known, position=position)
        # What has changed is asked for once a change.
        rows = await (await connection.execute(STATE_SQL)).fetchall()
        marks = {(row[2], row[3]): Revision(row[4], row[5]) for row in rows if row[2]}
        known = self._known = State(Revision(*rows[0][:2]), marks, position)
        return known
