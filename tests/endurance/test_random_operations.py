"""Clients that do anything in any order, side by side."""

from collections import Counter

from tests.endurance.clients import Client
from tests.endurance.conftest import Scale, Tell, Together
from tests.endurance.invariants import Registry, assert_sound
from tests.endurance.service import Service


def test_whatever_clients_do_at_once_nothing_overlaps_and_nothing_is_lost(
    service: Service, clients: list[Client], scale: Scale, registry: Registry, tell: Tell
) -> None:
    with Together(clients, scale.operations):
        pass
    assert_sound(registry, clients, service)
    asked = sum(client.asked for client in clients)
    statuses = sum((Counter(client.statuses) for client in clients), Counter())
    done = sum((Counter(client.done) for client in clients), Counter())
    cut = sum(client.cut for client in clients)
    planned = sum(bool(known.add) for client in clients for known in client.cpts.values())
    tell(
        f"{asked} requests: {dict(statuses)}, {cut} without an answer; {dict(done)}; "
        f"{planned} CPTS with communes planned by a letter"
    )
    assert statuses[201] > 0
    assert statuses[409] > 0
    assert done["POST /letters/N/decisions"] > 0
    assert cut == 0
    assert "Traceback" not in service.said()
