"""The loop that sends messages while the service runs; no request waits for it."""

import asyncio
import contextlib
import logging
from typing import Self

from anyio import CapacityLimiter, to_thread
from sqlalchemy.exc import SQLAlchemyError

from app.accounts.mail.service import Post
from app.exception_texts import safe_text

log = logging.getLogger(__name__)


class MailLoop:
    """Sends what is due, round after round, while it is open.

    Every worker has one; each message is claimed by one of them.

    Parameters: `interval_s` between two looks at what is due, in seconds.
    """

    def __init__(self, post: Post, *, interval_s: float) -> None:
        self._post = post
        self._interval_s = interval_s
        self._ended = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        # A mail server that is slow keeps a thread of its own waiting, no request's.
        self._thread = CapacityLimiter(1)
        self._is_troubled = False

    async def __aenter__(self) -> Self:
        """Begin."""
        self._task = asyncio.create_task(self._send_for_ever())
        return self

    async def __aexit__(self, *_: object) -> None:
        """End, once the message that is under way has left or failed."""
        self._ended.set()
        if self._task is not None:
            await self._task

    async def _send_for_ever(self) -> None:
        while not self._ended.is_set():
            try:
                await self._round()
                self._is_troubled = False
            except SQLAlchemyError as error:
                if not self._is_troubled:
                    # Said once; each next round tries again.
                    log.warning("messages wait for the database: %s", safe_text(error))
                self._is_troubled = True
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), self._interval_s)

    async def _round(self) -> None:
        while not self._ended.is_set():
            due = await self._post.sessions.aside(self._post.due)
            for each in due:
                if self._ended.is_set():
                    return
                await to_thread.run_sync(self._post.send, each, limiter=self._thread)
            if not due:
                return
