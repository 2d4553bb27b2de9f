"""A server of the tests' own that may be frozen and filled: a registry of one department."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from app.accounts.service import create_token
from app.cluster.command_database import migrate
from app.cluster.home import remove_home
from app.cluster.private import PrivateCluster
from app.cluster.server import ADMINISTRATOR_ROLE, APPLICATION_ROLE, OWNER_ROLE, Server
from app.cluster.sharing import is_alive
from app.database.engine import create_database_engine
from app.database.sessions import session_scope
from app.progress import SilentProgress
from tests.endurance.invariants import Registry
from tests.relay import Relay

_PREFIX = "cpts-scratch-"
_ROOM = "600m"
# Of a full disk: two pages of a table, so that a few writes find its end.
_LEFT_KB = 16
# Reference data that the migrations do not bring, in the order of their foreign keys.
_OF_ONE_DEPARTMENT = {
    "region": "code = (SELECT region_code FROM department WHERE code = {0})",
    "department": "code = {0}",
    "epci": "code IN (SELECT epci_code FROM commune WHERE department_code = {0})",
    "commune": "department_code = {0}",
    **dict.fromkeys(
        ("commune_population", "commune_postcode", "commune_name"),
        "commune_code IN (SELECT code FROM commune WHERE department_code = {0})",
    ),
    # Says that the geography is loaded: whoever prepares the database leaves it so.
    "geography_release": "true",
}


@dataclass(frozen=True)
class Scratch:
    """A running scratch server.

    Parameters: `room`, the file system that is its own, None where none could be mounted;
    `relay`, the network between it and a service.
    """

    server: Server
    engine: Engine
    room: Path | None
    relay: Relay

    @property
    def registry(self) -> Registry:
        """Its registry, as the service and as a superuser reach it."""
        return Registry(self.server.url(), self.server.url(ADMINISTRATOR_ROLE))

    def token(self) -> str:
        """Make a token of an administrator."""
        with session_scope(self.engine) as session:
            return create_token(session, role="admin", region=None, cpts_id=None, label="essai")

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Freeze the server whole (SIGSTOP) while the block runs."""
        first = int((self.server.home.data / "postmaster.pid").read_text().split("\n", 1)[0])
        stopped = [first]
        try:
            # The first one before its children, which then get no sisters.
            os.kill(first, signal.SIGSTOP)
            for pid in _children(first):
                stopped.append(pid)
                os.kill(pid, signal.SIGSTOP)
            yield
        finally:
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)

    @contextmanager
    def full(self) -> Iterator[None]:
        """Leave the server no room on its disk while the block runs."""
        assert self.room is not None
        with psycopg.connect(self.registry.administrator, autocommit=True) as connection:
            # A new part of its log, whose room is taken: it is the tables that find none.
            connection.execute("SELECT pg_switch_wal()")
            connection.execute("CHECKPOINT")
        used = shutil.disk_usage(self.room).used
        try:
            _remount(self.room, f"{used // 1024 + _LEFT_KB}k")
            yield
        finally:
            _remount(self.room, _ROOM)


@contextmanager
def scratch_server(source: Engine, department: str) -> Iterator[Scratch]:
    """Have a server run that holds the communes of one department.

    Parameters: `source`, on a database with the whole geography.
    """
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        pid = left.name.removeprefix(_PREFIX).partition("-")[0]
        if pid.isdecimal() and not is_alive(int(pid)):
            # A run that was killed.
            _remove(left)
    with ExitStack() as stack:
        # Open to the server's account, as pytest's own folders are not.
        place = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
        stack.callback(_remove, place)
        place.chmod(0o755)
        mounted = _mounted(place)
        cluster = PrivateCluster(place / "postgres", SilentProgress(), durable=False)
        server = stack.enter_context(cluster.running())
        engine = create_database_engine(server.url())
        stack.callback(engine.dispose)
        migrate(engine, SilentProgress(), server.url(OWNER_ROLE))
        _copy_geography(source, server, department)
        relay = stack.enter_context(Relay(make_url(server.url())).running())
        yield Scratch(server, engine, place if mounted else None, relay)


def _remove(place: Path) -> None:
    """Stop the server of a scratch folder and remove it, mounted or not."""
    link = place / "postgres"
    if link.exists():
        with PrivateCluster(link, SilentProgress(), durable=False).stopped():
            pass
        remove_home(link)
    _command("umount", str(place))
    shutil.rmtree(place)


def _copy_geography(source: Engine, server: Server, department: str) -> None:
    address = source.url.set(drivername="postgresql").render_as_string(hide_password=False)
    administrator = server.url(ADMINISTRATOR_ROLE, APPLICATION_ROLE)
    with psycopg.connect(address) as there, psycopg.connect(administrator) as here:
        for name, which in _OF_ONE_DEPARTMENT.items():
            table = sql.Identifier(name)
            columns = there.execute(
                "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 "
                "AND NOT attisdropped AND attgenerated = ''",
                (name,),
            ).fetchall()
            listed = sql.SQL(", ").join(sql.Identifier(column) for (column,) in columns)
            where = sql.SQL(which).format(sql.Literal(department))
            read = sql.SQL("COPY (SELECT {} FROM {} WHERE {}) TO STDOUT (FORMAT binary)")
            write = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)")
            with (
                there.cursor().copy(read.format(listed, table, where)) as rows,
                here.cursor().copy(write.format(table, listed)) as written,
            ):
                for part in rows:
                    written.write(part)


def _mounted(place: Path) -> bool:
    return _command("mount", "-t", "tmpfs", "-o", f"size={_ROOM},mode=755", "none", str(place))


def _remount(place: Path, size: str) -> None:
    assert _command("mount", "-o", f"remount,size={size}", str(place)), size


def _command(*words: str) -> bool:
    done = subprocess.run(words, check=False, capture_output=True, stdin=subprocess.DEVNULL)
    return done.returncode == 0


def _children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
