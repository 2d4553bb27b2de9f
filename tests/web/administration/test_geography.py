"""What another release would change is told before it is loaded; one refused is told too."""

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.geography.loading.service import GEO_DATA
from app.main import create_app
from app.settings import Settings
from tests.web.administration.desk import change, page, sign_in_as

AT = "/administration/geographie"
GAP, AUBESSAGNE, CHORGES = "05061", "05039", "05040"


@pytest.fixture
def next_year(tmp_path: Path) -> Path:
    """The files of this year, in which Aubessagne has joined Gap."""
    folder = tmp_path / "2027"
    folder.mkdir()
    for path in GEO_DATA.glob("*.csv"):
        shutil.copy(path, folder)
    communes = pq.read_table(GEO_DATA / "communes.parquet")
    kept = communes.filter(pc.not_equal(communes["code"], AUBESSAGNE))
    pq.write_table(kept, folder / "communes.parquet")
    former = folder / "former_communes.csv"
    with former.open(encoding="utf-8", newline="") as opened:
        rows = [row for row in csv.DictReader(opened) if row["code"] != AUBESSAGNE]
    for row in rows:
        if row["commune"] == AUBESSAGNE:
            row["commune"] = GAP
    joined = dict.fromkeys(rows[0], "") | {
        "code": AUBESSAGNE,
        "name": "Aubessagne",
        "kind": "delegated",
        "ended_on": "2027-01-01",
        "commune": GAP,
    }
    with former.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, list(rows[0]))
        writer.writeheader()
        writer.writerows([*rows, joined])
    neighbours = folder / "neighbours.csv"
    lines = neighbours.read_text("utf-8").splitlines(keepends=True)
    neighbours.write_text(
        "".join(line for line in lines if AUBESSAGNE not in line.split(",")[:2]), "utf-8"
    )
    (folder / "release.json").write_text(json.dumps({"reference_date": "2027-01-01"}), "utf-8")
    return folder


def test_a_straddling_merger_is_shown_settled_and_gone(
    settings: Settings,
    engine: Engine,
    next_year: Path,
    bearer: Callable[..., dict[str, str]],
) -> None:
    settings.service.next_geography = next_year
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        numbers = []
        for name, communes in (
            ("CPTS du Gapençais", [GAP]),
            ("CPTS du Champsaur", [AUBESSAGNE, CHORGES]),
        ):
            answer = client.post(
                "/api/v1/cpts",
                json={"name": name, "stage": "aci_signe", "communes": communes},
                headers=bearer("admin"),
            )
            numbers.append(answer.json()["id"])
        sign_in_as(client, engine, "admin")
        shown = page(client, AT)
        assert "C’est celle qui est chargée" in shown
        assert "Fusions à départager entre plusieurs CPTS" in shown
        assert f'<a href="/administration/cpts/{numbers[1]}">CPTS du Champsaur</a>' in shown
        at = f"/administration/cpts/{numbers[1]}"
        change(client, f"{at}/exclusion", {"communes": AUBESSAGNE, "reason": "fusion"}, at)
        settled = page(client, AT)
        assert "Fusions à départager" not in settled
        assert "Rien ne s’y oppose" in settled
        assert "Gap (05061)" in settled
        communes = client.get(f"/api/v1/communes/{AUBESSAGNE}").json()
        assert communes["name"] == "Aubessagne"


def test_a_release_that_was_refused_is_told_here_and_by_readiness(
    client: TestClient, engine: Engine
) -> None:
    assert client.get("/readyz").json() == {"status": "ready"}
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO geography_refusal (reference_date, content_hash, reason)"
                " VALUES ('2027-01-01', 'x', 'Fusion à départager.')"
            )
        )
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ready"
    assert "01/01/2027" in answer.json()["geography"]
    sign_in_as(client, engine, "admin")
    shown = page(client, AT)
    assert "Le service garde la géographie précédente" in shown
    assert "Fusion à départager." in shown
