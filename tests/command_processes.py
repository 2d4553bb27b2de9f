"""`./cpts` as a process of its own: what it imports, it has to import itself."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def environment(database: str, **settings: str) -> dict[str, str]:
    """Give the environment of a command on a database; nothing else of ours reaches it."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "DATABASE_URL": database, **settings}


def start(database: str, *arguments: str, **settings: str) -> subprocess.Popen[str]:
    """Start a command."""
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
    """Run a command to its end."""
    with start(database, *arguments, **settings) as process:
        try:
            said, told = process.communicate(timeout=within)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(process.args, process.returncode, said, told)
