"""Places are bounded in number, by address and in time; a refusal says when to come again."""

from collections.abc import Awaitable, Callable
from typing import Any, cast

import anyio
import pytest

from app.problems import ServiceBusy
from app.processes.bounds import Bounds
from app.processes.errors import JobEnded
from app.processes.fork_server import ForkServer
from app.processes.pool import Places, ProcessPool
from tests.event_loop import run_apart

BOUNDS = Bounds(cpu_s=1, memory_bytes=2**30, file_bytes=2**20)
SOON_S = 30.0


class Jobs:
    """A fork server of the tests, whose jobs end when they are told to."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.killed: list[str] = []
        self.ends: dict[str, anyio.Event] = {}

    async def run(self, request: bytes, _bounds: Bounds) -> bytes:
        name = request.decode()
        self.begun.append(name)
        self.ends[name] = anyio.Event()
        try:
            await self.ends[name].wait()
        except anyio.get_cancelled_exc_class():
            self.killed.append(name)
            raise
        if name.startswith("failed"):
            raise JobEnded
        return request


class Crowd:
    """Asks for jobs, each in a task of its own, and keeps what came of them."""

    def __init__(self, places: Places) -> None:
        self.jobs = Jobs()
        self.pool = ProcessPool(
            cast(ForkServer, self.jobs), BOUNDS, what="essais", places=places
        )
        self.outcome: dict[str, Any] = {}

    async def ask(self, name: str, address: str) -> None:
        try:
            self.outcome[name] = await self.pool.run(name.encode(), address=address)
        except (ServiceBusy, JobEnded) as refused:
            self.outcome[name] = refused

    async def until(self, holds: Callable[[], bool]) -> None:
        with anyio.fail_after(SOON_S):
            while not holds():
                await anyio.sleep(0)


def crowded(
    places: Places, happens: Callable[[Crowd, anyio.abc.TaskGroup], Awaitable[None]]
) -> Crowd:
    crowd = Crowd(places)

    async def go() -> None:
        async with anyio.create_task_group() as tasks:
            await happens(crowd, tasks)
            tasks.cancel_scope.cancel()

    run_apart(go())
    return crowd


def test_so_many_run_and_so_many_wait_and_the_next_is_refused() -> None:
    async def happens(crowd: Crowd, tasks: anyio.abc.TaskGroup) -> None:
        for number in range(6):
            tasks.start_soon(crowd.ask, f"n{number}", f"a{number}")
        await crowd.until(lambda: len(crowd.outcome) == 1)
        assert crowd.jobs.begun == ["n0", "n1"]
        for number in range(5):
            await crowd.until(lambda name=f"n{number}": name in crowd.jobs.ends)  # type: ignore[misc]
            crowd.jobs.ends[f"n{number}"].set()
        await crowd.until(lambda: len(crowd.outcome) == 6)

    crowd = crowded(Places(at_once=2, waiting=3, wait_s=SOON_S), happens)
    refused = crowd.outcome.pop("n5")
    assert isinstance(refused, ServiceBusy)
    assert refused.status == 503
    assert int(refused.headers["Retry-After"]) > 0
    assert "essais" in refused.detail
    assert crowd.outcome == {f"n{number}": b"n%d" % number for number in range(5)}


def test_one_address_leaves_a_place_to_the_others() -> None:
    async def happens(crowd: Crowd, tasks: anyio.abc.TaskGroup) -> None:
        for number in range(5):
            tasks.start_soon(crowd.ask, f"greedy{number}", "greedy")
        await crowd.until(lambda: len(crowd.outcome) == 2)
        tasks.start_soon(crowd.ask, "other", "other")
        await crowd.until(lambda: "other" in crowd.jobs.ends)
        assert crowd.jobs.begun == ["greedy0", "other"]
        crowd.jobs.ends["greedy0"].set()
        await crowd.until(lambda: "greedy1" in crowd.jobs.ends)

    crowd = crowded(
        Places(at_once=2, at_once_per_address=1, waiting_per_address=2, wait_s=SOON_S), happens
    )
    refused = {name for name, came in crowd.outcome.items() if isinstance(came, ServiceBusy)}
    assert refused == {"greedy3", "greedy4"}


def test_whoever_waits_too_long_is_refused_and_the_place_is_not_lost() -> None:
    async def happens(crowd: Crowd, tasks: anyio.abc.TaskGroup) -> None:
        tasks.start_soon(crowd.ask, "first", "a")
        await crowd.until(lambda: "first" in crowd.jobs.ends)
        tasks.start_soon(crowd.ask, "late", "b")
        await crowd.until(lambda: "late" in crowd.outcome)
        crowd.jobs.ends["first"].set()
        await crowd.until(lambda: "first" in crowd.outcome)
        tasks.start_soon(crowd.ask, "next", "b")
        await crowd.until(lambda: "next" in crowd.jobs.ends)

    crowd = crowded(Places(at_once=1, wait_s=0.05, within_s=SOON_S), happens)
    assert isinstance(crowd.outcome["late"], ServiceBusy)
    assert crowd.outcome["first"] == b"first"


def test_a_job_that_takes_too_long_is_killed_and_the_service_said_to_be_busy() -> None:
    async def happens(crowd: Crowd, tasks: anyio.abc.TaskGroup) -> None:
        tasks.start_soon(crowd.ask, "slow", "a")
        await crowd.until(lambda: "slow" in crowd.outcome)
        tasks.start_soon(crowd.ask, "next", "a")
        await crowd.until(lambda: "next" in crowd.jobs.ends)

    crowd = crowded(Places(at_once=1, within_s=0.05), happens)
    assert isinstance(crowd.outcome["slow"], ServiceBusy)
    assert "slow" in crowd.jobs.killed


@pytest.mark.parametrize("ends", ["answers", "failed", "cancelled", "cancelled while waiting"])
def test_every_end_of_a_job_gives_its_place_to_the_next(ends: str) -> None:
    async def happens(crowd: Crowd, tasks: anyio.abc.TaskGroup) -> None:
        first = "failed" if ends == "failed" else "first"
        scope = anyio.CancelScope()

        async def ask(name: str) -> None:
            with scope:
                await crowd.ask(name, "a")

        if ends == "cancelled while waiting":
            tasks.start_soon(crowd.ask, first, "a")
            await crowd.until(lambda: first in crowd.jobs.ends)
            tasks.start_soon(ask, "second")
            await anyio.wait_all_tasks_blocked()
            scope.cancel()
            await anyio.wait_all_tasks_blocked()
            crowd.jobs.ends[first].set()
        else:
            tasks.start_soon(ask, first)
            await crowd.until(lambda: first in crowd.jobs.ends)
            if ends == "cancelled":
                scope.cancel()
            else:
                crowd.jobs.ends[first].set()
        tasks.start_soon(crowd.ask, "next", "a")
        await crowd.until(lambda: "next" in crowd.jobs.ends)
        crowd.jobs.ends["next"].set()
        await crowd.until(lambda: "next" in crowd.outcome)

    crowd = crowded(Places(at_once=1, wait_s=SOON_S), happens)
    assert crowd.outcome["next"] == b"next"
    assert "second" not in crowd.jobs.begun
