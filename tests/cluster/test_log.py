"""The private cluster's log tells of the server, never of what it was asked."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from app.cluster.home import existing_home, remove_home
from app.cluster.server import _fatal
from tests.command_processes import ROOT

PERSON = "Camille Planté"
# A word that is logged on purpose, and an error that quotes a person in three ways.
SAY_AND_FAIL = f"""
import os, psycopg
with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
    connection.execute("DO $$ BEGIN RAISE LOG 'heard'; END $$")
    for query, given in (
        ("SELECT %s::text::integer", ["{PERSON}"]),
        ("SELECT '{PERSON}' FROM absent_of_test_log", None),
        ("DO $$ BEGIN RAISE WARNING '{PERSON}'; END $$", None),
    ):
        try:
            connection.execute(query, given)
        except psycopg.Error:
            pass
"""


def run(database: str) -> None:
    given = {"PATH": os.environ["PATH"], "DATABASE_URL": database}
    subprocess.run([sys.executable, "-c", SAY_AND_FAIL], env=given, check=True, timeout=60)


def test_no_text_of_an_error_is_kept() -> None:
    url = os.environ["CPTS_TEST_DATABASE_URL"]
    with psycopg.connect(os.environ["CPTS_TEST_ADMINISTRATOR_URL"]) as connection:
        [(folder, name)] = connection.execute(
            "SELECT current_setting('data_directory'), pg_current_logfile()"
        ).fetchall()
    path = Path(folder) / name
    before = path.stat().st_size
    run(url)
    with path.open("rb") as log:
        log.seek(before)
        written = log.read().decode()
    assert "LOG:  heard" in written
    assert PERSON not in written
    assert "absent_of_test_log" not in written


def test_in_json_every_line_is_an_object_with_the_process(tmp_path: Path) -> None:
    place = tmp_path / "data" / "postgres"
    given = {
        "PATH": os.environ["PATH"],
        "CPTS_DATA_DIRECTORY": str(place.parent),
        "CPTS_LOG_FORMAT": "json",
    }
    try:
        done = subprocess.run(
            [
                sys.executable, "-m", "app", "db", "run", "--",
                sys.executable, "-c", SAY_AND_FAIL,
            ],
            cwd=ROOT, env=given, capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        # The steps of the command are events as well.
        assert all(json.loads(line)["event"] for line in done.stderr.splitlines())
        home = existing_home(place)
        assert home is not None
        [path] = (home.data / "log").glob("*.json")
        told = [json.loads(line) for line in path.read_text().splitlines()]
        assert any(line["message"] == "heard" and line["pid"] for line in told)
        assert PERSON not in path.read_text()
    finally:
        remove_home(place)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("2026-03-02 09:14:07 UTC [1] FATAL:  could not open it", "could not open it"),
        ('{"error_severity":"FATAL","message":"could not open it"}', "could not open it"),
        ('{"error_severity":"LOG","message":"FATAL: no"}', ""),
        ("{half a line", ""),
        ("LOG:  started", ""),
        # Of connections that came while it was busy: our own, which ask whether it is ready.
        ("2026-03-02 09:14:07 UTC [1] FATAL:  the database system is in recovery mode", ""),
        ('{"error_severity":"FATAL","message":"the database system is starting up"}', ""),
    ],
)
def test_why_the_server_did_not_start_is_read_from_either_form(line: str, message: str) -> None:
    assert _fatal(line) == message
