"""A page that is asked for again: browsers take over the headers of a 304 (RFC 9111, 3.2)."""

import pytest
from playwright.sync_api import Browser, expect
from starlette.testclient import TestClient

from tests.web.conftest import BROWSER


@pytest.mark.parametrize(
    "address",
    ["/", "/lettres", "/lettres/verification", "/statistiques", "/maps/cpts", "/docs"],
)
def test_an_unmodified_page_keeps_its_policy(client: TestClient, address: str) -> None:
    first = client.get(address, headers=BROWSER)
    again = client.get(address, headers={**BROWSER, "If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    for name in ("content-security-policy", "referrer-policy", "x-content-type-options"):
        told = again.headers.get(name, first.headers[name])
        assert told == first.headers[name]


def test_a_page_looks_the_same_when_it_is_reloaded(
    client: TestClient, browser: Browser, live_server: str
) -> None:
    # A context of its own: a page whose requests are routed has no cache.
    context = browser.new_context(base_url=live_server, locale="fr-FR")
    page = context.new_page()
    faults: list[str] = []
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.goto("/regions")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert [fault for fault in faults if "Content Security Policy" in fault] == []
    assert page.evaluate("document.styleSheets.length") > 0
    context.close()
