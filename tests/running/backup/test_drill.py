"""The drill: what was written is there again, row by row, as it was at a given second."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr

from app.cluster.addresses import private_cluster
from app.cluster.command_database import command_engine
from app.cluster.home import existing_home, remove_home
from app.cluster.server import ADMINISTRATOR_ROLE
from app.database.migration import newest_revision
from app.failures import Failure
from app.progress import SilentProgress
from app.running.backup.repository import contents, contents_at_restore_point
from app.running.backup.restoring import restore
from app.running.backup.service import list_backups, verify_backup
from app.settings import DatabaseSettings, Settings
from tests.database.test_upgrade_letters import SMALL_REGISTRY

ROOT = Path(__file__).parents[3]
TABLES = (
    "cpts",
    "cpts_stage",
    "claim",
    "cpts_change",
    "cpts_territory",
    "api_token",
    "commune",
)
DAMAGE = """
    UPDATE cpts SET name = 'Défigurée';
    DELETE FROM claim;
    DELETE FROM api_token WHERE label = 'après la sauvegarde';
    UPDATE commune SET name = 'Rien';
"""


class Place:
    """A data directory of its own, the commands of `./cpts` on it, and its server."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def cpts(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "app.cli", *arguments],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "CPTS_DATA_DIRECTORY": str(self.directory)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def done(self, *arguments: str) -> str:
        finished = self.cpts(*arguments)
        assert finished.returncode == 0, finished.stderr
        return finished.stdout

    @property
    def settings(self) -> Settings:
        """The settings of those commands."""
        return Settings(
            database=DatabaseSettings.model_construct(data_directory=self.directory)
        )

    @contextmanager
    def serving(self) -> Iterator[psycopg.Connection]:
        """Have the server run, as under `./cpts serve`, and a connection to it."""
        with private_cluster(self.settings.database, SilentProgress()).running() as server:
            url = server.url(ADMINISTRATOR_ROLE, "cpts")
            with psycopg.connect(url, autocommit=True) as connection:
                yield connection


def rows(connection: psycopg.Connection) -> dict[str, list[str]]:
    return {
        table: [
            row
            for (row,) in connection.execute(
                f"SELECT CAST(to_jsonb(t) AS text) FROM {table} t ORDER BY 1"
            )
        ]
        for table in TABLES
    }


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A private cluster with the schema and a small registry, backed up once."""
    directory = tmp_path_factory.mktemp("drill") / "data"
    place = Place(directory)
    try:
        with place.serving() as connection:
            # What the drill is about is not whether the disk was waited for.
            connection.execute("ALTER SYSTEM SET fsync = off")
            with command_engine(place.settings, SilentProgress()):
                connection.execute(SMALL_REGISTRY)
            assert re.fullmatch(r"Sauvegarde \S+F : .+ écrits\.\n", place.done("backup", "run"))
        yield place
    finally:
        for name in ("postgres", "postgres-restored", "backup"):
            remove_home(directory / name)


def test_after_damage_every_row_is_as_it_was_at_the_second_asked_for(place: Place) -> None:
    with place.serving() as connection:
        connection.execute(
            "INSERT INTO api_token (token_hash, role, label)"
            " VALUES (sha256('plus tard'), 'admin', 'après la sauvegarde')"
        )
        then = rows(connection)
        assert len(then["api_token"]) == 3
        time.sleep(1)  # a moment is named to the second
        moment = datetime.now(UTC).replace(microsecond=0)
        time.sleep(1)
        connection.execute(DAMAGE)
        assert rows(connection) != then
        refused = place.cpts("backup", "restore", "--yes")
        assert refused.returncode == 1
        assert "utilise la base : arrêtez-le d'abord" in refused.stderr

    said = place.done("backup", "restore", "--to", moment.isoformat(), "--yes")

    kept = Path(said.partition("gardées dans ")[2].strip())
    assert (kept / "PG_VERSION").exists()
    with place.serving() as connection:
        assert rows(connection) == then
        # The restored cluster is backed up like any other, and the backup proves sound.
        place.done("backup", "run")
        listed = place.done("backup", "list").splitlines()
        assert ["complète" in line for line in listed] == [True, False]
        assert place.done("backup", "verify") == "La sauvegarde se restaure, et tout y est.\n"
    outcome = json.loads((place.directory / "backup" / "last.json").read_text())
    assert outcome["ok"] is True
    assert datetime.fromisoformat(outcome["finished_at"]) <= datetime.now(UTC)


@pytest.mark.parametrize("asked", ["end of the archive", "moment after the last change"])
def test_the_last_change_before_a_clean_stop_is_in_the_archive(
    place: Place, asked: str
) -> None:
    with place.serving() as connection:
        connection.execute("UPDATE cpts SET website = %s", (f"https://exemple.fr/{asked[:3]}",))
        then = rows(connection)
    moment = datetime.now(UTC) if asked.startswith("moment") else None
    restore(place.settings, moment, SilentProgress())
    with place.serving() as connection:
        assert rows(connection) == then


def test_contents_are_written_down_as_they_were_once_writers_had_ended(place: Place) -> None:
    with place.serving() as connection, ThreadPoolExecutor() as threads:
        url = f"postgresql:///cpts?user={ADMINISTRATOR_ROLE}&host={connection.info.host}"
        with psycopg.connect(url) as writer:
            writer.execute("UPDATE cpts SET acronym = 'EN COURS'")
            asked = threads.submit(contents_at_restore_point, url, "essai")
            waiting = "SELECT FROM pg_locks WHERE mode = 'ShareLock' AND NOT granted"
            while not asked.done() and connection.execute(waiting).fetchone() is None:
                time.sleep(0.01)
            assert not asked.done()
            writer.commit()
        recorded, schema = asked.result(60)
        with psycopg.connect(url) as reader:
            assert contents(reader) == recorded
        assert recorded["cpts"].rows == 1
        assert schema == newest_revision()


def test_a_moment_before_every_backup_is_told_and_nothing_changes(place: Place) -> None:
    home = existing_home(place.directory / "postgres")
    assert home is not None
    before = (home.data.stat().st_ino, home.kept_aside)
    refused = place.cpts("backup", "restore", "--to", "2020-01-01 00:00:00", "--yes")
    assert refused.returncode == 1
    assert "aucune sauvegarde n'est antérieure" in refused.stderr.splitlines()[-1]
    assert (home.data.stat().st_ino, home.kept_aside) == before


def test_an_external_server_is_its_administrators_affair() -> None:
    refused = subprocess.run(
        [sys.executable, "-m", "app.cli", "backup", "run"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "DATABASE_URL": "postgresql://u:secret@h/base"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert "DATABASE_URL" in refused.stderr
    assert "secret" not in refused.stderr
    settings = Settings(database=DatabaseSettings(url=SecretStr("postgresql://h/base")))
    for command in (
        lambda: list_backups(settings, SilentProgress()),
        lambda: verify_backup(settings, None, SilentProgress()),
        lambda: restore(settings, None, SilentProgress()),
    ):
        with pytest.raises(Failure, match="DATABASE_URL"):
            command()
