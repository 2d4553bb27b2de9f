"""Several workers are one service: their counts are one sum, which never falls."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from app.metrics.processes import VARIABLE, shared_folder
from tests.command_processes import ROOT

WORKER = """
import sys
from app.instruments import KEPT_ENTRIES, REQUEST_SECONDS, REQUESTS
REQUESTS.labels("GET", "/healthz", "200").inc(int(sys.argv[1]))
REQUEST_SECONDS.labels("GET", "/healthz").observe(0.003)
KEPT_ENTRIES.set(5)
"""
READER = """
import sys
from prometheus_client import generate_latest
from app.metrics.processes import instruments
sys.stdout.write(generate_latest(instruments()).decode())
"""
COUNT = 'cpts_http_requests_total{method="GET",route="/healthz",status="200"}'
TIMES = 'cpts_http_request_duration_seconds_count{method="GET",route="/healthz"}'
FAST = 'cpts_http_request_duration_seconds_bucket{le="0.005",method="GET",route="/healthz"}'


def run(script: str, folder: str, *arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], VARIABLE: folder, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout


def figures(page: str) -> dict[str, float]:
    return {
        name: float(figure)
        for line in page.splitlines()
        if not line.startswith("#")
        for name, _, figure in [line.rpartition(" ")]
    }


def test_counts_of_ended_workers_stay_and_their_files_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with shared_folder() as folder:
        assert folder.stat().st_mode & 0o077 == 0
        run(WORKER, str(folder), "2")
        run(WORKER, str(folder), "3")
        assert len(list(folder.glob("counter_*.db"))) == 2
        for _ in range(2):
            found = figures(run(READER, str(folder)))
            assert (found[COUNT], found[TIMES], found[FAST]) == (5, 2, 2)
            # What an ended worker had kept is gone with it.
            assert found.get("cpts_kept_answers_entries", 0) == 0
        run(WORKER, str(folder), "4")
        assert figures(run(READER, str(folder)))[COUNT] == 9
        named = {path.stem.rpartition("_")[2] for path in folder.glob("counter_*.db")}
        assert "0" in named
        assert len(named) <= 2  # and that of the reader itself
    assert not folder.exists()
    assert VARIABLE not in os.environ


def test_the_folder_of_a_killed_service_is_removed_and_that_of_a_living_one_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ended = subprocess.Popen(["true"])
    ended.wait()
    killed = tmp_path / f"cpts-metrics-{ended.pid}-abc"
    living = tmp_path / f"cpts-metrics-{os.getppid()}-abc"
    killed.mkdir()
    living.mkdir()
    with shared_folder():
        assert not killed.exists()
        assert living.exists()
