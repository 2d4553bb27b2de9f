"""The description of the API, and the page that shows it."""

import gc
import weakref
from typing import Any

from playwright.sync_api import Page
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import Settings


def test_the_description_is_openapi_3_1_with_problems_declared(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    answers = document["paths"]["/api/v1/cpts/{cpts_id}"]["get"]["responses"]
    assert {"200", "404", "422", "503"} <= answers.keys()
    assert "application/problem+json" in answers["404"]["content"]
    assert "examples" in document["components"]["schemas"]["Cpts"]


def test_every_reference_in_the_description_leads_somewhere(client: TestClient) -> None:
    document = client.get("/openapi.json").json()

    def references(node: Any) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
            return own + [found for value in node.values() for found in references(value)]
        if isinstance(node, list):
            return [found for value in node for found in references(value)]
        return []

    found = references(document)
    assert found
    for reference in found:
        target: Any = document
        for part in reference.removeprefix("#/").split("/"):
            target = target[part]


def test_the_description_is_revalidated_by_its_tag(client: TestClient) -> None:
    first = client.get("/openapi.json")
    again = client.get("/openapi.json", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304


def test_the_page_shows_the_routes_without_another_host(page: Page) -> None:
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    page.goto("/docs")
    page.wait_for_selector('[data-path="/api/v1/coverage"]')
    assert page.blocked == []  # type: ignore[attr-defined]
    assert not [text for text in refused if "Content Security Policy" in text]


def test_an_application_that_is_let_go_of_leaves_the_memory(settings: Settings) -> None:
    app = create_app(settings)
    forgotten = weakref.ref(app)
    del app
    gc.collect()
    assert forgotten() is None, "an endpoint that closes over the application keeps it"
