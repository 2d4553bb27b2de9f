"""What every request goes through, so that nothing waits without end nor ends in silence."""

import logging
from collections.abc import Mapping

from anyio import to_thread
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.database.waiting import patience
from app.exception_texts import traced
from app.http.problem_answers import problem_response
from app.problems import Problem

log = logging.getLogger(__name__)

# Threads beside those that may wait for the database: pages, compression, files.
_THREADS_THAT_WORK = 24


def room_for_waiting_threads(connections: int) -> None:
    """Have enough threads that those which wait for the database never take all of them.

    Parameters: `connections`, the most that this process holds. To be called on the event
    loop; never takes a thread away.
    """
    threads = to_thread.current_default_thread_limiter()
    threads.total_tokens = max(threads.total_tokens, connections + _THREADS_THAT_WORK)


class Waiting:
    """Gives each request its patience: what all its waits for the database may last (raw ASGI).

    Parameters: `patience_s`, in seconds; `longer`, that of paths whose answers take longer.
    """

    def __init__(
        self, app: ASGIApp, *, patience_s: float, longer: Mapping[str, float] | None = None
    ) -> None:
        self.app = app
        self.patience_s = patience_s
        self.longer = longer or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        with patience(self.longer.get(scope["path"], self.patience_s)):
            await self.app(scope, receive, send)


class BrokenOff(Exception):
    """An answer that had begun could not be finished; the reason is in the log already."""


class Unexpected:
    """Ends the errors that nothing else answers, so that no server logs what they say."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = ended = False

        async def watched(message: Message) -> None:
            nonlocal begun, ended
            begun = True
            ended = message["type"] == "http.response.body" and not message.get("more_body")
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:
            log.error("unexpected error before a route was found: %s", traced(error))
            if not begun:
                problem = Problem("Une erreur inattendue s'est produite.")
                await problem_response(problem)(scope, receive, send)
            elif not ended:
                raise BrokenOff from None
