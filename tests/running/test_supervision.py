"""A frozen worker is replaced, and one whose event loop stands still ends itself."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.running.test_serving import ROOT, START_S, Service

# An upper bound, for a machine on which the start of a worker takes long.
REPLACED_WITHIN_S = 60


@pytest.fixture
def service(test_database: str) -> Iterator[Service]:
    running = Service(DATABASE_URL=test_database)
    yield running
    running.close()


def workers(service: Service) -> set[int]:
    """Give the numbers of the processes that answer requests: children that spawn made."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int(entry.joinpath("stat").read_text().rpartition(")")[2].split()[1])
            command = entry.joinpath("cmdline").read_bytes()
        except (OSError, ValueError):
            continue
        if parent == service.process.pid and b"spawn_main" in command:
            found.add(int(entry.name))
    return found


@pytest.mark.skipif(not Path("/proc").exists(), reason="found through /proc")
def test_all_workers_frozen_at_once_are_replaced(service: Service) -> None:
    assert service.first_answer(within=START_S).status_code == 200
    before = workers(service)
    assert len(before) == 2
    # Each has to have answered once to be known as started.
    time.sleep(1.5)
    for pid in before:
        os.kill(pid, signal.SIGSTOP)
    deadline = time.monotonic() + REPLACED_WITHIN_S
    while True:
        try:
            if service.get("/healthz").status_code == 200 and not workers(service) & before:
                break
        except httpx2.TransportError:
            pass  # accepted by a frozen one
        assert time.monotonic() < deadline, "the service stays frozen"
        time.sleep(0.1)
    assert len(workers(service)) == 2


STUCK = """
import asyncio, threading, time, sys
from app.running import supervision
supervision.STUCK_S = 2

async def main():
    loop = asyncio.get_running_loop()
    threading.Thread(target=supervision.end_when_stuck, args=(loop,), daemon=True).start()
    await asyncio.sleep(2.5)
    print("turned", flush=True)
    if sys.argv[1] == "stuck":
        time.sleep(120)

asyncio.run(main())
"""


@pytest.mark.parametrize(("then", "status"), [("stuck", 1), ("ends", 0)])
def test_a_worker_whose_loop_stands_still_ends_and_says_where(then: str, status: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", STUCK, then],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == status, done.stderr
    assert done.stdout == "turned\n"
    assert ("does not turn" in done.stderr) == (then == "stuck")
    assert ("in main" in done.stderr) == (then == "stuck")


FULL = """
import signal, sys, threading, time
from app.running import supervision
supervision.MEMORY_LOOK_S = 0.1
signal.signal(signal.SIGTERM, lambda *_: (print("ends gracefully", flush=True), sys.exit(0)))
threading.Thread(target=supervision.end_beyond, args=(int(sys.argv[1]),), daemon=True).start()
time.sleep(1.5)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="measured through /proc")
@pytest.mark.parametrize(("megabytes", "said"), [(1, "ends gracefully\n"), (100_000, "")])
def test_a_worker_beyond_its_memory_ends_gracefully(megabytes: int, said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(megabytes)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0
    assert done.stdout == said


IMPORTING = """
import socket, sys
import uvicorn
from app.running.supervision import Supervisor

if __name__ == "__main__":
    reserved = socket.socket()
    reserved.bind(("127.0.0.1", 0))
    reserved.set_inheritable(True)
    config = uvicorn.Config("endless_import:app", workers=2, log_config=None)
    print(reserved.getsockname()[1], flush=True)
    Supervisor(config, sockets=[reserved]).run()
"""
ENDLESS = """
import os, pathlib, time
pathlib.Path(__file__).with_name(f"importing-{os.getpid()}").touch()
time.sleep(600)
"""


@pytest.mark.parametrize("frozen", [False, True])
def test_a_worker_that_still_imports_ends_with_its_service_and_lets_the_port_go(
    tmp_path: Path, *, frozen: bool
) -> None:
    (tmp_path / "service.py").write_text(IMPORTING)
    (tmp_path / "endless_import.py").write_text(ENDLESS)
    deadline = time.monotonic() + START_S
    with subprocess.Popen(
        [sys.executable, "service.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{tmp_path}"},
        stdout=subprocess.PIPE,
        text=True,
    ) as service:
        try:
            assert service.stdout is not None
            port = int(service.stdout.readline())
            while len(importing := list(tmp_path.glob("importing-*"))) < 2:
                assert time.monotonic() < deadline, "the workers do not start"
                time.sleep(0.05)
            if frozen and sys.platform == "linux":
                for each in importing:
                    os.kill(int(each.name.partition("-")[2]), signal.SIGSTOP)
        finally:
            service.kill()
    while True:
        with socket.socket() as again:
            again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                again.bind(("127.0.0.1", port))
                return
            except OSError:
                assert time.monotonic() < deadline, "a worker keeps the port"
        time.sleep(0.05)
