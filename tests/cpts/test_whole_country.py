"""What the national map costs a reader, every request counted as it is sent."""

import re

from sqlalchemy import Engine
from starlette.testclient import TestClient

from app.cpts.demonstration.service import load_demonstration
from app.progress import SilentProgress

BUDGET_BYTES = 700_000


def test_the_national_map_of_all_cpts_weighs_less_than_700_kilobytes(
    client: TestClient, engine: Engine
) -> None:
    load_demonstration(engine, SilentProgress())

    def sent(address: str, coding: str) -> int:
        answer = client.get(address, headers={"Accept-Encoding": coding})
        assert answer.status_code == 200
        return int(answer.headers["content-length"])

    page = client.get("/maps/cpts").text
    addresses = {
        "/maps/cpts",
        "/maps/departments.geojson?detail=national",
        "/api/v1/cpts.geojson",
        *re.findall(r'(?:src|href)="(/static/[^"]+)"', page),
    }
    assert len(addresses) >= 10
    assert client.get("/api/v1/cpts.geojson?limit=1").json()["numberMatched"] > 700
    for coding in ("br", "gzip"):
        assert sum(sent(address, coding) for address in addresses) < BUDGET_BYTES
