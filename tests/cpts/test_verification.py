"""`./cpts db verify` sees any drift, and nothing where there is none."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, text

from app.cpts.verification.service import verify
from app.database.sessions import snapshot_scope
from app.progress import SilentProgress
from tests.administration import administration

Register = Callable[..., int]


def drift(engine: Engine) -> list[str]:
    with snapshot_scope(engine) as session:
        return verify(session, SilentProgress())


def test_a_registry_written_through_its_routes_shows_no_drift(
    register: Register, engine: Engine
) -> None:
    register("CPTS Une", communes=("59350", "59378"), effective_on="2020-02-03")
    register("CPTS d'outre-mer", communes=("97611", "97608"))
    register("CPTS naissante", "dynamique_identifiee")
    assert drift(engine) == []


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("UPDATE cpts_territory SET population = population + 1", "population"),
        ("UPDATE cpts_territory SET tier = 1", "tier"),
        ("UPDATE cpts_territory SET lead_department = '62'", "lead_department"),
        ("UPDATE cpts_territory SET held = daterange('2025-01-01', NULL)", "période"),
        ("DELETE FROM cpts_territory", "période absente"),
        (
            "UPDATE cpts_territory SET geom_region = ST_Multi(ST_Buffer(geom_region, 0.01))",
            "échelle de la région",
        ),
        (
            "UPDATE cpts_stage SET since = '2030-01-01' WHERE stage_slug <> 'aci_signe'",
            "désordre",
        ),
    ],
)
def test_what_somebody_with_the_rights_of_an_owner_damaged_is_named(
    register: Register, engine: Engine, damage: str, told: str
) -> None:
    cpts = register(
        "CPTS Une",
        communes=("59350", "59378"),
        stage_since="2024-01-01",
        effective_on="2024-01-01",
    )
    guard = "ALTER TABLE cpts_territory {} TRIGGER cpts_territory_guard"
    with administration(engine) as connection:
        connection.execute(
            text(
                "INSERT INTO cpts_stage (cpts_id, since, stage_slug)"
                " VALUES (:cpts, '2023-01-01', 'projet_sante_valide')"
            ),
            {"cpts": cpts},
        )
        connection.execute(text(guard.format("DISABLE")))
        connection.execute(text(damage))
        connection.execute(text(guard.format("ENABLE")))
    found = drift(engine)
    assert found
    assert all("CPTS Une" in line for line in found)
    assert any(told in line for line in found), found


def test_a_guard_that_is_switched_off_is_named(engine: Engine) -> None:
    toggle = "ALTER TABLE claim {} TRIGGER claim_inserted"
    with administration(engine) as connection:
        connection.execute(text(toggle.format("DISABLE")))
    try:
        assert drift(engine) == ["Garde désactivée : claim.claim_inserted"]
    finally:
        with administration(engine) as connection:
            connection.execute(text(toggle.format("ENABLE")))


def test_population_and_tier_of_a_day_are_those_of_the_vintage_in_force(
    register: Register, engine: Engine
) -> None:
    cpts = register("CPTS Une", communes=("59350",), effective_on="2020-01-01")
    vintage = (
        "INSERT INTO commune_population (commune_code, in_force_from, year, population)"
        " VALUES ('59350', '2027-01-01', 2024, 39999)"
    )
    rows = text(
        "SELECT lower(held) AS since, population_year, tier FROM cpts_territory"
        " WHERE cpts_id = :cpts ORDER BY held"
    )
    with engine.begin() as connection:
        connection.execute(text(vintage))
        found = [
            (str(row.since), row.population_year, row.tier)
            for row in connection.execute(rows, {"cpts": cpts})
        ]
    try:
        assert found == [("2020-01-01", 2023, 4), ("2027-01-01", 2024, 1)]
        assert drift(engine) == []
    finally:
        with engine.begin() as connection:
            connection.execute(text("DELETE FROM commune_population WHERE year = 2024"))


@pytest.mark.parametrize(
    ("population", "tier"),
    [(0, 1), (39_999, 1), (40_000, 2), (79_999, 2), (80_000, 3), (175_000, 3), (175_001, 4)],
)
def test_the_tier_of_a_cpts_follows_the_bounds_to_the_inhabitant(
    register: Register, engine: Engine, population: int, tier: int
) -> None:
    cpts = register("CPTS Une", communes=("59350",))
    change = text("UPDATE commune_population SET population = :p WHERE commune_code = '59350'")
    read = text("SELECT population, tier FROM cpts_territory WHERE cpts_id = :cpts")
    with engine.connect() as connection:
        connection.execute(change, {"p": population})
        found = connection.execute(read, {"cpts": cpts}).one()
        connection.rollback()
    assert tuple(found) == (population, tier)
