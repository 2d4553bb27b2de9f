"""A command ends with one line and a documented status, whatever stops it."""

import errno
import itertools
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.command_errors import ending_of
from app.failures import Failure
from tests.command_processes import ROOT, environment, run, start

PERSON = "Camille Planté <camille.plante@exemple.fr>"


def one_line(told: str) -> str:
    """Check that what was told is one line without a traceback, and give it."""
    assert told.count("\n") == 1, told
    assert told.startswith("cpts : "), told
    assert "Traceback" not in told
    return told.removeprefix("cpts : ").strip()


def wrapped(origin: BaseException) -> OperationalError:
    return OperationalError(f"INSERT … VALUES ('{PERSON}')", {"name": PERSON}, origin)


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("53100", "le disque de la base de données est plein : libérez de la place."),
        ("53300", "la base de données manque de ressources, réessayez plus tard."),
        ("57P01", "la connexion à la base de données a été perdue."),
        ("57014", "la base de données est occupée, réessayez plus tard."),
        ("55P03", "la base de données est occupée, réessayez plus tard."),
        ("40P01", "la base de données est occupée, réessayez plus tard."),
        ("25006", "la base de données n'accepte pas d'écriture en ce moment."),
        ("42501", "ce compte n'a pas le droit demandé dans la base de données."),
        ("58030", "la base de données n'arrive pas à lire ou à écrire ses fichiers."),
        ("23505", "la base de données a refusé l'opération (23505)."),
    ],
)
def test_what_the_database_refuses_is_told_without_what_was_written(
    state: str, said: str
) -> None:
    error = psycopg.errors.lookup(state)(f"duplicate key value ({PERSON})")
    assert ending_of(error) == (1, said)
    assert ending_of(wrapped(error)) == (1, said)


def test_a_lost_connection_and_a_full_pool_are_told() -> None:
    lost = psycopg.OperationalError(f"server closed the connection ({PERSON})")
    assert ending_of(wrapped(lost)) == (1, "la connexion à la base de données a été perdue.")
    assert ending_of(psycopg.InterfaceError("the connection is closed"))[0] == 1
    assert ending_of(PoolTimeoutError())[1].startswith("la base de données est occupée")


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "le disque est plein"),
        (errno.EACCES, "accès refusé"),
        (errno.ENOENT, "ce fichier n'existe pas"),
        (errno.EISDIR, "un fichier est attendu, non un dossier"),
        (errno.EIO, "le fichier est illisible (erreur d'entrée-sortie)"),
        (errno.EXDEV, "erreur du système (OSError)"),
    ],
)
def test_what_the_system_refuses_is_told_with_the_file(number: int, said: str) -> None:
    assert ending_of(OSError(number, "…", "a.csv")) == (1, f"a.csv : {said}.")
    assert ending_of(OSError(number, "…")) == (1, f"{said}.")


def test_a_failure_of_the_program_is_told_by_its_kind_and_place_alone() -> None:
    try:
        int(PERSON)
    except ValueError as error:
        status, line = ending_of(error)
    assert (status, line) == (70, "erreur inattendue (ValueError).")
    assert ending_of(Failure("Rien à faire.", exit_status=2)) == (2, "Rien à faire.")
    assert ending_of(MemoryError()) == (1, "la mémoire manque.")


def test_several_wrong_settings_are_one_line() -> None:
    ended = run(
        "postgresql://u@127.0.0.1:1/x", "serve", CPTS_CACHE_MEGABYTES="-", CPTS_DEMO="-"
    )
    said = one_line(ended.stderr)
    assert ended.returncode == 1
    assert "CPTS_CACHE_MEGABYTES" in said
    assert "CPTS_DEMO" in said


def test_a_database_that_is_not_there_is_one_line() -> None:
    ended = run("postgresql://u@127.0.0.1:1/registre", "token", "list")
    assert ended.returncode == 1
    assert "registre" in one_line(ended.stderr)


def test_standard_output_on_a_full_disk_is_told() -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "app", "--help"],
            cwd=ROOT, env=environment(""), stdout=full, stderr=subprocess.PIPE,
            text=True, check=False, timeout=60,
        )  # fmt: skip
    assert ended.returncode == 1
    assert one_line(ended.stderr) == "le disque est plein."


def test_nothing_is_imported_when_the_disk_of_the_report_is_full(
    test_database: str, engine: Engine, tmp_path: Path
) -> None:
    path = tmp_path / "liste.csv"
    path.write_text("Nom CPTS;Territoire CPTS;dpt\nCPTS des Essais;Croix;59\n", "utf-8")
    options = ["--default-stage", "aci_signe", "--report", "/dev/full"]
    ended = run(test_database, "import", str(path), *options)
    assert ended.returncode == 2
    assert ended.stderr.splitlines()[-1].startswith("cpts : Le rapport « /dev/full » ne peut")
    assert "Traceback" not in ended.stderr
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM cpts")).scalar_one() == 0


