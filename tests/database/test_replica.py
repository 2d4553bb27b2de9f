"""Two workers read from a replica that lags, stops and comes back, and nobody sees the past."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from app.accounts.service import create_token
from app.cluster.private import PrivateCluster
from app.cluster.server import ADMINISTRATOR_ROLE, APPLICATION_ROLE, OWNER_ROLE, Server
from app.database.engine import create_database_engine
from app.database.grants import grant_service
from app.database.migration import upgrade_database
from app.database.sessions import session_scope
from app.instruments import REPLICA_READS
from app.main import create_app
from app.progress import SilentProgress
from app.settings import DatabaseSettings, MailSettings, ServiceSettings, Settings
from tests.cluster.test_sharing import place_in

BOUND_S = 120.0
_REPLICA_PORT = 5433


class Replicated:
    """A primary and what follows it; both listen in one folder."""

    def __init__(self, primary: Server) -> None:
        self.primary = primary
        self.data = primary.home.folder / "replica"

    @property
    def read_url(self) -> str:
        return f"{self.primary.url()}&port={_REPLICA_PORT}"

    def make(self) -> None:
        """Let the replica be copied from the primary, and start it."""
        hba = self.primary.home.data / "pg_hba.conf"
        hba.write_text(hba.read_text() + "local replication all peer map=cpts\n")
        with psycopg.connect(self.primary.url(ADMINISTRATOR_ROLE)) as connection:
            connection.execute("SELECT pg_reload_conf()")
        self._run(
            "pg_basebackup",
            f"--host={self.primary.home.sockets}",
            f"--username={ADMINISTRATOR_ROLE}",
            f"--pgdata={self.data}",
            "--write-recovery-conf",
            "--checkpoint=fast",
        )
        self.start()

    def start(self) -> None:
        self._run(
            "pg_ctl",
            "start",
            f"--pgdata={self.data}",
            f"--options=-c port={_REPLICA_PORT}",
            f"--log={self.data}/start.log",
            "--wait",
            "--silent",
        )

    def stop(self) -> None:
        self._run("pg_ctl", "stop", f"--pgdata={self.data}", "--mode=immediate", "--silent")

    def ask(self, statement: str) -> None:
        address = f"{self.primary.url(ADMINISTRATOR_ROLE)}&port={_REPLICA_PORT}"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement)

    def _run(self, program: str, *arguments: str) -> None:
        ended = self.primary.account.run(self.primary.programs.path(program), *arguments)
        assert ended.returncode == 0, ended.stdout


@pytest.fixture
def replicated(tmp_path: Path) -> Iterator[Replicated]:
    with place_in(tmp_path) as place, ExitStack() as stack:
        cluster = PrivateCluster(place, SilentProgress())
        with cluster.stopped() as server:
            server.make()
            # Read last, where the archive of backups is set up otherwise.
            server.home.archiving.write_text("max_wal_senders = 4\nfsync = off\n")
            server.home.archiving.chmod(0o644)
        primary = stack.enter_context(cluster.running())
        engine = create_database_engine(primary.url(OWNER_ROLE))
        stack.callback(engine.dispose)
        upgrade_database(engine)
        with engine.begin() as connection:
            grant_service(connection, APPLICATION_ROLE)
        found = Replicated(primary)
        found.make()
        stack.callback(found.stop)
        yield found


@pytest.fixture
def workers(replicated: Replicated) -> Iterator[list[TestClient]]:
    settings = Settings(
        database=DatabaseSettings(
            url=replicated.primary.url(), database_read_url=SecretStr(replicated.read_url)
        ),
        mail=MailSettings(interval=3600),
        service=ServiceSettings(upkeep=False),
    )
    with ExitStack() as stack:
        yield [
            stack.enter_context(TestClient(create_app(settings), raise_server_exceptions=False))
            for _ in range(2)
        ]


def reads(outcome: str) -> float:
    return sum(
        sample.value
        for metric in REPLICA_READS.collect()
        for sample in metric.samples
        if sample.name.endswith("_total") and sample.labels["outcome"] == outcome
    )


def until_counted(outcome: str, ask: Callable[[], None]) -> None:
    """Ask until it was answered in this way; every answer is judged by `ask`."""
    before, deadline = reads(outcome), time.monotonic() + BOUND_S
    while reads(outcome) == before:
        assert time.monotonic() < deadline, f"never {outcome}"
        ask()


def test_nobody_sees_the_past_while_the_replica_lags_stops_and_comes_back(
    replicated: Replicated, workers: list[TestClient]
) -> None:
    engine = create_database_engine(replicated.primary.url())
    with session_scope(engine) as session:
        token = create_token(session, role="admin", region=None, cpts_id=None, label="essai")
    engine.dispose()
    headers = {"Authorization": f"Bearer {token}"}
    writer, reader = workers
    written = 0
    asked = 0

    def write() -> None:
        nonlocal written
        answer = writer.post(
            "/api/v1/cpts",
            json={"name": f"CPTS {written}", "stage": "dynamique_identifiee", "communes": []},
            headers=headers,
        )
        assert answer.status_code == 201, answer.text
        written += 1

    def see() -> None:
        # Kept, not kept, and of somebody signed in; by who wrote and by who did not.
        nonlocal asked
        asked += 1
        for path in ("/api/v1/cpts", f"/api/v1/cpts?limit={1 + asked}"):
            for worker in workers:
                for bearer in ({}, headers):
                    answer = worker.get(path, headers=bearer)
                    assert answer.status_code == 200, answer.text
                    assert answer.json()["number_matched"] == written

    write()
    until_counted("replica", see)
    replicated.ask("SELECT pg_wal_replay_pause()")
    write()
    see()
    until_counted("behind", see)
    write()
    see()
    replicated.ask("SELECT pg_wal_replay_resume()")
    until_counted("replica", see)
    replicated.stop()
    until_counted("unreachable", see)
    write()
    see()
    assert reader.get("/readyz").status_code == 503, "without a geography"
    replicated.start()
    until_counted("replica", see)
