"""Agents at work: signed in with a token, with and without a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from starlette.testclient import TestClient


@pytest.fixture
def agent(client: TestClient, make_token: Callable[..., str]) -> Callable[..., None]:
    """Sign the client in: `agent("ars", region="32")`."""
    from tests.accounts.people import sign_in_with

    def enter(role: str, **limits: Any) -> None:
        sign_in_with(client, make_token(role, **limits))

    return enter


@pytest.fixture
def sign_in(
    client: TestClient, browser: Browser, live_server: str, make_token: Callable[..., str]
) -> Iterator[Callable[..., Page]]:
    """Open a browser of its own for an agent: `sign_in("ars")`, of the Hauts-de-France."""
    from playwright.sync_api import expect

    contexts = []

    def enter(role: str, *, script: bool = True, width: int = 1280) -> Page:
        context = browser.new_context(
            base_url=live_server,
            locale="fr-FR",
            java_script_enabled=script,
            viewport={"width": width, "height": 900},
        )
        contexts.append(context)
        context.route(
            lambda address: not address.startswith((live_server, "data:")),
            lambda route: route.abort(),
        )
        page = context.new_page()
        page.goto("/connexion?retour=/lettres")
        page.get_by_text("Se connecter avec un jeton").click()
        page.get_by_label("Jeton d’accès").fill(
            make_token(role, region=None if role in ("admin", "editor") else "32")
        )
        page.get_by_role("button", name="Se connecter avec le jeton").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Lettres d’intention")
        return page

    yield enter
    for context in contexts:
        context.close()
