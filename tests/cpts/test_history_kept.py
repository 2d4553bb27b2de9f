"""The history follows the registry whoever writes to it, and nobody takes it back."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError

from app.cpts.demonstration.service import remove_demonstration
from app.cpts.verification.service import verify
from app.database.sessions import session_scope, snapshot_scope
from app.progress import SilentProgress
from tests.administration import administration, superuser

Register = Callable[..., int]

LILLE, CROIX = "59350", "59163"


def entries(engine: Engine, cpts: int) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        found = connection.execute(
            text(
                "SELECT action, actor, before, after FROM cpts_change"
                " WHERE cpts_id = :id ORDER BY id"
            ),
            {"id": cpts},
        )
        return [dict(row._mapping) for row in found]


def drift(engine: Engine) -> list[str]:
    with snapshot_scope(engine) as session:
        return verify(session, SilentProgress())


@pytest.mark.parametrize(
    ("statement", "action", "member"),
    [
        ("UPDATE cpts SET name = 'Autre nom' WHERE id = :id", "updated", "name"),
        (
            (
                "INSERT INTO claim (cpts_id, commune_code, held) SELECT :id, '59163',"
                " daterange((now() AT TIME ZONE 'Europe/Paris')::date, NULL)"
            ),
            "territory",
            "claims",
        ),
        ("DELETE FROM claim WHERE cpts_id = :id", "territory", "claims"),
        (
            "UPDATE claim SET held = daterange(lower(held), '2199-01-01') WHERE cpts_id = :id",
            "territory",
            "claims",
        ),
        (
            (
                "INSERT INTO cpts_stage (cpts_id, stage_slug, since)"
                " VALUES (:id, 'dynamique_identifiee', '2018-01-01')"
            ),
            "updated",
            "stages",
        ),
        ("UPDATE cpts_stage SET since = '2019-01-01' WHERE cpts_id = :id", "updated", "stages"),
        (
            "INSERT INTO cpts_theme (cpts_id, theme_slug) VALUES (:id, 'diabete')",
            "updated",
            "themes",
        ),
        ("UPDATE cpts SET ended_on = '2199-01-01' WHERE id = :id", "ended", "ended_on"),
    ],
)
def test_what_plain_sql_changes_is_recorded_with_who_and_what(
    register: Register, engine: Engine, statement: str, action: str, member: str
) -> None:
    cpts = register("CPTS Une", communes=(LILLE,))
    [created] = entries(engine, cpts)
    with engine.begin() as connection:
        connection.execute(text(statement), {"id": cpts})
        role = connection.execute(text("SELECT session_user")).scalar_one()
    [first, recorded] = entries(engine, cpts)
    assert first == created
    assert (recorded["action"], recorded["actor"]) == (action, f"SQL : {role}")
    assert recorded["before"].keys() == recorded["after"].keys() == {member}
    assert recorded["before"][member] == created["after"][member]
    assert recorded["after"][member] != recorded["before"][member]


def test_a_cpts_that_plain_sql_makes_begins_its_history(engine: Engine) -> None:
    with administration(engine) as connection:
        cpts = connection.execute(
            text(
                "INSERT INTO cpts (name, started_on) VALUES ('Née', '2026-01-01') RETURNING id"
            )
        ).scalar_one()
        connection.execute(
            text("INSERT INTO cpts_stage VALUES (:id, '2026-01-01', 'aci_signe')"), {"id": cpts}
        )
    [entry] = entries(engine, cpts)
    assert (entry["action"], entry["actor"], entry["before"]) == (
        "created",
        "SQL : cpts_owner",
        None,
    )
    assert entry["after"]["stages"] == {"aci_signe": "2026-01-01"}
    assert drift(engine) == []


def test_one_transaction_of_plain_sql_is_one_entry(register: Register, engine: Engine) -> None:
    cpts = register("CPTS Une", communes=(LILLE,))
    with engine.begin() as connection:
        for name in ("A", "B", "C"):
            connection.execute(text("UPDATE cpts SET name = :name"), {"name": name})
        connection.execute(text("UPDATE cpts_stage SET since = '2019-01-01'"))
    [_, entry] = entries(engine, cpts)
    assert entry["before"]["name"] == "CPTS Une"
    assert entry["after"]["name"] == "C"
    assert entry["after"].keys() == {"name", "stages"}


def test_what_changes_nothing_is_not_recorded(register: Register, engine: Engine) -> None:
    cpts = register("CPTS Une", communes=(LILLE,))
    with engine.begin() as connection:
        connection.execute(text("UPDATE cpts SET name = name, updated_at = now()"))
    assert len(entries(engine, cpts)) == 1


def test_what_is_rolled_back_leaves_no_entry(register: Register, engine: Engine) -> None:
    cpts = register("CPTS Une", communes=(LILLE,))
    with engine.connect() as connection:
        connection.execute(text("UPDATE cpts SET name = 'Jamais'"))
        connection.rollback()
        assert connection.execute(text("SELECT name FROM cpts")).scalar_one() == "CPTS Une"
    assert len(entries(engine, cpts)) == 1


def test_a_false_entry_is_contradicted_by_a_true_one(
    register: Register, engine: Engine
) -> None:
    cpts = register("CPTS Une", communes=(LILLE,))
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO cpts_change (cpts_id, revision, action, actor, before, after)"
                """ VALUES (:id, 1, 'updated', 'x', '{"name": "A"}', '{"name": "B"}')"""
            ),
            {"id": cpts},
        )
    [_, false, true] = entries(engine, cpts)
    assert (false["after"], true["after"]) == ({"name": "B"}, {"name": "CPTS Une"})
    [found] = drift(engine)
    assert "ne suit pas la précédente (name)" in found


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM cpts_change",
        "UPDATE cpts_change SET actor = 'personne'",
        "UPDATE cpts_change SET actor_token_id = NULL",
        "TRUNCATE cpts_change",
        "INSERT INTO cpts_change (cpts_id, actor, changed_at) SELECT id, 'x', now() FROM cpts",
        "DELETE FROM letter_event",
        "UPDATE letter_event SET actor = 'personne'",
        "TRUNCATE letter_event",
        "DELETE FROM letter",
        "DELETE FROM api_token",
        "TRUNCATE cpts CASCADE",
        "UPDATE cpts SET demonstration = true",
        "DELETE FROM registry_revision",
        "UPDATE alembic_version SET version_num = '0001'",
        "DELETE FROM history_due",
        "ALTER TABLE claim DISABLE TRIGGER ALL",
        "ALTER TABLE claim DROP CONSTRAINT claim_commune_held_once",
        "DROP TRIGGER cpts_guard ON cpts",
        "CREATE TABLE mine (a integer)",
        "ALTER FUNCTION note_every_cpts() SET search_path = pg_temp",
        "SET session_replication_role = replica",
        "SET ROLE cpts_owner",
    ],
)
def test_the_services_role_neither_alters_tables_nor_takes_history_back(
    register: Register, engine: Engine, statement: str
) -> None:
    register("CPTS Une", communes=(LILLE,))
    with (
        engine.connect() as connection,
        pytest.raises(ProgrammingError, match=r"permission denied|must be owner"),
    ):
        connection.execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM cpts_change",
        "UPDATE cpts_change SET actor = 'personne'",
        "DELETE FROM claim; DELETE FROM cpts",
    ],
)
def test_whoever_owns_the_tables_is_held_by_their_guards(
    register: Register, engine: Engine, statement: str
) -> None:
    cpts = register("CPTS Une", communes=(LILLE,))
    with pytest.raises(ProgrammingError, match="history"), administration(engine) as connection:
        connection.exec_driver_sql(statement)
    assert len(entries(engine, cpts)) == 1


def test_fictitious_cpts_go_with_their_history(register: Register, engine: Engine) -> None:
    cpts = register("Démo CPTS", communes=(LILLE,))
    with administration(engine) as connection:
        connection.execute(text("UPDATE cpts SET demonstration = true"))
    with session_scope(engine) as session:
        assert remove_demonstration(session) == 1
    assert entries(engine, cpts) == []
    assert drift(engine) == []


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("UPDATE cpts SET name = 'Autre'", "« name » n'est pas ce que dit l'historique"),
        ("UPDATE cpts_stage SET since = '2019-01-01'", "« stages »"),
        ("DELETE FROM cpts_change", "absente de l'historique"),
    ],
)
def test_what_does_not_follow_from_the_history_is_named(
    register: Register, engine: Engine, damage: str, told: str
) -> None:
    cpts = register("CPTS Une", communes=(LILLE,))
    with superuser(engine) as connection:
        connection.execute(text(damage))
    [found] = drift(engine)
    assert found.startswith(f"CPTS {cpts} «")
    assert told in found


def test_claims_changed_behind_the_history_are_named(
    register: Register, engine: Engine
) -> None:
    register("CPTS Une", communes=(LILLE, CROIX))
    with superuser(engine) as connection:
        connection.execute(text("DELETE FROM claim WHERE commune_code = :c"), {"c": CROIX})
    assert any("« claims » n'est pas ce que dit l'historique" in line for line in drift(engine))
