"""The maps for those who use a keyboard, and those who hear the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.accounts.people import make_person, session_of
from tests.web.accessibility import accessibility_faults_in_light_and_dark
from tests.web.conftest import alps, visitor  # noqa: F401
from tests.web.map_stops import stops, stops_of_maps

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from sqlalchemy import Engine

Register = Callable[..., int]

pytestmark = pytest.mark.usefixtures("complete_country")

MOST_STOPS = 3


def _open(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_selector("html[data-state=ready]", state="attached")


def _walk(page: Page, *keys: str) -> str:
    for key in keys:
        page.keyboard.press(key)
    return page.locator("#said").inner_text()


def test_the_keyboard_crosses_every_map_in_three_stops(
    visitor: Page,  # noqa: F811
    alps: dict[str, int],  # noqa: F811
    engine: Engine,
    live_server: str,
) -> None:
    gap = alps["CPTS du Gapençais"]
    for address in (
        "/maps/cpts",
        "/maps/cpts?region=93",
        "/embed/carte?region=93",
        f"/maps/cpts?cpts={gap}",
    ):
        _open(visitor, address)
        expect(visitor.locator("path.leaflet-interactive")).to_have_count(4)
        assert 1 <= stops(visitor, "#territories", "main") <= MOST_STOPS, address
    make_person(engine, "member", cpts_id=gap)
    visitor.context.add_cookies(
        [{"name": "cpts-agent", "value": session_of(engine), "url": live_server}]
    )
    for address in (
        "/",
        "/regions/93",
        "/departements/05",
        "/communes/05061",
        f"/cpts/{gap}",
        "/statistiques",
        "/annuaire",
        "/membres",
    ):
        visitor.goto(address)
        counted = stops_of_maps(visitor)
        assert counted, address
        assert max(counted) <= MOST_STOPS, (address, counted)
    visitor.goto("/lettres/verification")
    visitor.wait_for_selector("#builder[data-state=ready]")
    assert stops_of_maps(visitor) == [2]


def test_arrows_go_from_one_cpts_to_the_next_and_tell_it(
    visitor: Page,  # noqa: F811
    alps: dict[str, int],  # noqa: F811
) -> None:
    _open(visitor, "/maps/cpts?department=05")
    container = visitor.locator(".folium-map")
    view = "window.cptsMap.map.getCenter().toString()"
    container.focus()
    seen = visitor.evaluate(view)
    heard = {_walk(visitor, "ArrowDown"), *(_walk(visitor, "ArrowRight") for _ in range(4))}
    heard |= {_walk(visitor, "ArrowLeft") for _ in range(4)}
    heard |= {_walk(visitor, "ArrowUp") for _ in range(3)}
    assert heard == {
        "CPTS du Gapençais, ACI signé, taille 2.",
        "CPTS du Champsaur, Lettre d'intention validée, taille 1.",
        "CPTS de Briançon, Dynamique identifiée, taille 1.",
        "CPTS de la Haute-Durance, ACI signé, taille 1.",
    }
    assert visitor.evaluate(view) == seen
    # The last one to the north is Briançon; what is meant is told to the eye too.
    expect(visitor.locator(".leaflet-tooltip")).to_contain_text("CPTS de Briançon")
    expect(visitor.locator('path[stroke-width="5"]')).to_have_count(1)

    visitor.keyboard.press("Enter")
    popup = visitor.get_by_role("dialog", name="CPTS de Briançon")
    expect(popup).to_be_focused()
    visitor.keyboard.press("Tab")
    expect(popup.get_by_role("link", name="Sa page")).to_be_focused()
    assert accessibility_faults_in_light_and_dark(visitor) == []
    visitor.keyboard.press("Escape")
    expect(popup).to_have_count(0)
    expect(container).to_be_focused()
    visitor.keyboard.press("Escape")
    expect(visitor.locator(".leaflet-tooltip")).to_have_count(0)
    expect(visitor.locator('path[stroke-width="5"]')).to_have_count(0)
    visitor.keyboard.press("Escape")
    expect(container).not_to_be_focused()

    container.focus()
    visitor.keyboard.press("Shift+ArrowRight")
    visitor.wait_for_function(f"{view} !== {seen!r}")


def test_arrows_go_from_a_cpts_to_those_around_it_too(
    visitor: Page,  # noqa: F811
    alps: dict[str, int],  # noqa: F811
) -> None:
    _open(visitor, f"/maps/cpts?cpts={alps['CPTS du Gapençais']}")
    grey = visitor.locator("path.others")
    expect(grey).to_have_count(3)
    (plain,) = set(grey.evaluate_all("all => all.map((path) => path.getAttribute('fill'))"))
    visitor.locator(".folium-map").focus()
    assert _walk(visitor, "ArrowRight") == "CPTS du Gapençais, ACI signé, taille 2."
    heard = {_walk(visitor, key) for key in ("ArrowRight", "ArrowUp", "ArrowLeft", "ArrowUp")}
    assert heard & {
        "CPTS du Champsaur, Lettre d'intention validée, taille 1.",
        "CPTS de Briançon, Dynamique identifiée, taille 1.",
        "CPTS de la Haute-Durance, ACI signé, taille 1.",
    }
    said = visitor.locator("#said").inner_text()
    name = said.partition(",")[0]
    expect(visitor.locator('path.others[stroke-width="5"]')).to_have_count(1)
    expect(visitor.locator(".leaflet-tooltip").filter(has_text=name)).to_have_count(1)
    visitor.keyboard.press("Enter")
    popup = visitor.get_by_role("dialog", name=name)
    expect(popup).to_be_focused()
    visitor.keyboard.press("Escape")
    expect(popup).to_have_count(0)
    visitor.keyboard.press("Escape")
    # Let go of, it is as grey as the others.
    expect(visitor.locator('path[stroke-width="5"]')).to_have_count(0)
    expect(
        visitor.locator(f'path.others[fill="{plain}"][stroke-opacity="0.45"]')
    ).to_have_count(3)


def test_the_tools_of_a_map_are_one_stop_with_arrows_inside(
    visitor: Page,  # noqa: F811
    alps: dict[str, int],  # noqa: F811
) -> None:
    _open(visitor, "/maps/cpts?department=05")
    visitor.locator(".folium-map").focus()
    visitor.keyboard.press("Tab")
    tools = visitor.get_by_role("toolbar", name="Outils de la carte")
    expect(tools.get_by_role("button", name="Agrandir")).to_be_focused()
    reached = []
    for _ in range(12):
        visitor.keyboard.press("ArrowDown")
        reached.append(
            visitor.evaluate(
                "(document.activeElement.getAttribute('aria-label')"
                " ?? document.activeElement.closest('label')?.textContent"
                " ?? document.activeElement.textContent).trim()"
            )
        )
    assert {"Réduire", "Liste", "Légende", "Taille", "Limites des départements"} <= set(reached)
    legend = visitor.locator(".legend")
    legend.get_by_label("Stade d’avancement").focus()
    visitor.keyboard.press("ArrowDown")
    expect(legend.get_by_label("Taille")).to_be_focused()
    expect(legend.get_by_label("Taille")).not_to_be_checked()
    visitor.keyboard.press("Space")
    expect(legend.get_by_label("Taille")).to_be_checked()
    visitor.keyboard.press("End")
    visitor.keyboard.press("Tab")
    assert not visitor.evaluate(
        "document.querySelector('.leaflet-container').contains(document.activeElement)"
    )


def test_a_popup_in_a_frame_of_the_site_leads_out_of_the_frame(
    visitor: Page,  # noqa: F811
    alps: dict[str, int],  # noqa: F811
) -> None:
    visitor.goto("/departements/05")
    frame = visitor.frame_locator(".map-frame iframe")
    expect(frame.locator("html[data-state=ready]")).to_be_attached()
    expect(frame.get_by_role("link", name="Communes de chaque CPTS (CSV)")).to_be_hidden()
    frame.locator(".folium-map").focus()
    visitor.keyboard.press("ArrowUp")
    visitor.keyboard.press("Enter")
    popup = frame.get_by_role("dialog")
    name = popup.get_by_role("heading").inner_text()
    popup.get_by_role("link", name="Ses voisines").click()
    visitor.wait_for_url("**/cpts/*#voisines")
    expect(visitor.get_by_role("heading", level=1)).to_contain_text(name.split(" (")[0])
