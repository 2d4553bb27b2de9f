"""The country full of CPTS, loaded once for all that is asked of it."""

import csv
import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.cpts.demonstration.service import load_on_first_start, remove_demonstration
from app.database.sessions import session_scope
from app.main import create_app
from app.progress import SilentProgress
from app.settings import Settings
from tests.administration import administration
from tests.command_processes import run
from tests.cpts.importing.published.registries import comparable, stands
from tests.emptying import Emptying
from tests.exploration import examples
from tests.web.conftest import BROWSER

BUDGET_BYTES = 700_000
REGION = "93"
FILES = {
    "tables": ("compositions.csv", "cpts.csv"),
    "compositions": ("compositions.csv",),
    "geojson": ("cpts.geojson",),
    "gpkg": ("cpts.gpkg",),
    "parquet": ("cpts.parquet",),
}
Published = dict[str, tuple[list[Path], list[dict[str, Any]]]]


@pytest.fixture(scope="module")
def country(
    session_engine: Engine,
    test_database: str,
    emptying: Emptying,
    settings_of_the_run: Settings,
) -> Iterator[TestClient]:
    """A client of the service on the demonstration data of the whole country."""
    done = run(test_database, "db", "prepare", within=600, CPTS_DEMO="1")
    assert done.returncode == 0, done.stderr
    with administration(session_engine) as connection:
        # What PostgreSQL does by itself within minutes of such a load.
        connection.execute(text("ANALYZE cpts, cpts_stage, cpts_theme, claim, cpts_territory"))
    patient = settings_of_the_run.model_copy(deep=True)
    # However busy the machine: a 503 would be no file.
    patient.database.database_patience = 300
    with TestClient(create_app(patient)) as client:
        yield client
    emptying.empty()
    with session_engine.begin() as connection:
        connection.execute(text("UPDATE registry_revision SET demonstration_loaded_at = NULL"))


@pytest.fixture(scope="module")
def published(
    country: TestClient, session_engine: Engine, tmp_path_factory: pytest.TempPathFactory
) -> Published:
    """The files of the whole country, or of one region, and what stood in the registry."""
    folder = tmp_path_factory.mktemp("donnees")
    files, names = {}, {}
    for kind, tables in FILES.items():
        # The country, twenty times as long, only when much is asked for.
        region = examples({"region": REGION}, many={})
        for table in tables:
            answer = country.get(f"/donnees/{table}", params=region)
            assert answer.status_code == 200, answer.text[:500]
            (folder / f"{kind}-{table}").write_bytes(answer.content)
        files[kind] = [folder / f"{kind}-{table}" for table in tables]
        listed = country.get("/api/v1/cpts", params={"limit": 1000, **region}).json()
        names[kind] = {each["name"] for each in listed["items"]}
        assert len(names[kind]) == listed["number_matched"]
    rows = stands(session_engine)
    return {
        kind: (files[kind], [row for row in rows if row["name"] in names[kind]])
        for kind in FILES
    }


def count(client: TestClient) -> int:
    return int(client.get("/api/v1/cpts", params={"limit": 1}).json()["number_matched"])


def test_the_demonstration_covers_the_country(country: TestClient) -> None:
    assert 700 <= count(country) <= 780
    first = country.get("/api/v1/cpts", params={"limit": 1}).json()["items"][0]
    assert first["demonstration"] is True
    assert first["name"].startswith("Démo")
    coverage = country.get("/api/v1/coverage", params={"level": "region"}).json()
    assert len(coverage["items"]) == 18
    assert all(0.25 < item["share_covered"] < 1 for item in coverage["items"])


def test_the_national_map_of_all_cpts_weighs_less_than_700_kilobytes(
    country: TestClient,
) -> None:
    # What it costs a reader, every request counted as it is sent.
    def sent(address: str, coding: str) -> int:
        answer = country.get(address, headers={"Accept-Encoding": coding})
        assert answer.status_code == 200
        return int(answer.headers["content-length"])

    page = country.get("/maps/cpts").text
    addresses = {
        "/maps/cpts",
        "/maps/departments.geojson?detail=national",
        "/api/v1/cpts.geojson",
        *re.findall(r'(?:src|href)="(/static/[^"]+)"', page),
    }
    assert len(addresses) >= 10
    assert country.get("/api/v1/cpts.geojson?limit=1").json()["numberMatched"] > 700
    for coding in ("br", "gzip"):
        assert sum(sent(address, coding) for address in addresses) < BUDGET_BYTES


def test_its_statistics_stay_light(country: TestClient) -> None:
    page = country.get("/statistiques", headers=BROWSER).text
    assert len(gzip.compress(page.encode())) < 30_000
    drawn = country.get("/statistiques/carte.svg")
    assert drawn.headers["content-encoding"] in ("br", "gzip")
    assert int(drawn.headers["content-length"]) < 80_000
    assert "Données de démonstration" in page


def test_beside_real_cpts_only_what_they_leave_is_loaded_again(
    country: TestClient, published: Published, session_engine: Engine, test_database: str
) -> None:
    before = stands(session_engine)
    real = "UPDATE cpts SET demonstration = false WHERE name <> ALL (:names)"
    few = [row["name"] for row in before if row["departments"] == ["05"]]
    assert few
    with administration(session_engine) as connection:
        connection.execute(text(real), {"names": few})
    done = run(test_database, "demo", "load", within=600)
    with administration(session_engine) as connection:
        connection.execute(text("UPDATE cpts SET demonstration = true"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{len(few)} CPTS de démonstration chargées")
    assert stands(session_engine) == before


def test_the_demonstration_does_not_come_back_once_removed(
    country: TestClient, session_engine: Engine
) -> None:
    with session_scope(session_engine) as session:
        assert remove_demonstration(session) > 700
    load_on_first_start(session_engine, SilentProgress())
    assert count(country) == 0


@pytest.mark.parametrize("kind", FILES)
def test_what_is_published_comes_back_from_every_format(  # noqa: PLR0917 (fixtures)
    kind: str,
    published: Published,
    engine: Engine,
    emptying: Emptying,
    test_database: str,
    tmp_path: Path,
) -> None:
    emptying.empty()
    [first, *beside], before = published[kind]
    assert len(before) > examples(40, many=700)
    report = tmp_path / "report.csv"
    options = [part for each in beside for part in ("--with", str(each))]
    done = run(
        test_database, "import", str(first), *options, "--report", str(report), within=600
    )
    assert done.returncode == 0, done.stderr
    with report.open(encoding="utf-8", newline="") as opened:
        assert {line["outcome"] for line in csv.DictReader(opened)} == {"loaded"}
    assert comparable(stands(engine), kind) == comparable(before, kind)
