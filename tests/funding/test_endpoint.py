"""`GET /api/v1/funding` reproduces the printed totals."""

from typing import Any

import pytest
from starlette.testclient import TestClient


@pytest.mark.parametrize(
    ("asked", "total"),
    [
        ({"tier": 1, "year": 1}, 142_500),
        ({"tier": 1, "year": 1, "optional": "true"}, 151_875),
        ({"tier": 1, "year": 2}, 140_000),
        ({"tier": 1, "year": 2, "optional": "true"}, 152_500),
        ({"tier": 2, "year": 1}, 185_000),
        ({"tier": 2, "year": 1, "optional": "true"}, 198_125),
        ({"tier": 2, "year": 2}, 182_500),
        ({"tier": 2, "year": 2, "optional": "true"}, 200_000),
        ({"tier": 3, "year": 1}, 234_375),
        ({"tier": 3, "year": 1, "optional": "true"}, 253_125),
        ({"tier": 3, "year": 2}, 231_250),
        ({"tier": 3, "year": 2, "optional": "true"}, 256_250),
        ({"tier": 4, "year": 1}, 275_000),
        ({"tier": 4, "year": 1, "optional": "true"}, 301_250),
        ({"tier": 4, "year": 2}, 272_500),
        ({"tier": 4, "year": 2, "optional": "true"}, 307_500),
        ({"tier": 1, "optional": "true"}, 287_500),
        ({"tier": 2, "optional": "true"}, 382_500),
        ({"tier": 3, "optional": "true"}, 487_500),
        ({"tier": 4, "optional": "true"}, 580_000),
        ({"tier": 4, "optional": "true", "members": 99}, 580_000),
        ({"tier": 4, "optional": "true", "members": 100}, 629_000),
    ],
)
def test_every_printed_total_is_reproduced(
    client: TestClient, asked: dict[str, Any], total: int
) -> None:
    response = client.get("/api/v1/funding", params=asked)
    assert response.status_code == 200, response.text
    assert response.json()["total"] == total


def test_the_answer_details_each_mission_and_the_auditor(client: TestClient) -> None:
    answer = client.get("/api/v1/funding", params={"tier": 1, "year": 1}).json()
    assert answer["functioning"] == 50_000
    assert answer["early_mission_contract"] == 15_000
    by_slug = {mission["slug"]: mission for mission in answer["missions"]}
    assert by_slug["acces_soins"]["year_1"] == 41_250
    assert by_slug["crise_sanitaire"]["year_1"] == 25_000
    assert by_slug["crise_sanitaire"]["year_2"] == 12_500
    assert [s for s, mission in by_slug.items() if mission["optional"]] == [
        "qualite_pertinence",
        "accompagnement_professionnels",
    ]
    assert answer["auditor_threshold"] == 153_000
    assert answer["year_1"]["auditor_with_optional"] is False
    assert answer["total_possible"]["auditor_with_optional"] is True


@pytest.mark.parametrize(
    ("asked", "place"),
    [
        ({}, "tier"),
        ({"tier": 5}, "tier"),
        ({"tier": "grande"}, "tier"),
        ({"tier": 10**30}, "tier"),
        ({"tier": 1, "members": -1}, "members"),
        ({"tier": 1, "year": 3}, "year"),
        ({"tier": 1, "optional": "peut-être"}, "optional"),
    ],
)
def test_nonsense_is_refused_and_named(
    client: TestClient, asked: dict[str, Any], place: str
) -> None:
    response = client.get("/api/v1/funding", params=asked)
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == ["query", place]
