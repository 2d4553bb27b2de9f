"""Which form an `Accept` header asks for, and that what is kept tells forms apart."""

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.ogc.negotiation import prefers_html
from tests.administration import administration
from tests.web.conftest import BROWSER


@pytest.mark.parametrize(
    ("accept", "html"),
    [
        ("", False),
        ("*/*", False),
        ("application/json", False),
        ("application/geo+json, application/json", False),
        ("text/html", True),
        (BROWSER["Accept"], True),
        ("text/html;q=0.5, application/geo+json", False),
        ("text/html, application/json;q=0.9", True),
        ("text/html;q=0", False),
        ("text/html;q=x", False),
    ],
)
def test_html_is_for_those_who_prefer_it_to_json(accept: str, html: bool) -> None:
    assert prefers_html(accept) is html


def test_what_has_one_form_is_given_to_browsers_too(client: TestClient) -> None:
    for path in (
        "/ogc/styles/cpts",
        "/ogc/tileMatrixSets",
        "/ogc/collections/cpts/tiles",
        "/ogc/collections/cpts/tiles/WebMercatorQuad/tilejson.json",
        "/ogc/collections/cpts/tiles/WebMercatorQuad/0/0/0",
    ):
        assert client.get(path, headers=BROWSER).status_code == 200, path


def test_every_answer_is_tagged_and_compressed_whatever_the_settings(
    client: TestClient,
) -> None:
    assert client.app.state.settings.service.public_url is None  # type: ignore[attr-defined]
    for path in (
        "/ogc",
        "/ogc/api",
        "/ogc/collections?f=html",
        "/ogc/collections/regions/items?detail=national",
        "/ogc/collections/regions/items/93?detail=national",
        "/ogc/styles/cpts",
    ):
        first = client.get(path, headers={"Accept-Encoding": "br"})
        assert first.headers["cache-control"] == "public, no-cache", path
        assert first.headers["content-encoding"] == "br", path
        asked = {"Accept-Encoding": "br", "If-None-Match": first.headers["etag"]}
        assert client.get(path, headers=asked).status_code == 304, path
        elsewhere = {"Accept-Encoding": "br", "Host": "autre.example"}
        assert "testserver" not in client.get(path, headers=elsewhere).text, path


def test_kept_answers_of_one_address_are_told_apart_by_form(client: TestClient) -> None:
    client.app.state.settings.service.public_url = "https://cpts.example"  # type: ignore[attr-defined]
    for _ in range(2):
        page = client.get("/ogc/collections/regions", headers=BROWSER)
        document = client.get("/ogc/collections/regions")
        assert page.headers["content-type"].startswith("text/html")
        assert document.headers["content-type"] == "application/json"
        assert {"Accept", "Accept-Encoding"} <= set(document.headers["vary"].split(", "))
        assert document.headers["etag"] != page.headers["etag"]
        assert document.json()["links"][0]["href"].startswith("https://cpts.example/ogc/")


def test_fictitious_data_is_said_to_be_so(
    client: TestClient, registry: list[int], engine: Engine
) -> None:
    addresses = ("/ogc/collections/cpts/items", f"/ogc/collections/cpts/items/{registry[0]}")
    before = [client.get(address, headers=BROWSER).text for address in addresses]
    with administration(engine) as connection:
        connection.execute(
            text("UPDATE cpts SET demonstration = true WHERE id = :id"), {"id": registry[0]}
        )
    after = [client.get(address, headers=BROWSER).text for address in addresses]
    assert ["de démonstration" in page for page in before] == [False, False]
    assert ["de démonstration" in page for page in after] == [True, True]
