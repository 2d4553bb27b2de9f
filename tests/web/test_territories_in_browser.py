"""The site as a visitor meets it, in Chromium, with every other host blocked."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine, text

from app.maps.palette import STAGE_COLOURS
from tests.administration import administration
from tests.web.accessibility import accessibility_faults
from tests.web.conftest import HOSTILE
from tests.web.requests import Requests

Register = Callable[..., int]

GAP = "05061"
FIRST_VIEW_BYTES = 300_000


def _table(page: Page) -> list[str]:
    """Names of the CPTS of the table."""
    return page.locator(".cpts-table tbody th a").all_inner_texts()


def _on_map(page: Page) -> int:
    """How many CPTS the map says that it shows."""
    count = page.frame_locator(".map-frame iframe").locator("#count")
    expect(count).to_have_text(re.compile(r"^\d+ CPTS|^Aucune"))
    found = re.match(r"\d+", count.inner_text())
    return int(found.group()) if found else 0


def test_from_typing_to_the_answer(visitor: Page, alps: dict[str, int]) -> None:
    visitor.goto("/")
    field = visitor.get_by_role("combobox", name="Votre commune")
    field.press_sequentially("brianc", delay=20)
    options = visitor.get_by_role("option")
    expect(options.first).to_contain_text("Briançon")
    expect(field).to_have_attribute("aria-expanded", "true")
    field.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    chosen = field.get_attribute("aria-activedescendant")
    assert chosen
    assert chosen == options.first.get_attribute("id")
    assert accessibility_faults(visitor) == []
    with visitor.expect_navigation(url="**/communes/05023"):
        field.press("Enter")


def test_suggestions_close_with_escape_and_never_force_a_choice(
    visitor: Page, alps: dict[str, int]
) -> None:
    visitor.goto("/")
    field = visitor.get_by_role("combobox", name="Votre commune")
    field.press_sequentially("saint", delay=10)
    expect(visitor.get_by_role("option").first).to_be_visible()
    field.press("Escape")
    expect(visitor.get_by_role("option")).to_have_count(0)
    assert field.input_value() == "saint"
    field.press("Enter")
    visitor.wait_for_url("**/recherche?q=saint")
    expect(visitor.get_by_role("heading", level=1)).to_contain_text("saint")


def test_suggestions_stand_above_the_keyboard_of_a_phone(
    visitor: Page, alps: dict[str, int]
) -> None:
    keyboard_from = 330
    visitor.set_viewport_size({"width": 360, "height": 640})
    visitor.add_init_script(
        "Object.defineProperty(visualViewport, 'height',"
        f" {{configurable: true, get: () => {keyboard_from}}})"
    )
    for address in ("/", "/recherche?q=zzzzzz"):
        visitor.goto(address)
        field = visitor.get_by_role("combobox")
        field.fill("saint")
        options = visitor.get_by_role("option")
        expect(options.nth(5)).to_be_attached()
        seen = field.bounding_box()
        first, frame = (
            options.first.bounding_box(),
            visitor.locator(".suggestions").bounding_box(),
        )
        assert seen
        assert first
        assert frame
        assert 0 <= seen["y"] < seen["y"] + seen["height"] <= frame["y"] <= first["y"]
        assert first["y"] + first["height"] < frame["y"] + frame["height"] <= keyboard_from
        # The last one is reached within the list.
        field.press("ArrowUp")
        expect(options.last).to_have_attribute("aria-selected", "true")
        last = options.last.bounding_box()
        assert last
        assert last["y"] + last["height"] <= keyboard_from
        assert accessibility_faults(visitor) == []
        # When the keyboard leaves, the list has the room.
        visitor.evaluate(
            "delete visualViewport.height; visualViewport.dispatchEvent(new Event('resize'))"
        )
        grown = visitor.locator(".suggestions").bounding_box()
        assert grown
        assert grown["height"] > frame["height"]


def test_the_search_answers_without_script(plain_visitor: Page, alps: dict[str, int]) -> None:
    plain_visitor.goto("/")
    plain_visitor.get_by_label("Votre commune").fill("05000")
    plain_visitor.get_by_role("button", name="Chercher").click()
    plain_visitor.wait_for_url("**/recherche?q=05000")
    expect(plain_visitor.get_by_text("choisissez la vôtre")).to_be_visible()
    row = plain_visitor.locator(".results li", has_text="Gap").first
    expect(row).to_contain_text("CPTS du Gapençais")


def test_filters_change_map_table_figures_and_address_and_back_undoes_them(
    visitor: Page, alps: dict[str, int]
) -> None:
    visitor.goto("/departements/05")
    assert len(_table(visitor)) == 4
    assert _on_map(visitor) == 4
    figure = visitor.locator(".figure", has_text="Population couverte").locator("strong")
    whole = figure.inner_text()
    visitor.get_by_label("ACI signé").check()
    visitor.get_by_role("button", name="Filtrer").click()
    visitor.wait_for_url("**/departements/05?stage=aci_signe")
    assert _table(visitor) == ["CPTS de la Haute-Durance", "CPTS du Gapençais"]
    assert _on_map(visitor) == 2
    assert figure.inner_text() != whole
    expect(visitor.get_by_label("ACI signé")).to_be_checked()
    visitor.go_back()
    visitor.wait_for_url("**/departements/05")
    assert len(_table(visitor)) == 4
    assert _on_map(visitor) == 4
    assert figure.inner_text() == whole
    expect(visitor.get_by_label("ACI signé")).not_to_be_checked()


def test_a_day_is_chosen_in_the_form_and_table_map_and_files_follow(
    visitor: Page, alps: dict[str, int]
) -> None:
    visitor.goto("/departements/05")
    assert len(_table(visitor)) == 4
    field = visitor.get_by_label("Modifiées depuis le")
    field.fill("9999-12-31")
    assert accessibility_faults(visitor) == []
    visitor.get_by_role("button", name="Filtrer").click()
    visitor.wait_for_url("**/departements/05?**updated_since=9999-12-31**")
    expect(visitor.get_by_label("Modifiées depuis le")).to_have_value("9999-12-31")
    assert _table(visitor) == []
    assert _on_map(visitor) == 0
    visitor.get_by_label("Modifiées depuis le").fill("2020-01-01")
    visitor.get_by_role("button", name="Filtrer").click()
    visitor.wait_for_url("**/departements/05?**updated_since=2020-01-01**")
    assert len(_table(visitor)) == 4
    assert _on_map(visitor) == 4
    geojson = visitor.get_by_role("link", name="GeoJSON").first
    assert "updated_since=2020-01-01" in (geojson.get_attribute("href") or "")


def test_filters_and_sorting_work_without_script(
    plain_visitor: Page, alps: dict[str, int]
) -> None:
    plain_visitor.goto("/regions/93")
    plain_visitor.get_by_label("ACI signé").check()
    plain_visitor.get_by_role("button", name="Filtrer").click()
    plain_visitor.wait_for_url("**/regions/93?stage=aci_signe")
    assert len(_table(plain_visitor)) == 2
    plain_visitor.get_by_role("columnheader", name="CPTS").get_by_role("link").click()
    plain_visitor.wait_for_url("**/regions/93?stage=aci_signe&sort=-name#liste")
    assert _table(plain_visitor) == ["CPTS du Gapençais", "CPTS de la Haute-Durance"]


def test_filters_stand_beside_the_results_and_fold_on_a_phone_without_script(
    plain_visitor: Page, alps: dict[str, int]
) -> None:
    plain_visitor.set_viewport_size({"width": 1440, "height": 800})
    plain_visitor.goto("/regions/93")
    form = plain_visitor.get_by_role("form", name="Filtrer les CPTS")
    expect(form.locator(".fold > summary")).to_be_hidden()
    plain_visitor.locator("#liste").scroll_into_view_if_needed()
    expect(form.get_by_label("ACI signé")).to_be_in_viewport()
    beside, table = form.bounding_box(), plain_visitor.locator(".cpts-table").bounding_box()
    assert beside
    assert table
    assert beside["x"] + beside["width"] <= table["x"]
    plain_visitor.set_viewport_size({"width": 360, "height": 640})
    expect(form.get_by_label("ACI signé")).to_be_hidden()
    form.locator(".fold > summary").click()
    form.get_by_label("ACI signé").check()
    form.get_by_role("button", name="Filtrer").click()
    plain_visitor.wait_for_url("**/regions/93?stage=aci_signe")
    expect(form.locator(".fold > summary")).to_have_text("Filtrer (1 choix)")
    expect(form.get_by_label("ACI signé")).to_be_hidden()
    expect(form.get_by_role("link", name="Tout afficher")).to_be_visible()


def test_a_hostile_name_is_shown_as_it_is(visitor: Page, register: Register) -> None:
    register(HOSTILE, "aci_signe", (GAP,))
    visitor.goto("/departements/05")
    assert _table(visitor) == [HOSTILE]
    visitor.goto("/")
    field = visitor.get_by_role("combobox", name="Votre commune")
    field.press_sequentially("img src", delay=10)
    expect(visitor.get_by_role("option").first).to_contain_text(HOSTILE)
    assert visitor.title().startswith("Quelle CPTS")


def test_axe_finds_no_fault_in_the_banner_of_fictitious_data(
    visitor: Page, alps: dict[str, int], engine: Engine
) -> None:
    with administration(engine) as connection:
        connection.execute(text("UPDATE cpts SET demonstration = true"))
    for address in ("/", "/departements/05", "/maps/cpts?department=05"):
        visitor.goto(address)
        banner = visitor.get_by_role("complementary", name="Avertissement")
        expect(banner).to_contain_text("émo")
        assert accessibility_faults(visitor) == [], address


def test_the_table_is_sorted_on_a_phone_too(visitor: Page, alps: dict[str, int]) -> None:
    visitor.set_viewport_size({"width": 360, "height": 800})
    visitor.goto("/regions/93")
    visitor.locator("thead").get_by_role("link", name="Habitants").click()
    expect(visitor).to_have_url(re.compile("sort=-population"))
    captions = visitor.locator("caption").all()
    assert len(captions) == 2
    assert all(
        (caption.bounding_box() or {"width": 999})["width"] < 360 for caption in captions
    )
    visitor.goto("/")
    box = visitor.locator("#q").bounding_box()
    assert box
    assert box["width"] > 250


def test_the_keyboard_goes_from_the_skip_link_to_the_content_with_a_visible_focus(
    visitor: Page, alps: dict[str, int]
) -> None:
    visitor.goto("/regions/93")
    visitor.keyboard.press("Tab")
    skip = visitor.get_by_role("link", name="Aller au contenu")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    visitor.keyboard.press("Enter")
    expect(visitor.locator("#contenu")).to_be_focused()
    visitor.keyboard.press("Tab")
    first = visitor.get_by_label("Dynamique identifiée")
    expect(first).to_be_focused()
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert visitor.evaluate(outline) == "solid"
    visitor.keyboard.press("Space")
    expect(first).to_be_checked()
    visitor.keyboard.press("Enter")
    visitor.wait_for_url("**/regions/93?stage=dynamique_identifiee")


def test_the_stage_has_the_same_colour_on_the_page_and_on_the_map(
    visitor: Page, alps: dict[str, int]
) -> None:
    visitor.goto("/regions/93?stage=aci_signe")
    chip = visitor.locator(".cpts-table .stage-aci_signe").first
    colour = chip.evaluate("element => getComputedStyle(element).backgroundColor")
    wanted = STAGE_COLOURS["aci_signe"]
    assert colour == "rgb({}, {}, {})".format(*(int(wanted[i : i + 2], 16) for i in (1, 3, 5)))


def test_a_visitor_keeps_no_cookie_but_that_of_the_form_to_sign_in(
    visitor: Page, alps: dict[str, int]
) -> None:
    for address in ("/", "/regions/93"):
        visitor.goto(address)
    assert visitor.context.cookies() == []
    visitor.goto("/connexion")
    (cookie,) = visitor.context.cookies()
    assert cookie.get("name") == "cpts-form"
    assert cookie.get("httpOnly") is True
    assert cookie.get("sameSite") == "Lax"
    assert visitor.evaluate("localStorage.length + sessionStorage.length") == 0


def test_a_page_cannot_be_framed_by_another_site(browser: Browser, live_server: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.route(
        "https://elsewhere.example/",
        lambda route: route.fulfill(
            content_type="text/html", body=f'<iframe src="{live_server}/"></iframe>'
        ),
    )
    page.goto("https://elsewhere.example/")
    page.frames[1].wait_for_url(re.compile("^chrome-error:"), wait_until="commit")
    context.close()


@pytest.mark.parametrize("address", ["/regions/93", "/departements/05"])
def test_the_first_view_weighs_under_300_kilobytes_and_its_paint_is_reported(
    visitor: Page,
    alps: dict[str, int],
    address: str,
    record_property: Callable[[str, object], None],
) -> None:
    asked = Requests(visitor)
    debugger = visitor.context.new_cdp_session(visitor)
    debugger.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    visitor.add_init_script(
        "new PerformanceObserver((list) => { for (const entry of list.getEntries())"
        " window.largestPaint = entry.startTime; })"
        ".observe({type: 'largest-contentful-paint', buffered: true})"
    )
    visitor.goto(address)
    drawn = visitor.frame_locator(".map-frame iframe").locator("html[data-state=ready]")
    expect(drawn).to_be_attached()
    asked.wait_for_all()
    assert 20_000 < asked.weight < FIRST_VIEW_BYTES
    # Reported, not judged: the machine's other programs take their share. The aim is 1.5 s.
    paint = visitor.evaluate("window.largestPaint")
    assert paint > 0
    record_property("bytes", asked.weight)
    record_property("largest_contentful_paint_ms", round(paint))
