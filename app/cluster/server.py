"""One private PostgreSQL server: made, started, watched and stopped."""

import json
import os
import pwd
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from app.cluster.home import ClusterHome, prepare_socket_folder
from app.cluster.programs import Account, Programs
from app.cluster.sharing import is_alive
from app.failures import Failure
from app.settings import LogSettings

APPLICATION_ROLE = "cpts"
# Owns the database and its tables, and migrates them; the application does not.
OWNER_ROLE = "cpts_owner"
ADMINISTRATOR_ROLE = "postgres"

_START_TIMEOUT_S = 300
_STOP_TIMEOUT_S = 60
_ORPHANS_TIMEOUT_S = 30

# A few hundred megabytes of geography, read far more often than written. The write-ahead
# log is archived from the first backup on, which needs no new start: until then each
# segment is let go. A minute of changes at most is not in the archive yet.
_CONFIGURATION = """\
# Written at every start by app/cluster/server.py.
listen_addresses = ''
port = 5432
max_connections = 150
shared_buffers = '256MB'
effective_cache_size = '1GB'
work_mem = '32MB'
maintenance_work_mem = '256MB'
random_page_cost = 1.1
jit = off
wal_level = replica
max_wal_senders = 0
archive_mode = on
archive_command = '/bin/true'
archive_timeout = '1min'
max_wal_size = '2GB'
checkpoint_timeout = '15min'
wal_compression = on
timezone = 'UTC'
lc_messages = 'C'
logging_collector = on
log_directory = 'log'
log_filename = 'postgresql-%a.log'
log_rotation_age = '1d'
log_truncate_on_rotation = on
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %q%a '
log_lock_waits = on
# The text of an error quotes what was sent, a person's name for one. The service logs its
# code and the number of the process, which stands in every line here.
log_min_messages = log
log_min_error_statement = panic
log_error_verbosity = terse
log_statement = none
log_min_duration_statement = -1
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
cluster_name = 'cpts'
"""
_LOG_DESTINATIONS = {"text": "stderr", "json": "jsonlog"}

# Tests connect a few thousand times, and a connection takes 30 ms to load PostGIS by itself.
_THROWAWAY_CONFIGURATION = """\
shared_preload_libraries = 'postgis-3'
wal_level = minimal
archive_mode = off
fsync = off
full_page_writes = off
synchronous_commit = off
autovacuum_naptime = '1h'
"""


