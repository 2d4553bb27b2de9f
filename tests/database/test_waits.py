"""Whatever the database does not do, its clients are told in time, and served again after."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx2 as httpx
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.engine import URL, make_url
from starlette.testclient import TestClient

from app.cluster.private import PrivateCluster
from app.cluster.server import APPLICATION_ROLE, OWNER_ROLE
from app.database.engine import create_database_engine
from app.database.grants import grant_service
from app.database.migration import upgrade_database
from app.main import create_app
from app.progress import SilentProgress
from app.settings import DatabaseSettings, ServiceSettings, Settings
from tests.relay import Relay

Bearer = Callable[..., dict[str, str]]

PATIENCE_S = 2.0
# What the patience may be at most, and what a busy machine may add.
BOUND_S = 15.0
CPTS = {"name": "CPTS en attente", "stage": "aci_signe", "communes": ["59350"]}


def serving(address: str, patience_s: float = PATIENCE_S, *, stale_s: int = 0) -> TestClient:
    settings = Settings(
        database=DatabaseSettings(url=address, database_patience=patience_s),
        service=ServiceSettings(stale_seconds=stale_s),
    )
    return TestClient(create_app(settings), raise_server_exceptions=False)


@pytest.fixture
def relay(engine: Engine, test_database: str) -> Iterator[Relay]:
    with Relay(make_url(test_database)).running() as relay:
        yield relay


@pytest.fixture
def client(relay: Relay) -> Iterator[TestClient]:
    with serving(relay.address) as client:
        yield client


def assert_unavailable(answer: httpx.Response) -> str:
    assert answer.status_code == 503, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) > 0
    problem = answer.json()
    assert problem["code"] == "database-unavailable"
    return str(problem["detail"])


def timed(ask: Callable[[], httpx.Response]) -> httpx.Response:
    began = time.monotonic()
    answer = ask()
    assert time.monotonic() - began < BOUND_S
    return answer


def recovered(ask: Callable[[], httpx.Response], status: int = 200) -> httpx.Response:
    """Ask until it is answered as it should, as a client does that obeys Retry-After."""
    until = time.monotonic() + BOUND_S
    while (answer := ask()).status_code == 503 and time.monotonic() < until:
        time.sleep(0.1)
    assert answer.status_code == status, answer.text
    return answer


READS = ("/api/v1/stages", "/api/v1/cpts", "/api/v1/themes", "/readyz")


@pytest.fixture
def asks(client: TestClient, bearer: Bearer) -> dict[str, Callable[[], httpx.Response]]:
    """Every kind of request: kept, not kept, ready, signed in, counted, written."""
    headers = bearer("admin")
    question = {"communes": ["59350"]}
    return {
        **{path: partial(client.get, path) for path in READS},
        "signed in": lambda: client.get("/api/v1/cpts", headers=headers),
        "counted": lambda: client.post("/api/v1/letters/check", json=question),
        "written": lambda: client.post("/api/v1/cpts", json=CPTS, headers=headers),
    }


def test_a_connection_that_died_silently_ends_in_a_503_and_the_next_request_is_served(
    relay: Relay, asks: dict[str, Callable[[], httpx.Response]]
) -> None:
    for name, ask in asks.items():
        assert ask().status_code == (201 if name == "written" else 200), name
    with relay.silence():
        for ask in asks.values():
            assert_unavailable(timed(ask))
    for name, ask in asks.items():
        # Written already: the communes are held.
        recovered(ask, 409 if name == "written" else 200)


def test_public_reading_goes_on_from_what_is_kept_while_the_database_is_away(
    relay: Relay, bearer: Bearer
) -> None:
    headers = bearer("admin")
    with serving(relay.address, stale_s=600) as client:
        fresh = client.get("/api/v1/cpts")
        assert client.get("/api/v1/cpts").headers.get("warning") is None
        with relay.silence():
            stale = timed(lambda: client.get("/api/v1/cpts"))
            assert (stale.status_code, stale.content) == (200, fresh.content)
            assert stale.headers["warning"].startswith("110 ")
            assert int(stale.headers["age"]) >= 0
            assert_unavailable(timed(lambda: client.get("/api/v1/cpts", headers=headers)))
            assert_unavailable(
                timed(lambda: client.post("/api/v1/cpts", json=CPTS, headers=headers))
            )
        recovered(lambda: client.post("/api/v1/cpts", json=CPTS, headers=headers), 201)
        true = recovered(lambda: client.get("/api/v1/cpts"))
        assert true.headers.get("warning") is None
        assert true.json()["number_matched"] == 1


def test_many_requests_at_once_on_silent_connections_all_end_and_the_process_stays_alive(
    relay: Relay, client: TestClient
) -> None:
    assert client.get("/api/v1/cpts").status_code == 200
    with relay.silence(), ThreadPoolExecutor(80) as pool:
        waiting = [
            pool.submit(timed, partial(client.get, f"/api/v1/cpts?limit={number}"))
            for number in range(1, 80)
        ]
        assert timed(lambda: client.get("/healthz")).status_code == 200
        for answer in waiting:
            assert_unavailable(answer.result())
    recovered(lambda: client.get("/api/v1/cpts"))


@contextmanager
def registry_locked(engine: Engine) -> Iterator[None]:
    with engine.begin() as connection:
        connection.execute(text("SELECT FROM registry_revision FOR UPDATE"))
        yield


def test_writers_that_wait_for_the_lock_are_told_that_it_is_taken_and_stop_no_reader(
    test_database: str, bearer: Bearer, engine: Engine
) -> None:
    headers = bearer("admin")
    with serving(test_database, 6.0) as client, ThreadPoolExecutor(16) as pool:

        def write() -> httpx.Response:
            return client.post("/api/v1/cpts", json=CPTS, headers=headers)

        with registry_locked(engine):
            writes = [pool.submit(timed, write) for _ in range(16)]
            reads = 0
            while not all(done.done() for done in writes):
                assert client.get(f"/api/v1/cpts?limit={1 + reads % 50}").status_code == 200
                reads += 1
            details = Counter(assert_unavailable(done.result()) for done in writes)
        assert reads > 0
        # Those that got a connection; the others had no more patience for the lock.
        assert details["La base de données est occupée, réessayez."] >= 3
        recovered(write, 201)


def test_a_statement_that_takes_too_long_ends_in_a_503(
    client: TestClient, engine: Engine
) -> None:
    with engine.begin() as connection:
        # The exclusive lock of a migration, say: it keeps readers out.
        connection.execute(text("LOCK TABLE theme IN ACCESS EXCLUSIVE MODE"))
        detail = assert_unavailable(timed(lambda: client.get("/api/v1/themes")))
        assert detail in (
            "La base de données est occupée, réessayez.",
            "La base de données a mis trop de temps à répondre, réessayez.",
        )
    recovered(lambda: client.get("/api/v1/themes"))


@pytest.fixture(scope="module")
def frozen_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A server of this module's own, with the schema and no geography: address and data."""
    folder = tmp_path_factory.mktemp("frozen") / "postgres"
    cluster = PrivateCluster(folder, SilentProgress(), durable=False)
    with cluster.running() as server:
        engine = create_database_engine(server.url(OWNER_ROLE))
        upgrade_database(engine)
        with engine.begin() as connection:
            grant_service(connection, APPLICATION_ROLE)
        engine.dispose()
        yield server.url(), server.home.data


