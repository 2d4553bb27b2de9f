"""Sheets and statistics as a visitor meets them, in Chromium, other hosts blocked."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine

from app.cpts.reports.repository import reports
from app.database.sessions import snapshot_scope
from app.web.sheets import reporting
from tests.web.conftest import HOSTILE
from tests.web.requests import Requests

Register = Callable[..., int]

GAP = "05061"


@pytest.fixture
def history(register: Register, alps: dict[str, int]) -> dict[str, int]:
    """The Alps, and a CPTS that began in 2020."""
    return {
        **alps,
        "CPTS de 2020": register(
            "CPTS de 2020",
            "aci_signe",
            ("05101",),
            effective_on="2020-03-01",
            stage_since="2020-03-01",
        ),
    }


def test_the_map_of_a_sheet_shows_that_cpts(visitor: Page, alps: dict[str, int]) -> None:
    visitor.goto(f"/cpts/{alps['CPTS du Gapençais']}")
    frame = visitor.frame_locator(".map-frame iframe")
    visitor.locator(".map-frame").scroll_into_view_if_needed()
    expect(frame.locator("#count")).to_have_text("1 CPTS")


def test_a_report_goes_from_the_sheet_to_thanks_by_keyboard_without_script(
    plain_visitor: Page,
    engine: Engine,
    alps: dict[str, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reporting, "LEAST_FILL_S", 0)
    plain_visitor.goto(f"/cpts/{alps['CPTS du Gapençais']}")
    plain_visitor.get_by_role("link", name="Signaler une erreur").click()
    expect(plain_visitor.get_by_label("Laissez ce champ vide")).not_to_be_in_viewport()
    plain_visitor.get_by_label("Qu’est-ce qui est faux").focus()
    plain_visitor.keyboard.type("La commune de Rambaud manque.")
    plain_visitor.keyboard.press("Tab")
    plain_visitor.keyboard.type("lecteur@lecture.example")
    plain_visitor.keyboard.press("Tab")
    plain_visitor.keyboard.press("Enter")
    plain_visitor.wait_for_url("**/signaler/merci")
    expect(plain_visitor.get_by_role("heading", level=1)).to_have_text("Merci")
    with snapshot_scope(engine) as session:
        (report,) = reports(session)
    assert report.message == "La commune de Rambaud manque."
    assert report.reply_to == "lecteur@lecture.example"
    assert plain_visitor.context.cookies() == []


def test_sheets_read_without_script(plain_visitor: Page, history: dict[str, int]) -> None:
    plain_visitor.goto(f"/communes/{GAP}")
    expect(plain_visitor.locator(".answer")).to_contain_text("CPTS du Gapençais")
    expect(plain_visitor.locator(".drawing svg")).to_be_visible()
    plain_visitor.goto(f"/cpts/{history['CPTS du Gapençais']}")
    expect(plain_visitor.get_by_role("cell", name="05160")).to_be_visible()


def test_the_years_of_the_map_are_links_without_script(
    plain_visitor: Page, history: dict[str, int]
) -> None:
    plain_visitor.goto("/statistiques")
    expect(plain_visitor.locator("#time-slider")).to_be_hidden()
    plain_visitor.get_by_role("link", name="2020", exact=True).click()
    plain_visitor.wait_for_url("**/statistiques?at=2020-12-31#au-fil-du-temps")
    assert plain_visitor.locator("#time-map").get_attribute("src") == (
        "/statistiques/carte.svg?at=2020-12-31"
    )
    expect(plain_visitor.get_by_role("link", name="2020", exact=True)).to_have_attribute(
        "aria-current", "true"
    )


def test_the_slider_changes_map_caption_and_link_by_keyboard(
    visitor: Page, history: dict[str, int]
) -> None:
    visitor.goto("/statistiques")
    slider = visitor.get_by_role("slider", name="Mois")
    slider.focus()
    slider.press("Home")
    expect(visitor.locator("#month-shown")).to_have_text("janvier 2019")
    image = visitor.locator("#time-map")
    expect(image).to_have_attribute("src", re.compile(r"carte\.svg\?at=2019-01-31$"))
    expect(visitor.locator("#time-caption")).to_have_text("au 31 janvier 2019")
    expect(visitor.locator("#time-detail")).to_have_attribute(
        "href", "/maps/cpts?at=2019-01-31"
    )
    slider.press("End")
    expect(image).to_have_attribute("src", re.compile(r"carte\.svg$"))
    assert image.evaluate("image => image.complete && image.naturalWidth") == 720


def test_the_map_plays_and_pauses(visitor: Page, history: dict[str, int]) -> None:
    visitor.goto("/statistiques")
    visitor.get_by_role("button", name="Lecture").click()
    expect(visitor.locator("#time-map")).to_have_attribute("src", re.compile(r"at=2019-0[4-9]"))
    visitor.get_by_role("button", name="Pause").click()
    expect(visitor.get_by_role("button", name="Lecture")).to_be_visible()


def test_a_first_view_is_light(
    browser: Browser, live_server: str, alps: dict[str, int]
) -> None:
    for address in (f"/communes/{GAP}", f"/cpts/{alps['CPTS du Gapençais']}", "/statistiques"):
        context = browser.new_context(base_url=live_server)
        context.route(
            lambda asked: not asked.startswith((live_server, "data:", "blob:")),
            lambda route: route.abort(),
        )
        page = context.new_page()
        asked = Requests(page)
        page.goto(address)
        asked.wait_for_all()
        sizes = page.evaluate(
            "() => [...performance.getEntriesByType('navigation'),"
            " ...performance.getEntriesByType('resource')].map((e) => e.encodedBodySize)"
        )
        assert 0 < sum(sizes) < 300_000, address
        context.close()


def test_hostile_names_do_nothing(visitor: Page, register: Register) -> None:
    cpts = register(HOSTILE, "aci_signe", (GAP,), address=HOSTILE)
    for address in (f"/cpts/{cpts}", f"/communes/{GAP}", f"/cpts/{cpts}/signaler"):
        visitor.goto(address)
        assert "pris" not in visitor.title().split("–")[-1]
        assert visitor.locator("main img").count() == 0
        assert visitor.title() != "pris"


def test_a_sheet_prints_its_text_and_drawing(visitor: Page, alps: dict[str, int]) -> None:
    visitor.goto(f"/communes/{GAP}")
    visitor.emulate_media(media="print")
    expect(visitor.locator(".answer")).to_be_visible()
    expect(visitor.locator(".drawing svg")).to_be_visible()
    expect(visitor.locator(".site-nav")).to_be_hidden()
