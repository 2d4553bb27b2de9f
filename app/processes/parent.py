"""The warm parent: `python -m app.processes.parent JOB SOCKET` forks a process per job.

It imports the module JOB, with whatever large libraries that needs, calls its `prepare()`,
and then waits at the socket of that number. For each job it is sent `Bounds` and two sockets
(SCM_RIGHTS). The first goes to a child, which keeps the bounds, reads the request until its
end, writes what `JOB.run(request)` gives, and exits. The second is the job's lifeline: when the
other end of it closes, the child is killed; when the child has ended, its wait status is
written there, as a little-endian 32-bit number. When SOCKET closes, every child is killed and
the parent ends. It has one thread, for a fork copies no other.
"""

import importlib
import os
import selectors
import shutil
import signal
import socket
import struct
import sys
import tempfile
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from app.processes.bounds import Bounds, die_with_parent, leave_network

# Exit statuses of a child besides 0.
FAILED, OUT_OF_MEMORY = 70, 71
STATUS = struct.Struct("<i")
_PART = 1 << 20

Job = Callable[[bytes], bytes]


def main() -> None:
    """Import the job, then fork for whoever asks until nobody does."""
    name, number = sys.argv[1:]
    _silence_libraries()
    module = importlib.import_module(name)
    module.prepare()
    leave_network()
    Parent(socket.socket(fileno=int(number)), module.run).serve()


@dataclass
class _Child:
    lifeline: socket.socket
    folder: str


class Parent:
    """Forks a child per job, kills those that nobody waits for, and tells how each ended.

    Parameters: `control`, the socket that jobs come from; `job`, what each child does.
    """

    def __init__(self, control: socket.socket, job: Job) -> None:
        self._control = control
        self._job = job
        self._children: dict[int, _Child] = {}
        self._selector = selectors.DefaultSelector()
        self._woken, self._waker = socket.socketpair()

    def serve(self) -> None:
        """Serve until the control socket closes; then kill every child."""
        for end in (self._woken, self._waker):
            end.settimeout(0)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        self._selector.register(self._control, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)
        while True:
            for key, _events in self._selector.select():
                if key.fileobj is self._control:
                    if not self._begin():
                        self._end_all()
                        return
                elif key.fileobj is self._woken:
                    with suppress(BlockingIOError):
                        self._woken.recv(_PART)
                    self._reap()
                else:
                    self._kill(key.data)

    def _begin(self) -> bool:
        message, numbers, _flags, _from = socket.recv_fds(self._control, Bounds.SIZE, 2)
        if not message:
            return False
        data, lifeline = (socket.socket(fileno=number) for number in numbers)
        folder = tempfile.mkdtemp(prefix="cpts-")
        pid = os.fork()
        if pid == 0:
            try:
                self._become_child(lifeline)
                _work(self._job, data, Bounds.unpacked(message), folder)
            finally:
                os._exit(FAILED)
        data.close()
        self._children[pid] = _Child(lifeline, folder)
        self._selector.register(lifeline, selectors.EVENT_READ, pid)
        return True

    def _become_child(self, lifeline: socket.socket) -> None:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for held in (
            self._control,
            self._woken,
            self._waker,
            lifeline,
            *(child.lifeline for child in self._children.values()),
        ):
            held.close()
        self._selector.close()

    def _kill(self, pid: int) -> None:
        if pid not in self._children:
            return
        with suppress(KeyError, ValueError):
            self._selector.unregister(self._children[pid].lifeline)
        os.kill(pid, signal.SIGKILL)  # not reaped yet, so it is still this child's number

    def _reap(self) -> None:
        for pid in list(self._children):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                self._forget(pid, status)

    def _forget(self, pid: int, status: int) -> None:
        child = self._children.pop(pid)
        with suppress(KeyError, ValueError):
            self._selector.unregister(child.lifeline)
        # Before it is told that the job has ended: nothing of it is left then.
        shutil.rmtree(child.folder, ignore_errors=True)
        with suppress(OSError):
            child.lifeline.send(STATUS.pack(status))
        child.lifeline.close()

    def _end_all(self) -> None:
        for pid in list(self._children):
            os.kill(pid, signal.SIGKILL)
            self._forget(pid, os.waitpid(pid, 0)[1])


def _work(job: Job, data: socket.socket, bounds: Bounds, folder: str) -> None:
    """Do one job in this process, and exit."""
    die_with_parent()
    tempfile.tempdir = folder
    os.environ["TMPDIR"] = folder
    try:
        request = bytearray()
        while part := data.recv(_PART):
            request += part
        bounds.keep()
        data.sendall(job(bytes(request)))
        data.close()
        os._exit(0)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except BrokenPipeError:  # nobody waits for it any longer
        os._exit(FAILED)
    except BaseException as error:
        # Without its text, which may hold what a client sent.
        print(f"{type(error).__qualname__} in a job:", file=sys.stderr)  # noqa: T201
        traceback.print_tb(error.__traceback__)
        os._exit(FAILED)


def _silence_libraries() -> None:
    """Leave standard error to Python: what libraries in C write there is about the input."""
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1)
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 2)
    os.close(quiet)


if __name__ == "__main__":
    main()
