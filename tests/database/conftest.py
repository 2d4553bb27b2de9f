"""A database of one's own, at whatever migration."""

import os
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.engine import URL

from app.database.engine import create_database_engine


@pytest.fixture
def bare_database(owner_url: URL, maintenance: Engine) -> Iterator[Engine]:
    """An empty database without any schema, as its owner; it goes with the test."""
    name = f"cpts_upgrade_{os.getpid()}"
    with maintenance.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine = create_database_engine(
        owner_url.set(database=name).render_as_string(hide_password=False)
    )
    yield engine
    engine.dispose()
    with maintenance.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
