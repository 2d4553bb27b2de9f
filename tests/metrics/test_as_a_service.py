"""`./cpts serve` as those meet it who watch over it: its log, its metrics, its own port."""

import json
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass

import httpx2
import pytest

from tests.command_processes import start
from tests.running.test_serving import free_port, is_listened_at

START_S = 120
PERSON = "camille.plante"
COUNT = 'cpts_http_requests_total{method="GET",route="/healthz",status="200"}'


@dataclass
class Watched:
    process: subprocess.Popen[str]
    base: str
    metrics: str

    def counted(self, name: str) -> float:
        page = httpx2.get(self.metrics, timeout=10).text
        found = re.search(rf"^{re.escape(name)} (\S+)$", page, re.MULTILINE)
        return float(found[1]) if found else 0.0


def serve(database: str) -> Watched:
    port, metrics = free_port(), free_port()
    process = start(
        database, "serve", f"--port={port}", "--workers=2", CPTS_LOG_FORMAT="json",
        CPTS_ACCESS_LOG="1", CPTS_METRICS_PORT=str(metrics),
    )  # fmt: skip
    deadline = time.monotonic() + START_S
    while not is_listened_at(port):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    base = f"http://127.0.0.1:{port}"
    httpx2.get(f"{base}/healthz", timeout=START_S)
    return Watched(process, base, f"http://127.0.0.1:{metrics}/metrics")


@pytest.fixture(scope="module")
def watched(test_database: str) -> Iterator[Watched]:
    """One service, which the last test that asks for it ends."""
    service = serve(test_database)
    yield service
    if service.process.poll() is None:
        service.process.terminate()
    service.process.communicate(timeout=60)


def test_all_workers_are_one_sum_on_a_port_without_a_token(watched: Watched) -> None:
    before = watched.counted(COUNT)
    for _ in range(20):
        # Each over a connection of its own, so that both workers are met.
        httpx2.get(f"{watched.base}/healthz", timeout=10)
    assert watched.counted(COUNT) - before == 20
    assert watched.counted("cpts_database_up") == 1
    assert watched.counted("cpts_registry_revision") >= 0
    other = watched.metrics.removesuffix("metrics")
    assert httpx2.get(other, timeout=10).status_code == 404
    assert httpx2.get(f"{watched.base}/metrics", timeout=10).status_code == 401


def test_every_line_of_the_service_is_json_and_names_no_person(watched: Watched) -> None:
    given = "0123456789abcdef0123456789abcdef"
    answer = httpx2.get(
        f"{watched.base}/api/v1/cpts?q={PERSON}", headers={"X-Request-ID": given}, timeout=10
    )
    assert answer.headers["x-request-id"] == given
    httpx2.get(f"{watched.base}/{PERSON}?{PERSON}", timeout=10)
    process = watched.process
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 0
    assert PERSON not in told
    lines = [json.loads(line) for line in told.splitlines()]
    mine = [line for line in lines if line.get("request_id") == given]
    assert [(line["route"], line["status"]) for line in mine] == [("/api/v1/cpts", 200)]
    assert any("Cartographie des CPTS" in line["event"] for line in lines)


def test_a_port_of_metrics_in_use_is_told_in_one_line(test_database: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        with start(
            test_database, "serve", f"--port={free_port()}", CPTS_METRICS_PORT=str(taken)
        ) as process:
            _, told = process.communicate(timeout=60)
    assert process.returncode == 1
    assert told.count("\n") == 1
    assert f"Le port {taken} est déjà utilisé" in told