@dataclass(frozen=True)
class Server:
    """One private server.

    Parameters: `home`, its folder; `programs`, PostgreSQL's; `account`, who runs it;
    `durable`, False for data of no value, which are then written without waiting for
    the disk.
    """

    home: ClusterHome
    programs: Programs
    account: Account
    durable: bool = True

    def url(self, role: str = APPLICATION_ROLE, database: str = APPLICATION_ROLE) -> str:
        """Give the address of a database for a role, open to this account only."""
        return f"postgresql://{role}@/{database}?host={self.home.sockets}"

    @property
    def is_made(self) -> bool:
        """Whether there are data."""
        return (self.home.data / "PG_VERSION").exists()

    def make(self) -> None:
        """Create the cluster; interrupted at any moment, it can be done again."""
        unfinished = self.home.folder / "data.new"
        if unfinished.exists():
            shutil.rmtree(unfinished)
        made = self.account.run(
            self.programs.path("initdb"),
            f"--pgdata={unfinished}",
            f"--username={ADMINISTRATOR_ROLE}",
            "--auth=peer",
            "--encoding=UTF8",
            f"--locale={_locale()}",
            "--no-instructions",
        )
        if made.returncode != 0:
            raise Failure(f"La base privée n'a pas pu être créée : {_last_line(made.stdout)}")
        with (unfinished / "postgresql.conf").open("a") as configuration:
            configuration.write("\ninclude 'cpts.conf'\n")
        unfinished.rename(self.home.data)

    def start(self) -> None:
        """Start the server unless it runs, and wait until it answers.

        After a `kill -9` of the server: waits for its orphaned processes to leave, and
        recovers. Raises `Failure`, with the server's own word, when it does not start.
        """
        if self.is_running():
            return
        self._wait_for_orphans()
        self._configure()
        prepare_socket_folder(self.home, self.account)
        self._forget_foreign_process_numbers()
        started = self.account.run(
            self.programs.path("pg_ctl"),
            "start",
            f"--pgdata={self.home.data}",
            f"--log={self.home.start_log}",
            f"--timeout={_START_TIMEOUT_S}",
            "--wait",
            "--silent",
        )
        if started.returncode != 0:
            raise Failure(f"PostgreSQL n'a pas démarré : {self._last_words(started.stdout)}")

    def stop(self) -> None:
        """Stop the server, whatever is still connected; nothing if it does not run."""
        if not self.is_running():
            return
        with _undisturbed():
            for mode in ("fast", "immediate"):
                stopped = self.account.run(
                    self.programs.path("pg_ctl"),
                    "stop",
                    f"--pgdata={self.home.data}",
                    f"--mode={mode}",
                    f"--timeout={_STOP_TIMEOUT_S}",
                    "--wait",
                    "--silent",
                )
                if stopped.returncode == 0:
                    return
        raise Failure(f"PostgreSQL ne s'est pas arrêté : {_last_line(stopped.stdout)}")

    def wait_until_recovered(self, until: float) -> None:
        """Wait until the server, just started on restored data, may be written to.

        Parameters: `until`, on the monotonic clock. Raises `Failure`, with the server's
        own word, when it gives up.
        """
        while True:
            try:
                url = self.url(ADMINISTRATOR_ROLE, "postgres")
                with psycopg.connect(url, connect_timeout=10) as connection:
                    row = connection.execute("SELECT pg_is_in_recovery()").fetchone()
                if row == (False,):
                    return
            except psycopg.OperationalError:
                if not self.is_running():
                    raise Failure(
                        f"PostgreSQL n'a pas pu reprendre : {self._last_words('')}"
                    ) from None
            if time.monotonic() > until:
                raise Failure("PostgreSQL n'a pas fini de reprendre les données restaurées.")
            time.sleep(0.1)

    def is_running(self) -> bool:
        """Whether the server's first process is alive."""
        pid = self._recorded_process()
        return pid is not None and is_alive(pid) and self._is_ours(pid)

    def _configure(self) -> None:
        text = _CONFIGURATION + f"unix_socket_directories = '{self.home.sockets}'\n"
        text += f"log_destination = '{_LOG_DESTINATIONS[LogSettings().log_format]}'\n"
        if self.durable:
            text += f"include_if_exists = '{_quoted(self.home.archiving)}'\n"
        else:
            text += _THROWAWAY_CONFIGURATION
        _write(self.home.data / "cpts.conf", text, self.account)
        _write(
            self.home.data / "pg_hba.conf",
            "# Written at every start: the socket only, for the accounts of pg_ident.conf.\n"
            "local all all peer map=cpts\n",
            self.account,
        )
        accounts = {self.account.name, pwd.getpwuid(os.geteuid()).pw_name}
        lines = [
            f'cpts "{account}" {role}\n'
            for account in sorted(accounts)
            for role in (APPLICATION_ROLE, OWNER_ROLE, ADMINISTRATOR_ROLE)
        ]
        _write(self.home.data / "pg_ident.conf", "".join(lines), self.account)

    def _recorded_process(self) -> int | None:
        try:
            return int((self.home.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None

    def _is_ours(self, pid: int) -> bool:
        # After a crash or a new start of the machine the number may be another's.
        folder = Path(f"/proc/{pid}/cwd")
        try:
            return folder.readlink() == self.home.data
        except PermissionError:
            return False
        except OSError:
            if Path("/proc/self/cwd").exists():
                return False
        described = self.account.run("ps", "-o", "command=", "-p", str(pid))
        return str(self.home.data) in described.stdout

    def _orphans(self) -> bool:
        return any(
            self._is_ours(int(entry.name))
            for entry in Path("/proc").glob("[0-9]*")
            if entry.name.isdecimal()
        )

    def _wait_for_orphans(self) -> None:
        # Its processes leave by themselves once they notice that the first is gone;
        # until then PostgreSQL refuses to start, as it must.
        until = time.monotonic() + _ORPHANS_TIMEOUT_S
        while self._orphans() and time.monotonic() < until:
            time.sleep(0.1)

    def _forget_foreign_process_numbers(self) -> None:
        """Remove lock files of a dead server whose number another process has now.

        PostgreSQL itself only knows that a process of that number lives. The socket's
        folder is this server's alone; the data's lock stays as long as any process
        works on them.
        """
        if self._orphans():
            return
        for left in self.home.sockets.glob(".s.PGSQL.*"):
            left.unlink(missing_ok=True)
        pid = self._recorded_process()
        if pid is not None and is_alive(pid) and not self._is_ours(pid):
            (self.home.data / "postmaster.pid").unlink(missing_ok=True)

    def _last_words(self, control_output: str) -> str:
        logs = sorted(
            (self.home.data / "log").glob("*.*"), key=lambda path: path.stat().st_mtime
        )
        for path in [*reversed(logs[-2:]), self.home.start_log]:
            fatal = [said for line in _read(path).splitlines() if (said := _fatal(line))]
            if fatal:
                return f"{fatal[-1]} (journal : {path})"
        return _last_line(control_output)


def _locale() -> str:
    # Byte order for indexes: it survives a new version of the system's libraries. Texts
    # shown in French order name their collation. macOS has no C.UTF-8 on all versions.
    return "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let a second Ctrl-C wait while the server is being stopped."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    former = {
        number: signal.signal(number, signal.SIG_IGN)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _write(path: Path, text: str, account: Account) -> None:
    path.write_text(text)
    path.chmod(0o600)
    if not account.is_current:
        os.chown(path, account.uid, account.gid)


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def _fatal(line: str) -> str:
    """Give the message of a line of PostgreSQL's log, text or JSON, that tells the end."""
    if line.startswith("{"):
        try:
            told = json.loads(line)
        except ValueError:
            return ""
        message = str(told.get("message", "")) if told.get("error_severity") == "FATAL" else ""
    else:
        message = line.partition("FATAL:")[2].strip()
    # The end of a connection that came too early or too late, not of the server.
    return "" if message.startswith("the database system is ") else message


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if "FATAL" in line or "error" in line.lower()]
    return (telling or lines or ["sans message"])[-1]
