"""What the service does of itself for the directory, each day, however many workers it has."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from typing import Self

from sqlalchemy.exc import SQLAlchemyError

from app.database.sessions import Sessions, WritingSession
from app.exception_texts import safe_text

log = logging.getLogger(__name__)

# Each is such that doing it again, or twice at once, does no more.
Task = Callable[[WritingSession], object]
# The first wait lets a service that starts answer first.
INTERVAL_S = 3600.0


class DirectoryLoop:
    """Does tasks, each in a transaction of its own, every hour while it is open.

    A day begins at midnight in Paris whenever the service was started; whichever worker
    comes first does what is due. Parameters: `interval_s`, in seconds.
    """

    def __init__(
        self, sessions: Sessions, tasks: Sequence[Task], *, interval_s: float = INTERVAL_S
    ) -> None:
        self._sessions = sessions
        self._tasks = tasks
        self._interval_s = interval_s
        self._ended = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin."""
        self._task = asyncio.create_task(self._work_for_ever())
        return self

    async def __aexit__(self, *_: object) -> None:
        """End, once the task that is under way is done."""
        self._ended.set()
        if self._task is not None:
            await self._task

    async def _work_for_ever(self) -> None:
        while not self._ended.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), self._interval_s)
            for task in self._tasks:
                if self._ended.is_set():
                    return
                try:
                    await self._sessions.aside(lambda task=task: self._do(task))  # type: ignore[misc]
                except SQLAlchemyError as error:
                    # The next round tries again.
                    log.warning("a task of the directory waits: %s", safe_text(error))

    def _do(self, task: Task) -> None:
        with self._sessions.aside_write() as session, session.begin():
            task(session)
