"""What an operator meets once a year, one thing after the other, while clients work.

The programs follow one another on one registry: each begins with what those before it left.
"""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress

import httpx2
import pytest

from tests.endurance.beside import AtWork, run_together
from tests.endurance.clients import Client, written
from tests.endurance.conftest import Scale, Tell
from tests.endurance.invariants import (
    Registry,
    assert_history_follows,
    assert_sound,
    communes_held_twice,
    lost_writes,
)
from tests.endurance.scratch import Scratch
from tests.endurance.service import Service

# What the patience is at most, and what a busy machine may add.
BOUND_S = 20.0
RECOVERY_S = 60.0
# How long a few writes may take on a busy machine.
WRITING_S = 120.0
FULL = "plein"


def refused(client: Client) -> int:
    return client.tally.statuses.get(503, 0)


def told(clients: list[Client]) -> str:
    """Sum up what the clients were answered."""
    tallies = [client.tally for client in clients]
    statuses = sum((Counter(tally.statuses) for tally in tallies), Counter())
    said = sum((Counter(tally.unavailable) for tally in tallies), Counter())
    return (
        f"{sum(tally.asked for tally in tallies)} requests: {dict(statuses)}, "
        f"{sum(tally.cut for tally in tallies)} without an answer, the longest took "
        f"{max(tally.longest_s for tally in tallies):.1f} s; 503: {dict(said)}"
    )


def test_whatever_clients_do_at_once_nothing_overlaps_and_nothing_is_lost(
    service: Service, clients: list[Client], scale: Scale, registry: Registry, tell: Tell
) -> None:
    run_together(clients, scale.operations)
    assert_sound(registry, clients)
    done = sum((Counter(client.tally.done) for client in clients), Counter())
    known = [each for client in clients for each in client.cpts.values()]
    letters = [each for client in clients for each in client.letters.values()]
    merged = [each for each in letters if each.absorbed and each.states == {"validee"}]
    tell(
        f"{told(clients)}; {dict(done)}; {sum(bool(each.add) for each in known)} CPTS with "
        f"communes planned by a letter, {len(merged)} mergers"
    )
    statuses = sum((Counter(client.tally.statuses) for client in clients), Counter())
    assert statuses[201] > 0
    assert statuses[409] > 0
    assert done["POST /letters/N/decisions"] > 0
    if scale.is_long:
        assert {each.is_ahead for each in merged} == {True, False}
        assert done["POST /conciliations/N/closure"] > 0
    assert sum(client.tally.cut for client in clients) == 0
    assert "Traceback" not in service.said()


def away_and_back(
    away: Callable[[], AbstractContextManager[None]],
    clients: list[Client],
    service: Service,
    rounds: int,
) -> None:
    with AtWork(clients) as work:
        for _ in range(rounds):
            work.wait_for(written, 10, RECOVERY_S)
            with away():
                work.wait_for(refused, len(clients), RECOVERY_S)
                assert httpx2.get(f"{service.address}/healthz", timeout=BOUND_S).is_success
            service.wait_until_ready()
        work.wait_for(written, 10, RECOVERY_S)
    assert sum(client.tally.cut for client in clients) == 0
    assert max(client.tally.longest_s for client in clients) < BOUND_S


def test_a_database_that_stands_still_is_told_in_time_and_loses_nothing(
    scratch: Scratch, service: Service, clients: list[Client], scale: Scale, tell: Tell
) -> None:
    away_and_back(scratch.frozen, clients, service, scale.rounds)
    tell(told(clients))
    assert_sound(scratch.registry, clients)


def test_a_network_that_goes_silent_is_told_in_time_and_loses_nothing(
    scratch: Scratch, service: Service, clients: list[Client], scale: Scale, tell: Tell
) -> None:
    away_and_back(scratch.relay.silence, clients, service, scale.rounds)
    tell(told(clients))
    assert_sound(scratch.registry, clients)


def test_a_disk_without_room_is_told_as_such_and_reading_goes_on(
    scratch: Scratch, service: Service, clients: list[Client], scale: Scale, tell: Tell
) -> None:
    if scratch.room is None:
        pytest.skip("no file system of the test's own can be mounted here: not root")
    for _ in range(scale.rounds):
        with scratch.full():
            _write_until_full(clients)
            for path in ("/api/v1/cpts", "/api/v1/stages"):
                answer = httpx2.get(service.address + path, timeout=BOUND_S)
                assert answer.status_code == 200, answer.text
            _wait_until_told_unready(service)
        service.wait_until_ready()
        for client in clients:
            # All at random may be refused: others hold the communes that they ask for.
            before, full = written(client), _times_full([client])
            client.write_uncontested()
            assert written(client) == before + 2
            client.run(3)
            assert _times_full([client]) == full
    tell(told(clients))
    assert_sound(scratch.registry, clients)


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
        for said, count in client.tally.unavailable.items()
        if FULL in said
    )


def test_no_kill_loses_a_confirmed_write_or_leaves_half_of_one(
    service: Service, clients: list[Client], scale: Scale, registry: Registry, tell: Tell
) -> None:
    choices = random.Random(7)
    whole = 0
    for number in range(scale.kills):
        with AtWork(clients) as work:
            work.wait_for(written, 10, WRITING_S)
            # At any moment of a request, not just after an answer.
            time.sleep(choices.uniform(0, 0.3))
            if number % 3 == 0:
                whole += 1
                _kill_whole(service, choices, scale.starts)
            elif number % 3 == 1:
                with suppress(ProcessLookupError):
                    os.kill(choices.choice(service.workers()), signal.SIGKILL)
            else:
                _freeze_a_worker(service)
        service.wait_until_ready()
        assert communes_held_twice(registry.database) == []
        assert lost_writes(registry.database, clients) == []
    assert_sound(registry, clients)
    tell(
        f"{scale.kills} kills, {whole} of the whole service, {whole * scale.starts} of one "
        f"that starts; {told(clients)}"
    )
    assert sum(map(written, clients)) > 0
    assert sum(client.tally.cut for client in clients) > 0
    # Of a service that was killed, nothing has kept the port.
    assert "déjà utilisé" not in service.said()


def _kill_whole(service: Service, choices: random.Random, starts: int) -> None:
    """Kill the service, and as often again in the middle of its start; then start it."""
    service.kill()
    for _ in range(starts):
        service.launch()
        time.sleep(choices.uniform(0, service.start_took_s))
        service.kill()
    service.start()


def _freeze_a_worker(service: Service) -> None:
    """Freeze a worker, and wait until it is replaced."""
    frozen = service.workers()[0]
    os.kill(frozen, signal.SIGSTOP)
    try:
        deadline = time.monotonic() + RECOVERY_S
        while frozen in service.workers():
            assert time.monotonic() < deadline, "the frozen worker was not replaced"
            time.sleep(0.2)
    finally:
        with suppress(ProcessLookupError):
            os.kill(frozen, signal.SIGCONT)


def test_the_history_of_it_all_follows_and_no_log_names_a_person(
    service: Service, clients: list[Client], scale: Scale, registry: Registry
) -> None:
    if not any(client.letters for client in clients):
        # Asked for alone.
        run_together(clients, scale.operations)
    assert_sound(registry, clients)
    assert any(client.letters for client in clients)
    assert_history_follows(registry, service)
