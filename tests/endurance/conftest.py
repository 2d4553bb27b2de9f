"""A service of their own for the programs that last: `./cpts test --endurance`.

In the suite they run in a short form, which finds a break; the long form finds what is rare.
One server, one service and the same clients go through all of them, one after the other.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

# Imported when a fixture runs: collecting loads no framework.
if TYPE_CHECKING:
    from sqlalchemy import Engine

    from tests.endurance.clients import Client
    from tests.endurance.invariants import Registry
    from tests.endurance.scratch import Scratch
    from tests.endurance.service import Service

pytest.register_assert_rewrite("tests.endurance.invariants")

# How much of the long form is done, from 0 to 1; whoever has less time says less.
SHARE = "CPTS_ENDURANCE_SHARE"
# The department whose communes everybody fights for.
DEPARTMENT = "48"
# Short, so that a database that is away is told soon.
PATIENCE_S = "2"


@dataclass(frozen=True)
class Scale:
    """How much is done: all of it with `--endurance`, enough to see a break without.

    `operations` of all clients together, `kills` of what is killed or frozen, `starts` that
    are killed too after each kill of the whole service, `rounds` of each fault of the
    database.
    """

    operations: int
    kills: int
    starts: int
    rounds: int
    clients: int
    is_long: bool = True


@pytest.fixture(scope="session")
def scale(request: pytest.FixtureRequest) -> Scale:
    if not request.config.getoption("--endurance"):
        return Scale(operations=160, kills=3, starts=1, rounds=1, clients=4, is_long=False)
    share = float(os.environ.get(SHARE) or 1)
    return Scale(
        operations=max(160, round(10_000 * share)),
        kills=max(3, round(60 * share)),
        starts=1,
        rounds=max(1, round(10 * share)),
        clients=8,
    )


@pytest.fixture(scope="session")
def scratch(session_engine: Engine) -> Iterator[Scratch]:
    """A server to freeze and to fill, which nobody else uses."""
    from tests.endurance.scratch import scratch_server

    with scratch_server(session_engine, DEPARTMENT) as scratch:
        yield scratch


@pytest.fixture
def registry(scratch: Scratch) -> Registry:
    """The registry of that server."""
    return scratch.registry


@pytest.fixture(scope="session")
def service_for_all(scratch: Scratch) -> Iterator[Service]:
    """The service in processes of its own, with a network between it and its database."""
    from tests.endurance.service import serving

    with serving(scratch.relay.address, CPTS_DATABASE_PATIENCE=PATIENCE_S) as service:
        yield service


@pytest.fixture
def service(service_for_all: Service) -> Service:
    """That service, ready, whatever the test before did to it."""
    service_for_all.ensure_ready()
    return service_for_all


@pytest.fixture(scope="session")
def clients_for_all(
    service_for_all: Service, scratch: Scratch, scale: Scale
) -> Iterator[list[Client]]:
    """Clients that fight for communes of one department, and remember it all."""
    from sqlalchemy import text

    from tests.endurance.clients import Client

    with scratch.engine.connect() as connection:
        statement = "SELECT code FROM commune WHERE department_code = :code ORDER BY code"
        communes = list(connection.execute(text(statement), {"code": DEPARTMENT}).scalars())
    token = scratch.token()
    made = [
        Client(service_for_all.address, token, communes[:60], number, seed=1_000 + number)
        for number in range(scale.clients)
    ]
    yield made
    for client in made:
        client.close()


@pytest.fixture
def clients(service: Service, clients_for_all: list[Client]) -> list[Client]:
    """Those clients, whose answers are counted from here on."""
    from tests.endurance.memory import Tally

    for client in clients_for_all:
        client.tally = Tally()
    return clients_for_all


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
