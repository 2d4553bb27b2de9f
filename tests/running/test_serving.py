"""`./cpts serve` as an operator meets it: a process that starts, answers and ends."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from app.cluster.home import existing_home, remove_home
from app.running.serving import _reserved

ROOT = Path(__file__).parents[2]
# Upper bounds, for a machine that is busy with other things.
FIRST_START_S = 600
START_S = 120


class Service:
    """One `./cpts serve` on a free port."""

    def __init__(self, **environment: str) -> None:
        self.port = free_port()
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app", "serve", f"--port={self.port}", "--workers=2"],
            cwd=ROOT,
            env={**kept, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def get(self, path: str) -> httpx2.Response:
        return httpx2.get(f"http://127.0.0.1:{self.port}{path}", timeout=10)

    def first_answer(self, within: float) -> httpx2.Response:
        """Give the answer to the first request that is not refused."""
        deadline = time.monotonic() + within
        # A client of HTTP each time would take more of the processor than the start itself.
        while not is_listened_at(self.port):
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, "the service did not listen"
            time.sleep(0.02)
        return self.get("/readyz")

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=60)

    def said(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.read()

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.process.communicate(timeout=60)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_listened_at(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until_free(port: int) -> None:
    deadline = time.monotonic() + 15
    while is_listened_at(port):
        assert time.monotonic() < deadline, "the port is still in use"
        time.sleep(0.05)


@pytest.fixture
def service(test_database: str) -> Iterator[Service]:
    running = Service(DATABASE_URL=test_database)
    yield running
    running.close()


def test_the_first_answer_is_ready_and_the_end_is_clean(service: Service) -> None:
    assert service.first_answer(within=START_S).status_code == 200
    # No demonstration data in a database that was given.
    assert service.get("/api/v1/cpts?limit=1").json()["number_matched"] == 0
    assert service.end(signal.SIGTERM) == 0
    assert not is_listened_at(service.port)
    assert "Traceback" not in service.said()


def test_after_a_kill_the_port_is_free_again(service: Service) -> None:
    service.first_answer(within=START_S)
    service.end(signal.SIGKILL)
    wait_until_free(service.port)


def refusal(*arguments: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "app", "serve", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    return done.stderr


def test_a_port_in_use_is_told_in_one_line(test_database: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        said = refusal("--port", str(port), DATABASE_URL=test_database)
    assert f"Le port {port} est déjà utilisé" in said


@pytest.mark.parametrize("listening", [False, True])
def test_a_port_that_is_let_go_soon_is_waited_for(*, listening: bool) -> None:
    with socket.socket() as killed:
        killed.bind(("127.0.0.1", 0))
        if listening:
            killed.listen()
        port = killed.getsockname()[1]
        letting_go = threading.Timer(0.5, killed.close)
        letting_go.start()
        with _reserved("127.0.0.1", port) as reserved:
            assert reserved.getsockname()[1] == port
        letting_go.join()


def test_a_database_that_cannot_be_reached_is_told_in_one_line() -> None:
    address = "postgresql://u:secret@127.0.0.1:1/registre"
    said = refusal("--port", str(free_port()), DATABASE_URL=address)
    assert "« registre »" in said
    assert "secret" not in said


def test_a_setting_that_makes_no_sense_is_named() -> None:
    said = refusal("--port", str(free_port()), CPTS_CACHE_MEGABYTES="beaucoup")
    assert "CPTS_CACHE_MEGABYTES : un nombre entier est attendu" in said


def server_processes(folder: Path) -> list[str]:
    """Give the processes whose working directory is the cluster's data."""
    home = existing_home(folder)
    assert home is not None
    found = []
    for entry in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if entry.readlink() == home.data:
                found.append(entry.parent.name)
        except OSError:
            continue
    return found


def test_from_nothing_to_a_map_and_again(tmp_path: Path) -> None:
    place = tmp_path / "data" / "postgres"
    environment = {"CPTS_DATA_DIRECTORY": str(place.parent)}
    try:
        first = Service(**environment)
        try:
            assert first.first_answer(within=FIRST_START_S).status_code == 200
            page = first.get("/api/v1/cpts?limit=1").json()
            assert page["number_matched"] > 700
            assert page["items"][0]["demonstration"] is True
            assert first.get("/maps/cpts").status_code == 200
            assert server_processes(place)
            assert first.end(signal.SIGTERM) == 0
            assert server_processes(place) == []
        finally:
            first.close()

        second = Service(**environment)
        try:
            assert second.first_answer(within=START_S).status_code == 200
            # Killed with its server running: the next one takes over.
            second.end(signal.SIGKILL)
            third = Service(**environment)
            try:
                assert third.first_answer(within=START_S).status_code == 200
                assert third.end(signal.SIGINT) == 0
                assert not is_listened_at(third.port)
                assert "Traceback" not in third.said()
                assert server_processes(place) == []
            finally:
                third.close()
        finally:
            second.close()
    finally:
        remove_home(place)
