"""A job's process is bounded, knows no secret, and ends with whoever waits for it."""

import json
import os
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path

import anyio
import pytest

from app.processes.bounds import Bounds
from app.processes.errors import JobEnded, JobExhausted
from app.processes.fork_server import ForkServer
from tests.event_loop import run_apart

AMPLE = Bounds(cpu_s=20, memory_bytes=2**30, file_bytes=2**20)
# An upper bound, for a machine that is busy with other things.
SOON_S = 30.0


def answer(server: ForkServer, request: bytes, bounds: Bounds = AMPLE) -> bytes:
    async def ask() -> bytes:
        with anyio.fail_after(SOON_S):
            return await server.run(request, bounds)

    return run_apart(ask())


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with suppress(OSError):
        # Ended, although nobody has asked how.
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text()
    return True


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + SOON_S
    while is_running(pid):
        assert time.monotonic() < deadline, "the process is still there"
        time.sleep(0.02)


async def process_of_sleeper(folder: Path) -> int:
    path = folder / "pid"
    with anyio.fail_after(SOON_S):
        while not (path.exists() and path.read_text()):
            await anyio.sleep(0.02)
    return int(path.read_text())


def test_a_large_request_comes_back_whole(server: ForkServer) -> None:
    content = os.urandom(10 * 2**20)
    assert answer(server, b"echo " + content) == content


def test_jobs_run_beside_each_other_in_one_parent(server: ForkServer) -> None:
    found: dict[int, bytes] = {}

    async def ask(number: int) -> None:
        found[number] = await server.run(b"echo %d" % number, AMPLE)

    async def ask_all() -> None:
        async with anyio.create_task_group() as tasks:
            for number in range(20):
                tasks.start_soon(ask, number)

    run_apart(ask_all())
    assert found == {number: b"%d" % number for number in range(20)}


def test_the_process_inherits_no_secret(
    server: ForkServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DATABASE_URL", "PGPASSWORD", "CPTS_OPERATOR_EMAIL", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "secret")
    fresh = ForkServer("tests.processes.jobs", {"CPTS_OF_THE_JOB": "1"})
    try:
        seen = json.loads(answer(fresh, b"environment"))
    finally:
        fresh.close()
    assert "secret" not in json.dumps(seen)
    assert seen["environment"]["CPTS_OF_THE_JOB"] == "1"
    assert set(seen["environment"]) <= {
        "PATH", "LANG", "LC_ALL", "LC_CTYPE", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "TMPDIR",
        "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS",
        "CPTS_OF_THE_JOB",
    }  # fmt: skip


def test_the_process_has_no_network(server: ForkServer) -> None:
    if not Path("/proc/self/ns/net").exists():
        pytest.skip("no networks of their own on this system")
    answer(server, b"echo")
    own = Path("/proc/self/ns/net").readlink()
    if Path(f"/proc/{server.pid}/ns/net").readlink() == own:
        pytest.skip("this system does not let a process give up its network")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        assert answer(server, b"connect %d" % port) == b"refused"


@pytest.mark.parametrize(
    ("request_", "bounds"),
    [
        (b"spin", Bounds(cpu_s=1, memory_bytes=2**30, file_bytes=2**20)),
        (b"memory", Bounds(cpu_s=20, memory_bytes=2**28, file_bytes=2**20)),
    ],
)
def test_a_job_beyond_its_bounds_is_exhausted(
    server: ForkServer, request_: bytes, bounds: Bounds
) -> None:
    with pytest.raises(JobExhausted):
        answer(server, request_, bounds)
    assert answer(server, b"echo after") == b"after"


@pytest.mark.parametrize("request_", [b"crash", b"raise text", b"write 5000000"])
def test_a_job_that_fails_is_told_apart_from_one_that_is_exhausted(
    server: ForkServer, request_: bytes
) -> None:
    with pytest.raises(JobEnded) as ended:
        answer(server, request_)
    assert not isinstance(ended.value, JobExhausted)
    assert answer(server, b"echo after") == b"after"


def test_what_a_job_leaves_on_the_disk_is_removed(server: ForkServer) -> None:
    folder = Path(answer(server, b"write 10").decode())
    assert folder.name.startswith("cpts-")
    assert not folder.exists()


def test_a_failed_job_is_logged_without_what_it_was_given(
    capfd: pytest.CaptureFixture[str],
) -> None:
    fresh = ForkServer("tests.processes.jobs")
    try:
        with pytest.raises(JobEnded):
            answer(fresh, b"raise Jeanne Exemple")
        answer(fresh, b"chatter")
    finally:
        fresh.close()
    said = capfd.readouterr().err
    assert "ValueError in a job" in said
    assert "jobs.py" in said
    assert "Exemple" not in said
    assert "said by a library" not in said


def test_a_job_that_is_cancelled_is_killed(server: ForkServer, tmp_path: Path) -> None:
    async def leave() -> int:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(server.run, b"sleep " + str(tmp_path).encode(), AMPLE)
            pid = await process_of_sleeper(tmp_path)
            assert is_running(pid)
            tasks.cancel_scope.cancel()
        return pid

    wait_until_gone(run_apart(leave()))
    assert answer(server, b"echo after") == b"after"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_parent_that_was_killed_is_started_again_and_leaves_no_child(
    tmp_path: Path, number: signal.Signals
) -> None:
    fresh = ForkServer("tests.processes.jobs")

    async def kill_the_parent() -> int:
        async def ask() -> None:
            with pytest.raises(JobEnded):
                await fresh.run(b"sleep " + str(tmp_path).encode(), AMPLE)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask)
            pid = await process_of_sleeper(tmp_path)
            assert fresh.pid
            os.kill(fresh.pid, number)
        return pid

    try:
        child = run_apart(kill_the_parent())
        if Path("/proc").exists():  # elsewhere its bound of processor time ends it
            wait_until_gone(child)
        assert answer(fresh, b"echo again") == b"again"
    finally:
        fresh.close()


def test_closing_kills_the_parent_and_its_children(tmp_path: Path) -> None:
    fresh = ForkServer("tests.processes.jobs")

    async def close_while_one_runs() -> int:
        async def ask() -> None:
            with pytest.raises(JobEnded):
                await fresh.run(b"sleep " + str(tmp_path).encode(), AMPLE)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask)
            pid = await process_of_sleeper(tmp_path)
            await anyio.to_thread.run_sync(fresh.close)
        return pid

    wait_until_gone(run_apart(close_while_one_runs()))
    assert fresh.pid is None


def test_a_job_that_does_not_exist_is_an_end_not_a_wait() -> None:
    fresh = ForkServer("tests.processes.nothing")
    try:
        with pytest.raises(JobEnded):
            answer(fresh, b"echo")
    finally:
        fresh.close()
