"""Demonstration data: offered once, marked, and out of the way of real CPTS."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.cpts.completeness.service import declare_complete
from app.cpts.demonstration.service import (
    DIRECTORY,
    load_demonstration,
    load_on_first_start,
    remove_demonstration,
)
from app.database.calendar import today
from app.database.sessions import session_scope
from app.progress import SilentProgress

Register = Callable[..., int]


@pytest.fixture(autouse=True)
def _never_loaded(engine: Engine) -> Iterator[None]:
    reset = text("UPDATE registry_revision SET demonstration_loaded_at = NULL")
    with engine.begin() as connection:
        connection.execute(reset)
    yield
    with engine.begin() as connection:
        connection.execute(reset)


def _copy(
    folder: Path, name: str, column: str, wanted: Callable[[str], bool]
) -> list[dict[str, str]]:
    with (DIRECTORY / name).open(encoding="utf-8", newline="") as source:
        rows = [row for row in csv.DictReader(source) if wanted(row[column])]
    with (folder / name).open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return rows


@pytest.fixture
def of_the_north(tmp_path: Path) -> Path:
    """The demonstration data of the Nord department alone, which loads in an instant."""
    claims = _copy(tmp_path, "demonstration_claims.csv", "commune", lambda c: c[:2] == "59")
    keys = {row["key"] for row in claims}
    _copy(tmp_path, "demonstration_cpts.csv", "key", keys.__contains__)
    return tmp_path


def count(client: TestClient) -> int:
    return int(client.get("/api/v1/cpts", params={"limit": 1}).json()["number_matched"])


def test_it_leaves_out_the_communes_of_real_cpts_and_is_not_offered_beside_them(
    client: TestClient, register: Register, engine: Engine, of_the_north: Path
) -> None:
    lille = register("CPTS réelle", communes=("59350",))
    load_on_first_start(engine, SilentProgress())
    assert count(client) == 1
    load_demonstration(engine, SilentProgress(), of_the_north)
    again, communes = load_demonstration(engine, SilentProgress(), of_the_north)
    assert communes > 400
    assert count(client) == again + 1
    commune = client.get("/api/v1/communes/59350").json()
    assert commune["cpts"]["id"] == lille


def test_a_demonstration_cpts_conflicts_like_any_other_and_says_what_it_is(
    client: TestClient,
    bearer: Callable[..., dict[str, str]],
    engine: Engine,
    of_the_north: Path,
) -> None:
    load_demonstration(engine, SilentProgress(), of_the_north)
    with engine.connect() as connection:
        held = connection.execute(text("SELECT commune_code FROM claim LIMIT 1")).scalar_one()
    response = client.post(
        "/api/v1/cpts",
        json={"name": "CPTS réelle", "stage": "aci_signe", "communes": [held]},
        headers=bearer("admin"),
    )
    assert response.status_code == 409
    assert response.json()["conflicts"][0]["cpts"]["demonstration"] is True


def test_every_department_is_complete_while_it_is_there(
    client: TestClient, engine: Engine, of_the_north: Path
) -> None:
    def states() -> dict[str, str]:
        items = client.get("/api/v1/completeness").json()["items"]
        return {item["department"]: item["completed_on"] for item in items if item["complete"]}

    day = today().isoformat()
    with session_scope(engine) as session:
        declare_complete(session, ["05"], today())
    load_demonstration(engine, SilentProgress(), of_the_north)
    loaded = states()
    assert (len(loaded), loaded["05"]) == (101, day)
    assert loaded["04"] == loaded["13"] < day
    # What somebody declares meanwhile stays.
    with session_scope(engine) as session:
        declare_complete(session, ["13"], today())
    load_demonstration(engine, SilentProgress(), of_the_north)
    assert states() == {**loaded, "13": day}
    with session_scope(engine) as session:
        remove_demonstration(session)
    assert states() == {"05": day, "13": day}
