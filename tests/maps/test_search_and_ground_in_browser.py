"""The map that searches itself, and what its blanks mean."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine

from app.cpts.completeness.service import declare_complete
from app.database.calendar import today
from app.database.sessions import session_scope
from tests.web.accessibility import accessibility_faults_in_light_and_dark
from tests.web.conftest import HOSTILE, alps, plain_visitor, visitor  # noqa: F401

Register = Callable[..., int]


def _ready(page: Page) -> None:
    page.wait_for_selector("html[data-state=ready]", state="attached")


def _grounds(page: Page) -> dict[str, int]:
    """How many departments lie beneath, by what a blank means there."""
    found: dict[str, int] = page.evaluate(
        """() => Object.fromEntries(["free", "unknown", "outside"].map((kind) =>
            [kind, document.querySelectorAll(`path.ground-${kind}`).length]))"""
    )
    return found


@pytest.mark.usefixtures("complete_country")
@pytest.mark.parametrize("path", ["/maps/cpts", "/embed/carte"])
def test_a_map_is_searched_and_filtered_and_its_address_follows(
    visitor: Page,  # noqa: F811
    alps: dict[str, int],  # noqa: F811
    path: str,
) -> None:
    visitor.goto(f"{path}?region=93")
    _ready(visitor)
    expect(visitor.locator("#count")).to_have_text("4 CPTS")
    visitor.get_by_text("Chercher et filtrer").click()
    assert accessibility_faults_in_light_and_dark(visitor) == []
    visitor.get_by_label("ACI signé", exact=True).check()
    visitor.get_by_label("Diabète", exact=True).check()
    visitor.get_by_role("button", name="Afficher").click()
    visitor.wait_for_url(f"**{path}?region=93&stage=aci_signe&theme=diabete")
    _ready(visitor)
    expect(visitor.locator("#count")).to_have_text("1 CPTS")
    visitor.get_by_text("Chercher et filtrer (2)").click()
    expect(visitor.get_by_label("Diabète", exact=True)).to_be_checked()
    visitor.get_by_role("link", name="Tout effacer").click()
    visitor.wait_for_url(f"**{path}?region=93")
    _ready(visitor)
    visitor.get_by_text("Chercher et filtrer").click()
    visitor.get_by_label("Nom de la CPTS").fill("briancon")
    visitor.get_by_label("Nom de la CPTS").press("Enter")
    visitor.wait_for_url(f"**{path}?region=93&q=briancon")
    _ready(visitor)
    expect(visitor.locator("#count")).to_have_text("1 CPTS")
    home = visitor.get_by_role("link", name="Accueil")
    expect(home).to_have_attribute("href", "/")
    for width in (360, 768):
        visitor.set_viewport_size({"width": width, "height": 740})
        visitor.get_by_text("Chercher et filtrer (1)").click()
        assert visitor.evaluate("document.documentElement.scrollWidth") <= width
        expect(visitor.get_by_role("button", name="Afficher")).to_be_in_viewport()
        visitor.get_by_text("Chercher et filtrer (1)").click()


def test_a_map_is_searched_without_script_and_words_stay_words(
    plain_visitor: Page,  # noqa: F811
) -> None:
    plain_visitor.goto("/maps/cpts?department=05")
    plain_visitor.get_by_text("Chercher et filtrer").click()
    plain_visitor.get_by_label("Nom de la CPTS").fill(HOSTILE)
    plain_visitor.get_by_role("button", name="Afficher").click()
    plain_visitor.wait_for_url("**/maps/cpts?department=05&q=*")
    expect(plain_visitor.get_by_role("heading", level=1)).to_contain_text(HOSTILE)
    plain_visitor.get_by_text("Chercher et filtrer (1)").click()
    expect(plain_visitor.get_by_label("Nom de la CPTS")).to_have_value(HOSTILE)
    expect(plain_visitor.locator("header img, header b")).to_have_count(0)


def test_a_blank_is_land_without_cpts_outside_or_unknown_as_the_legend_tells(
    visitor: Page,  # noqa: F811
    register: Register,
    engine: Engine,
) -> None:
    register("CPTS du Gapençais", "aci_signe", ("05061",))
    visitor.goto("/maps/cpts")
    _ready(visitor)
    legend = visitor.locator(".legend .ground li")
    assert _grounds(visitor) == {"free": 0, "unknown": 101, "outside": 0}
    expect(legend).to_have_text(["Sans CPTS", "Territoire non renseigné"])

    with session_scope(engine) as session:
        declare_complete(session, ["05"], today())
    visitor.goto("/maps/cpts?department=04,05")
    _ready(visitor)
    # What is looked at is drawn, and nothing that lies beyond.
    expect(visitor.locator("path.ground-outside").nth(2)).to_be_attached()
    found = _grounds(visitor)
    assert (found["free"], found["unknown"]) == (1, 1)
    expect(legend).to_have_text(
        [
            "Sans CPTS",
            "Territoire non renseigné",
            "Hors du territoire choisi",
            "Autres CPTS, hors du territoire choisi",
        ]
    )
    outside = visitor.locator("path.ground-outside").first
    expect(outside).to_have_attribute("fill", "url(#ground-outside)")
    # Whatever the territories are coloured by, a blank stays what it is.
    visitor.get_by_role("radio", name="Taille").check()
    expect(legend).to_have_count(4)

    visitor.goto("/maps/cpts?department=05&stage=aci_signe")
    _ready(visitor)
    expect(legend).to_have_text(
        [
            "Sans CPTS qui réponde à ces critères",
            "Hors du territoire choisi",
            "Autres CPTS, hors du territoire choisi",
        ]
    )


def _names(page: Page) -> list[str]:
    """The names drawn on the map, none of which lies over another."""
    drawn = page.locator(".map-name").evaluate_all(
        "all => all.map((each) => {"
        " const {left, right, top, bottom} = each.getBoundingClientRect();"
        " return [each.textContent, left, right, top, bottom]; })"
    )
    for one, other in itertools.combinations(drawn, 2):
        apart = (
            one[2] <= other[1] or other[2] <= one[1] or one[4] <= other[3] or other[4] <= one[3]
        )
        assert apart, (one, other)
    return [each[0].replace("\n", " ") for each in drawn]


@pytest.mark.usefixtures("complete_country")
def test_from_a_commune_to_its_mark_and_from_a_cpts_to_its_communes(
    visitor: Page,  # noqa: F811
    alps: dict[str, int],  # noqa: F811
) -> None:
    visitor.goto("/communes/05061")
    visitor.get_by_role("link", name="Ouvrir la carte interactive").click()
    _ready(visitor)
    assert visitor.url.endswith("/maps/cpts?commune=05061")
    expect(visitor.locator("path.marked")).to_have_count(1)
    assert "Gap" in _names(visitor)
    assert "CPTS du Gapençais" in _names(visitor)

    gap = alps["CPTS du Gapençais"]
    visitor.goto(f"/maps/cpts?cpts={gap}")
    _ready(visitor)
    expect(visitor.locator("#count")).to_have_text("1 CPTS")
    expect(visitor.locator("path.commune")).to_have_count(2)
    assert "Gap" in _names(visitor)
    expect(visitor.locator("path.others")).to_have_count(3)
    expect(visitor.locator(".legend .ground li")).to_have_text(["Sans CPTS", "Autres CPTS"])
    assert accessibility_faults_in_light_and_dark(visitor) == []
    visitor.get_by_label("Noms").uncheck()
    assert _names(visitor) == []
    visitor.get_by_label("Communes").uncheck()
    expect(visitor.locator("path.commune")).to_have_count(0)

    # Of other stages than the one asked for, those inside are not shown.
    visitor.goto("/maps/cpts?department=05&stage=lettre_intention_validee")
    _ready(visitor)
    expect(visitor.locator(".leaflet-overlay-pane path")).to_have_count(1)
    expect(visitor.locator("path.others")).to_have_count(0)
