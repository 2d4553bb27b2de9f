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

from app.running.supervision import Silence, processor_ticks
from tests.running.processes import workers_of, workers_parents_of
from tests.running.test_serving import ROOT, START_S, Service

# An upper bound, for a machine on which the start of a worker takes long.
REPLACED_WITHIN_S = 60


@pytest.fixture
def service(test_database: str) -> Iterator[Service]:
    running = Service(DATABASE_URL=test_database)
    yield running
    running.close()


def workers(service: Service) -> set[int]:
    """Give the numbers of the processes that answer requests."""
    return set(workers_of(service.process.pid))


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


@pytest.mark.parametrize(
    ("runs", "has_answered", "replaced_after_s"),
    [(False, True, 5.5), (True, True, 30.5), (False, False, 60.5), (True, False, 60.5)],
)
def test_a_worker_that_waits_for_its_turn_is_not_taken_for_a_frozen_one(
    *, runs: bool, has_answered: bool, replaced_after_s: float
) -> None:
    silence = Silence(asked=100.0, ran=100.0, ticks=7)
    now = 100.0
    while not silence.is_too_long(has_answered=has_answered):
        now += 0.5
        silence.look(now, 7 + int(now * 10) if runs else 7)
    assert now - 100.0 == replaced_after_s


def test_a_worker_that_freezes_after_it_was_asked_counts_from_then_on() -> None:
    silence = Silence(asked=100.0, ran=100.0, ticks=7)
    silence.look(104.0, 9)
    silence.look(108.5, 9)
    assert not silence.is_too_long(has_answered=True)
    silence.look(109.5, 9)
    assert silence.is_too_long(has_answered=True)


def test_without_knowledge_of_what_runs_silence_alone_counts() -> None:
    silence = Silence(asked=100.0, ran=100.0, ticks=None)
    silence.look(105.5, None)
    assert silence.is_too_long(has_answered=True)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="told by /proc")
def test_a_process_that_runs_uses_ticks_and_a_frozen_one_none() -> None:
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as busy:
        try:
            deadline = time.monotonic() + 60
            first = processor_ticks(busy.pid)
            assert first is not None
            while (processor_ticks(busy.pid) or 0) <= first:
                assert time.monotonic() < deadline, "it never runs"
                time.sleep(0.05)
            os.kill(busy.pid, signal.SIGSTOP)
            while Path(f"/proc/{busy.pid}/stat").read_text().rpartition(")")[2][1] != "T":
                assert time.monotonic() < deadline, "it does not stop"
            frozen = processor_ticks(busy.pid)
            time.sleep(0.1)
            assert processor_ticks(busy.pid) == frozen
        finally:
            busy.kill()
    assert processor_ticks(busy.pid) is None


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


@pytest.mark.skipif(not Path("/proc").exists(), reason="found through /proc")
def test_workers_are_replaced_when_the_process_they_are_forked_from_is_gone(
    service: Service,
) -> None:
    assert service.first_answer(within=START_S).status_code == 200
    before = workers(service)
    assert len(before) == 2
    (parent,) = workers_parents_of(service.process.pid)
    # A service manager tells every process of a service to end: this one stays for its workers.
    os.kill(parent, signal.SIGTERM)
    os.kill(parent, signal.SIGHUP)
    assert service.get("/healthz").status_code == 200
    assert workers(service) == before
    os.kill(parent, signal.SIGKILL)
    deadline = time.monotonic() + REPLACED_WITHIN_S
    while len(workers(service) - before) < 2:
        assert time.monotonic() < deadline, "the workers are not replaced"
        time.sleep(0.1)
    assert service.first_answer(within=START_S).status_code == 200
    assert service.end(signal.SIGTERM) == 0


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
