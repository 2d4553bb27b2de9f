"""The side of a worker process: starts the warm parent of a kind of job, and gives it jobs."""

import atexit
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from threading import Lock

import anyio
import anyio.to_thread
from anyio.abc import UNIXSocketStream

from app.processes.bounds import Bounds
from app.processes.errors import JobEnded, JobExhausted
from app.processes.parent import OUT_OF_MEMORY, STATUS

LARGEST_ANSWER_BYTES = 64 * 2**20
_ROOT = Path(__file__).resolve().parents[2]
_INHERITED = ("PATH", "LANG", "LC_ALL", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "TMPDIR")
# How long a new parent may import before a job that it has not taken counts against it.
_STARTING_S = 30.0
_END_S = 5.0
# Ends that tell of bounds: of processor time, of memory (by abort), by the system's own killer.
_EXHAUSTED = (signal.SIGXCPU, signal.SIGABRT, signal.SIGKILL)


class ForkServer:
    """One warm parent, started with the first job and again whenever it is gone.

    It and its children see a few variables of this process's environment, none of which is
    secret, and those of `environment`. Parameters: `job`, the module whose `prepare()` and
    `run(request)` they call (`app.processes.parent`).
    """

    def __init__(self, job: str, environment: Mapping[str, str] | None = None) -> None:
        self._job = job
        self._environment = environment or {}
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._started = 0.0

    @property
    def pid(self) -> int | None:
        """The parent's number, None before it is started."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the parent unless it runs; what it imports, it imports by itself."""
        with self._lock:
            if self._process is not None and self._process.poll() is None:
                return
            self._end()
            ours, theirs = socket.socketpair()
            with theirs:
                self._process = subprocess.Popen(
                    [
                        *(sys.executable, "-m", "app.processes.parent"),
                        *(self._job, str(theirs.fileno())),
                    ],
                    cwd=_ROOT,
                    env=self._allowed_environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    pass_fds=[theirs.fileno()],
                    # A terminal's Ctrl-C is for the service, which lets running jobs end.
                    start_new_session=True,
                )
            # Never waited for: a parent that takes nothing is one that is gone.
            ours.settimeout(0)
            self._control = ours
            self._started = time.monotonic()
            atexit.register(self.close)

    def close(self) -> None:
        """End the parent and its children."""
        with self._lock:
            atexit.unregister(self.close)
            self._end()

    def _end(self) -> None:
        if self._control is not None:
            self._control.close()
            self._control = None
        if self._process is not None:
            try:
                self._process.wait(_END_S if self._process.poll() is None else 0)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None

    def _allowed_environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        return {
            **kept,
            "PYTHONPATH": str(_ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            # A thread for each core would only reserve memory, and no fork copies it.
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            **self._environment,
        }

    async def run(self, request: bytes, bounds: Bounds) -> bytes:
        """Have a process of its own answer a request; cancelling kills that process.

        Raises `JobExhausted` when it met a bound, `JobEnded` when it ended in any other way.
        """
        if self._process is None or self._process.poll() is not None:
            await anyio.to_thread.run_sync(self.start, abandon_on_cancel=True)
        data, theirs = socket.socketpair()
        lifeline, held = socket.socketpair()
        with theirs, held:
            try:
                self._send(bounds, theirs, held)
            except OSError:
                data.close()
                lifeline.close()
                raise JobEnded from None
        async with (
            await UNIXSocketStream.from_socket(data) as data_stream,
            await UNIXSocketStream.from_socket(lifeline) as lifeline_stream,
        ):
            try:
                answer = await _exchange(data_stream, request)
                ended = await _received(lifeline_stream, STATUS.size)
            except anyio.get_cancelled_exc_class():
                self._suspect()
                raise
        if len(ended) < STATUS.size:
            raise JobEnded
        (status,) = STATUS.unpack(ended)
        _judge(status)
        return answer

    def _send(self, bounds: Bounds, *ends: socket.socket) -> None:
        if self._control is None:
            raise BrokenPipeError
        socket.send_fds(self._control, [bounds.packed()], [end.fileno() for end in ends])

    def _suspect(self) -> None:
        """Kill a parent that does not even run, so that the next job starts another."""
        process = self._process
        if process is None or time.monotonic() - self._started < _STARTING_S:
            return
        with suppress(OSError):
            state = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0]
            if state in "Tt":
                process.kill()


async def _exchange(stream: UNIXSocketStream, request: bytes) -> bytes:
    # A child that ends before it has read everything says so by its status.
    with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
        await stream.send(request)
        await stream.send_eof()
    return await _received(stream, LARGEST_ANSWER_BYTES)


async def _received(stream: UNIXSocketStream, most: int) -> bytes:
    parts = bytearray()
    with suppress(anyio.EndOfStream, anyio.BrokenResourceError):
        while len(parts) < most:
            parts += await stream.receive(most - len(parts))
    return bytes(parts)


def _judge(status: int) -> None:
    if os.WIFSIGNALED(status):
        if os.WTERMSIG(status) in _EXHAUSTED:
            raise JobExhausted
        raise JobEnded
    code = os.WEXITSTATUS(status)
    if code == OUT_OF_MEMORY:
        raise JobExhausted
    if code != 0:
        raise JobEnded
