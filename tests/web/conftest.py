"""A visitor of the site, and a few CPTS to be visited."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import PATIENCE_MS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from starlette.testclient import TestClient

Register = Callable[..., int]
BASEMAP = "https://data.geopf.fr/"
HOSTILE = "</script><b>\"'`<img src=x onerror=\"document.title='pris'\">${1}{{7*7}}"

# What a browser sends; without it errors stay documents for programs.
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def visitor(client: TestClient, page: Page) -> Iterator[Page]:
    """A page whose script errors, console errors and policy violations fail the test.

    So does a request to any other host than that of the base map. It comes after `client`,
    whose end closes the database connections that both share.
    """
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))

    def on_console(message: Any) -> None:
        # The base map is blocked like any other host, and Chromium says so.
        if message.type in ("error", "warning") and BASEMAP not in message.location["url"]:
            said.append(message.text)

    page.on("console", on_console)
    page.add_init_script(
        "addEventListener('securitypolicyviolation', (event) =>"
        " console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`))"
    )
    yield page
    assert said == []
    blocked: list[str] = page.blocked  # type: ignore[attr-defined]
    assert [address for address in blocked if not address.startswith(BASEMAP)] == []


@pytest.fixture
def plain_visitor(client: TestClient, browser: Browser, live_server: str) -> Iterator[Page]:
    """A page without JavaScript."""
    context = browser.new_context(
        base_url=live_server, locale="fr-FR", java_script_enabled=False
    )
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()


@pytest.fixture
def alps(register: Register) -> dict[str, int]:
    """Four CPTS of the Hautes-Alpes and around, one at each of several stages; ids by name."""
    return {
        name: register(name, stage, communes, **more)
        for name, stage, communes, more in (
            (
                "CPTS du Gapençais",
                "aci_signe",
                ("05061", "05160"),
                {
                    "acronym": "CG",
                    "themes": ["diabete", "vaccination"],
                    "email": "contact@gapencais.example",
                    "phone": "04 99 00 00 01",
                    "website": "https://gapencais.example/",
                },
            ),
            ("CPTS du Champsaur", "lettre_intention_validee", ("05039",), {}),
            ("CPTS de Briançon", "dynamique_identifiee", ("05023",), {"themes": ["diabete"]}),
            ("CPTS de la Haute-Durance", "aci_signe", ("05046", "04019"), {}),
        )
    }
