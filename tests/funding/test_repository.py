"""The scale as the database holds it."""

from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from app.database.sessions import ReadingSession
from app.funding.repository import scale_on
from tests.exploration import examples
from tests.funding.scales import AVENANT_2

DAY = date(2026, 6, 1)


@pytest.fixture
def session(engine: Engine) -> Iterator[ReadingSession]:
    """A session whose changes never stay."""
    with ReadingSession(engine) as session:
        yield session
        session.rollback()


def test_the_stored_scale_is_that_of_avenant_2(session: ReadingSession) -> None:
    scale = scale_on(session, DAY)
    assert scale.bounds == AVENANT_2.bounds
    assert scale.amounts.keys() == AVENANT_2.amounts.keys()
    for tier, expected in AVENANT_2.amounts.items():
        stored = scale.amounts[tier]
        assert stored.functioning == expected.functioning
        assert stored.early_mission_contract == expected.early_mission_contract
        assert [
            (m.slug, m.optional, m.fixed, m.variable, m.plan_first_year, m.crisis)
            for m in stored.missions
        ] == [
            (m.slug, m.optional, m.fixed, m.variable, m.plan_first_year, m.crisis)
            for m in expected.missions
        ]
        assert scale.funding(tier) is not None
        for mission in stored.missions:
            assert mission.label


@settings(
    max_examples=examples(40, many=1000),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    population=st.integers(0, 2**31 - 1)
    | st.sampled_from([39_999, 40_000, 79_999, 80_000, 175_000, 175_001]),
    day=st.dates(date(1990, 1, 1), date(2100, 1, 1)),
)
def test_python_and_sql_give_the_same_tier(
    session: ReadingSession, population: int, day: date
) -> None:
    by_sql = session.execute(
        text("SELECT tier_of(:population, :day)"), {"population": population, "day": day}
    ).scalar_one()
    assert by_sql is not None
    assert scale_on(session, day).tier_of(population) == by_sql


def test_a_scale_changes_on_its_day(session: ReadingSession) -> None:
    change = date(2030, 1, 1)
    session.execute(
        text("UPDATE tier_bound SET in_force = daterange(NULL, :day) WHERE tier = 4"),
        {"day": change},
    )
    session.execute(
        text(
            "INSERT INTO tier_bound (tier, population, in_force) VALUES"
            " (4, '[175001,250001)', daterange(:day, NULL)),"
            " (5, '[250001,)', daterange(:day, NULL))"
        ),
        {"day": change},
    )
    session.execute(
        text(
            "INSERT INTO funding_amount (tier, item, part, in_force, euros)"
            " VALUES (5, 'functioning', 'flat', daterange(:day, NULL), 100000)"
        ),
        {"day": change},
    )
    before, after = scale_on(session, date(2029, 12, 31)), scale_on(session, change)
    assert before.tier_of(300_000) == 4
    assert before.funding(5) is None
    assert after.tier_of(250_000) == 4
    assert after.tier_of(300_000) == 5
    assert after.distance(250_000) is not None
    funding = after.funding(5)
    assert funding is not None
    assert funding.functioning == 100_000
