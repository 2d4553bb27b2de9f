"""A registry from before `updated_at` was true is upgraded, and then follows changes."""

from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, text

from app.cpts.verification.service import verify
from app.database.calendar import PARIS
from app.database.migration import upgrade_database
from app.database.sessions import snapshot_scope
from app.progress import SilentProgress
from tests.database.former_schemas import filled
from tests.database.test_upgrade_letters import SMALL_REGISTRY

BEFORE = "0009"
TODAY, AHEAD = date(2026, 6, 1), date(2190, 1, 1)
# One that holds communes, one that grows on a day to come, one that has ended.
DATA = """
    INSERT INTO cpts (name, started_on, ended_on, updated_at) VALUES
        ('Qui grandira', '2020-01-01', NULL, '2025-02-03 10:00+00'),
        ('Finie', '2020-01-01', '2025-05-01', '2025-04-03 10:00+00');
    INSERT INTO cpts_stage (cpts_id, stage_slug, since, recorded_on)
    SELECT id, 'association_creee', '2020-01-01', '2020-01-01' FROM cpts WHERE id > 1;
    INSERT INTO claim (cpts_id, commune_code, held)
    SELECT id, '59003', held::daterange FROM cpts JOIN (VALUES
        ('Finie', '[2020-01-01,2025-05-01)'), ('Qui grandira', '[2190-01-01,)'))
        AS given (name, held) USING (name);
"""


@pytest.fixture
def schema_of_before(bare_database: Engine) -> Engine:
    """A database at the migration before, with a small registry in it."""
    return filled(bare_database, ("0001", SMALL_REGISTRY), (BEFORE, DATA))


def rows(engine: Engine, statement: str, **parameters: Any) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(statement), parameters)]


def told(engine: Engine, day: date) -> dict[str, datetime]:
    found = rows(
        engine,
        "SELECT c.name, u.updated_at FROM cpts c JOIN cpts_updated_at(:day) u"
        " ON u.cpts_id = c.id",
        day=day,
    )
    return dict(found)


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=PARIS)


def test_what_is_on_record_stays_and_days_that_have_come_are_told(
    schema_of_before: Engine,
) -> None:
    kept = (
        "SELECT to_jsonb(c)::text FROM cpts c ORDER BY id",
        "SELECT to_jsonb(c)::text FROM cpts_change c ORDER BY id",
        "SELECT to_jsonb(t)::text FROM cpts_territory t ORDER BY 1",
    )
    before = [rows(schema_of_before, statement) for statement in kept]
    recorded = dict(rows(schema_of_before, "SELECT name, updated_at FROM cpts"))
    assert len(recorded) == 3
    upgrade_database(schema_of_before)
    assert [rows(schema_of_before, statement) for statement in kept] == before
    assert rows(schema_of_before, "SELECT * FROM history_due") == []
    now, later = told(schema_of_before, TODAY), told(schema_of_before, AHEAD)
    # Whatever its record says, it has been another one since the day on which it ended.
    assert now == {**recorded, "Finie": max(recorded["Finie"], midnight(date(2025, 5, 1)))}
    assert later == {**now, "Qui grandira": midnight(AHEAD)}


def test_changes_are_dated_from_then_on_and_all_is_verified(schema_of_before: Engine) -> None:
    upgrade_database(schema_of_before)
    before = told(schema_of_before, TODAY)
    with schema_of_before.begin() as connection:
        connection.execute(
            text(
                "UPDATE commune_population SET population = 11000 WHERE commune_code = '59001'"
            )
        )
    after = told(schema_of_before, TODAY)
    assert after.pop("CPTS d'avant") > before.pop("CPTS d'avant")
    assert after == before
    with snapshot_scope(schema_of_before) as session:
        assert verify(session, SilentProgress()) == []
