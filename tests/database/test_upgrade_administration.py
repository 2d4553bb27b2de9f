"""A registry from before the administration is upgraded: its history stays, and is undone."""

import pytest
from sqlalchemy import Engine, text

from app.cpts.reversal.repository import made_together
from app.cpts.reversal.service import undo
from app.cpts.verification.service import verify
from app.database.migration import upgrade_database
from app.database.sessions import session_scope, snapshot_scope
from app.progress import SilentProgress
from tests.database.former_schemas import filled
from tests.database.test_upgrade_letters import SMALL_REGISTRY

BEFORE = "0013"


class Anybody:
    """Whoever undoes."""

    token_id = None
    name = "essai"

    def may_undo(self, **_: object) -> None:
        """Allow it."""


@pytest.fixture
def schema_of_before(bare_database: Engine) -> Engine:
    """A database at the migration before, with a small registry and changes of it."""
    return filled(
        bare_database,
        ("0001", SMALL_REGISTRY),
        (BEFORE, "UPDATE cpts SET phone = '03 99 00 00 01'"),
    )


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
