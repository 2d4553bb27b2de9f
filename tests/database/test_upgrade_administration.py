"""A registry from before the administration is upgraded: its history stays, and is undone."""

import os
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.engine import URL

from app.cpts.reversal.repository import made_together
from app.cpts.reversal.service import undo
from app.cpts.verification.service import verify
from app.database.engine import create_database_engine
from app.database.migration import upgrade_database
from app.database.sessions import session_scope, snapshot_scope
from app.progress import SilentProgress
from tests.database.test_upgrade_letters import SMALL_REGISTRY

BEFORE = "0013"


class Anybody:
    """Whoever undoes."""

    token_id = None
    name = "essai"

    def may_undo(self, **_: object) -> None:
        """Allow it."""


@pytest.fixture
def schema_of_before(owner_url: URL, maintenance: Engine) -> Iterator[Engine]:
    """A database at the migration before, with a small registry and changes of it."""
    name = f"cpts_upgrade_administration_{os.getpid()}"
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
        connection.exec_driver_sql("UPDATE cpts SET phone = '03 99 00 00 01'")
    yield engine
    engine.dispose()
    with maintenance.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


def history(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        rows = text("SELECT to_jsonb(c)::text FROM cpts_change c ORDER BY id")
        return list(connection.execute(rows).scalars())


def test_what_was_changed_before_the_upgrade_is_undone_after_it(
    schema_of_before: Engine,
) -> None:
    before = history(schema_of_before)
    assert before
    upgrade_database(schema_of_before)
    assert history(schema_of_before) == before
    with session_scope(schema_of_before) as session:
        last = session.execute(text("SELECT max(id) FROM cpts_change")).scalar_one()
        assert made_together(session, last)[0].after == {"phone": "03 99 00 00 01"}
        undo(session, last, Anybody(), reason=None, letters_behind=lambda _: [])
    assert len(history(schema_of_before)) == len(before) + 1
    with snapshot_scope(schema_of_before) as session:
        assert session.execute(text("SELECT phone FROM cpts")).scalars().all() == [None]
        assert verify(session, SilentProgress()) == []
