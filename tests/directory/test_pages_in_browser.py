"""The directory in a browser: from a search to a copied address, the map beside the list."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Engine

from tests.accounts.people import make_person, session_of
from tests.web.accessibility import accessibility_faults_in_light_and_dark
from tests.web.conftest import plain_visitor, visitor  # noqa: F401

if TYPE_CHECKING:
    from playwright.sync_api import Page

North = dict[str, int]
Register = Callable[..., int]


def sign_in(page: Page, engine: Engine, live_server: str, cpts_id: int) -> None:
    make_person(engine, "member", cpts_id=cpts_id)
    page.context.add_cookies(
        [{"name": "cpts-agent", "value": session_of(engine), "url": live_server}]
    )


@pytest.fixture
def member(
    visitor: Page,  # noqa: F811
    engine: Engine,
    live_server: str,
    north: North,
) -> Page:
    """A member of the CPTS of Lille at the service."""
    sign_in(visitor, engine, live_server, north["CPTS de Lille"])
    return visitor


def test_a_search_ends_in_a_copied_contact(member: Page, live_server: str) -> None:
    member.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=live_server)
    member.goto("/membres")
    member.get_by_label("Mots : nom, commune, thème, texte").fill("depistage pharmacie")
    member.get_by_role("button", name="Chercher").click()
    member.wait_for_url(
        lambda address: address.endswith("/membres?near=59350&q=depistage+pharmacie"),
        wait_until="commit",
    )
    member.get_by_text("répond à « depistage pharmacie »").first.wait_for()
    assert member.locator(".directory-item").count() == 1
    assert "Camille Exemple" in member.locator(".directory-item").inner_text()
    member.get_by_role("button", name="Copier l’adresse de Camille Exemple").click()
    member.get_by_text("Copié").wait_for()
    assert member.evaluate("navigator.clipboard.readText()") == "camille@lille.example"


def test_all_addresses_of_a_selection_are_copied_by_keyboard(
    member: Page, live_server: str
) -> None:
    member.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=live_server)
    member.goto("/membres?theme=diabete")
    for name in ("CPTS de Lille", "CPTS du Mélantois"):
        member.get_by_role("checkbox", name=f"Choisir {name}").press("Space")
    member.get_by_role("button", name="Adresses des CPTS cochées").press("Enter")
    member.wait_for_url("**/membres/selection?*")
    member.get_by_role("button", name="Copier toutes les adresses").press("Enter")
    member.get_by_text("Copié").wait_for()
    copied = member.evaluate("navigator.clipboard.readText()")
    assert copied == "camille@lille.example, dominique@melantois.example"


def test_the_list_moves_the_map_and_the_map_the_list(member: Page) -> None:
    member.goto("/membres")
    frame = member.frame_locator(".directory-map iframe")
    frame.locator("html[data-state=ready]").wait_for()
    member.get_by_role("button", name="Voir sur la carte : CPTS de Nice").click()
    frame.locator(".leaflet-popup", has_text="CPTS de Nice").wait_for()
    # What is opened on the map is marked in the list.
    member.locator(".directory-item.shown", has_text="CPTS de Nice").wait_for()
    member.get_by_label("Suivre la carte").check()
    member.wait_for_url("**bbox=*")
    member.locator("#nombre", has_text="1").wait_for()
    member.wait_for_function("document.querySelectorAll('.directory-item').length === 1")
    assert "CPTS de Nice" in member.locator(".directory-item").inner_text()
    # The address holds it.
    member.reload()
    assert member.locator(".directory-item").count() == 1
    assert member.get_by_label("Suivre la carte").is_checked()


def test_it_works_without_javascript(
    plain_visitor: Page,  # noqa: F811
    engine: Engine,
    live_server: str,
    north: North,
) -> None:
    page = plain_visitor
    sign_in(page, engine, live_server, north["CPTS de Lille"])
    page.goto("/membres?theme=diabete&action_state=realise")
    assert page.locator(".directory-item").count() == 1
    assert not page.get_by_role("button", name="Copier").first.is_visible()
    page.get_by_role("checkbox", name="Choisir CPTS de Lille").check()
    page.get_by_role("button", name="Adresses des CPTS cochées").click()
    assert "camille@lille.example" in page.get_by_label("1 adresse").input_value()


@pytest.mark.parametrize(
    "address", ["/membres", "/membres?theme=diabete", "/membres/comparables",
                "/membres/recherches", "/membres/selection?cpts=1,2", "/membres/consultations"]
)  # fmt: skip
def test_pages_are_accessible_and_fit_a_telephone(member: Page, address: str) -> None:
    member.goto(address)
    assert accessibility_faults_in_light_and_dark(member) == []
    member.set_viewport_size({"width": 360, "height": 740})
    width = member.evaluate("document.documentElement.scrollWidth")
    assert width <= 360
