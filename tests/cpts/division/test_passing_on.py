"""What hangs on a commune goes to its parts, and comes back as it was."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from app.cpts.division import service
from app.cpts.division.service import divide, undivide
from app.cpts.verification.service import verify
from app.database.calendar import today
from app.database.sessions import session_scope, snapshot_scope
from app.failures import Failure
from app.geography.division.service import DivisionPlan, plan_division, plan_divisions
from app.letters.record.rules import PENDING, State
from app.progress import SilentProgress
from tests.cpts.division.test_division import LILLE, state
from tests.exploration import examples
from tests.quarters import Divide, Divider, bands, polygon_of, undivide_all

Register = Callable[..., int]
BOUVINES = "59106"


def run(engine: Engine, statement: str, **parameters: Any) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement), parameters)


def column(engine: Engine, question: str) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(text(question)).scalars())


def drifts(engine: Engine) -> list[str]:
    with snapshot_scope(engine) as session:
        # Letters of these tests have no events.
        return [d for d in verify(session, SilentProgress()) if not d.startswith("Lettre ")]


def hold(engine: Engine, register: Register, name: str, code: str, since: date) -> int:
    """Register a dynamic, and let it hold a unit from a day on."""
    cpts = register(name, "dynamique_identifiee", stage_since=since.isoformat())
    run(
        engine,
        "INSERT INTO claim (cpts_id, commune_code, held)"
        " VALUES (:cpts, :code, daterange(:since, NULL))",
        cpts=cpts,
        code=code,
        since=since,
    )
    return cpts


def test_what_is_refused_planned_and_asked_for_follows_and_comes_back(
    register: Register, divide_commune: Divide, engine: Engine
) -> None:
    cpts = register("CPTS Lille", communes=(LILLE,))
    soon = today() + timedelta(days=30)
    run(
        engine,
        "UPDATE claim SET held = daterange(lower(held), :soon) WHERE commune_code = :lille",
        soon=soon,
        lille=LILLE,
    )
    run(
        engine,
        "INSERT INTO planned_change (letter_id, cpts_id, commune_code, change, effective_on)"
        " VALUES (9, :cpts, :lille, 'withdraw', :soon)",
        cpts=cpts,
        lille=LILLE,
        soon=soon,
    )
    run(
        engine,
        "INSERT INTO refused_claim (commune_code, claimant_name, refused_on)"
        " VALUES (:lille, 'CPTS Autre', '2026-01-05')",
        lille=LILLE,
    )
    run(
        engine,
        "INSERT INTO letter (name, kind, state, deposited_on, closed_on, lead_region)"
        " VALUES ('Attend', 'creation', 'deposee', '2026-01-05', NULL, '32'),"
        "        ('Refusée', 'creation', 'refusee', '2026-01-05', '2026-01-06', '32')",
    )
    run(
        engine,
        "INSERT INTO letter_commune SELECT id, :lille, 'asked' FROM letter",
        lille=LILLE,
    )
    before = state(engine)
    divide_commune(LILLE, ["Ouest", "Est"])
    both = [f"{LILLE}-01", f"{LILLE}-02"]
    for table in ("planned_change", "refused_claim"):
        assert column(engine, f"SELECT commune_code FROM {table} ORDER BY 1") == both
    assert column(
        engine,
        "SELECT name || ' ' || commune_code FROM letter_commune"
        " JOIN letter ON id = letter_id ORDER BY 1",
    ) == [*(f"Attend {code}" for code in both), f"Refusée {LILLE}"]
    assert drifts(engine) == []
    undivide_all(engine)
    assert state(engine) == before
    assert drifts(engine) == []


def test_a_division_stays_while_one_cpts_has_a_part_alone(
    register: Register, divide_commune: Divide, engine: Engine
) -> None:
    divide_commune(LILLE, ["Ouest", "Est"])
    hold(engine, register, "CPTS Ouest", f"{LILLE}-01", today())
    with (
        pytest.raises(Failure, match=r"CPTS Ouest .Lille – Ouest.\."),
        session_scope(engine) as session,
    ):
        undivide(session, LILLE, signatory=Divider())
    assert column(engine, "SELECT count(*) FROM division") == [1]
    # Once it has them all, for the same days, the commune is its.
    run(
        engine,
        "INSERT INTO claim (cpts_id, commune_code, held)"
        " SELECT cpts_id, :east, held FROM claim",
        east=f"{LILLE}-02",
    )
    undivide_all(engine)
    assert column(engine, "SELECT commune_code FROM claim") == [LILLE]


def test_a_city_and_a_part_of_it_are_never_held_for_the_same_day(
    register: Register, divide_commune: Divide, engine: Engine
) -> None:
    cpts = register("CPTS", "dynamique_identifiee")
    divide_commune(LILLE, ["Ouest", "Est"], day=date(2026, 3, 1))
    insertion = (
        "INSERT INTO claim (cpts_id, commune_code, held)"
        " VALUES (:cpts, :code, CAST(:held AS daterange))"
    )
    for code, held in ((LILLE, "[2026-03-01,)"), (f"{LILLE}-01", "[2026-02-28,)")):
        with pytest.raises(Exception, match="would be held on days on which it is none"):
            run(engine, insertion, cpts=cpts, code=code, held=held)
    with pytest.raises(Exception, match="same day as a city and its parts"):
        run(engine, "UPDATE commune SET in_force = '(,)' WHERE code = :code", code=LILLE)


def test_a_city_is_divided_further_and_each_step_is_taken_back(
    register: Register, divide_commune: Divide, engine: Engine
) -> None:
    first, second = date(2026, 3, 1), date(2026, 4, 1)
    divide_commune(LILLE, ["Ouest", "Est"], day=first)
    west = hold(engine, register, "CPTS Ouest", f"{LILLE}-01", first)
    hold(engine, register, "CPTS Est", f"{LILLE}-02", first)
    before = state(engine)
    plan = divide_commune(LILLE, ["A", "B", "C", "D"], day=second)
    assert [part.unit for part in plan.parts] == [f"{LILLE}-01"] * 2 + [f"{LILLE}-02"] * 2
    assert [part.code for part in plan.parts] == [f"{LILLE}-0{n}" for n in (3, 4, 5, 6)]
    with engine.connect() as connection:
        held = connection.execute(
            text("SELECT commune_code, held::text FROM claim WHERE cpts_id = :west ORDER BY 1"),
            {"west": west},
        )
        assert [tuple(row) for row in held] == [
            (f"{LILLE}-01", f"[{first},{second})"),
            (f"{LILLE}-03", f"[{second},)"),
            (f"{LILLE}-04", f"[{second},)"),
        ]
    assert drifts(engine) == []
    with pytest.raises(Failure, match="est divisée depuis le 01/04/2026"):
        divide_commune(LILLE, ["A", "B"], day=second)
    with session_scope(engine) as session:
        undivide(session, LILLE, signatory=Divider())
    assert state(engine) == before


def test_what_does_not_divide_a_commune_changes_nothing(
    engine: Engine, divide_commune: Divide
) -> None:
    before = state(engine)
    drawn = bands(polygon_of(engine, LILLE), ["Ouest", "Centre", "Est"])
    for code, parts, day, told in (
        (LILLE, drawn[:2], today(), "laissent 28,3"),
        (LILLE, [drawn[0], *drawn], today(), "se recouvrent sur"),
        (LILLE, drawn[:1], today(), "il en faut au moins deux"),
        (LILLE, drawn, today() + timedelta(days=1), "au plus tard aujourd'hui"),
        ("75101", drawn, today(), "n'est pas le code d'une commune"),
        ("75056", drawn, today(), "n'est pas le code d'une commune"),
    ):
        with pytest.raises(Failure, match=told), session_scope(engine) as session:
            divide(session, code, parts, day, source="x", signatory=Divider())
    assert state(engine) == before


@settings(
    max_examples=examples(4, many=60),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    data=st.data(),
    weights=st.lists(st.integers(0, 10**6), min_size=2, max_size=5),
    held=st.sampled_from([None, date(2024, 1, 1), today()]),
)
def test_any_division_counts_everybody_once_and_leaves_nothing_when_undone(
    engine: Engine,
    client: Any,
    bearer: Any,
    emptying: Any,
    *,
    data: st.DataObject,
    weights: list[int],
    held: date | None,
) -> None:
    communes = column(
        engine,
        "SELECT code FROM commune WHERE department_code = '59' AND kind = 'commune' ORDER BY 1",
    )
    code = data.draw(st.sampled_from(communes))
    cpts = None
    if held:
        answer = client.post(
            "/api/v1/cpts",
            json={"name": "CPTS", "stage": "aci_signe", "communes": [code],
                  "effective_on": held.isoformat()},
            headers=bearer("admin"),
        )  # fmt: skip
        cpts = answer.json()["id"]
    before = state(engine)
    names = [f"Quartier {n}" for n in range(len(weights))]
    with session_scope(engine) as session:
        plan = divide(
            session,
            code,
            bands(polygon_of(engine, code), names, weight=weights),
            today(),
            source="x",
            signatory=Divider(),
            population_column="pop",
        )
    try:
        assert len(plan.parts) == len(names)
        assert sum(plan.populations) == plan.commune.populations[-1]
        assert drifts(engine) == []
        if cpts is not None and held is not None:
            told = [
                client.get(f"/api/v1/cpts/{cpts}", params={"at": day.isoformat()}).json()
                for day in {held, today()}
            ]
            assert {each["population"] for each in told} == {plan.commune.populations[-1]}
    finally:
        undivide_all(engine)
    assert state(engine) == before
    emptying.empty()


def test_a_preview_writes_nothing(engine: Engine) -> None:
    before = state(engine)
    drawn = bands(polygon_of(engine, BOUVINES), ["Ouest", "Est"])
    with snapshot_scope(engine) as session:
        plan = plan_division(session, BOUVINES, drawn, today())
    assert [part.name for part in plan.parts] == ["Bouvines – Ouest", "Bouvines – Est"]
    assert not plan.by_column
    assert state(engine) == before


def test_the_database_and_the_rules_agree_on_what_is_pending(engine: Engine) -> None:
    with engine.connect() as connection:
        found = connection.execute(
            text("SELECT s FROM unnest(CAST(:states AS text[])) AS s WHERE is_pending(s)"),
            {"states": list(State)},
        ).scalars()
        assert set(found) == set(PENDING)


def test_who_divides_second_is_told_that_the_commune_is_divided(
    divide_commune: Divide, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overtaken(*asked: Any) -> list[DivisionPlan]:
        # Nobody waits for the registry while a division is worked out.
        monkeypatch.setattr(service, "plan_divisions", plan_divisions)
        plans = plan_divisions(*asked)
        divide_commune(LILLE, ["Nord", "Sud"])
        return plans

    monkeypatch.setattr(service, "plan_divisions", overtaken)
    with pytest.raises(Failure, match="est divisée depuis le"):
        divide_commune(LILLE, ["Ouest", "Est"])
