"""A service of their own for the programs that last: `./cpts test --endurance`.

In the suite they run in a short form, which finds a break; the long form finds what is rare.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

# Imported when a fixture runs: collecting loads no framework.
if TYPE_CHECKING:
    from sqlalchemy import Engine

    from tests.conftest import MakeToken
    from tests.endurance.clients import Client
    from tests.endurance.invariants import Registry
    from tests.endurance.scratch import Scratch
    from tests.endurance.service import Service

# How much of the long form is done, from 0 to 1; whoever has less time says less.
SHARE = "CPTS_ENDURANCE_SHARE"
# Longer than any request with the service's new start before it.
JOIN_S = 360
# The department whose communes everybody fights for.
DEPARTMENT = "48"


@dataclass(frozen=True)
class Scale:
    """How much is done: all of it with `--endurance`, enough to see a break without."""

    operations: int
    kills: int
    rounds: int
    clients: int


@pytest.fixture(scope="session")
def scale(request: pytest.FixtureRequest) -> Scale:
    if not request.config.getoption("--endurance"):
        return Scale(operations=160, kills=2, rounds=1, clients=4)
    share = float(os.environ.get(SHARE) or 1)
    return Scale(
        operations=max(160, round(10_000 * share)),
        kills=max(2, round(60 * share)),
        rounds=max(1, round(10 * share)),
        clients=8,
    )


@pytest.fixture
def registry(engine: Engine, test_database: str) -> Registry:
    """The database of the tests, with all communes of France and without any CPTS."""
    from tests.endurance.invariants import Registry

    plain = test_database.replace("+psycopg", "")
    return Registry(plain, os.environ["CPTS_TEST_ADMINISTRATOR_URL"])


@pytest.fixture(scope="session")
def service_for_all(test_database: str) -> Iterator[Service]:
    """The service in processes of its own, on the database of the tests."""
    from tests.endurance.service import serving

    with serving(test_database.replace("+psycopg", "")) as service:
        yield service


@pytest.fixture
def service(service_for_all: Service) -> Service:
    """That service, ready, whatever the test before did to it."""
    service_for_all.ensure_ready()
    return service_for_all


TOLD = pytest.StashKey[list[str]]()
Tell = Callable[[str], None]


@pytest.fixture
def tell(request: pytest.FixtureRequest) -> Tell:
    """Have a line told at the end of the run: how much was done, and what was seen."""
    told = request.config.stash.setdefault(TOLD, [])
    return lambda line: told.append(f"{request.node.name}: {line}")


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Tell those lines, after the long form."""
    if config.getoption("--endurance"):
        for line in config.stash.get(TOLD, []):
            terminalreporter.write_line(line)


MakeClients = Callable[..., "list[Client]"]


@pytest.fixture
def make_clients(scale: Scale) -> Iterator[MakeClients]:
    """Make clients of a service: `make_clients(service.address, engine, token)`."""
    from sqlalchemy import text

    from tests.endurance.clients import Client

    made: list[Client] = []

    def make(address: str, engine: Engine, token: str) -> list[Client]:
        with engine.connect() as connection:
            statement = "SELECT code FROM commune WHERE department_code = :code ORDER BY code"
            found = connection.execute(text(statement), {"code": DEPARTMENT}).scalars()
            communes = list(found)[:60]
        made.extend(
            Client(address, token, communes, number, seed=1_000 + number)
            for number in range(scale.clients)
        )
        return made

    yield make
    for client in made:
        client.close()


@pytest.fixture
def clients(
    service: Service, make_clients: MakeClients, make_token: MakeToken, engine: Engine
) -> list[Client]:
    """Clients that fight for the communes of one department."""
    return make_clients(service.address, engine, make_token("admin"))


@pytest.fixture(scope="session")
def scratch_for_all(session_engine: Engine) -> Iterator[Scratch]:
    """A server to freeze and to fill, which nobody else uses."""
    from tests.endurance.scratch import scratch_server

    with scratch_server(session_engine, DEPARTMENT) as scratch:
        yield scratch


@pytest.fixture
def scratch(scratch_for_all: Scratch) -> Iterator[Scratch]:
    """That server, on a registry without any CPTS."""
    yield scratch_for_all
    scratch_for_all.emptying.empty()


class AtWork:
    """Clients that go on until the block ends."""

    def __init__(self, clients: list[Client]) -> None:
        self._ended = threading.Event()
        self._clients = clients
        self._threads = [
            threading.Thread(target=self._work, args=(client,), daemon=True)
            for client in clients
        ]

    def _work(self, client: Client) -> None:
        while not self._ended.is_set():
            client.operation()

    def __enter__(self) -> AtWork:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(JOIN_S)
            assert not thread.is_alive(), "a client is still waiting for an answer"

    def wait_for(self, count: Callable[[Client], int], more: int, within: float) -> None:
        """Wait until all clients together have got so many more of something."""
        before = sum(map(count, self._clients))
        deadline = time.monotonic() + within
        while sum(map(count, self._clients)) < before + more:
            assert time.monotonic() < deadline, "nothing came"
            time.sleep(0.05)


class Together:
    """Clients at work beside each other while the test does something to the service."""

    def __init__(self, clients: list[Client], operations: int) -> None:
        each = max(1, operations // len(clients))
        self._threads = [
            threading.Thread(target=client.run, args=(each,), daemon=True) for client in clients
        ]

    def __enter__(self) -> Together:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for thread in self._threads:
            thread.join(10 * JOIN_S)
            assert not thread.is_alive(), "a client is still waiting for an answer"
