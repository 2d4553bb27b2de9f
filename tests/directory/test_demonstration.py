"""Fictitious sheets say that they are, name nobody who could exist, and go with their CPTS."""

import re
from typing import Any

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.cpts.demonstration.service import remove_demonstration
from app.database.sessions import session_scope
from app.directory.demonstration.service import fill_sheets

TABLES = ("cpts_sheet", "cpts_action", "cpts_contact", "directory_entry", "directory_word")


def rows(engine: Engine, statement: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


@pytest.fixture
def filled(engine: Engine, client: TestClient) -> Engine:
    """Forty fictitious CPTS and a real one, each of four themes; sheets are filled in."""
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO cpts (name, started_on, demonstration)"
                " SELECT 'Démo CPTS n° ' || n, '2020-01-01', n > 0"
                " FROM generate_series(0, 40) AS n"
            )
        )
        connection.execute(
            text(
                "INSERT INTO cpts_theme (cpts_id, theme_slug) SELECT id, slug FROM cpts,"
                " (VALUES ('diabete'), ('chutes'), ('hpv'), ('sommeil')) AS given (slug)"
            )
        )
    with session_scope(engine) as session:
        assert fill_sheets(session) > 20
    return engine


def test_they_say_that_they_are_fictitious(filled: Engine) -> None:
    for name, email, phone, origin in rows(
        filled, "SELECT name, email, phone, origin FROM cpts_contact"
    ):
        assert re.fullmatch(r"Démo \w+ Fictif", name)
        assert email.endswith("@demonstration.example")
        assert re.fullmatch(r"01 99 00 \d\d \d\d", phone)
        assert origin == "demonstration"
    texts = rows(filled, "SELECT text FROM cpts_action")
    assert len(texts) > 80
    assert all(told.startswith("Action fictive.") for (told,) in texts)
    assert {state for (state,) in rows(filled, "SELECT state FROM cpts_action")} == {
        "en_projet", "en_cours", "realise",
    }  # fmt: skip


def test_real_cpts_get_none_and_a_second_time_changes_nothing(filled: Engine) -> None:
    real = "SELECT * FROM cpts_sheet s JOIN cpts c ON c.id = s.cpts_id WHERE NOT demonstration"
    assert rows(filled, real) == []
    before = [rows(filled, f"SELECT count(*) FROM {table}") for table in TABLES]
    with session_scope(filled) as session:
        assert fill_sheets(session) == 0
    assert [rows(filled, f"SELECT count(*) FROM {table}") for table in TABLES] == before


def test_they_go_with_their_cpts(filled: Engine) -> None:
    with session_scope(filled) as session:
        remove_demonstration(session)
    for table in TABLES[:3]:
        assert rows(filled, f"SELECT * FROM {table}") == []
