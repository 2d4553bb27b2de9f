"""The SQL of the backups: what the tables hold, at a moment that can be gone back to."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from app.failures import Failure
from app.running.backup.rules import Contents, TableContents

_LOCK_TIMEOUT = "3s"
_LOCK_PATIENCE_S = 120
_BETWEEN_ATTEMPTS_S = 1

# Ours, not an extension's, and written to the log.
_TABLES = """
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'public' AND c.relkind = 'r' AND c.relpersistence = 'p'
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
                      AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY c.relname
"""
# Independent of the order of the rows.
_DIGEST = """
    SELECT count(*), coalesce(left(md5(string_agg(r.digest, '' ORDER BY r.digest)), 16), '')
    FROM (SELECT md5(CAST(t AS text)) COLLATE "C" AS digest FROM {} t) r
"""


def contents(connection: psycopg.Connection) -> Contents:
    """Count and digest the rows of every table, in the transaction of `connection`."""
    connection.execute("SET LOCAL timezone = 'UTC'")
    connection.execute("SET LOCAL datestyle = 'ISO, YMD'")
    found = {}
    for (name,) in connection.execute(_TABLES).fetchall():
        row = connection.execute(sql.SQL(_DIGEST).format(sql.Identifier(name))).fetchone()
        assert row is not None
        found[name] = TableContents(*row)
    return found


def schema_revision(connection: psycopg.Connection) -> str | None:
    """Give the revision of the schema, None when there is none yet."""
    if connection.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,):
        return None
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return row[0] if row else None


def contents_at_restore_point(url: str, name: str) -> tuple[Contents, str | None]:
    """Make a restore point and tell what the tables held at it, and the schema's revision.

    Writers are kept out for the instant of the point only; the counting reads the
    snapshot of that instant. Parameters: `url`, a superuser's; `name`, of the point.
    Raises `Failure` when writers do not let go of the tables.
    """
    with psycopg.connect(url) as reader:
        reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        with _tables_at_rest(url) as writer:
            row = writer.execute("SELECT pg_export_snapshot()").fetchone()
            assert row is not None
            reader.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(row[0]))
            writer.execute("SELECT pg_create_restore_point(%s)", (name,))
        return contents(reader), schema_revision(reader)


@contextmanager
def _tables_at_rest(url: str) -> Iterator[psycopg.Connection]:
    """Keep writers out of every table while the block runs."""
    until = time.monotonic() + _LOCK_PATIENCE_S
    with psycopg.connect(url) as connection:
        names = [name for (name,) in connection.execute(_TABLES)]
        # Writers of the registry take its revision first: we wait for them there, without
        # holding anything that they will ask for.
        names.sort(key=lambda name: (name != "registry_revision", name))
        tables = sql.SQL(", ").join(sql.Identifier(name) for name in names)
        while names:
            connection.rollback()
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            connection.execute(
                sql.SQL("SET LOCAL lock_timeout = {}").format(sql.Literal(_LOCK_TIMEOUT))
            )
            try:
                connection.execute(sql.SQL("LOCK TABLE {} IN SHARE MODE").format(tables))
                break
            except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
                if time.monotonic() > until:
                    raise Failure(
                        "La base est occupée par une longue écriture : la sauvegarde est faite "
                        "mais son contenu n'a pas pu être relevé ; relancez-la."
                    ) from None
            # Those who queued behind us go first.
            time.sleep(_BETWEEN_ATTEMPTS_S)
        yield connection


def archiving_fault(url: str) -> str | None:
    """Tell in French what is wrong with the archiving of the log, None when nothing is."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(
            "SELECT last_failed_time, last_archived_time FROM pg_stat_archiver"
            " WHERE last_failed_time > coalesce(last_archived_time, '-infinity')"
        ).fetchone()
    if row is None:
        return None
    return f"L'archivage du journal échoue depuis le {row[0]:%Y-%m-%d %H:%M:%S} UTC."


def load_archiving(url: str) -> None:
    """Have the server read its configuration again.

    Raises `Failure` when it was started without archiving, which only a new start changes.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        if connection.execute("SHOW archive_mode").fetchone() != ("on",):
            raise Failure(
                "La base privée tourne encore avec les réglages d'avant : arrêtez le service, "
                "relancez-le, puis refaites la sauvegarde."
            )
        connection.execute("SELECT pg_reload_conf()")
