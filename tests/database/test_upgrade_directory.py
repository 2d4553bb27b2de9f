"""A registry from before the directory is upgraded: its themes can be searched by."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.engine import URL

from app.database.engine import create_database_engine
from app.database.migration import upgrade_database
from tests.database.test_upgrade_letters import SMALL_REGISTRY

BEFORE = "0011"
DATA = """
    INSERT INTO cpts (name, started_on) VALUES
        ('Sans thème', '2020-01-01'), ('Une', '2020-01-01');
    INSERT INTO cpts_theme (cpts_id, theme_slug)
    SELECT id, slug FROM cpts CROSS JOIN (VALUES ('diabete'), ('vaccination')) AS t (slug)
    WHERE name = 'Une';
"""


@pytest.fixture
def schema_of_before(owner_url: URL, maintenance: Engine) -> Iterator[Engine]:
    """A database at the migration before, with a small registry in it."""
    name = f"cpts_upgrade_directory_{os.getpid()}"
    with maintenance.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine = create_database_engine(
        owner_url.set(database=name).render_as_string(hide_password=False)
    )
    upgrade_database(engine, "0001")
    with engine.begin() as connection:
        connection.exec_driver_sql(SMALL_REGISTRY)
    upgrade_database(engine, BEFORE)
    with engine.begin() as connection:
        connection.exec_driver_sql(DATA)
    yield engine
    engine.dispose()
    with maintenance.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


def rows(engine: Engine, statement: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def test_themes_of_before_are_in_the_directory(schema_of_before: Engine) -> None:
    history = rows(schema_of_before, "SELECT count(*) FROM cpts_change")
    upgrade_database(schema_of_before)
    told = rows(
        schema_of_before,
        "SELECT c.name, e.declared_themes, e.themes, e.done_themes"
        " FROM directory_entry e JOIN cpts c ON c.id = e.cpts_id WHERE c.name = 'Une'",
    )
    assert told == [("Une", ["diabete", "vaccination"], ["diabete", "vaccination"], [])]
    assert rows(schema_of_before, "SELECT count(*) FROM cpts_change") == history
    with schema_of_before.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO cpts_action (cpts_id, theme_slug, state, text)"
                " SELECT id, 'chutes', 'en_cours', 'Prévention des chutes à domicile'"
                " FROM cpts WHERE name = 'Sans thème'"
            )
        )
    told = rows(
        schema_of_before,
        "SELECT e.declared_themes, e.themes, e.current_themes FROM directory_entry e"
        " JOIN cpts c ON c.id = e.cpts_id WHERE c.name = 'Sans thème'",
    )
    assert told == [([], ["chutes"], ["chutes"])]
