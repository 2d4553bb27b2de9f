"""Where the registry is declared complete, since when, and what rests on it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from app.cli import application
from app.cpts.completeness.service import declare_complete, declare_incomplete
from app.database.calendar import today
from app.database.sessions import session_scope
from app.failures import Failure

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from starlette.testclient import TestClient

Register = Callable[..., int]
GAP, VEYNES, PARIS_13 = "05061", "05179", "75113"
LAST_YEAR = today() - timedelta(days=365)


def complete(engine: Engine, *codes: str, on: date | None = None) -> None:
    with session_scope(engine) as session:
        declare_complete(session, codes, on or today())


def incomplete(engine: Engine, *codes: str, on: date | None = None) -> None:
    with session_scope(engine) as session:
        declare_incomplete(session, codes, on or today())


def states(client: TestClient, **asked: str) -> dict[str, str | None]:
    items = client.get("/api/v1/completeness", params=asked).json()["items"]
    assert len(items) == 101
    for item in items:
        assert item["complete"] == (item["completed_on"] is not None)
    return {each["department"]: each["completed_on"] for each in items if each["complete"]}


def figures(client: TestClient, level: str, code: str, **asked: str) -> dict[str, Any]:
    answer = client.get("/api/v1/coverage", params={"level": level, **asked}).json()
    return next(item for item in answer["items"] if item["code"] == code)


def test_nothing_is_complete_until_it_is_declared(client: TestClient) -> None:
    assert states(client) == {}
    country = figures(client, "country", "FR")
    assert (country["complete"], country["completed_on"]) == (False, None)
    assert (country["departments_complete"], country["departments_total"]) == (0, 101)
    assert country["population_complete"] == 0


def test_a_declaration_holds_from_its_day_until_it_is_taken_back(
    client: TestClient, engine: Engine
) -> None:
    complete(engine, "05", on=LAST_YEAR)
    assert states(client) == {"05": LAST_YEAR.isoformat()}
    assert states(client, at=(LAST_YEAR - timedelta(days=1)).isoformat()) == {}
    incomplete(engine, "05")
    assert states(client) == {}
    yesterday = (today() - timedelta(days=1)).isoformat()
    assert states(client, at=yesterday) == {"05": LAST_YEAR.isoformat()}
    complete(engine, "05")
    assert states(client) == {"05": today().isoformat()}
    assert states(client, at=yesterday) == {"05": LAST_YEAR.isoformat()}


@pytest.mark.parametrize("again", [LAST_YEAR - timedelta(days=9), LAST_YEAR, today()])
def test_declared_again_a_department_is_complete_since_the_earlier_day(
    client: TestClient, engine: Engine, again: date
) -> None:
    complete(engine, "05", "04", on=LAST_YEAR)
    complete(engine, "05", on=again)
    assert states(client)["05"] == min(LAST_YEAR, again).isoformat()
    assert states(client)["04"] == LAST_YEAR.isoformat()


@pytest.mark.parametrize("codes", [("05", "00"), ("5A",), ()])
def test_unknown_departments_are_named_and_nothing_is_declared(
    client: TestClient, engine: Engine, codes: tuple[str, ...]
) -> None:
    with pytest.raises(Failure):
        complete(engine, *codes)
    assert states(client) == {}


def test_no_day_to_come_is_declared(engine: Engine) -> None:
    with pytest.raises(Failure, match="à venir"):
        complete(engine, "05", on=today() + timedelta(days=1))


def test_a_kept_answer_is_never_older_than_a_declaration(
    client: TestClient, engine: Engine
) -> None:
    addresses = (
        "/api/v1/completeness",
        "/api/v1/coverage?level=department",
        "/api/v1/departments",
        f"/api/v1/communes/{GAP}",
    )
    before = {address: client.get(address).headers["etag"] for address in addresses}
    complete(engine, "05")
    for address in addresses:
        assert client.get(address).headers["etag"] != before[address]


def test_communes_and_departments_say_whether_they_are_complete(
    client: TestClient, engine: Engine
) -> None:
    complete(engine, "05", "75")
    assert client.get(f"/api/v1/communes/{GAP}").json()["complete"] is True
    assert client.get("/api/v1/communes/04070").json()["complete"] is False
    assert client.get("/api/v1/communes/75056").json()["complete"] is True
    assert client.get("/api/v1/communes/13055").json()["complete"] is False
    listed = client.get("/api/v1/communes", params={"department": "04,05", "limit": 1000})
    assert {(c["department"], c["complete"]) for c in listed.json()["items"]} == {
        ("04", False),
        ("05", True),
    }
    before = (today() - timedelta(days=1)).isoformat()
    assert client.get(f"/api/v1/communes/{GAP}", params={"at": before}).json()["complete"] is (
        False
    )
    departments = client.get("/api/v1/departments", params={"region": "93"}).json()["items"]
    assert {d["code"] for d in departments if d["complete"]} == {"05"}


def test_coverage_names_what_it_rests_on(
    client: TestClient, engine: Engine, register: Register
) -> None:
    register("CPTS A", "aci_signe", (GAP,))
    complete(engine, "05", on=LAST_YEAR)
    alps = figures(client, "department", "05")
    assert (alps["complete"], alps["completed_on"]) == (True, LAST_YEAR.isoformat())
    assert alps["population_complete"] == alps["population"]
    country = figures(client, "country", "FR")
    assert (country["complete"], country["departments_complete"]) == (False, 1)
    assert country["population_complete"] == alps["population"]
    assert country["population_covered"] == alps["population_covered"] > 0
    region = figures(client, "region", "93")
    assert (region["departments_complete"], region["departments_total"]) == (1, 6)
    assert region["completed_on"] is None
    complete(engine, "04", "06", "13", "83", "84")
    region = figures(client, "region", "93")
    assert (region["complete"], region["completed_on"]) == (True, today().isoformat())
    then = figures(client, "country", "FR", at=LAST_YEAR.isoformat())
    assert then["departments_complete"] == 1


@pytest.fixture
def run_import(
    test_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Any]:
    monkeypatch.setenv("DATABASE_URL", test_database)

    def run(*options: str) -> Any:
        path = tmp_path / "liste.csv"
        path.write_text("CPTS;Code INSEE;Stade\nCPTS A;05061;ACI\n", "utf-8")
        return CliRunner().invoke(application, ["import", str(path), *options])

    return run


def test_an_import_declares_what_its_file_completes(
    run_import: Callable[..., Any], client: TestClient
) -> None:
    tried = run_import("--complete-for", "5,84", "--dry-run")
    assert (tried.exit_code, states(client)) == (0, {})
    assert "05, 84" in tried.output
    done = run_import("--complete-for", "5,84", "--as-of", LAST_YEAR.isoformat())
    assert done.exit_code == 0
    assert states(client) == dict.fromkeys(("05", "84"), LAST_YEAR.isoformat())


@pytest.mark.parametrize("departments", ["05,99", ""])
def test_an_import_for_an_unknown_department_writes_nothing(
    run_import: Callable[..., Any], client: TestClient, departments: str
) -> None:
    refused = run_import("--complete-for", departments)
    assert isinstance(refused.exception, Failure)
    assert refused.exception.exit_status == 2
    assert states(client) == {}
    assert client.get("/api/v1/cpts").json()["number_matched"] == 0
