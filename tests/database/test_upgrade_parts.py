"""A registry from before cities had parts is upgraded as it is, and can be divided."""

from typing import Any

import pytest
from sqlalchemy import Engine, text

from app.cpts.verification.service import verify
from app.database.migration import upgrade_database
from app.database.sessions import snapshot_scope
from app.progress import SilentProgress
from tests.database.former_schemas import filled
from tests.database.test_upgrade_letters import SMALL_REGISTRY
from tests.quarters import divide_commune

BEFORE = "0015"


@pytest.fixture
def schema_of_before(bare_database: Engine) -> Engine:
    """A database at the migration before, with a small registry."""
    upgrade_database(filled(bare_database, ("0001", SMALL_REGISTRY)), BEFORE)
    return bare_database


def rows(engine: Engine, question: str) -> list[Any]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(question))]


def test_units_of_before_are_units_on_every_day_and_can_be_divided(
    schema_of_before: Engine,
) -> None:
    kept = (
        "SELECT to_jsonb(c)::text FROM claim c ORDER BY c.id",
        "SELECT to_jsonb(t)::text FROM cpts_territory t ORDER BY t.cpts_id, t.held",
        "SELECT to_jsonb(c)::text FROM cpts_change c ORDER BY c.id",
        "SELECT to_jsonb(c) - 'in_force' - 'quarter' FROM commune c ORDER BY c.code",
    )
    before = [rows(schema_of_before, each) for each in kept]
    assert all(before)
    upgrade_database(schema_of_before)
    assert [rows(schema_of_before, each) for each in kept] == before
    units = "SELECT code FROM unit_on('{}') ORDER BY code"
    every = rows(schema_of_before, "SELECT code FROM commune ORDER BY code")
    for day in ("0001-01-01", "2026-01-01", "9999-12-31"):
        assert rows(schema_of_before, units.format(day)) == every
    divide_commune(schema_of_before, "59001", ["Ouest", "Est"])
    assert [code for (code,) in rows(schema_of_before, units.format("9999-12-31"))] == [
        "59001-01",
        "59001-02",
        "59002",
        "59003",
    ]
    with snapshot_scope(schema_of_before) as session:
        assert verify(session, SilentProgress()) == []
