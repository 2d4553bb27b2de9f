"""The country full of CPTS, loaded once for all that is asked of it."""

import gzip
import re
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.cpts.demonstration.service import load_on_first_start, remove_demonstration
from app.database.sessions import session_scope
from app.main import create_app
from app.progress import SilentProgress
from app.settings import Settings
from tests.emptying import Emptying
from tests.web.conftest import BROWSER

BUDGET_BYTES = 700_000


@pytest.fixture(scope="module")
def country(
    session_engine: Engine, emptying: Emptying, settings_of_the_run: Settings
) -> Iterator[TestClient]:
    """A client of the service on the demonstration data of the whole country."""
    load_on_first_start(session_engine, SilentProgress())
    with TestClient(create_app(settings_of_the_run)) as client:
        yield client
    emptying.empty()
    with session_engine.begin() as connection:
        connection.execute(text("UPDATE registry_revision SET demonstration_loaded_at = NULL"))


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


def test_the_demonstration_does_not_come_back_once_removed(
    country: TestClient, session_engine: Engine
) -> None:
    with session_scope(session_engine) as session:
        assert remove_demonstration(session) > 700
    load_on_first_start(session_engine, SilentProgress())
    assert count(country) == 0
