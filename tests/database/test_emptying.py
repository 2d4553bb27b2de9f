"""What a test leaves is gone before the next one, and nothing else is."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text

from tests import emptying as module
from tests.emptying import Emptying

TOKEN = """
INSERT INTO api_token (token_hash, role, label)
VALUES (sha256('{0}'), 'admin', 'essai {0}') RETURNING id
"""


@pytest.fixture
def kept(session_engine: Engine) -> Iterator[dict[str, int]]:
    """How many rows the reference tables hold, before and after."""
    before = counts(session_engine)
    yield before
    assert counts(session_engine) == before


def counts(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        return {
            table: int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())
            for table in ("commune", "commune_name", "stage", "theme", "tier_bound")
        }


def add_token(engine: Engine, value: str) -> int:
    with engine.begin() as connection:
        return int(connection.execute(text(TOKEN.format(value))).scalar_one())


def test_what_tests_fill_is_emptied_and_reference_data_stay(emptying: Emptying) -> None:
    emptied = set(emptying.tables)
    assert {
        "cpts",
        "claim",
        "cpts_territory",
        "api_token",
        "letter",
        "address_count",
    } <= emptied
    reference = {"region", "commune", "stage", "theme", "tier_bound", "registry_revision"}
    assert not emptied & {*reference, "alembic_version", "spatial_ref_sys"}


def test_a_new_table_needs_no_mention(emptying: Emptying) -> None:
    owner = emptying._engine
    with owner.begin() as connection:
        connection.execute(text("CREATE TABLE just_added (id integer)"))
    try:
        assert "just_added" in Emptying(owner).tables
    finally:
        with owner.begin() as connection:
            connection.execute(text("DROP TABLE just_added"))


@pytest.mark.parametrize("grown", [False, True])
def test_rows_go_ids_begin_again_and_kept_answers_are_asked_for_again(
    engine: Engine,
    emptying: Emptying,
    kept: dict[str, int],
    monkeypatch: pytest.MonkeyPatch,
    *,
    grown: bool,
) -> None:
    assert all(kept.values())
    if grown:
        monkeypatch.setattr(module, "_GROWN_BYTES", 0)
    revision = text("SELECT revision FROM registry_revision")
    assert [add_token(engine, "un"), add_token(engine, "deux")] == [1, 2]
    with engine.connect() as connection:
        before = connection.execute(revision).scalar_one()
    emptying.empty()
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM api_token")).scalar_one() == 0
        assert connection.execute(revision).scalar_one() > before
        # The connection holds to its foreign keys and triggers again.
        assert (
            connection.execute(text("SHOW session_replication_role")).scalar_one() == "origin"
        )
    assert add_token(engine, "trois") == 1


def test_an_id_that_was_taken_and_given_up_is_given_again(
    engine: Engine, emptying: Emptying
) -> None:
    with engine.connect() as connection:
        assert connection.execute(text(TOKEN.format("un"))).scalar_one() == 1
        connection.rollback()
    emptying.empty()
    assert add_token(engine, "deux") == 1
