"""The database as commands use it: server running, schema up to date."""

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg.errors import InsufficientPrivilege
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError

from app.cluster.addresses import database_server
from app.database.engine import create_database_engine
from app.database.grants import grant_service, is_granted
from app.database.migration import current_revision, newest_revision, upgrade_database
from app.failures import Failure
from app.progress import Progress, terminal_progress
from app.settings import Settings

# Any number of our own: it keeps two commands from preparing one database at once.
_PREPARATION_LOCK = 0x63707473


@contextmanager
def command_engine(
    settings: Settings | None = None, progress: Progress | None = None
) -> Iterator[Engine]:
    """Give a command an engine on a running, migrated database.

    Parameters: `settings`, read from the environment when None; `progress`, that of the
    terminal when None. Raises `Failure` when there is no usable database.
    """
    settings = settings or Settings()
    progress = progress or terminal_progress()
    with database_server(settings.database, progress) as address:
        engine = create_database_engine(address.url, application_name="cpts-command")
        try:
            with preparation_lock(engine):
                migrate(engine, progress, address.owner_url)
            yield engine
        finally:
            engine.dispose()


def migrate(engine: Engine, progress: Progress, owner_url: str | None = None) -> None:
    """Bring the schema up to date; a look-up when it is.

    Parameters: `engine`, of the service's role; `owner_url`, of the role that owns the
    tables, which then gives the service its rights; None when they are one. Raises
    `Failure`.
    """
    if owner_url is None:
        _upgrade(engine, progress)
        return
    with engine.connect() as connection:
        service = connection.execute(text("SELECT current_user")).scalar_one()
    owner = create_database_engine(owner_url, connections=1, application_name="cpts-owner")
    try:
        with owner.connect() as connection:
            granted = is_granted(connection, service)
        if _upgrade(owner, progress) or not granted:
            with owner.begin() as connection:
                grant_service(connection, service)
    finally:
        owner.dispose()


def _upgrade(engine: Engine, progress: Progress) -> bool:
    with engine.connect() as connection:
        current = current_revision(connection)
    if current == newest_revision():
        return False
    # Slow to import, and rarely needed.
    from alembic.util import CommandError  # noqa: PLC0415

    try:
        with progress.step("Mise à jour du schéma de la base"):
            upgrade_database(engine)
    except CommandError as unknown:
        raise Failure(
            f"Le schéma de la base ({current}) vient d'une version plus récente du programme : "
            "mettez le programme à jour."
        ) from unknown
    except ProgrammingError as refused:
        if not isinstance(refused.orig, InsufficientPrivilege):
            raise
        raise Failure(
            "Le schéma de la base est à mettre à jour, et l'utilisateur de DATABASE_URL n'en "
            "est pas propriétaire : donnez l'adresse de celui-ci par CPTS_OWNER_DATABASE_URL."
        ) from None
    return True


@contextmanager
def preparation_lock(engine: Engine) -> Iterator[None]:
    """Be the only one to prepare this database while the block runs, others wait."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(
            text("SELECT pg_advisory_lock(:number)"), {"number": _PREPARATION_LOCK}
        )
        try:
            yield
        finally:
            connection.execute(
                text("SELECT pg_advisory_unlock(:number)"), {"number": _PREPARATION_LOCK}
            )
