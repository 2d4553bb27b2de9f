"""What the application's role may not do, done for a test by another one."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from sqlalchemy import Connection, Engine, NullPool, create_engine, text

from app.database.engine import database_url


@contextmanager
def administration(engine: Engine) -> Iterator[Connection]:
    """Give a transaction of the owner on the database of `engine`, committed at the end."""
    with _engine("CPTS_TEST_OWNER_URL", engine.url.database).begin() as connection:
        yield connection


@contextmanager
def superuser(engine: Engine) -> Iterator[Connection]:
    """Give the same of a superuser, whose triggers do not fire."""
    administrator = _engine("CPTS_TEST_ADMINISTRATOR_URL", engine.url.database)
    with administrator.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        process = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        yield connection
    # Only a superuser may drop a database that another one is still leaving.
    left = text("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = :pid)")
    with engine.connect() as connection:
        while not connection.execute(left, {"pid": process}).scalar_one():
            time.sleep(0.01)
            connection.rollback()


@cache
def _engine(variable: str, database: str | None) -> Engine:
    return create_engine(
        database_url(os.environ[variable]).set(database=database), poolclass=NullPool
    )
