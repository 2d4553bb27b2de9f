"""The private cluster of this checkout, shared by the commands that run in it."""

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from psycopg import sql

from app.cluster.home import (
    ClusterHome,
    existing_home,
    forgotten_homes,
    make_home,
    remove_home,
)
from app.cluster.programs import (
    Programs,
    choose_server,
    installed_servers,
    server_account,
)
from app.cluster.requirements import EXTENSIONS
from app.cluster.server import ADMINISTRATOR_ROLE, APPLICATION_ROLE, OWNER_ROLE, Server
from app.cluster.sharing import coming_or_going, shared_server, sole_user
from app.cluster.system_packages import install_postgresql
from app.failures import Failure
from app.progress import Progress

_WATCH_INTERVAL_S = 1.0
_UNSTABLE_TIMEOUT_S = 10


class PrivateCluster:
    """A PostgreSQL server that belongs to one checkout.

    Parameters: `folder`, where the data are or shall be, possibly as a link; `programs`,
    PostgreSQL's folder, found when None; `durable`, False for tests; `progress`, where
    long steps are shown.
    """

    def __init__(
        self,
        folder: Path,
        progress: Progress,
        *,
        programs: Path | None = None,
        durable: bool = True,
    ) -> None:
        self._folder = folder
        self._progress = progress
        self._programs_folder = programs
        self._durable = durable

    @contextmanager
    def running(self) -> Iterator[Server]:
        """Have the server run, ready for the application, while the block runs."""
        try:
            self._folder.parent.mkdir(parents=True, exist_ok=True)
            server = self._found_or_made()
        except PermissionError as refused:
            raise Failure(
                f"Accès refusé à {refused.filename} : lancez la commande sous le compte qui a "
                "créé la base privée, ou avec sudo."
            ) from refused

        def start() -> None:
            until = time.monotonic() + _UNSTABLE_TIMEOUT_S
            while True:
                server.start()
                try:
                    return prepare_for_application(server)
                except psycopg.OperationalError as broken:
                    # It was on its way out when we took it for running.
                    if time.monotonic() > until:
                        raise Failure(f"La base privée ne répond pas : {broken}") from broken
                    time.sleep(0.2)

        with shared_server(self._folder, start, server.stop):
            yield server

    @contextmanager
    def stopped(self, major: int | None = None) -> Iterator[Server]:
        """Have the server stopped, and nobody else use it, while the block runs.

        Where there are no data its folder is made, empty. Parameters: `major`, the version
        of PostgreSQL for data that are to come. Raises `Failure` when the server is used.
        """
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        with sole_user(self._folder):
            home = existing_home(self._folder)
            if home is not None and home.data.exists():
                server = self._existing(home)
                server.stop()
                yield server
                return
            programs = self._programs(major)
            account = server_account(home.folder.stat().st_uid if home else None)
            home = home or make_home(self._folder, account, durable=self._durable)
            yield Server(home, programs, account, durable=self._durable)

    def keep_running(self, server: Server, until: threading.Event) -> None:
        """Start the server again whenever it is gone, until told to end."""
        while not until.wait(_WATCH_INTERVAL_S):
            if server.is_running():
                continue
            # A start that fails has said why in the server's log; the next round tries
            # again.
            with suppress(Failure), coming_or_going(self._folder):
                if not until.is_set():
                    server.start()

    def _found_or_made(self) -> Server:
        with coming_or_going(self._folder):
            home = existing_home(self._folder)
            if home is not None and not home.data.exists():
                if home.kept_aside:
                    raise Failure(
                        "Une restauration a été interrompue : relancez ./cpts backup restore, "
                        f"ou renommez {home.kept_aside[-1]} en « data »."
                    )
                # Interrupted before there were data.
                remove_home(self._folder)
                home = None
            if home is None:
                return self._made()
            return self._existing(home)

    def _existing(self, home: ClusterHome) -> Server:
        major = (home.data / "PG_VERSION").read_text().strip()
        programs = self._programs(int(major))
        account = server_account(home.data.stat().st_uid)
        return Server(home, programs, account, durable=self._durable)

    def _made(self) -> Server:
        programs = self._programs(None)
        account = server_account(None)
        for forgotten, link in forgotten_homes(durable=self._durable):
            if not self._durable:
                shutil.rmtree(forgotten)
            elif link == self._folder.absolute():
                self._progress.say(
                    f"Données d'une ancienne copie dans {forgotten} : à supprimer si elles "
                    "ne servent plus."
                )
        with self._progress.step("Création de la base privée"):
            home = make_home(self._folder, account, durable=self._durable)
            server = Server(home, programs, account, durable=self._durable)
            server.make()
        return server

    def _programs(self, data_major: int | None) -> Programs:
        found = choose_server(installed_servers(self._programs_folder), data_major)
        if found is None and self._programs_folder is None:
            install_postgresql(self._progress, data_major)
            found = choose_server(installed_servers(), data_major)
        if found is None:
            raise Failure(
                "PostgreSQL avec PostGIS n'a pas été trouvé sur cette machine"
                + (f" dans {self._programs_folder}." if self._programs_folder else ".")
            )
        return found


def prepare_for_application(server: Server) -> None:
    """Make the roles, the database and the extensions, where missing.

    Neither role is a superuser. The owner may create databases, because tests clone theirs
    from a template; the extensions are put into `template1` too, as only a superuser can
    make them. A database from when one role did everything goes over to its owner.
    """
    application, owner = sql.Identifier(APPLICATION_ROLE), sql.Identifier(OWNER_ROLE)
    with _administration(server, ADMINISTRATOR_ROLE) as connection:
        if not _exists(connection, "pg_roles", "rolname", APPLICATION_ROLE):
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(application))
        if not _exists(connection, "pg_roles", "rolname", OWNER_ROLE):
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(owner))
            connection.execute(sql.SQL("GRANT {} TO {}").format(application, owner))
        found = connection.execute(
            "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s",
            (APPLICATION_ROLE,),
        ).fetchone()
    if found == (OWNER_ROLE,):
        return
    if found is not None:
        _hand_over(server)
        return
    with _administration(server, "template1") as connection:
        for extension in EXTENSIONS:
            connection.execute(
                sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(extension))
            )
    with _administration(server, ADMINISTRATOR_ROLE) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {}").format(
                sql.Identifier(APPLICATION_ROLE), owner
            )
        )


def _hand_over(server: Server) -> None:
    """Give the owner's role what the application's role has owned so far."""
    application, owner = sql.Identifier(APPLICATION_ROLE), sql.Identifier(OWNER_ROLE)
    # The database itself last: it says that the rest is done.
    with _administration(server, APPLICATION_ROLE) as connection, connection.transaction():
        connection.execute(sql.SQL("ALTER ROLE {} NOCREATEDB").format(application))
        connection.execute(sql.SQL("REASSIGN OWNED BY {} TO {}").format(application, owner))
        connection.execute(
            sql.SQL("ALTER DATABASE {} OWNER TO {}").format(
                sql.Identifier(APPLICATION_ROLE), owner
            )
        )


def _administration(server: Server, database: str) -> psycopg.Connection:
    url = server.url(ADMINISTRATOR_ROLE, database)
    return psycopg.connect(url, autocommit=True, connect_timeout=10)


def _exists(connection: psycopg.Connection, catalogue: str, column: str, name: str) -> bool:
    query = sql.SQL("SELECT 1 FROM {} WHERE {} = %s").format(
        sql.Identifier(catalogue), sql.Identifier(column)
    )
    return connection.execute(query, (name,)).fetchone() is not None
