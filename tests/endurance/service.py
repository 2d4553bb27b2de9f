"""The service as its operator runs it: processes that can be killed, frozen and replaced."""

import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2

from tests.command_processes import ROOT, environment
from tests.running.processes import workers_of
from tests.running.test_serving import free_port, is_listened_at

START_S = 240
# What one request may take on a busy machine before it is given up: every wait of the
# service itself ends within ten seconds.
REQUEST_S = 30


@contextmanager
def serving(database: str, *, workers: int = 2, **settings: str) -> Iterator["Service"]:
    """Have a service run on a database while the block runs."""
    service = Service(environment(database, CPTS_DEMO="0", **settings), workers=workers)
    try:
        service.start()
        yield service
    finally:
        service.stop()


class Service:
    """`./cpts serve` on a free port, started again as often as it is killed.

    Parameters: `environment`, its settings; what it writes is kept in one file.
    """

    def __init__(self, environment: Mapping[str, str], *, workers: int = 2) -> None:
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._workers = workers
        self._environment = environment
        self._said = tempfile.NamedTemporaryFile(prefix="cpts-endurance-", suffix=".log")  # noqa: SIM115
        self._process: subprocess.Popen[bytes] | None = None
        # How long the last start took that nothing disturbed.
        self.start_took_s = 0.0

    def start(self) -> None:
        """Start it and wait until it is ready."""
        began = time.monotonic()
        self.launch()
        self.wait_until_ready()
        self.start_took_s = time.monotonic() - began

    def launch(self) -> None:
        """Start it, without waiting."""
        self._process = subprocess.Popen(
            [
                sys.executable, "-m", "app", "serve",
                f"--port={self.port}", f"--workers={self._workers}",
            ],
            cwd=ROOT,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=self._said,
            stderr=subprocess.STDOUT,
        )  # fmt: skip

    def wait_until_ready(self) -> None:
        """Wait for a 200 of /readyz; fails with what the service said."""
        deadline = time.monotonic() + START_S
        while True:
            # Once somebody listens: a client each time takes more than the start itself.
            with suppress(httpx2.HTTPError):
                if is_listened_at(self.port):
                    answer = httpx2.get(f"{self.address}/readyz", timeout=REQUEST_S)
                    if answer.status_code == 200:
                        return
            assert self._process is not None
            assert self._process.poll() is None, self.said()
            assert time.monotonic() < deadline, f"not ready: {self.said()}"
            time.sleep(0.1)

    def ensure_ready(self) -> None:
        """Start it again when it has ended, and wait until it is ready."""
        if self._process is None or self._process.poll() is not None:
            self.start()
        self.wait_until_ready()

    def kill(self) -> None:
        """End the service itself with SIGKILL, as a lost machine would."""
        assert self._process is not None
        assert self._process.poll() is None, self.said()
        self._process.kill()
        self._process.wait(timeout=30)

    def workers(self) -> list[int]:
        """Give the processes of its workers."""
        assert self._process is not None
        return workers_of(self._process.pid)

    def stop(self) -> None:
        """End it as an operator does."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(timeout=30)

    def said(self) -> str:
        """Give everything that it wrote."""
        return Path(self._said.name).read_text(encoding="utf-8", errors="replace")
