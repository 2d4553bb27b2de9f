"""Where the database runs: a server given by `DATABASE_URL`, or a private one."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from app.cluster.private import PrivateCluster
from app.cluster.requirements import check_database
from app.cluster.server import ADMINISTRATOR_ROLE, OWNER_ROLE
from app.database.engine import plain_address
from app.progress import Progress
from app.settings import DatabaseSettings


@dataclass(frozen=True)
class DatabaseAddress:
    """A database that is there and can hold the service.

    Parameters: `url`, for the application's role; `private`, whether the server is this
    checkout's own; `owner_url`, that of the role which migrates, None when the
    application's does; `administrator_url`, a superuser's on a private server, else None.
    """

    url: str
    private: bool
    owner_url: str | None = None
    administrator_url: str | None = None


def private_cluster(settings: DatabaseSettings, progress: Progress) -> PrivateCluster:
    """Give the private cluster of this checkout, made and started by its own methods."""
    return PrivateCluster(
        settings.data_directory / "postgres", progress, programs=settings.postgresql_programs
    )


@contextmanager
def database_server(
    settings: DatabaseSettings, progress: Progress, *, watch: bool = False
) -> Iterator[DatabaseAddress]:
    """Have the database server of the settings run while the block runs.

    Installs PostgreSQL and makes the private cluster on a first use. `watch` starts the
    private server again when it dies meanwhile. Raises `Failure` when there is no
    usable database.
    """
    if settings.url is not None:
        url = plain_address(settings.url.get_secret_value())
        owner_url = None
        if settings.owner_url is not None:
            owner_url = plain_address(settings.owner_url.get_secret_value())
            check_database(owner_url)
        check_database(url, migrates=owner_url is None)
        yield DatabaseAddress(url, private=False, owner_url=owner_url)
        return
    cluster = private_cluster(settings, progress)
    with cluster.running() as server:
        check_database(server.url(OWNER_ROLE))
        ended = threading.Event()
        if watch:
            threading.Thread(
                target=cluster.keep_running, args=(server, ended), daemon=True
            ).start()
        try:
            yield DatabaseAddress(
                server.url(),
                private=True,
                owner_url=server.url(OWNER_ROLE),
                administrator_url=server.url(ADMINISTRATOR_ROLE, "postgres"),
            )
        finally:
            ended.set()


@contextmanager
def test_server(settings: DatabaseSettings, progress: Progress) -> Iterator[DatabaseAddress]:
    """Have a private server for tests run, apart from the service's and its data.

    It does not wait for the disk, and its data may be lost.
    """
    cluster = PrivateCluster(
        settings.data_directory / "postgres-tests",
        progress,
        programs=settings.postgresql_programs,
        durable=False,
    )
    with cluster.running() as server:
        yield DatabaseAddress(
            server.url(),
            private=True,
            owner_url=server.url(OWNER_ROLE),
            administrator_url=server.url(ADMINISTRATOR_ROLE, "postgres"),
        )
