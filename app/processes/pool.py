"""Places for jobs in one worker process: so many at once, so many that wait, for so long."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio

from app.problems import ServiceBusy
from app.processes.bounds import Bounds
from app.processes.fork_server import ForkServer


@dataclass(frozen=True)
class Places:
    """How many jobs a worker takes; times are of the wall clock.

    `at_once` run, of which one address has `at_once_per_address`; `waiting` more wait, of
    which one address has `waiting_per_address`, each for `wait_s` at most. A job has
    answered `within_s` after it was asked for, or is killed.
    """

    at_once: int = 2
    at_once_per_address: int = 1
    waiting: int = 16
    waiting_per_address: int = 4
    wait_s: float = 5.0
    within_s: float = 9.5


class ProcessPool:
    """Runs jobs of one kind, each in a process of its own; made for one event loop.

    Parameters: `what` too many of are called in the refusal, a French plural.
    """

    def __init__(
        self, server: ForkServer, bounds: Bounds, *, what: str, places: Places | None = None
    ) -> None:
        self.server = server
        self.bounds = bounds
        self._what = what
        self._places = places or Places()
        self._running: Counter[str] = Counter()
        # In the order of their coming; an event is set when its turn has come.
        self._waiting: dict[anyio.Event, str] = {}

    async def run(self, request: bytes, *, address: str) -> bytes:
        """Give a job's answer. Cancelling gives its place up and kills its process.

        Parameters: `address`, whoever shares its places with others of the same name.
        Raises `ServiceBusy` when there is no place or no answer in time, `JobEnded`,
        `JobExhausted` as the fork server does.
        """
        within = anyio.current_time() + self._places.within_s
        async with self._place(address):
            with anyio.CancelScope(deadline=within):
                return await self.server.run(request, self.bounds)
        raise self._busy()

    @asynccontextmanager
    async def _place(self, address: str) -> AsyncIterator[None]:
        if not self._is_free_for(address):
            await self._wait(address)
        else:
            self._running[address] += 1
        try:
            yield
        finally:
            self._release(address)

    async def _wait(self, address: str) -> None:
        own = sum(other == address for other in self._waiting.values())
        if (
            len(self._waiting) >= self._places.waiting
            or own >= self._places.waiting_per_address
        ):
            raise self._busy()
        turn = anyio.Event()
        self._waiting[turn] = address
        try:
            with anyio.move_on_after(self._places.wait_s):
                await turn.wait()
        except BaseException:
            if turn.is_set():  # called and cancelled at once: the place goes on
                self._release(address)
            raise
        finally:
            self._waiting.pop(turn, None)
        if not turn.is_set():
            raise self._busy()

    def _is_free_for(self, address: str) -> bool:
        return (
            self._running.total() < self._places.at_once
            and self._running[address] < self._places.at_once_per_address
        )

    def _release(self, address: str) -> None:
        self._running[address] -= 1
        if not self._running[address]:
            del self._running[address]
        self._call_next()

    def _call_next(self) -> None:
        for turn, address in list(self._waiting.items()):
            if self._is_free_for(address):
                del self._waiting[turn]
                self._running[address] += 1
                turn.set()

    def _busy(self) -> ServiceBusy:
        seconds = ServiceBusy.headers["Retry-After"]
        return ServiceBusy(f"Trop de {self._what} sont en cours : réessayez dans {seconds} s.")
