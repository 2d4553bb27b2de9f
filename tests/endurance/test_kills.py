"""The service is killed while it works, whole or one worker at a time."""

import os
import random
import signal
import time
from contextlib import suppress

from tests.endurance.clients import Client
from tests.endurance.conftest import Scale, Together
from tests.endurance.invariants import communes_held_twice, lost_writes, verified
from tests.endurance.service import Service


def test_no_kill_loses_a_confirmed_write_or_leaves_half_of_one(
    service: Service, clients: list[Client], scale: Scale, test_database: str
) -> None:
    plain = test_database.replace("+psycopg", "")
    choices = random.Random(7)  # noqa: S311
    done = 0
    while done < scale.kills:
        with Together(clients, max(40, scale.operations // scale.kills)) as together:
            # Long enough for writes to be under way.
            time.sleep(choices.uniform(0.05, 1.5))
            if choices.random() < 0.3:
                service.kill()
            else:
                for pid in service.workers()[:1]:
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            done += 1
            assert together is not None
        service.wait_until_ready()
        assert communes_held_twice(plain) == []
        assert lost_writes(plain, clients) == []
    assert sum(client.statuses.get(201, 0) for client in clients) > 0
    assert [line for client in clients for line in client.unexpected] == []
    status, said = verified(plain)
    assert status == 0, said


def test_a_frozen_worker_does_not_stop_the_service(
    service: Service, clients: list[Client], scale: Scale, test_database: str
) -> None:
    plain = test_database.replace("+psycopg", "")
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
    assert communes_held_twice(plain) == []
    assert lost_writes(plain, clients) == []
