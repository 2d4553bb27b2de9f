"""What the application's role may not do, done by a superuser for a test."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from sqlalchemy import Connection, Engine

from app.database.engine import create_database_engine, database_url


@contextmanager
def administration(engine: Engine) -> Iterator[Connection]:
    """Give a superuser's transaction on the database of `engine`, committed at the end."""
    with _administrator(engine.url.database or "").begin() as connection:
        yield connection


@cache
def _administrator(database: str) -> Engine:
    url = database_url(os.environ["CPTS_TEST_ADMINISTRATOR_URL"]).set(database=database)
    return create_database_engine(url.render_as_string(hide_password=False), connections=2)
