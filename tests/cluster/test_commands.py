"""`./cpts db run`: a program beside the running database."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
from psycopg import sql

from app.cluster.commands import drop_leftovers

ROOT = Path(__file__).parents[2]
SHOW = "import os; print(os.environ['PGUSER'], os.environ['PGDATABASE']); raise SystemExit(7)"


def db_run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app.cli", "db", "run", "--", *command],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "DATABASE_URL": os.environ["CPTS_TEST_DATABASE_URL"],
            "CPTS_OWNER_DATABASE_URL": os.environ["CPTS_TEST_OWNER_URL"],
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_program_finds_the_database_and_its_exit_status_is_passed_on() -> None:
    done = db_run(sys.executable, "-c", SHOW)
    assert done.stdout == "cpts cpts\n"
    assert done.returncode == 7


def test_an_interrupt_is_the_programs_own_affair() -> None:
    # As on a terminal, where Ctrl-C reaches both.
    script = "kill -INT $PPID; sleep 0.3; echo still there"
    done = db_run("sh", "-c", script)
    assert done.stdout == "still there\n"
    assert done.returncode == 0


def test_a_program_that_does_not_exist_is_named() -> None:
    done = db_run("no-such-program")
    assert done.returncode == 1
    assert done.stderr == "cpts : La commande « no-such-program » n'existe pas.\n"


def test_databases_of_killed_runs_are_dropped_and_others_stay() -> None:
    administrator = os.environ["CPTS_TEST_ADMINISTRATOR_URL"]
    ended = subprocess.Popen(["true"])
    ended.wait()
    left = f"cpts_test_left_{ended.pid}"
    used = f"cpts_test_used_{os.getpid()}"
    mine = "my_own_1"
    with psycopg.connect(administrator, autocommit=True) as connection:
        try:
            for name in (left, used, mine):
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            drop_leftovers(administrator)
            found = {name for (name,) in connection.execute("SELECT datname FROM pg_database")}
            assert left not in found
            assert {used, mine} <= found
        finally:
            for name in (left, used, mine):
                connection.execute(
                    sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name))
                )
