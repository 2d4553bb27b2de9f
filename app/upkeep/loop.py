"""The loop that does what is due while the service runs; no request waits for it."""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from functools import partial
from typing import Self

from app.database.sessions import Sessions
from app.exception_texts import safe_text
from app.upkeep.rules import Task
from app.upkeep.service import run_if_due

log = logging.getLogger(__name__)
_INTERVAL_S = 20.0


class Upkeep:
    """Does what is due, round after round, while it is open.

    Every worker has one; each run of a task is claimed by one of them. Without tasks it
    does nothing.
    """

    def __init__(
        self, sessions: Sessions, tasks: Sequence[Task], *, interval_s: float = _INTERVAL_S
    ) -> None:
        self._sessions = sessions
        self._tasks = tasks
        self._interval_s = interval_s
        self._ended = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin."""
        if self._tasks:
            self._task = asyncio.create_task(self._go_on())
        return self

    async def __aexit__(self, *_: object) -> None:
        """End, once the run that is under way has given its connection back."""
        self._ended.set()
        if self._task is not None:
            await self._task

    async def _go_on(self) -> None:
        while not self._ended.is_set():
            for task in self._tasks:
                if self._ended.is_set():
                    return
                try:
                    await self._sessions.aside(partial(run_if_due, self._sessions, task))
                except Exception as error:
                    # Whatever it is, the other tasks go on; a later round tries again.
                    log.warning("upkeep, %s: %s", task.name, safe_text(error))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), self._interval_s)
