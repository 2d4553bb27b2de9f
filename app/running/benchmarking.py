"""`./cpts bench`: has what the benchmarks need, and runs them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from app.cluster.system_packages import chromium, debian_program
from app.failures import Failure
from app.progress import terminal_progress
from app.settings import PROJECT_ROOT

PEER_ENVIRONMENT = ".venv-bench"
PEER_REQUIREMENTS = "requirements-bench.lock"
INSTALLER = Path(__file__).with_name("installation.py")


def run_benchmarks(
    report: Path | None, charts: Path | None, seconds: int, parts: list[str]
) -> int:
    """Run `benchmarks/` on a cluster of its own and give its exit status.

    Parameters: `report`, a JSON file to write; `charts`, a folder for the charts of growth;
    `seconds`, how long each server is asked; `parts`, those to measure, all when empty.

    Raises `Failure` when something that the measuring needs is missing and cannot be
    installed from here.
    """
    progress = terminal_progress()
    programs = {
        "--chromium": chromium(progress),
        "--wrk": debian_program("wrk", "wrk", progress),
        "--nginx": debian_program("nginx", "nginx", progress),
        "--peer-python": _peer_python(),
    }
    command = [sys.executable, "-m", "benchmarks", "--seconds", str(seconds)]
    for option, path in programs.items():
        command += [option, str(path)]
    if report is not None:
        command += ["--json", str(report.absolute())]
    if charts is not None:
        command += ["--charts", str(charts.absolute())]
    if parts:
        command += ["--only", ",".join(parts)]
    environment = {
        name: value
        for name, value in os.environ.items()
        if name != "DATABASE_URL" and not name.startswith("CPTS_")
    }
    running = subprocess.Popen(command, cwd=PROJECT_ROOT, env=environment)
    try:
        return running.wait()
    except BaseException:
        # It stops its servers and deletes its cluster on the way out.
        running.send_signal(signal.SIGINT)
        running.wait()
        raise


def _peer_python() -> Path:
    """Give the Python that has tipg, apart from ours: it brings its own versions."""
    installed = subprocess.run(
        [
            sys.executable,
            "-I",
            INSTALLER,
            PROJECT_ROOT,
            PEER_REQUIREMENTS,
            PEER_ENVIRONMENT,
        ],
        check=False,
    )
    if installed.returncode != 0:
        raise Failure(f"L'environnement {PEER_ENVIRONMENT} n'a pas pu être préparé.")
    return PROJECT_ROOT / PEER_ENVIRONMENT / "bin" / "python"
