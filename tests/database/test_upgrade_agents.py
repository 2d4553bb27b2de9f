"""A database with letters and people is upgraded; nothing of theirs is lost."""

from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from app.database.migration import upgrade_database
from tests.database.former_schemas import filled
from tests.database.test_upgrade_letters import SMALL_REGISTRY

BEFORE = "0012"
DATA = """
    INSERT INTO api_token (kind) VALUES ('identity');
    INSERT INTO person (identity_id, email, role, region_code)
    SELECT max(t.id), 'zelie@exemple.example', 'ars', min(r.code) FROM api_token t, region r;
    INSERT INTO letter (name, kind, deposited_on, lead_region)
    SELECT 'Projet', 'creation', '2026-01-02', min(code) FROM region;
    INSERT INTO letter_event (letter_id, action, occurred_on, state, actor)
    SELECT id, 'deposited', '2026-01-02', 'deposee', 'essai' FROM letter;
"""


@pytest.fixture
def schema_of_before(bare_database: Engine) -> Engine:
    """A database at the migration before, with a person and a letter in it."""
    return filled(bare_database, ("0001", SMALL_REGISTRY), (BEFORE, DATA))


def rows(engine: Engine, statement: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def test_people_are_told_by_mail_and_letters_take_files(schema_of_before: Engine) -> None:
    kept = "SELECT to_jsonb(e)::text FROM letter_event e ORDER BY id"
    before = rows(schema_of_before, kept)
    assert len(before) == 1
    upgrade_database(schema_of_before)
    assert rows(schema_of_before, kept) == before
    assert rows(schema_of_before, "SELECT email, letter_mail FROM person") == [
        ("zelie@exemple.example", True)
    ]
    with schema_of_before.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO letter_event (letter_id, action, occurred_on, state, actor)"
            " SELECT id, 'attached', '2026-01-03', 'deposee', 'essai' FROM letter"
        )
        connection.exec_driver_sql(
            "INSERT INTO letter_attachment (letter_id, kind, name, media_type, content, sha256,"
            " actor) SELECT id, 'letter', 'a.pdf', 'application/pdf', 'a', sha256('a'), 'x'"
            " FROM letter"
        )
        connection.exec_driver_sql(
            "INSERT INTO letter_notice (letter_id, person_id)"
            " SELECT l.id, p.id FROM letter l, person p"
        )
    with pytest.raises(IntegrityError), schema_of_before.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO letter_event (letter_id, action, occurred_on, state, actor)"
            " SELECT id, 'unheard of', '2026-01-03', 'deposee', 'essai' FROM letter"
        )
