"""A command line that makes no sense is told in one French line, with exit status 2."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.exceptions import TyperException

from app.cli import run
from app.command_errors import ending_of, value_in_french

ROOT = Path(__file__).parents[1]
# Of these each takes longer to import than most commands to do their work.
UNNEEDED = {"alembic", "fastapi", "geopandas", "pandas", "rich", "uvicorn"}
IMPORTED = """
from app.cli import run
try:
    run()
except Exception:
    pass
print("imported", *sorted({name.partition(".")[0] for name in sys.modules}))
"""


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["serve", "--port", "abc"], "--port : un nombre entier est attendu"),
        (["serve", "--port", "70000"], "--port : au plus 65535 est attendu"),
        (["serve", "--workers", "0"], "--workers : au moins 1 est attendu"),
        (["serve", "--port"], "--port demande une valeur"),
        (["serve", "8000"], "argument en trop : 8000"),
        (["draw"], "commande inconnue : draw"),
        (["token", "create"], "il manque --role"),
        (["import"], "il manque FICHIER_OU_ADRESSE"),
        (["import", "a.csv", "--as-of", "2025-13-01"], "--as-of : AAAA-MM-JJ est attendu"),
        (
            ["import", "a.csv", "--on-conflict", "keep"],
            "--on-conflict : une valeur parmi 'refuse', 'without-commune' est attendue",
        ),
    ],
)
def test_a_wrong_command_line_is_told_in_french(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.setattr("sys.argv", ["cpts", *arguments])
    with pytest.raises(TyperException) as refused:
        run()
    assert ending_of(refused.value) == (2, f"{said} (voir ./cpts --help)")


def test_a_wrong_command_line_ends_the_command_with_one_line() -> None:
    done = command("serve", "--colour")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == "cpts : option inconnue : --colour (voir ./cpts --help)\n"


def test_every_command_of_the_contract_is_there() -> None:
    done = command("--help")
    assert done.returncode == 0
    for name in ("serve", "test", "import", "check-letter", "token", "demo", "db", "geography"):
        assert f"  {name} " in done.stdout


def test_a_value_that_nobody_translated_is_shown_as_it_is() -> None:
    assert (
        value_in_french("Value error, une adresse est attendue") == "une adresse est attendue"
    )
    assert value_in_french("Something new") == "Something new"


@pytest.mark.parametrize(
    ("arguments", "unneeded"),
    [
        (["draw"], {"sqlalchemy", "psycopg", *UNNEEDED}),
        (["token", "list"], UNNEEDED),
        (["import", __file__], UNNEEDED),
        (["demo", "remove"], UNNEEDED),
    ],
)
def test_a_command_imports_only_what_it_uses(arguments: list[str], unneeded: set[str]) -> None:
    counted = "-c", f"import sys; sys.argv[1:] = {arguments!r}" + IMPORTED
    ended = subprocess.run(
        [sys.executable, *counted],
        cwd=ROOT,
        # Where nobody listens: what a command imports, it has imported by then.
        env={"PATH": os.environ["PATH"], "DATABASE_URL": "postgresql://u@127.0.0.1:1/x"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    *_, imported = ended.stdout.splitlines()
    assert imported.startswith("imported ")
    assert "app" in imported.split()
    assert not unneeded.intersection(imported.split())
