"""Clients at work while the test does something to the service."""

import threading
import time
from collections.abc import Callable

from tests.endurance.clients import Client

# Longer than any request with the service's new start before it.
JOIN_S = 360


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

    def __enter__(self) -> "AtWork":
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
            assert any(thread.is_alive() for thread in self._threads), "no client works"
            assert time.monotonic() < deadline, "nothing came"
            time.sleep(0.05)


def run_together(clients: list[Client], operations: int) -> None:
    """Have clients do so many operations beside each other, all together."""
    each = max(1, operations // len(clients))
    threads = [
        threading.Thread(target=client.run, args=(each,), daemon=True) for client in clients
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10 * JOIN_S)
        assert not thread.is_alive(), "a client is still waiting for an answer"
