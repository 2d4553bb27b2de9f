"""Hostile, damaged and oversized questions."""

import time
from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from app.http.address_limit import AddressLimit
from tests.exploration import examples

ADDRESS = "/api/v1/letters/check"
SQUARE = [[3.0, 50.6], [3.1, 50.6], [3.1, 50.7], [3.0, 50.6]]


@pytest.mark.parametrize(
    "question",
    [
        {},
        {"communes": []},
        {"communes": [], "epci": [], "geometry": None},
        {"name": "CPTS sans territoire"},
        {"communes": ["59163"], "commune": "59512"},
        {"communes": "59163"},
        {"communes": {"code": "59163"}},
        {"communes": [59163]},
        {"communes": [None]},
        {"communes": [["59163"]]},
        {"communes": [""]},
        {"communes": ["   "]},
        {"communes": ["x" * 201]},
        {"communes": ["59163"] * 5001},
        {"epci": ["24590041"]},
        {"epci": ["'; DROP TABLE claim; --"]},
        {"epci": ["²²²²²²²²²"]},
        {"epci": [200067452]},
        {"communes": ["59163"], "exclude_cpts": "1"},
        {"communes": ["59163"], "exclude_cpts": 0},
        {"communes": ["59163"], "exclude_cpts": 2**63},
        {"communes": ["59163"], "exclude_cpts": 1.5},
        {"communes": ["59163"], "effective_on": "demain"},
        {"communes": ["59163"], "effective_on": "2026-02-30"},
        {"communes": ["59163"], "effective_on": "0001-01-01"},
        {"communes": ["59163"], "effective_on": "9999-12-31"},
        {"communes": ["59163"], "effective_on": 20261122},
        {"communes": ["59163"], "name": "x" * 201},
        {"communes": ["59163"], "name": 7},
        {"communes": ["59163"], "departments": "59"},
        {"communes": ["59163"], "departments": ["Nord"]},
        {"communes": ["59163"], "departments": ["59"] * 21},
        {"geometry": {"type": "Point", "coordinates": [3, 50]}},
        {"geometry": {"type": "Polygon", "coordinates": [SQUARE[:3]]}},
        {"geometry": {"type": "Polygon", "coordinates": [[[3, 95]] * 4]}},
        {"geometry": {"type": "Polygon", "coordinates": [[[3, 50]] * 20_001]}},
        {"geometry": "POLYGON((3 50, 3 51, 4 51, 3 50))"},
        {"geometry": []},
        [],
        "59163",
        None,
        17,
    ],
)
def test_nonsense_is_refused_and_the_place_is_named(client: TestClient, question: Any) -> None:
    response = client.post(ADDRESS, json=question)
    assert response.status_code == 422, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["code"] == "invalid"
    assert problem["errors"]
    assert all(error["loc"][0] == "body" and error["message"] for error in problem["errors"])


def test_a_territory_of_more_than_5000_communes_is_refused(client: TestClient) -> None:
    # Some 7 000 communes: the whole country takes a busy machine longer than is allowed.
    north = [[1.5, 48.0], [5.0, 48.0], [5.0, 51.2], [1.5, 51.2], [1.5, 48.0]]
    response = client.post(
        ADDRESS, json={"geometry": {"type": "Polygon", "coordinates": [north]}}
    )
    assert response.status_code == 422
    assert "5000" in response.json()["detail"].replace("\u202f", "").replace(" ", "")


def _comb(teeth: int) -> list[list[float]]:
    """A valid outline over the whole country, every tooth of which cuts many communes."""
    ring = [[-5.0, 42.0]]
    for tooth in range(teeth):
        west = -5.0 + 13 * tooth / teeth
        east = west + 13 / teeth / 2
        ring += [[west, 42.1], [west, 51.0], [east, 51.0], [east, 42.1]]
    return [*ring, [8.5, 42.1], [8.5, 42.0], [-5.0, 42.0]]


def test_a_polygon_that_would_keep_the_database_busy_is_refused(client: TestClient) -> None:
    started = time.monotonic()
    response = client.post(
        ADDRESS, json={"geometry": {"type": "Polygon", "coordinates": [_comb(4_900)]}}
    )
    assert response.status_code == 422, response.text
    assert response.json()["errors"][0]["loc"][0] == "body"
    assert time.monotonic() - started < 30
    assert client.post(ADDRESS, json={"communes": ["59163"]}).status_code == 200


@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [
        (b"{", "application/json", 422),
        (b"", "application/json", 422),
        (b'{"communes": ["\\ud800"]}', "application/json", 422),
        (b'{"communes": ["59163\\u0000"]}', "application/json", 422),
        (b"communes=59163", "application/x-www-form-urlencoded", 415),
        (b"59163", "text/plain", 415),
        (b'{"communes": ["' + b"x" * 9_000_000 + b'"]}', "application/json", 413),
    ],
)
def test_a_body_that_is_no_json_of_a_fair_size_is_refused(
    client: TestClient, body: bytes, media_type: str, status: int
) -> None:
    response = client.post(ADDRESS, content=body, headers={"Content-Type": media_type})
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "body",
    [
        b'{"communes": ["\xff\xfe"]}',
        b"[" * 100_000,
        b'{"exclude_cpts": ' + b"9" * 5_000 + b"}",
        b'{"geometry": {"type": "Polygon", "coordinates": [[[NaN, 50], [Infinity, 1]]]}}',
        b'{"geometry": {"type": "Polygon", "coordinates": [[[1e999, 50], [3, 1]]]}}',
    ],
)
def test_odd_bytes_are_the_clients_fault(client: TestClient, body: bytes) -> None:
    response = client.post(ADDRESS, content=body, headers={"Content-Type": "application/json"})
    assert 400 <= response.status_code < 500, response.text
    assert response.headers["content-type"] == "application/problem+json"


@settings(
    max_examples=examples(20, many=500),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.text(min_size=1, max_size=30), min_size=1, max_size=4))
def test_any_text_is_resolved_or_not_but_never_an_error(
    client: TestClient, texts: list[str]
) -> None:
    response = client.post(ADDRESS, json={"communes": texts})
    assert response.status_code in (200, 422, 429), response.text


def test_a_check_is_asked_by_post_only(client: TestClient) -> None:
    assert client.get(ADDRESS).status_code == 405


def test_too_many_checks_of_one_address_are_refused_for_a_while(
    app: FastAPI, client: TestClient
) -> None:
    app.state.limits["check"] = AddressLimit(
        2, what="vérifications", sessions=app.state.sessions
    )
    question = {"communes": ["59163"]}
    assert [client.post(ADDRESS, json=question).status_code for _ in range(3)] == [
        200,
        200,
        429,
    ]
    refused = client.post(ADDRESS, json={"communes": "even nonsense"})
    assert refused.status_code == 429
    assert refused.json()["code"] == "too-many-requests"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60


def test_the_limit_is_a_setting_and_600_by_default(app: FastAPI) -> None:
    assert app.state.settings.service.checks_per_minute == 600


def test_thousands_of_texts_full_of_separators_cost_little(client: TestClient) -> None:
    def cost(beginning: str) -> float:
        texts = [(beginning * 200)[:195] + f"{number:04d}" for number in range(5_000)]
        # Of processor, so that a loaded machine does not count.
        started = time.process_time()
        response = client.post(ADDRESS, json={"communes": texts})
        assert response.status_code == 200
        assert len(response.json()["unresolved"]) == 5_000
        return time.process_time() - started

    # Each separator may begin a name; their number does not multiply what is tried.
    assert cost("a, - (") < 10 * cost("abcdef")
