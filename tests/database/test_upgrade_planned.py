"""A registry with letters that lie ahead, and with stages noted too late, is upgraded."""

from datetime import date

import pytest
from sqlalchemy import Engine, text

from app.cpts.claims.repository import planned_after
from app.cpts.verification.service import verify
from app.database.migration import upgrade_database
from app.database.sessions import snapshot_scope
from app.progress import SilentProgress
from tests.database.former_schemas import filled
from tests.database.test_upgrade_letters import SMALL_REGISTRY

AHEAD = date(2190, 1, 1)

# One amended and absorbing another, each with a commune more or less on that day; the
# absorbed one; one that held a commune before its first stage, one without any stage.
DATA = """
    TRUNCATE cpts CASCADE;
    INSERT INTO tier_bound (tier, population, in_force) VALUES (1, '[0,)', '(,)');
    INSERT INTO cpts (name, started_on, ended_on) VALUES
        ('Amendée', '2020-01-01', NULL), ('Absorbée', '2020-01-01', '2190-01-01'),
        ('Tardive', '2020-01-01', NULL), ('Sans stade', '2020-01-01', NULL);
    INSERT INTO cpts_stage (cpts_id, stage_slug, since)
    SELECT id, slug, day::date FROM cpts JOIN (VALUES
        ('Amendée', 'aci_signe', '2020-01-01'), ('Absorbée', 'aci_signe', '2020-01-01'),
        ('Tardive', 'association_creee', '2024-05-01'),
        ('Tardive', 'aci_signe', '2025-05-01')) AS given (name, slug, day) USING (name);
    INSERT INTO claim (cpts_id, commune_code, held)
    SELECT id, commune, held::daterange FROM cpts JOIN (VALUES
        ('Amendée', '59001', '[2020-01-01,2190-01-01)'), ('Amendée', '59002', '[2190-01-01,)'),
        ('Absorbée', '59002', '[2020-01-01,2190-01-01)'),
        ('Tardive', '59003', '[2020-01-01,2021-01-01)'),
        ('Sans stade', '59003', '[2021-01-01,2022-01-01)')) AS given (name, commune, held)
        USING (name);
    INSERT INTO letter (name, kind, state, deposited_on, closed_on, in_effect_from,
                        lead_region, subject_cpts_id, resulting_cpts_id)
    SELECT letter, kind, 'validee', '2026-01-01', '2026-02-01', day::date, '32', id, id
    FROM cpts, (VALUES ('Fusion', 'merger', '2190-01-01'),
                       ('Avenant', 'amendment', '2190-01-01'),
                       ('Ancien', 'amendment', '2020-06-01')) AS given (letter, kind, day)
    WHERE cpts.name = 'Amendée' ORDER BY kind DESC, day DESC;
    INSERT INTO letter_absorbed_cpts (letter_id, cpts_id)
    SELECT l.id, p.id FROM letter l, cpts p WHERE l.kind = 'merger' AND p.name = 'Absorbée';
    INSERT INTO letter_commune (letter_id, commune_code, part)
    SELECT l.id, code, part FROM letter l JOIN (VALUES
        ('Fusion', '59002', 'kept'), ('Avenant', '59001', 'withdrawn'),
        ('Avenant', '59003', 'asked'), ('Ancien', '59002', 'asked'))
        AS given (name, code, part) USING (name);
"""


@pytest.fixture
def schema_of_letters(bare_database: Engine) -> Engine:
    """A database at migration 0005 with validated letters in it."""
    return filled(
        bare_database,
        *(("0005", each) for each in (SMALL_REGISTRY, "DELETE FROM tier_bound", DATA)),
    )


def ids(engine: Engine, table: str) -> dict[str, int]:
    with engine.connect() as connection:
        rows = connection.execute(text(f"SELECT name, id FROM {table}"))
        return {row.name: row.id for row in rows}


def test_letters_that_lie_ahead_become_plans_as_far_as_the_registry_still_holds_them(
    schema_of_letters: Engine,
) -> None:
    upgrade_database(schema_of_letters)
    cpts, letters = ids(schema_of_letters, "cpts"), ids(schema_of_letters, "letter")
    with snapshot_scope(schema_of_letters) as session:
        planned = planned_after(session, None, date(2026, 6, 1))
    assert {
        (each.letter, each.cpts_id, each.commune, each.adds, each.effective_on)
        for changes in planned.values()
        for each in changes
    } == {
        (letters["Fusion"], cpts["Amendée"], "59002", True, AHEAD),
        (letters["Avenant"], cpts["Amendée"], "59001", False, AHEAD),
        (letters["Fusion"], cpts["Absorbée"], "59002", False, AHEAD),
    }


def test_a_stage_noted_after_the_first_commune_is_dated_back_and_the_history_tells_it(
    schema_of_letters: Engine,
) -> None:
    upgrade_database(schema_of_letters)
    cpts = ids(schema_of_letters, "cpts")
    with schema_of_letters.connect() as connection:
        stages = connection.execute(
            text(
                "SELECT cpts_id, stage_slug, since FROM cpts_stage WHERE cpts_id = ANY (:ids)"
            ),
            {"ids": [cpts["Tardive"], cpts["Sans stade"]]},
        )
        assert {(row.cpts_id, row.stage_slug, row.since) for row in stages} == {
            (cpts["Tardive"], "association_creee", date(2020, 1, 1)),
            (cpts["Tardive"], "aci_signe", date(2025, 5, 1)),
            (cpts["Sans stade"], "dynamique_identifiee", date(2021, 1, 1)),
        }
        changes = connection.execute(
            text(
                "SELECT cpts_id, before, after FROM cpts_change"
                " WHERE actor = 'mise à niveau de la base'"
            )
        ).all()
    told = {row.cpts_id: (row.before["stages"], row.after["stages"]) for row in changes}
    assert told.keys() == {cpts["Tardive"], cpts["Sans stade"]}
    before, after = told[cpts["Tardive"]]
    assert before["association_creee"] == "2024-05-01"
    assert after["association_creee"] == "2020-01-01"
    with snapshot_scope(schema_of_letters) as session:
        drifts = verify(session, SilentProgress())
    # The letters of this test were written without their timeline.
    assert [drift for drift in drifts if not drift.startswith("Lettre ")] == []
