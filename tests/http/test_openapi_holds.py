"""The OpenAPI document is true: what it declares is what anybody is answered, and nothing else.

schemathesis asks every operation as a visitor and as each role, with what the document allows
and with what it does not, and follows the links from one operation to the next.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from starlette.testclient import TestClient

from app.accounts.permissions import ROLES
from tests.exploration import examples

Bearer = Callable[..., dict[str, str]]
Register = Callable[..., int]
VISITOR = "visitor"
REGION = {"region": "32"}
LIMITS: dict[str, dict[str, Any]] = {
    "editor": {"cpts": 1},
    "ars": REGION,
    "assurance_maladie": REGION,
    "urps": REGION,
}
# What a question that the document allows may be answered: an unknown code is one of 422.
ANSWERED = ["2xx", 401, 403, 404, 409, 412, 422, 429]
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"}
SEED = 20_261_130


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, told in document["paths"].items():
        for method, operation in told.items():
            yield method.upper(), path, operation


def everything_in(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for each in value.values() if isinstance(value, dict) else value:
        if isinstance(each, dict | list):
            yield from everything_in(each)


@pytest.fixture
def document(app: FastAPI) -> dict[str, Any]:
    return app.openapi()


def test_a_token_is_optional_where_a_visitor_is_answered(document: dict[str, Any]) -> None:
    optional = {
        f"{method} {path}"
        for method, path, operation in operations(document)
        if {} in operation.get("security", ())
    }
    assert optional == {
        "POST /api/v1/letters/check",
        "POST /api/v1/letters/check/file",
        "GET /api/v1/letters",
        "GET /api/v1/letters/{letter_id}",
        "GET /api/v1/conciliations",
        "GET /api/v1/conciliations/{conciliation_id}",
    }
    for _, _, operation in operations(document):
        # Whoever gives a wrong one is refused, even there.
        assert ("security" in operation) == ("401" in operation["responses"])


def test_geojson_is_declared_as_such(document: dict[str, Any]) -> None:
    found = {
        path: list(operation["responses"]["200"]["content"])
        for _, path, operation in operations(document)
        if path.endswith(".geojson")
    }
    assert len(found) >= 6
    assert set(map(tuple, found.values())) == {("application/geo+json",)}


def test_bounds_are_written_as_json_schema_has_them(
    document: dict[str, Any], client: TestClient
) -> None:
    for told in (document, client.get("/ogc/api").json()):
        bounded = [each for each in everything_in(told) if {"minimum", "maximum"} & set(each)]
        assert len(bounded) > 10
        for each in everything_in(told):
            words = {"ge", "le", "gt", "lt"} & set(each)
            assert all(isinstance(each[word], dict) for word in words), each


@pytest.mark.parametrize("day", [0, "0", 1.5, True])
def test_a_number_is_no_day(client: TestClient, day: object) -> None:
    body = {"communes": ["59378"], "effective_on": day}
    answer = client.post("/api/v1/letters/check", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {
            "loc": ["body", "effective_on"],
            "message": "Une date AAAA-MM-JJ est attendue.",
            "accepted": ["AAAA-MM-JJ"],
        }
    ]


def test_links_lead_from_lists_and_deposits_to_what_is_of_one_item(
    document: dict[str, Any],
) -> None:
    ids = {operation["operationId"] for _, _, operation in operations(document)}
    links = {
        f"{operation['operationId']} {status}": answer["links"]
        for _, _, operation in operations(document)
        for status, answer in operation["responses"].items()
        if "links" in answer
    }
    assert {"list_cpts 200", "create 201", "deposit_letter 201", "list_letters 200"} <= {*links}
    for leading in links.values():
        assert {each["operationId"] for each in leading.values()} <= ids
    assert links["create 201"]["update"]["parameters"] == {"cpts_id": "$response.body#/id"}
    history = links["list_cpts 200"]["history"]
    assert history["parameters"] == {"cpts_id": "$response.body#/items/0/id"}


def test_another_method_is_refused_with_those_that_there_are(
    client: TestClient, document: dict[str, Any]
) -> None:
    for path, told in document["paths"].items():
        declared = {method.upper() for method in told}
        address = path.replace("{code}", "59378").replace("{key}", "59378")
        for name in ("cpts_id", "letter_id", "conciliation_id", "zoom", "row", "column"):
            address = address.replace(f"{{{name}}}", "1")
        for method in METHODS - declared:
            answer = client.request(method, address)
            assert answer.status_code == 405, (method, path)
            assert {each.strip() for each in answer.headers["Allow"].split(",")} - {
                "HEAD"
            } == declared, (method, path)


@pytest.fixture
def registry(register: Register, client: TestClient, bearer: Bearer) -> None:
    """Two CPTS, two letters in a conciliation, and a note."""
    register("CPTS de Marcq", communes=("59378",), themes=["diabete"])
    register("CPTS de Wasquehal", "lettre_intention_validee", ("59646",))
    for project in ("Projet Un", "Projet Deux"):
        body = {"name": project, "communes": ["59350"]}
        answer = client.post("/api/v1/letters", json=body, headers=bearer("admin"))
        assert answer.status_code == 201, answer.text
    answer = client.post("/api/v1/letters/notes", json={"communes": ["59378"]})
    assert answer.status_code == 201, answer.text


def exploration(document: dict[str, Any], address: str, headers: dict[str, str]) -> Any:
    """Give the events of an exploration of a service under these headers."""
    config = SchemathesisConfig.from_dict(
        {
            "seed": SEED,
            "base-url": address,
            "headers": headers,
            "continue-on-failure": True,
            "request-timeout": 120,
            "generation": {
                "max-examples": examples(4, many=100),
                "database": "none",
                "no-shrink": True,
            },
            "checks": {"positive_data_acceptance": {"expected-statuses": ANSWERED}},
            "phases": {
                "coverage": {"enabled": examples("", many="every bound") != ""},
                "stateful": {"max-steps": 6},
            },
            "operations": [
                # Ten seconds of tiles each time; its answer: tests/ogc/test_tiles.py.
                {"include-path": "/ogc/cpts.pmtiles", "enabled": False},
                # A CPTS that has ended is shown for good, at its last day.
                {
                    "include-path-regex": "^/api/v1/cpts",
                    "checks": {"use_after_free": {"enabled": False}},
                },
            ],
        }
    )
    return from_schema(schemathesis.openapi.from_dict(document, config=config)).execute()


def of_callers(document: dict[str, Any]) -> dict[str, Any]:
    """Give the document of the part that looks at who calls: the rest answers all the same."""
    told = {path: each for path, each in document["paths"].items() if path.startswith("/api/")}
    return document | {"paths": told}


@pytest.mark.usefixtures("registry")
@pytest.mark.parametrize("caller", [VISITOR, *ROLES])
def test_every_answer_is_one_that_the_document_declares(
    live_server: str, document: dict[str, Any], bearer: Bearer, caller: str
) -> None:
    headers = bearer(caller, **LIMITS.get(caller, {})) if caller != VISITOR else {}
    asked = document if caller == VISITOR else of_callers(document)
    faults: list[str] = []
    answered: Counter[tuple[str, bool]] = Counter()
    for event in exploration(asked, live_server, headers):
        if isinstance(event, events.NonFatalError | events.FatalError):
            faults.append(str(event))
        if not isinstance(event, events.ScenarioFinished):
            continue
        recorder = event.recorder
        for case, checks in recorder.checks.items():
            response = recorder.interactions[case].response
            label = recorder.cases[case].value.operation.label
            answered[label, response is not None and response.status_code < 300] += 1
            failed = [each.failure_info for each in checks if each.failure_info is not None]
            faults += [f"{each.code_sample}\n{each.failure}" for each in failed]
    assert faults == []
    reached = {label for label, _ in answered}
    # All but the archive of tiles, and not by refusals alone.
    assert len(reached) >= len([*operations(asked)]) - 1
    assert len({label for label, well in answered if well}) > len(reached) / 4
