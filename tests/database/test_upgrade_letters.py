"""A database of an earlier schema, with data in it, becomes one of today."""

from datetime import date

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from app.accounts.service import create_token, recognise
from app.database.migration import current_revision, upgrade_database
from app.database.sessions import session_scope
from app.letters.decisions.service import decide
from app.letters.reading.service import letter_detail
from app.letters.record import schemas, service
from tests.database.former_schemas import filled

# Two communes of an invented department, squares side by side, held by one CPTS.
SMALL_REGISTRY = """
    INSERT INTO region (code, name) VALUES ('32', 'Région d''essai');
    INSERT INTO department (code, name, region_code)
    VALUES ('59', 'Département d''essai', '32');
    INSERT INTO commune (code, name, kind, department_code, region_code,
                         geom, geom_department, geom_region, geom_country)
    SELECT code, name, 'commune', '59', '32', square, square, square, square
    FROM (VALUES ('59001', 'Une', 3.0), ('59002', 'Deux', 3.1), ('59003', 'Trois', 3.2))
        AS given (code, name, west),
        LATERAL (
            SELECT ST_ForcePolygonCCW(ST_Multi(
                ST_MakeEnvelope(west, 50, west + 0.1, 50.1, 4326))) AS square) s;
    INSERT INTO commune_population (commune_code, year, in_force_from, population)
    SELECT code, 2023, '2026-01-01', 10000 FROM commune;
    INSERT INTO api_token (token_hash, role, region_code, label) VALUES
        (sha256('jeton ars'), 'ars', '32', 'une ARS'),
        (sha256('jeton admin'), 'admin', NULL, 'administration');
    INSERT INTO cpts (name, started_on) VALUES ('CPTS d''avant', '2024-01-01');
    INSERT INTO cpts_stage (cpts_id, since, stage_slug)
    SELECT id, '2024-01-01', 'aci_signe' FROM cpts;
    INSERT INTO claim (cpts_id, commune_code, held)
    SELECT id, commune, '[2024-01-01,)' FROM cpts, unnest(ARRAY['59001', '59002']) AS commune;
    INSERT INTO cpts_change (cpts_id, revision, action, actor, actor_token_id)
    SELECT p.id, 1, 'created', 'une ARS', t.id FROM cpts p, api_token t WHERE t.role = 'ars';
"""

KEPT = (
    "cpts",
    "cpts_stage",
    "claim",
    "cpts_change",
    "cpts_territory",
    "api_token",
    "commune",
    "commune_population",
    "registry_revision",
)


@pytest.fixture
def first_schema(bare_database: Engine) -> Engine:
    """A database at migration 0001 with a small registry in it."""
    return filled(bare_database, ("0001", SMALL_REGISTRY))


def rows(engine: Engine) -> dict[str, list[str]]:
    with engine.connect() as connection:
        return {
            table: sorted(
                connection.execute(text(f"SELECT to_jsonb(t)::text FROM {table} t")).scalars()
            )
            for table in KEPT
        }


def test_an_upgrade_keeps_every_row_and_every_token(first_schema: Engine) -> None:
    before = rows(first_schema)
    assert len(before["cpts_territory"]) == 1
    upgrade_database(first_schema, "0002")
    assert rows(first_schema) == before
    with first_schema.connect() as connection:
        assert current_revision(connection) == "0002"
    # Who has a token is asked of the schema that the program knows.
    upgrade_database(first_schema)
    with session_scope(first_schema) as session:
        caller = recognise(session, "jeton ars")
        assert caller is not None
        assert (caller.role, caller.region) == ("ars", "32")


def test_an_upgrade_that_ran_already_does_nothing(first_schema: Engine) -> None:
    upgrade_database(first_schema, "0002")
    before = rows(first_schema)
    upgrade_database(first_schema, "0002")
    assert rows(first_schema) == before


def test_letters_are_deposited_and_validated_on_a_registry_of_before(
    first_schema: Engine,
) -> None:
    upgrade_database(first_schema)
    with session_scope(first_schema) as session:
        cpts = session.execute(text("SELECT id FROM cpts")).scalar_one()
        agent = recognise(session, "jeton admin")
        assert agent is not None
        deposit = schemas.LetterDeposit(
            name="Avenant",
            kind="amendment",
            cpts=cpts,
            communes=["59001", "59003"],
            deposited_on=date(2026, 3, 2),
        )
        letter = service.deposit(session, deposit, agent).letter_id
        for authority in ("ars", "assurance_maladie"):
            decision = schemas.Decision(decision="favorable", authority=authority)
            decide(session, letter, decision, agent)
    with session_scope(first_schema) as session:
        assert letter_detail(session, agent, letter)["state"] == "validee"
        held = session.execute(
            text("SELECT commune_code FROM claim WHERE upper_inf(held) ORDER BY 1")
        ).scalars()
        assert list(held) == ["59001", "59003"]