def test_a_reader_who_leaves_is_told() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "app", "--help"],
            cwd=ROOT, env=environment(""), stdout=writing, stderr=subprocess.PIPE,
            text=True, check=False, timeout=60,
        )  # fmt: skip
    finally:
        os.close(writing)
    assert ended.returncode == 141
    assert one_line(ended.stderr) == "la sortie a été fermée avant la fin."


@pytest.mark.parametrize("path", ["/proc/self/mem", "/", "/nowhere/a.csv"])
@pytest.mark.parametrize("command", ["import", "check-letter"])
def test_a_file_that_cannot_be_read_is_told(command: str, path: str) -> None:
    ended = run("postgresql://u@127.0.0.1:1/x", command, path)
    one_line(ended.stderr)
    assert ended.returncode in (1, 2)


@pytest.fixture
def locked(engine: Engine) -> Iterator[Engine]:
    """The table of tokens, which another transaction holds: `token list` waits."""
    with engine.connect() as connection:
        connection.execute(text("LOCK TABLE api_token"))
        yield engine


def waiting_process(engine: Engine) -> int:
    """Wait until a command waits for the lock, and give its process in the database."""
    question = text(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
        "AND wait_event_type = 'Lock' AND query LIKE '%api_token%'"
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with engine.connect() as connection:
            found = connection.execute(question).scalar()
        if found:
            return int(found)
        time.sleep(0.05)
    raise AssertionError("the command did not come to wait")


def test_a_database_that_goes_away_midway_is_one_line(
    test_database: str, locked: Engine
) -> None:
    with start(test_database, "token", "list") as command:
        pid = waiting_process(locked)
        with locked.begin() as connection:
            connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        _, told = command.communicate(timeout=60)
    assert command.returncode == 1
    assert one_line(told) == "la connexion à la base de données a été perdue."


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (signal.SIGINT, "interrompu."),
        (signal.SIGTERM, "arrêté par un signal (SIGTERM)."),
        (signal.SIGHUP, "arrêté : le terminal a été fermé (SIGHUP)."),
    ],
)
def test_a_signal_ends_a_command_that_works(
    test_database: str, locked: Engine, number: signal.Signals, said: str
) -> None:
    with start(test_database, "token", "list") as command:
        waiting_process(locked)
        command.send_signal(number)
        _, told = command.communicate(timeout=60)
    assert command.returncode == 128 + number
    assert one_line(told) == said


@pytest.mark.parametrize(
    ("after_s", "number"),
    # Each moment with one of them, in turn.
    [
        *zip(
            (0.02, 0.05, 0.08, 0.11, 0.15, 0.2, 0.3, 0.5, 0.8),
            itertools.cycle((signal.SIGINT, signal.SIGTERM)),
            strict=False,
        )
    ],
)
def test_a_signal_in_the_first_second_is_one_line(
    test_database: str, locked: Engine, after_s: float, number: signal.Signals
) -> None:
    # Between the shell's answer and the program's lies the system's own, for as long as one
    # takes the other's place: as good as never, and hardly twice.
    status, told = next(
        (ended for ended in (_ended_early(test_database, after_s, number) for _ in range(3))
         if ended != (-number, "")), (-number, ""),
    )  # fmt: skip
    assert status == 128 + number
    one_line(told)


_STOPPED_IN_AN_IMPORT = """
import signal
import sys

from app.command_ending import begin_work, end_with


class Interrupting:
    \"\"\"Sends the signal when the module is about to be found, once.\"\"\"

    def find_spec(self, name, path, target=None):
        if name == {module!r}:
            sys.meta_path.remove(self)
            signal.raise_signal({number})


def work():
    begin_work()
    sys.meta_path.insert(0, Interrupting())
    import {package}
    # The signal waits for the end of the import, and for nothing else.
    signal.pause()


end_with(work)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("package", "module"), [("shapely", "numpy._core.numeric"), ("numpy", "numpy.lib")]
)
def test_a_signal_during_an_import_is_told_when_the_import_is_over(
    package: str, module: str, number: signal.Signals
) -> None:
    program = _STOPPED_IN_AN_IMPORT.format(package=package, module=module, number=int(number))
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 128 + number, ended
    one_line(ended.stderr)


def _ended_early(database: str, after_s: float, number: signal.Signals) -> tuple[int, str]:
    # As a terminal sends it: to the launcher and to whatever it has started.
    command = subprocess.Popen(
        [ROOT / "cpts", "token", "list"],
        env=environment(database), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    time.sleep(after_s)
    os.killpg(command.pid, number)
    _, told = command.communicate(timeout=60)
    return command.returncode, told


def test_every_status_that_is_documented_is_one_that_the_program_gives() -> None:
    page = (ROOT / "docs" / "operate.md").read_text(encoding="utf-8")
    table = page.partition("## Exit statuses")[2].partition("\n## ")[0]
    statuses = {int(found) for found in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)}
    assert statuses == {0, 1, 2, 70, 129, 130, 141, 143}
