"""`./cpts db run`: a program beside the running database."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from app.cluster.commands import drop_leftovers, in_processes, of_endurance, of_mutants

ROOT = Path(__file__).parents[2]
SHOW = "import os; print(os.environ['PGUSER'], os.environ['PGDATABASE']); raise SystemExit(7)"


def db_run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app", "db", "run", "--", *command],
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


@pytest.mark.parametrize("arguments", ["", "-x", "-q --durations 10", "--color=yes", "tests"])
def test_the_whole_suite_leaves_no_core_idle_while_a_test_waits(
    arguments: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert in_processes(arguments.split()) == [
        *("-n", "3", "--dist", "loadscope", "--no-loadscope-reorder")
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        "tests/cluster/test_commands.py",
        "-x tests/cluster/test_commands.py::test_a_program_that_does_not_exist_is_named",
        "tests/cluster",
        "-k names",
        "-kname",
        "--lf",
        "-n 0",
        "-n3",
        "--numprocesses=1",
        "-p no:xdist",
        "--pdb",
        "--capture=no",
        "--version",
    ],
)
def test_a_selection_and_what_needs_a_terminal_run_in_one_process(arguments: str) -> None:
    assert in_processes(arguments.split()) == []


@pytest.mark.parametrize(
    ("arguments", "places"),
    [
        ("--endurance", ["tests/endurance"]),
        ("-x --endurance -k kills", ["tests/endurance"]),
        ("tests/cluster --endurance", ["tests/cluster"]),
        (
            "tests/endurance/test_endurance.py --endurance",
            ["tests/endurance/test_endurance.py"],
        ),
        ("-x", []),
    ],
)
def test_what_lasts_is_run_alone_and_in_one_process_unless_a_place_is_named(
    arguments: str, places: list[str]
) -> None:
    given = of_endurance(arguments.split())
    assert [word for word in given if word.startswith("tests/")] == places
    assert set(arguments.split()) <= set(given)
    assert (in_processes(given) == []) == bool(places)


def test_mutants_are_made_of_rules_that_are_there_by_tests_that_are_there() -> None:
    assert of_mutants(["--mutants", "app.funding*"]) == ["run", "app.funding*"]
    assert of_mutants(["-x", "--mutants"]) is None
    assert of_mutants([]) is None
    with (ROOT / "pyproject.toml").open("rb") as file:
        mutmut = tomllib.load(file)["tool"]["mutmut"]
    for pattern in mutmut["only_mutate"]:
        assert list(ROOT.glob(pattern)), pattern
    for place in mutmut["pytest_add_cli_args_test_selection"]:
        assert (ROOT / place).exists(), place


def test_the_last_line_of_a_run_counts_its_tests_on_workers_too() -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadscope"),
            *("tests/accounts/test_account_rules.py", "tests/funding/test_rules.py"),
        ],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\b[1-9][0-9]+ passed in [0-9.]+s", done.stdout.splitlines()[-1])