def test_the_assurance_maladie_gets_tokens_limited_to_a_region(first_schema: Engine) -> None:
    upgrade_database(first_schema)
    with session_scope(first_schema) as session:
        token = create_token(session, role="assurance_maladie", region="32")
        caller = recognise(session, token)
        assert caller is not None
        assert caller.role == "assurance_maladie"
    boundless = text(
        "INSERT INTO api_token (token_hash, role) VALUES ('x', 'assurance_maladie')"
    )
    with (
        pytest.raises(IntegrityError, match="api_token_agent_region_check"),
        first_schema.begin() as connection,
    ):
        connection.execute(boundless)


def test_what_was_asked_of_a_commune_follows_it_into_the_one_it_became(
    first_schema: Engine,
) -> None:
    upgrade_database(first_schema)
    with session_scope(first_schema) as session:
        agent = recognise(session, "jeton admin")
        assert agent is not None
        deposit = schemas.LetterDeposit(name="Projet", communes=["59003"])
        letter = service.deposit(session, deposit, agent).letter_id
    with first_schema.begin() as connection:
        connection.execute(text(MERGED_COMMUNE))
        connection.execute(text("DELETE FROM commune_population WHERE commune_code = '59003'"))
        connection.execute(text("DELETE FROM commune WHERE code = '59003'"))
        asked = connection.execute(
            text("SELECT commune_code FROM letter_commune WHERE letter_id = :letter"),
            {"letter": letter},
        ).scalars()
        assert list(asked) == ["59004"]


MERGED_COMMUNE = """
    WITH made AS (
        INSERT INTO commune (code, name, kind, department_code, region_code,
                             geom, geom_department, geom_region, geom_country)
        SELECT '59004', 'Quatre', kind, department_code, region_code,
               geom, geom_department, geom_region, geom_country
        FROM commune WHERE code = '59003'
        RETURNING code)
    INSERT INTO former_commune (code, commune_code, name, kind)
    SELECT '59003', made.code, 'Trois', 'former' FROM made
"""


FORMER_IMPORT = """
    INSERT INTO cpts_change (cpts_id, revision, action, actor, changed_at, after)
    SELECT id, 2, 'imported', 'import', '2026-02-03 23:30:00+00',
           '{"stages": {"aci_signe": "2024-01-01"}}'
    FROM cpts WHERE name = 'CPTS d''avant';
    INSERT INTO cpts (name, started_on, created_at) VALUES ('CPTS sans histoire', '2025-05-05',
                                                            '2025-06-06 12:00:00+00');
    INSERT INTO cpts_stage (cpts_id, since, stage_slug)
    SELECT id, '2025-05-05', 'dynamique_identifiee' FROM cpts WHERE name = 'CPTS sans histoire';
"""

UNDATED = "UPDATE cpts_stage SET since = NULL, recorded_on = '{day}'"


def test_dates_of_before_are_kept_with_the_day_on_which_they_came_to_be_known(
    first_schema: Engine,
) -> None:
    upgrade_database(first_schema, "0005")
    with first_schema.begin() as connection:
        connection.exec_driver_sql(FORMER_IMPORT)
    upgrade_database(first_schema)
    with first_schema.begin() as connection:
        stages = connection.execute(
            text(
                "SELECT p.name, s.since, s.recorded_on, s.known_from"
                " FROM cpts_stage s JOIN cpts p ON p.id = s.cpts_id ORDER BY p.id"
            )
        ).all()
        assert [tuple(row) for row in stages] == [
            ("CPTS d'avant", date(2024, 1, 1), date(2026, 2, 4), date(2024, 1, 1)),
            ("CPTS sans histoire", date(2025, 5, 5), date(2025, 6, 6), date(2025, 5, 5)),
        ]
        connection.exec_driver_sql(
            "UPDATE cpts_stage SET since = NULL, recorded_on = '2024-01-01'"
        )


def test_no_commune_is_held_before_the_day_from_which_an_undated_stage_is_known(
    first_schema: Engine,
) -> None:
    upgrade_database(first_schema)
    with (
        pytest.raises(IntegrityError, match="before its first stage"),
        first_schema.begin() as connection,
    ):
        connection.exec_driver_sql(
            "UPDATE cpts_stage SET since = NULL, recorded_on = '2024-01-02'"
        )
