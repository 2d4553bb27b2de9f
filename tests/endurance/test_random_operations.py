"""Clients that do anything in any order, side by side."""

from tests.endurance.clients import Client
from tests.endurance.conftest import Scale, Together
from tests.endurance.invariants import communes_held_twice, lost_writes, verified
from tests.endurance.service import Service


def test_whatever_clients_do_at_once_nothing_overlaps_and_nothing_is_lost(
    service: Service, clients: list[Client], scale: Scale, test_database: str
) -> None:
    with Together(clients, scale.operations):
        pass
    plain = test_database.replace("+psycopg", "")
    assert sum(client.asked for client in clients) >= scale.operations
    assert sum(client.statuses.get(201, 0) for client in clients) > 0
    assert sum(client.statuses.get(409, 0) for client in clients) > 0
    assert [line for client in clients for line in client.unexpected] == []
    assert [line for client in clients for line in client.stale] == []
    assert communes_held_twice(plain) == []
    assert lost_writes(plain, clients) == []
    status, said = verified(plain)
    assert status == 0, said
    assert "Traceback" not in service.said()
