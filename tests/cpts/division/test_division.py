"""Dividing a commune: who held it holds its parts, and an undone division leaves nothing."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Engine, text

from app.database.calendar import today
from tests.quarters import Divide, undivide_all

LILLE = "59350"
Register = Callable[..., int]

# Every row that a division may touch, as text.
STATE = """
SELECT 'commune' AS what, c.code AS key, to_jsonb(c)::text FROM commune c
WHERE c.department_code = '59'
UNION ALL SELECT 'city', c.code, to_jsonb(c)::text FROM city c
UNION ALL SELECT 'population', p.commune_code, to_jsonb(p)::text FROM commune_population p
UNION ALL SELECT 'postcode', p.commune_code, to_jsonb(p)::text FROM commune_postcode p
UNION ALL SELECT 'name', n.commune_code, to_jsonb(n)::text FROM commune_name n
UNION ALL SELECT 'former', f.commune_code, to_jsonb(f)::text FROM former_commune f
UNION ALL SELECT 'border', n.commune_code, to_jsonb(n)::text FROM commune_neighbour n
UNION ALL SELECT 'claim', c.commune_code, to_jsonb(c)::text FROM claim c
UNION ALL SELECT 'territory', t.cpts_id::text, to_jsonb(t)::text FROM cpts_territory t
UNION ALL SELECT 'planned', p.commune_code, to_jsonb(p)::text FROM planned_change p
UNION ALL SELECT 'refused', r.commune_code, to_jsonb(r)::text FROM refused_claim r
UNION ALL SELECT 'letter', l.commune_code, to_jsonb(l)::text FROM letter_commune l
UNION ALL SELECT 'conciliation', l.commune_code, to_jsonb(l)::text FROM conciliation_commune l
ORDER BY 1, 2, 3
"""


def state(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(STATE))]


def claims(engine: Engine) -> set[tuple[str, str]]:
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT commune_code, held::text FROM claim"))
        return {(row[0], row[1]) for row in rows}


def test_the_claim_on_a_commune_goes_on_on_all_its_parts(
    register: Register, divide_commune: Divide, engine: Engine, client: Any
) -> None:
    since = today() - timedelta(days=100)
    cpts = register("CPTS Lille", communes=(LILLE, "59378"), effective_on=since.isoformat())
    before = client.get(f"/api/v1/cpts/{cpts}").json()
    plan = divide_commune(LILLE, ["Moulins", "Vauban", "Fives"])
    assert [part.name for part in plan.parts] == [
        "Lille – Moulins",
        "Lille – Vauban",
        "Lille – Fives",
    ]
    assert claims(engine) == {
        (LILLE, f"[{since},{today()})"),
        ("59378", f"[{since},)"),
        *((f"{LILLE}-0{n}", f"[{today()},)") for n in (1, 2, 3)),
    }
    after = client.get(f"/api/v1/cpts/{cpts}").json()
    assert after["population"] == before["population"]
    assert [each["code"] for each in after["communes"]] == [
        *(f"{LILLE}-0{n}" for n in (1, 2, 3)),
        "59378",
    ]
    yesterday = {"at": (today() - timedelta(days=1)).isoformat()}
    told = client.get(f"/api/v1/cpts/{cpts}", params=yesterday).json()
    assert [each["code"] for each in told["communes"]] == [LILLE, "59378"]


def test_an_undone_division_leaves_every_row_as_it_was(
    register: Register, divide_commune: Divide, engine: Engine
) -> None:
    register("CPTS Lille", communes=(LILLE,), effective_on=date(2025, 1, 1).isoformat())
    before = state(engine)
    divide_commune(LILLE)
    assert state(engine) != before
    undivide_all(engine)
    assert state(engine) == before
