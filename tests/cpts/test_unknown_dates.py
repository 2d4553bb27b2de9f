"""A stage whose date nobody gave has none, wherever it is read, and nothing makes one up."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from app.cli import application
from app.database.calendar import today

if TYPE_CHECKING:
    from starlette.testclient import TestClient

Bearer = Callable[..., dict[str, str]]
Register = Callable[..., int]
GAP, VEYNES, APT = "05061", "05179", "84003"
URL = "/api/v1/cpts"


def stage_of(client: TestClient, cpts_id: int, **asked: str) -> tuple[Any, Any, Any]:
    item = client.get(f"{URL}/{cpts_id}", params=asked).json()
    return item["stage"], item["stage_since"], item["stage_recorded_on"]


@pytest.fixture
def imported(
    test_database: str, client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Any]:
    """Import a listing of two CPTS without dates, with further options of the command."""
    monkeypatch.setenv("DATABASE_URL", test_database)

    def run(*options: str, rows: str = "CPTS A;05061;ACI\nCPTS B;84003;LI validée\n") -> Any:
        path = tmp_path / "liste.csv"
        path.write_text("CPTS;Code INSEE;Stade\n" + rows, "utf-8")
        return CliRunner().invoke(application, ["import", str(path), *options])

    return run


def test_an_import_leaves_a_date_that_the_file_does_not_give_unknown(
    imported: Callable[..., Any], client: TestClient
) -> None:
    assert imported().exit_code == 0
    assert stage_of(client, 1) == ("aci_signe", None, today().isoformat())


def test_an_undated_stage_counts_from_the_day_from_which_the_file_does(
    imported: Callable[..., Any], client: TestClient
) -> None:
    as_of = today() - timedelta(days=400)
    assert imported("--as-of", as_of.isoformat()).exit_code == 0
    assert stage_of(client, 1) == ("aci_signe", None, as_of.isoformat())
    then = client.get(URL, params={"at": as_of.isoformat()}).json()["items"]
    assert [(each["stage"], each["stage_since"]) for each in then] == [
        ("aci_signe", None),
        ("lettre_intention_validee", None),
    ]
    before = {"at": (as_of - timedelta(days=1)).isoformat()}
    assert client.get(URL, params=before).json()["items"] == []


def test_the_import_dates_undated_stages_only_when_told_to(
    imported: Callable[..., Any], client: TestClient
) -> None:
    assert imported("--stage-date", "2024-05-06").exit_code == 0
    assert stage_of(client, 2)[:2] == ("lettre_intention_validee", "2024-05-06")
    held = client.get(URL, params={"at": (today() - timedelta(days=1)).isoformat()}).json()
    assert all(each["commune_count"] == 0 for each in held["items"])


def test_a_stage_date_after_the_files_day_is_refused(imported: Callable[..., Any]) -> None:
    refused = imported("--as-of", "2024-05-05", "--stage-date", "2024-05-06")
    assert refused.exit_code == 2 or refused.exception.exit_status == 2


def test_the_same_file_again_changes_nothing_and_a_dated_one_dates(
    imported: Callable[..., Any], client: TestClient
) -> None:
    imported("--as-of", "2025-01-01")
    revision = client.get(f"{URL}/1").headers["etag"]
    assert imported().exit_code == 0
    assert client.get(f"{URL}/1").headers["etag"] == revision
    assert imported("--stage-date", "2024-12-01").exit_code == 0
    assert stage_of(client, 1) == ("aci_signe", "2024-12-01", "2025-01-01")


def test_a_client_may_say_that_nobody_knows_the_date(
    client: TestClient, register: Register
) -> None:
    first = register("CPTS A", "aci_signe", (GAP,), stage_since=None)
    assert stage_of(client, first) == ("aci_signe", None, today().isoformat())
    second = register("CPTS B", "aci_signe", (VEYNES,))
    assert stage_of(client, second)[1] == today().isoformat()


def test_an_undated_stage_covers_a_territory_of_the_past(
    client: TestClient, register: Register
) -> None:
    first = register("CPTS A", "aci_signe", (GAP,), stage_since=None, effective_on="2023-04-01")
    assert stage_of(client, first) == ("aci_signe", None, "2023-04-01")
    assert stage_of(client, first, at="2023-04-01")[0] == "aci_signe"


def test_an_administrator_makes_a_date_unknown_and_an_agency_does_not(
    client: TestClient, register: Register, bearer: Bearer
) -> None:
    cpts_id = register("CPTS A", "aci_signe", (GAP,), effective_on="2024-02-03")
    forget = {"stage_since": None}
    refused = client.patch(f"{URL}/{cpts_id}", json=forget, headers=bearer("ars", region="93"))
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert stage_of(client, cpts_id)[1] == "2024-02-03"
    headers = bearer("admin")
    done = client.patch(f"{URL}/{cpts_id}", json=forget, headers=headers)
    assert (done.status_code, done.json()["stage_since"]) == (200, None)
    # Every day with a commune keeps its stage.
    assert stage_of(client, cpts_id, at="2024-02-03")[0] == "aci_signe"
    entry = client.get(f"{URL}/{cpts_id}/history", headers=headers).json()["items"][-1]
    assert "stages" in str(entry)
    dated = client.patch(
        f"{URL}/{cpts_id}", json={"stage_since": "2024-01-01"}, headers=headers
    )
    assert dated.json()["stage_since"] == "2024-01-01"


def test_other_changes_leave_an_unknown_date_unknown(
    client: TestClient, register: Register, bearer: Bearer
) -> None:
    cpts_id = register("CPTS A", "lettre_intention_validee", (GAP,), stage_since=None)
    headers = bearer("admin")
    client.patch(f"{URL}/{cpts_id}", json={"name": "CPTS A bis"}, headers=headers)
    client.patch(
        f"{URL}/{cpts_id}", json={"stage": "lettre_intention_validee"}, headers=headers
    )
    assert stage_of(client, cpts_id)[1] is None
    advanced = client.patch(
        f"{URL}/{cpts_id}",
        json={"stage": "aci_signe", "stage_since": "2020-01-01"},
        headers=headers,
    )
    assert advanced.status_code == 200
    assert stage_of(client, cpts_id)[:2] == ("aci_signe", "2020-01-01")


def test_pages_write_that_the_date_is_unknown(client: TestClient, register: Register) -> None:
    cpts_id = register("CPTS A", "aci_signe", (GAP,), stage_since=None)
    for address in (f"/cpts/{cpts_id}", f"/communes/{GAP}"):
        assert "date inconnue" in client.get(address).text
    other = register("CPTS B", "aci_signe", (VEYNES,))
    assert "date inconnue" not in client.get(f"/cpts/{other}").text


def test_what_is_published_leaves_the_date_empty_and_says_since_when_it_is_known(
    client: TestClient, register: Register
) -> None:
    register("CPTS A", "aci_signe", (GAP,), stage_since=None)
    [row] = csv.DictReader(io.StringIO(client.get("/donnees/cpts.csv").text))
    assert (row["stage_since"], row["stage_recorded_on"]) == ("", today().isoformat())
    [feature] = client.get("/api/v1/cpts.geojson").json()["features"]
    assert feature["properties"]["stage_since"] is None
    assert feature["properties"]["stage_recorded_on"] == today().isoformat()


def test_figures_by_month_leave_undated_stages_out_and_say_how_many(
    client: TestClient, register: Register
) -> None:
    register("CPTS A", "aci_signe", (GAP,), stage_since=None, effective_on="2023-04-01")
    register("CPTS B", "aci_signe", (VEYNES,), effective_on="2023-04-01")
    months = csv.DictReader(io.StringIO(client.get("/statistiques/evolution.csv").text))
    signed = {row["date"]: row for row in months}
    month = signed["2023-04-30"]
    assert (month["cpts_aci_signe"], month["communes_covered"]) == ("1", "1")
    page = client.get("/statistiques").text
    assert re.search(r"1\sCPTS dont la date du stade est inconnue", page)
    now = client.get("/api/v1/coverage").json()["items"][0]
    assert now["cpts_by_stage"]["aci_signe"] == 2
    assert now["communes_covered"] == 2
    dated = client.get("/statistiques", params={"at": date(2022, 1, 1).isoformat()}).text
    assert "dont la date du stade est inconnue" not in dated
