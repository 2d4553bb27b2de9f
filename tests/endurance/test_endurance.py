"""The database stands still, cannot be reached, or has no room: told in time, nothing lost."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import httpx2
import pytest
from sqlalchemy.engine import make_url

from tests.endurance.clients import Client, written
from tests.endurance.conftest import AtWork, MakeClients, Scale, Tell
from tests.endurance.invariants import assert_sound
from tests.endurance.scratch import Scratch
from tests.endurance.service import Service, serving
from tests.relay import Relay

PATIENCE = {"CPTS_DATABASE_PATIENCE": "2"}
# What the patience is at most, and what a busy machine may add.
BOUND_S = 20.0
RECOVERY_S = 60.0
FULL = "plein"


@pytest.fixture(scope="module")
def service_for_all(scratch_for_all: Scratch) -> Iterator[Service]:
    """One service for what is done to the server itself; `service` is it, ready."""
    with serving(scratch_for_all.registry.database, workers=1, **PATIENCE) as service:
        yield service


@pytest.fixture
def clients(service: Service, scratch: Scratch, make_clients: MakeClients) -> list[Client]:
    return make_clients(service.address, scratch.engine, scratch.token())


def refused(client: Client) -> int:
    return client.statuses.get(503, 0)


def away_and_back(
    away: Callable[[], AbstractContextManager[None]],
    clients: list[Client],
    service: Service,
    rounds: int,
) -> None:
    with AtWork(clients) as work:
        for _ in range(rounds):
            work.wait_for(written, 20, RECOVERY_S)
            with away():
                work.wait_for(refused, len(clients), RECOVERY_S)
                assert httpx2.get(f"{service.address}/healthz", timeout=BOUND_S).is_success
            service.wait_until_ready()
        work.wait_for(written, 20, RECOVERY_S)
    assert sum(client.cut for client in clients) == 0
    assert max(client.longest_s for client in clients) < BOUND_S


def told(clients: list[Client]) -> str:
    said = sum((Counter(client.unavailable) for client in clients), Counter())
    longest = max(client.longest_s for client in clients)
    asked = sum(client.asked for client in clients)
    return f"{asked} requests, the longest took {longest:.1f} s; 503: {dict(said)}"


def test_a_database_that_stands_still_is_told_in_time_and_loses_nothing(
    scratch: Scratch, service: Service, clients: list[Client], scale: Scale, tell: Tell
) -> None:
    away_and_back(scratch.frozen, clients, service, scale.rounds)
    tell(told(clients))
    assert_sound(scratch.registry, clients, service)


def test_a_network_that_goes_silent_is_told_in_time_and_loses_nothing(
    scratch: Scratch, make_clients: MakeClients, scale: Scale, tell: Tell
) -> None:
    url = make_url(scratch.registry.database)
    with (
        Relay(url).running() as relay,
        serving(relay.address, workers=1, **PATIENCE) as service,
    ):
        clients = make_clients(service.address, scratch.engine, scratch.token())
        away_and_back(relay.silence, clients, service, scale.rounds)
        tell(told(clients))
        assert_sound(scratch.registry, clients, service)


def test_a_disk_without_room_is_told_as_such_and_reading_goes_on(
    scratch: Scratch, service: Service, clients: list[Client], scale: Scale, tell: Tell
) -> None:
    if scratch.room is None:
        pytest.skip("no file system of the test's own can be mounted here: not root")
    for client in clients:
        client.run(10)
    for _ in range(scale.rounds):
        with scratch.full():
            _write_until_full(clients)
            for path in ("/api/v1/cpts", "/api/v1/stages"):
                answer = httpx2.get(service.address + path, timeout=BOUND_S)
                assert answer.status_code == 200, answer.text
            _wait_until_told_unready(service)
        service.wait_until_ready()
        for client in clients:
            before = written(client)
            client.run(10)
            assert written(client) > before
    tell(told(clients))
    assert_sound(scratch.registry, clients, service)


def _write_until_full(clients: list[Client]) -> None:
    """Write until the lack of room is told: what rows have left in their pages goes first."""
    deadline = time.monotonic() + RECOVERY_S
    before = _times_full(clients)
    while _times_full(clients) == before:
        assert time.monotonic() < deadline, "the disk is never full"
        for client in clients:
            client.operation()


def _wait_until_told_unready(service: Service) -> None:
    """Wait until /readyz says that there is no room: at once where a write has failed."""
    deadline = time.monotonic() + RECOVERY_S
    while True:
        answer = httpx2.get(f"{service.address}/readyz", timeout=BOUND_S)
        if answer.status_code == 503 and FULL in answer.json()["detail"]:
            return
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.1)


def _times_full(clients: list[Client]) -> int:
    return sum(
        count
        for client in clients
        for said, count in client.unavailable.items()
        if FULL in said
    )
