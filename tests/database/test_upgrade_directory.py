"""A registry from before the directory is upgraded: its themes can be searched by."""

from typing import Any

import pytest
from sqlalchemy import Engine, text

from app.database.migration import upgrade_database
from tests.database.former_schemas import filled
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
def schema_of_before(bare_database: Engine) -> Engine:
    """A database at the migration before, with a small registry in it."""
    return filled(bare_database, ("0001", SMALL_REGISTRY), (BEFORE, DATA))


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
