"""A database cluster of the benchmarks' own, made for one run and deleted after it.

It is set up like the service's private cluster, and waits for the disk as that does.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from app.cluster.addresses import database_server
from app.cluster.home import remove_home
from app.database.engine import create_database_engine
from app.progress import Progress
from app.settings import DatabaseSettings


@dataclass(frozen=True)
class ScratchServer:
    """The running cluster; `url` is that of its first database."""

    url: str

    def url_of(self, database: str) -> str:
        """Give the address of another database of the cluster."""
        address = make_url(self.url).set(database=database)
        return address.render_as_string(hide_password=False)

    @property
    def database(self) -> str:
        """The name of the cluster's first database."""
        return make_url(self.url).database or ""

    @property
    def sockets(self) -> str:
        """The folder of the cluster's unix socket."""
        return str(make_url(self.url).query["host"])

    @contextmanager
    def copy(self, name: str) -> Iterator[str]:
        """Have a copy of the first database, which nobody uses meanwhile; gives its address."""
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
            sql.Identifier(name), sql.Identifier(self.database)
        )
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        self._maintain(drop, create)
        try:
            yield self.url_of(name)
        finally:
            self._maintain(drop)

    def _maintain(self, *statements: sql.Composed) -> None:
        with psycopg.connect(self.url_of("postgres"), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)


@dataclass(frozen=True)
class ScratchCluster:
    """A cluster under `directory`, which is not there before the run nor after it."""

    directory: Path
    progress: Progress

    @contextmanager
    def running(self) -> Iterator[ScratchServer]:
        """Have the cluster run, made on a first use, while the block runs."""
        # Whatever DATABASE_URL the caller has set names another server.
        settings = DatabaseSettings.model_construct(data_directory=self.directory)
        with database_server(settings, self.progress) as address:
            # The owner of the tables: the measures make schemas and copies of their own.
            yield ScratchServer(address.owner_url or address.url)

    def remove(self) -> None:
        """Delete the stopped cluster with all its data."""
        if not self.directory.exists():
            return
        remove_home(self.directory / "postgres")
        for left in self.directory.iterdir():
            left.unlink()
        self.directory.rmdir()


@contextmanager
def engine_on(url: str) -> Iterator[Engine]:
    """Have an engine that leaves no connection behind."""
    engine = create_database_engine(url, application_name="cpts-benchmark")
    try:
        yield engine
    finally:
        engine.dispose()


def analyse(engine: Engine) -> None:
    """Have the planner know the tables as they are, rather than when autovacuum comes."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
