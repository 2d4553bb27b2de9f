"""A service of their own for the programs that last: `./cpts test --endurance`.

In the suite they run in a short form, which finds a break; the long form finds what is rare.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import Engine, text

from tests.conftest import MakeToken
from tests.endurance.clients import Client
from tests.endurance.service import Service


@dataclass(frozen=True)
class Scale:
    """How much is done: all of it with `--endurance`, enough to see a break without."""

    operations: int
    kills: int
    rounds: int
    clients: int


@pytest.fixture(scope="session")
def scale(request: pytest.FixtureRequest) -> Scale:
    if request.config.getoption("--endurance"):
        return Scale(operations=10_000, kills=60, rounds=10, clients=8)
    return Scale(operations=160, kills=2, rounds=1, clients=4)


@pytest.fixture
def service(engine: Engine, test_database: str) -> Iterator[Service]:
    """The service in processes of its own, on the database of the tests."""
    service = Service({"DATABASE_URL": test_database, "CPTS_DEMO": "0"})
    service.start()
    yield service
    service.stop()


@pytest.fixture
def clients(
    service: Service, scale: Scale, make_token: MakeToken, engine: Engine
) -> Iterator[list[Client]]:
    """Clients that fight for the communes of one department."""
    with engine.connect() as connection:
        statement = text("SELECT code FROM commune WHERE department_code = '48' ORDER BY code")
        communes = list(connection.execute(statement).scalars())[:60]
    made = [
        Client(service.address, make_token("admin"), communes, number, seed=1_000 + number)
        for number in range(scale.clients)
    ]
    yield made
    for client in made:
        client.close()


class Together:
    """Clients at work beside each other while the test does something to the service."""

    def __init__(self, clients: list[Client], operations: int) -> None:
        each = max(1, operations // len(clients))
        self._threads = [
            threading.Thread(target=client.run, args=(each,), daemon=True) for client in clients
        ]

    def __enter__(self) -> "Together":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for thread in self._threads:
            thread.join(3_600)
            assert not thread.is_alive(), "a client is still waiting for an answer"

    @property
    def at_work(self) -> bool:
        """Whether any client has something left to do."""
        return any(thread.is_alive() for thread in self._threads)
