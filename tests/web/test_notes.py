"""The page of a verification note, read in a browser and printed."""

import pytest
from playwright.sync_api import Page
from starlette.testclient import TestClient

from tests.conftest import Register
from tests.web.accessibility import accessibility_faults


def _address(client: TestClient) -> str:
    response = client.post(
        "/api/v1/letters/notes",
        json={"communes": ["Gap", "La Saulce", "05132"], "name": "CPTS d'essai"},
    )
    assert response.status_code == 201
    return str(response.json()["url"])


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_a_note_is_read_at_every_width_without_fault(
    client: TestClient, visitor: Page, register: Register, width: int
) -> None:
    register("CPTS du Champsaur fictif", "aci_signe", ("05132",))
    visitor.set_viewport_size({"width": width, "height": 900})
    visitor.goto(_address(client))
    assert "Territoire bloqué" in visitor.locator("main").inner_text()
    assert visitor.locator("main svg").bounding_box()
    assert visitor.evaluate("document.documentElement.scrollWidth") <= width
    assert accessibility_faults(visitor) == []


def test_a_note_prints_without_what_only_serves_on_a_screen(
    client: TestClient, visitor: Page
) -> None:
    visitor.goto(_address(client))
    assert visitor.get_by_role("link", name="Télécharger en PDF").is_visible()
    visitor.emulate_media(media="print")
    assert not visitor.get_by_role("link", name="Télécharger en PDF").is_visible()
    assert visitor.locator("main svg").is_visible()


def test_a_note_is_for_its_holder_only(client: TestClient) -> None:
    response = client.get(_address(client))
    assert response.headers["cache-control"] == "no-store"
    assert 'name="robots" content="noindex"' in response.text
    assert "set-cookie" not in response.headers
