"""Workers that no longer answer are replaced: judged from outside, and from within."""

import asyncio
import faulthandler
import gc
import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from socket import socket

from uvicorn._subprocess import subprocess_started
from uvicorn.config import STARTUP_FAILURE, Config
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process

from app.processes.bounds import die_with_parent

log = logging.getLogger(__name__)

# How long a worker that has answered before may be silent without running at all, and how
# long when it runs: on a machine that has too much to do it only waits for its turn.
SILENCE_S = 5.0
STARVED_S = 30.0
# How long one may take to start, which nothing but the machine's load bounds.
STARTING_S = 60
# Seconds, each of which the event loop has not turned in, before a worker ends itself.
STUCK_S = 6
# Between two looks at a worker's memory, and before the first.
MEMORY_LOOK_S = 30.0


# Started with the first worker, and again whenever it is gone.
_forking = multiprocessing.get_context("forkserver")


class Worker(Process):
    """uvicorn's worker, forked from a process that has imported what all workers need.

    It starts at once, shares that memory, and ends with the service: whatever else of it is
    killed, nothing keeps the port that workers have inherited.
    """

    def __init__(self, config: Config, sockets: list[socket]) -> None:
        super().__init__(config, sockets)
        # uvicorn's own imports everything by itself, which takes three seconds each.
        self.process = _forking.Process(  # type: ignore[assignment]
            target=subprocess_started,
            kwargs={
                "config": config,
                "target": self.target,
                "sockets": sockets,
                "stdin_fileno": None,
            },
        )

    def target(self, sockets: list[socket] | None = None) -> None:
        """Run in the worker's own process: serve until told to end."""
        # What was there before stays, and stays shared: looking through it would copy it.
        gc.freeze()
        gc.enable()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        die_with_parent()
        # For other systems, and for a service that was killed before this line.
        threading.Thread(target=_end_without_parent, daemon=True).start()
        super().target(sockets)


def _end_without_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        # Its sentinel tells also of an end that came first.
        parent.join()
        os._exit(1)


@dataclass
class Silence:
    """How long a worker has not answered, and not even run.

    Parameters: moments by a clock in seconds, `asked` the question's, `ran` the last one at
    which the worker was seen to have run; `ticks`, of processor time, used by then.
    """

    asked: float
    ran: float
    ticks: int | None
    now: float = 0.0

    def look(self, now: float, ticks: int | None) -> None:
        """Take note of how much processor time the worker has used by now."""
        self.now = now
        if ticks != self.ticks:
            self.ran, self.ticks = now, ticks

    def is_too_long(self, *, has_answered: bool) -> bool:
        """Tell whether the worker is to be replaced; one that starts has never answered."""
        if not has_answered:
            return self.now - self.asked > STARTING_S
        return self.now - self.ran > SILENCE_S or self.now - self.asked > STARVED_S


class Supervisor(Multiprocess):
    """uvicorn's supervisor, which asks all workers at once and waits for none.

    Its own asks one after the other and waits for each as long as for one that starts, so
    that several frozen ones would be replaced after minutes.

    Parameters: `preload`, modules that the workers' parent imports before it forks any.
    """

    def __init__(
        self, config: Config, sockets: list[socket], preload: Sequence[str] = ()
    ) -> None:
        super().__init__(config, sockets)
        _forking.set_forkserver_preload(["app.running.workers_parent", *preload])
        # Those that were asked and have not answered yet, and who has ever answered.
        self._silences: dict[int, Silence] = {}
        self._answered: set[int] = set()

    def init_processes(self) -> None:
        """Start the workers."""
        for _ in range(self.processes_num):
            self.processes.append(self._started())

    def handle_ttin(self) -> None:
        """Have one more worker (SIGTTIN)."""
        self.processes_num += 1
        self.processes.append(self._started())

    def _started(self) -> Worker:
        worker = Worker(self.config, self.sockets)
        worker.start()
        return worker

    def keep_subprocess_alive(self) -> None:
        """Kill workers that are silent, and replace those that are gone."""
        if self.should_exit.is_set():
            return
        for index, process in enumerate(self.processes):
            if process.process.is_alive() and not self._is_silent(process):
                continue
            pid = process.pid or 0
            process.kill()
            process.join()
            self._silences.pop(pid, None)
            self._answered.discard(pid)
            if process.exitcode == STARTUP_FAILURE:
                # It has said why, and another one would fare no better.
                self.should_exit.set()
                return
            log.warning("worker %d is gone or silent, another one takes its place", pid)
            self.processes[index] = self._started()

    def _is_silent(self, process: Process) -> bool:
        pid = process.pid or 0
        try:
            silence = self._silences.get(pid)
            if silence is None:
                process.parent_conn.send(b"ping")
                began = time.monotonic()
                self._silences[pid] = Silence(began, began, processor_ticks(pid))
                return False
            if process.parent_conn.poll():
                process.parent_conn.recv()
                del self._silences[pid]
                self._answered.add(pid)
                return False
        except (OSError, EOFError):  # it ends just now
            return False
        silence.look(time.monotonic(), processor_ticks(pid))
        return silence.is_too_long(has_answered=pid in self._answered)


def processor_ticks(pid: int) -> int | None:
    """Give the processor time of a process and its threads, in the system's ticks.

    None where the system does not tell (`/proc`).
    """
    try:
        # The program's name, in brackets, may hold blanks.
        stated = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return int(stated[11]) + int(stated[12])


def end_when_stuck(loop: asyncio.AbstractEventLoop) -> None:
    """Watch an event loop for good; end this process when it no longer turns.

    uvicorn asks a thread of the worker, which answers although the loop has stopped. The
    stacks of all threads are written first, without values of variables.
    """
    turned = threading.Event()
    missed = 0
    while not loop.is_closed():
        turned.clear()
        try:
            loop.call_soon_threadsafe(turned.set)
        except RuntimeError:  # closed just now
            return
        # Second by second: a machine that was asleep has missed one, not many.
        if turned.wait(1):
            missed = 0
            time.sleep(1)
            continue
        missed += 1
        while missed < STUCK_S and not turned.wait(1):
            missed += 1
        if not turned.is_set():
            log.error("the event loop does not turn: the worker ends")
            faulthandler.dump_traceback(all_threads=True)
            os._exit(1)
        missed = 0


def end_beyond(megabytes: int) -> None:
    """Watch this process's resident memory for good; end it gracefully once it has more.

    Running requests are answered first, and those that come meanwhile wait in the queue of
    the socket. Does nothing where the system does not tell (`/proc`).
    """
    page_bytes = os.sysconf("SC_PAGE_SIZE")
    while True:
        time.sleep(MEMORY_LOOK_S)
        try:
            pages = int(Path("/proc/self/statm").read_text().split()[1])
        except OSError:
            return
        used = pages * page_bytes // 2**20
        if used > megabytes:
            log.warning(
                "worker holds %d MB of %d: another one takes its place", used, megabytes
            )
            os.kill(os.getpid(), signal.SIGTERM)
            return
