"""`./cpts` as a process of its own: what it imports, it has to import itself."""

import atexit
import json
import os
import select
import subprocess
import sys
import tempfile
import threading
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]


def environment(database: str, **settings: str) -> dict[str, str]:
    """Give the environment of a command on a database; nothing else of ours reaches it."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "DATABASE_URL": database, **settings}


def start(database: str, *arguments: str, **settings: str) -> subprocess.Popen[str]:
    """Start a command from nothing."""
    return subprocess.Popen(
        [sys.executable, "-m", "app", *arguments],
        cwd=ROOT,
        env=environment(database, **settings),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(
    database: str, *arguments: str, within: float = 120, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, in a process forked from one that knows the libraries."""
    with tempfile.TemporaryDirectory() as folder:
        said, told = Path(folder, "stdout"), Path(folder, "stderr")
        for file in (said, told):
            file.touch()
        status = _stem().run(
            {
                "arguments": arguments,
                "environment": environment(database, **settings),
                "files": [os.devnull, str(said), str(told)],
            },
            within,
        )
        return subprocess.CompletedProcess(
            arguments, status, said.read_text("utf-8"), told.read_text("utf-8")
        )


class _Stem:
    """The process of `tests/command_stem.py`, which is asked for one command at a time."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.command_stem"],
            cwd=ROOT,
            env=environment(""),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # A command that is not waited for any longer is ended with it.
            process_group=0,
        )

    def run(self, request: dict[str, object], within: float) -> int:
        """Run a command and give its exit status; raises `TimeoutError`."""
        asked, answered = self._process.stdin, self._process.stdout
        assert asked is not None
        assert answered is not None
        with self._turn:
            print(json.dumps(request), file=asked, flush=True)
            if not select.select([answered], [], [], within)[0]:
                self.end()
                raise TimeoutError(f"{request['arguments']} takes more than {within} s")
            return int(answered.readline())

    def end(self) -> None:
        """End the process, and a command that is under way."""
        with self._process:
            if self._process.poll() is None:
                os.killpg(self._process.pid, 9)
        _stem.cache_clear()


@cache
def _stem() -> _Stem:
    """Give this process's stem, which ends with it."""
    stem = _Stem()
    atexit.register(stem.end)
    return stem
