"""Zones in conciliation on the map."""

from collections.abc import Callable

from playwright.sync_api import Page, expect
from starlette.testclient import TestClient

from app.maps.palette import CONCILIATION_COLOUR

Bearer = Callable[..., dict[str, str]]

LILLE, MARCQ, MONS = "59350", "59378", "59410"

_ZONES = """() => {
    const found = [];
    window.cptsMap.map.eachLayer((layer) => {
        if (layer.feature?.properties?.opened_on === undefined) return;
        const path = layer.getElement();
        found.push({
            communes: layer.feature.properties.communes.map((commune) => commune.name),
            fill: path.getAttribute("fill"),
            dashed: path.hasAttribute("stroke-dasharray"),
            drawn: path.getTotalLength() > 10,
        });
    });
    return found;
}"""


def deposit(client: TestClient, headers: dict[str, str], *communes: str) -> None:
    body = {"name": "Projet secret", "communes": list(communes)}
    response = client.post("/api/v1/letters", json=body, headers=headers)
    assert response.status_code == 201, response.text


def test_communes_in_dispute_are_a_layer_that_can_be_switched_off(
    client: TestClient, bearer: Bearer, page: Page
) -> None:
    headers = bearer("admin")
    deposit(client, headers, LILLE, MARCQ)
    deposit(client, headers, MARCQ, MONS)
    page.goto("/maps/cpts?department=59")
    page.wait_for_selector("html[data-state=ready]", state="attached")
    assert page.evaluate(_ZONES) == [
        {
            "communes": ["Marcq-en-Barœul"],
            "fill": CONCILIATION_COLOUR,
            "dashed": True,
            "drawn": True,
        }
    ]
    switch = page.get_by_label("Zones en conciliation (1)")
    expect(switch).to_be_checked()
    page.evaluate("""() => window.cptsMap.map.eachLayer((layer) => {
        if (layer.feature?.properties?.opened_on) layer.openPopup();
    })""")
    expect(page.locator(".cpts-popup")).to_contain_text("Marcq-en-Barœul")
    assert "secret" not in page.content()
    page.keyboard.press("Escape")
    # The arrows go there too, and Enter opens it.
    page.locator(".folium-map").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#said")).to_have_text("Zone en conciliation : Marcq-en-Barœul.")
    expect(page.locator(".leaflet-tooltip")).to_have_text("Zone en conciliation")
    page.keyboard.press("Enter")
    expect(page.locator(".cpts-popup")).to_be_focused()
    page.keyboard.press("Escape")
    switch.uncheck()
    assert page.evaluate(_ZONES) == []
    page.keyboard.press("Escape")


def test_a_map_without_dispute_or_of_another_day_has_no_such_layer(
    client: TestClient, bearer: Bearer, page: Page
) -> None:
    headers = bearer("admin")
    deposit(client, headers, LILLE)
    deposit(client, headers, LILLE)
    for query in ("?department=75", "?at=2026-01-01"):
        page.goto(f"/maps/cpts{query}")
        page.wait_for_selector("html[data-state=ready]", state="attached")
        assert page.evaluate(_ZONES) == []
        expect(page.get_by_text("Zones en conciliation")).to_have_count(0)
