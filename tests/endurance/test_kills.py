"""The service is killed while it works, whole or one worker at a time."""

import os
import random
import signal
import time
from contextlib import suppress

from tests.endurance.clients import Client, written
from tests.endurance.conftest import AtWork, Scale, Tell, Together
from tests.endurance.invariants import Registry, assert_sound, communes_held_twice, lost_writes
from tests.endurance.service import Service

# How long a few writes may take on a busy machine.
PATIENCE_S = 120


def test_no_kill_loses_a_confirmed_write_or_leaves_half_of_one(
    service: Service, clients: list[Client], scale: Scale, registry: Registry, tell: Tell
) -> None:
    choices = random.Random(7)
    done = 0
    while done < scale.kills:
        with AtWork(clients) as work:
            work.wait_for(written, 10, PATIENCE_S)
            # At any moment of a request, not just after an answer.
            time.sleep(choices.uniform(0, 0.3))
            if done % 3 == 0:
                service.kill()
            else:
                with suppress(ProcessLookupError):
                    os.kill(choices.choice(service.workers()), signal.SIGKILL)
        done += 1
        service.wait_until_ready()
        assert communes_held_twice(registry.database) == []
        assert lost_writes(registry.database, clients) == []
    assert_sound(registry, clients, service)
    asked = sum(client.asked for client in clients)
    cut = sum(client.cut for client in clients)
    tell(f"{done} kills, {asked} requests, {cut} without an answer")
    assert sum(client.statuses.get(201, 0) for client in clients) > 0
    assert cut > 0


def test_a_frozen_worker_does_not_stop_the_service(
    service: Service, clients: list[Client], scale: Scale, registry: Registry
) -> None:
    for _ in range(scale.rounds):
        frozen = service.workers()[0]
        os.kill(frozen, signal.SIGSTOP)
        try:
            deadline = time.monotonic() + 60
            while frozen in service.workers() and time.monotonic() < deadline:
                time.sleep(0.2)
            assert frozen not in service.workers(), "the frozen worker was not replaced"
        finally:
            with suppress(ProcessLookupError):
                os.kill(frozen, signal.SIGCONT)
        service.wait_until_ready()
        with Together(clients, 40):
            pass
    assert_sound(registry, clients, service)
