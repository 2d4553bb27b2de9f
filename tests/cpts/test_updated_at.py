"""`updated_at` is true for whoever follows changes, whoever wrote and whatever changed."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.database.calendar import PARIS, today
from tests.administration import administration

Register = Callable[..., int]
Bearer = Callable[..., dict[str, str]]

LILLE, CROIX, GAP = "59350", "59163", "05061"

# The day in Paris, which between 22 or 23 h and midnight UTC is the server's next one.
HELD_FROM_TODAY = (
    "INSERT INTO claim (cpts_id, commune_code, held)"
    " VALUES (:id, '59163', daterange((now() AT TIME ZONE 'Europe/Paris')::date, NULL))"
)


def told(client: TestClient, cpts: int) -> datetime:
    return datetime.fromisoformat(client.get(f"/api/v1/cpts/{cpts}").json()["updated_at"])


@pytest.fixture
def pair(register: Register) -> tuple[int, int]:
    """A CPTS that the test changes, and one that stays as it is."""
    return register("CPTS Une", communes=(LILLE,)), register("CPTS Autre", communes=(GAP,))


@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("PATCH", {"name": "CPTS Deux"}),
        ("PATCH", {"themes": ["diabete"]}),
        ("PATCH", {"phone": "+33 3 20 00 00 00"}),
        ("PUT", {"communes": [LILLE, CROIX]}),
        ("PUT", {"communes": [CROIX]}),
    ],
)
def test_a_change_dates_its_cpts_alone_and_the_answer_says_what_stands(
    client: TestClient,
    pair: tuple[int, int],
    bearer: Bearer,
    method: str,
    body: dict[str, Any],
) -> None:
    cpts, other = pair
    before = told(client, cpts), told(client, other)
    address = f"/api/v1/cpts/{cpts}{'/territory' if method == 'PUT' else ''}"
    answer = client.request(method, address, json=body, headers=bearer("admin"))
    assert answer.status_code == 200, answer.text
    after = told(client, cpts)
    assert after > before[0]
    assert told(client, other) == before[1]
    assert datetime.fromisoformat(answer.json()["updated_at"]) == after


def test_a_creation_answers_with_the_date_that_stands(
    client: TestClient, bearer: Bearer
) -> None:
    answer = client.post(
        "/api/v1/cpts",
        json={"name": "CPTS", "stage": "aci_signe", "communes": [LILLE], "themes": ["diabete"]},
        headers=bearer("admin"),
    )
    made = answer.json()
    assert told(client, made["id"]).isoformat() == made["updated_at"].replace("Z", "000+00:00")


def test_who_loses_communes_and_who_ends_is_dated_too(
    client: TestClient, register: Register, bearer: Bearer
) -> None:
    loser = register("CPTS Une", "dynamique_identifiee", (LILLE, CROIX))
    before = told(client, loser)
    register("CPTS Deux", communes=(CROIX,), supersede=[loser])
    lost = told(client, loser)
    assert lost > before
    ended = client.delete(f"/api/v1/cpts/{loser}?reason=essai", headers=bearer("admin"))
    assert ended.status_code == 204
    assert told(client, loser) > lost


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE cpts SET name = 'Autre nom' WHERE id = :id",
        HELD_FROM_TODAY,
        "DELETE FROM claim WHERE cpts_id = :id",
        "UPDATE cpts_stage SET since = '2019-01-01' WHERE cpts_id = :id",
        "INSERT INTO cpts_theme (cpts_id, theme_slug) VALUES (:id, 'diabete')",
    ],
)
def test_what_plain_sql_changes_is_dated(
    client: TestClient, pair: tuple[int, int], engine: Engine, statement: str
) -> None:
    cpts, other = pair
    before = told(client, cpts), told(client, other)
    with engine.begin() as connection:
        connection.execute(text(statement), {"id": cpts})
    assert told(client, cpts) > before[0]
    assert told(client, other) == before[1]


def test_what_a_population_changes_of_a_territory_is_dated(
    client: TestClient, pair: tuple[int, int], engine: Engine
) -> None:
    cpts, other = pair
    before = told(client, cpts), told(client, other)
    change = text(
        "UPDATE commune_population SET population = population + :more"
        " WHERE commune_code = :code"
    )
    try:
        with administration(engine) as connection:
            connection.execute(change, {"more": 1, "code": LILLE})
        assert told(client, cpts) > before[0]
        assert told(client, other) == before[1]
    finally:
        with administration(engine) as connection:
            connection.execute(change, {"more": -1, "code": LILLE})


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO cpts (name, started_on) VALUES ('CPTS Tardive', '2020-01-01')",
        HELD_FROM_TODAY,
        "UPDATE cpts SET name = 'CPTS Tardive' WHERE id = :id",
    ],
)
def test_what_began_earlier_and_is_recorded_later_is_dated_later(
    client: TestClient,
    pair: tuple[int, int],
    engine: Engine,
    bearer: Bearer,
    statement: str,
) -> None:
    cpts, other = pair
    headers = bearer("admin")
    with engine.connect() as slow:
        slow.execute(text("SELECT now()"))
        answer = client.patch(
            f"/api/v1/cpts/{other}", json={"name": "CPTS Rapide"}, headers=headers
        )
        assert answer.status_code == 200
        slow.execute(text(statement), {"id": cpts})
        slow.commit()
    items = client.get("/api/v1/cpts").json()["items"]
    latest = max(items, key=lambda item: item["updated_at"])
    assert latest["id"] != other
    assert latest["name"] == "CPTS Tardive" or latest["id"] == cpts


def test_what_was_to_come_is_dated_by_the_day_on_which_it_comes(
    client: TestClient, pair: tuple[int, int], bearer: Bearer, monkeypatch: pytest.MonkeyPatch
) -> None:
    cpts, other = pair
    tomorrow = today() + timedelta(days=1)
    answer = client.put(
        f"/api/v1/cpts/{cpts}/territory",
        json={"communes": [LILLE, CROIX], "effective_on": tomorrow.isoformat()},
        headers=bearer("admin"),
    )
    assert answer.status_code == 200, answer.text
    recorded = told(client, cpts), told(client, other)
    assert recorded[0] < datetime.now(PARIS)
    monkeypatch.setenv("CPTS_TODAY", tomorrow.isoformat())
    assert told(client, cpts) == datetime(
        tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=PARIS
    )
    assert told(client, other) == recorded[1]