@contextmanager
def stopped(data: Path) -> Iterator[None]:
    """Freeze a server whole (SIGSTOP) while the block runs."""
    first = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
    processes = [first, *_children(first)]
    try:
        for pid in processes:
            os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in processes:
            os.kill(pid, signal.SIGCONT)


def _children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_frozen_server_ends_in_a_503_and_is_served_from_once_it_goes_on(
    frozen_server: tuple[str, Path],
) -> None:
    address, data = frozen_server
    with serving(address) as client:
        paths = ("/api/v1/stages", "/api/v1/themes")
        for path in paths:
            assert client.get(path).status_code == 200
        with stopped(data):
            for path in (*paths, "/readyz"):
                assert_unavailable(timed(partial(client.get, path)))
            assert client.get("/healthz").status_code == 200
        for path in paths:
            recovered(partial(client.get, path))


def test_nobody_waits_for_more_than_ten_seconds_unless_told_to() -> None:
    assert Settings().database.database_patience < 10


@pytest.mark.parametrize(
    ("given", "expected"),
    [("", "8s"), ("?options=-c%20statement_timeout%3D60000", "1min")],
)
def test_what_the_address_says_of_its_sessions_wins(
    server_url: URL, given: str, expected: str
) -> None:
    from app.database.waiting import WaitLimits  # noqa: PLC0415

    address = server_url.render_as_string(hide_password=False)
    separator = "&" if "?" in address else "?"
    engine = create_database_engine(
        address + given.replace("?", separator), limits=WaitLimits.of_requests(10)
    )
    with engine.connect() as connection:
        assert connection.scalar(text("SHOW statement_timeout")) == expected
        assert connection.scalar(text("SHOW lock_timeout")) == "4s"
        assert connection.scalar(text("SHOW jit")) == "off"
    engine.dispose()


def test_commands_wait_for_as_long_as_it_takes(engine: Engine) -> None:
    with engine.connect() as connection:
        assert connection.scalar(text("SHOW statement_timeout")) == "0"
        assert connection.scalar(text("SHOW lock_timeout")) == "0"
