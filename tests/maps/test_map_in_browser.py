"""The map as a reader meets it, in Chromium, with every other host blocked."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from playwright.sync_api import Page, expect
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.french import typeset_text
from app.maps.palette import STAGE_COLOURS, TIER_COLOURS
from tests.administration import administration

pytestmark = pytest.mark.usefixtures("complete_country")

Register = Callable[..., int]

ARRAS, LILLE, ABBEVILLE, SAINT_DENIS = "62041", "59350", "80001", "97411"
GAP = "05061"
BASEMAP = "https://data.geopf.fr/"
HOSTILE = "</script><b>\"'`<img src=x onerror=\"document.title='pris'\">${1}{{7*7}}"


@pytest.fixture
def watched(client: TestClient, page: Page) -> Iterator[Page]:
    """The page, whose errors and policy violations fail the test at its end.

    It comes after `client`, whose end closes the database connections of the application
    that both share.
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


def _open(page: Page, query: str = "", state: str = "ready") -> None:
    page.goto(f"/maps/cpts{query}")
    page.wait_for_selector(f"html[data-state={state}]", state="attached")


def _territories(page: Page) -> list[dict[str, Any]]:
    """What is drawn of the CPTS: name and colours."""
    drawn: list[dict[str, Any]] = page.evaluate(
        """() => {
            const found = [];
            window.cptsMap.map.eachLayer((layer) => {
                const named = layer.feature?.properties?.stage !== undefined;
                if (named) found.push({
                    name: layer.feature.properties.name,
                    fill: layer.getElement().getAttribute("fill"),
                    dashed: layer.getElement().hasAttribute("stroke-dasharray"),
                    drawn: layer.getElement().getTotalLength() > 10,
                });
            });
            return found.sort((a, b) => a.name < b.name ? -1 : 1);
        }"""
    )
    return drawn


def _inside(page: Page, name: str) -> tuple[float, float]:
    """A point of the window that lies in the territory of a CPTS."""
    found: dict[str, float] = page.evaluate(
        """(name) => {
            let path;
            window.cptsMap.map.eachLayer((layer) => {
                if (layer.feature?.properties?.name === name) path = layer.getElement();
            });
            const box = path.getBoundingClientRect();
            for (let i = 1; i < 20; i++) for (let j = 1; j < 20; j++) {
                const x = box.x + box.width * i / 20, y = box.y + box.height * j / 20;
                if (document.elementFromPoint(x, y) === path) return {x, y};
            }
            throw new Error("no point of it can be seen");
        }""",
        name,
    )
    return found["x"], found["y"]


def test_each_cpts_is_drawn_in_the_colour_of_its_stage(
    watched: Page, register: Register
) -> None:
    register("CPTS d'Arras", "aci_signe", (ARRAS,))
    register("CPTS d'Abbeville", "dynamique_identifiee", (ABBEVILLE,))
    _open(watched, "?region=32")
    assert _territories(watched) == [
        {
            "name": "CPTS d'Abbeville",
            "fill": STAGE_COLOURS["dynamique_identifiee"],
            "dashed": True,
            "drawn": True,
        },
        {
            "name": "CPTS d'Arras",
            "fill": STAGE_COLOURS["aci_signe"],
            "dashed": False,
            "drawn": True,
        },
    ]
    expect(watched.locator("#count")).to_have_text("2 CPTS")
    expect(watched.locator("#date")).to_contain_text("données du ")
    expect(watched.locator("#demonstration")).to_be_hidden()


def test_the_legend_counts_and_the_tier_layer_has_its_own(
    watched: Page, register: Register
) -> None:
    register("CPTS de Lille", "aci_signe", (LILLE,))
    register("CPTS d'Abbeville", "projet_sante_valide", (ABBEVILLE,))
    _open(watched)
    legend = watched.locator(".legend")
    expect(legend.get_by_text("ACI signé (1)")).to_be_visible()
    expect(legend.get_by_text("Association créée (0)")).to_be_visible()

    legend.get_by_label("Taille").check()
    expect(legend.get_by_text("plus de 175 000 habitants (1)")).to_be_visible()
    expect(legend.get_by_text("ACI signé")).to_have_count(0)
    fills = {drawn["name"]: drawn["fill"] for drawn in _territories(watched)}
    assert fills == {"CPTS de Lille": TIER_COLOURS[3], "CPTS d'Abbeville": TIER_COLOURS[0]}


def test_tooltip_and_popup_tell_what_is_known(watched: Page, register: Register) -> None:
    cpts = register(
        "CPTS d'Arras",
        "aci_signe",
        (ARRAS,),
        themes=["vaccination", "diabete"],
        acronym="CA",
        stage_since="2022-03-04",
        website="https://cpts-arras.example/accueil",
        email="contact@cpts-arras.example",
        phone="03 21 00 00 00",
    )
    called = register("CPTS d'Abbeville", communes=(ABBEVILLE,), phone="+33 (0)3 22 00 00 00")
    _open(watched, "?region=32")
    x, y = _inside(watched, "CPTS d'Arras")
    watched.mouse.move(x, y)
    tooltip = watched.locator(".leaflet-tooltip")
    expect(tooltip).to_contain_text("CPTS d’Arras")
    expect(tooltip).to_contain_text("ACI signé · taille 2")

    watched.mouse.click(x, y)
    popup = watched.locator(".cpts-popup")
    expect(popup).to_contain_text("CPTS d’Arras (CA)")
    expect(popup).to_contain_text("depuis le 4 mars 2022")
    expect(popup).to_contain_text("habitants (population municipale 2023)")
    expect(popup).to_contain_text("Pas-de-Calais (62)")
    links = popup.locator("a").evaluate_all("found => found.map((a) => a.getAttribute('href'))")
    assert links == [
        f"/cpts/{cpts}",
        f"/cpts/{cpts}#communes",
        f"/cpts/{cpts}#voisines",
        "https://cpts-arras.example/accueil",
        "mailto:contact@cpts-arras.example",
        "tel:0321000000",
    ]
    expect(popup).to_contain_text("ThèmesDiabète, Vaccination")
    watched.evaluate("(id) => window.cptsMap.show(id)", called)
    number = popup.get_by_role("link", name="+33 (0)3 22 00 00 00")
    expect(number).to_have_attribute("href", "tel:+33322000000")
    watched.evaluate("(id) => window.cptsMap.show(id)", cpts)
    expect(popup).to_have_count(1)
    expect(popup.get_by_role("link", name="Sa page")).not_to_have_attribute("target", "_top")
    popup.get_by_role("link", name="Ses communes").click()
    expect(watched.get_by_role("heading", name="Les communes", exact=True)).to_be_in_viewport()
    expect(watched.get_by_role("heading", level=1)).to_contain_text("CPTS d’Arras")
    expect(watched.locator("#voisines")).to_have_text("Les CPTS voisines")


def test_hostile_texts_are_shown_and_never_run(
    watched: Page, register: Register, engine: Engine
) -> None:
    cpts = register(HOSTILE, "aci_signe", (ARRAS,))
    # As some earlier programme or an operator may have left them in the database.
    with engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE cpts SET website = :website, email = :email, phone = :phone,"
                " acronym = :name WHERE id = :id"
            ),
            {
                "id": cpts,
                "website": "javascript:document.title='pris'",
                "email": "a@b?cc=<b>",
                "phone": "<img src=x onerror=alert(1)>",
                "name": HOSTILE,
            },
        )
    _open(watched, "?region=32")
    title = watched.title()
    x, y = _inside(watched, HOSTILE)
    watched.mouse.move(x, y)
    expect(watched.locator(".leaflet-tooltip strong")).to_have_text(HOSTILE)
    watched.mouse.click(x, y)
    popup = watched.locator(".cpts-popup")
    expect(popup.locator("h2")).to_have_text(f"{HOSTILE} ({HOSTILE})")
    expect(popup).to_contain_text("javascript:document.title='pris'")
    expect(popup.locator("a:not(.own-links a), b, img, script")).to_have_count(0)
    watched.get_by_text("Liste", exact=True).click()
    expect(watched.locator(".list strong")).to_have_text(HOSTILE)
    expect(watched.locator("main b, main img:not(.leaflet-tile)")).to_have_count(0)
    assert watched.title() == title


def test_hostile_words_in_the_address_are_shown_and_never_run(watched: Page) -> None:
    _open(watched, f"?q={quote(HOSTILE)}")
    expect(watched.locator("h1")).to_have_text(f"CPTS – « {HOSTILE} »")
    assert watched.title() == typeset_text(f"CPTS – « {HOSTILE} » – carte")
    expect(watched.locator("main b, main img:not(.leaflet-tile)")).to_have_count(0)


def test_the_view_fits_the_filter(watched: Page, register: Register) -> None:
    register("CPTS d'Arras", "aci_signe", (ARRAS,))
    register("CPTS de Saint-Denis", "aci_signe", (SAINT_DENIS,))

    def view() -> list[float]:
        bounds: str = watched.evaluate("window.cptsMap.map.getBounds().toBBoxString()")
        return [float(value) for value in bounds.split(",")]

    _open(watched, "?department=974")
    west, south, east, north = view()
    assert 55 < west < east < 56
    assert -21.5 < south < north < -20.5

    _open(watched)
    west, south, east, north = view()
    assert west < -5 < 9.5 < east
    assert south < 41.5
    assert north > 51
    assert east < 40
    # Overseas, and Paris with its suburbs, are beside it: as it is coloured, not in its way.
    insets = watched.locator(".inset")
    expect(insets).to_have_text(
        [
            "Paris et petite couronne",
            "Guadeloupe",
            "Martinique",
            "Guyane",
            "La Réunion",
            "Mayotte",
        ]
    )
    reunion = insets.filter(has_text="La Réunion").locator("path[fill-opacity]")
    expect(reunion).to_have_attribute("fill", STAGE_COLOURS["aci_signe"])
    watched.get_by_role("radio", name="Taille").check()
    expect(reunion).to_have_attribute("fill", TIER_COLOURS[2])
    insets.filter(has_text="Guyane").click()
    expect(insets.first).to_be_hidden()
    watched.get_by_role("button", name="Métropole").click()
    expect(insets.first).to_be_visible()
    watched.set_viewport_size({"width": 360, "height": 740})
    expect(insets.first).to_be_hidden()
    watched.get_by_role("button", name="La Réunion").click()
    watched.wait_for_function(
        "window.cptsMap.map.getBounds().contains([-21.1, 55.5])"
        " && window.cptsMap.map.getZoom() > 7"
    )


def test_demonstration_data_says_so(watched: Page, register: Register, engine: Engine) -> None:
    register("Démo CPTS d'Arras", "aci_signe", (ARRAS,))
    with administration(engine) as connection:
        connection.execute(text("UPDATE cpts SET demonstration = true"))
    _open(watched, "?region=32")
    expect(watched.locator("#demonstration")).to_have_text("Données de démonstration fictives")
    expect(watched.locator("#demonstration")).to_be_visible()
    watched.mouse.click(*_inside(watched, "Démo CPTS d'Arras"))
    expect(watched.locator(".cpts-popup")).to_contain_text("CPTS fictive")


def test_nothing_found_is_said(watched: Page) -> None:
    _open(watched, "?q=introuvable")
    expect(watched.locator("#count")).to_have_text("Aucune CPTS")
    expect(watched.locator("#message")).to_contain_text("Aucune CPTS ne correspond")
    watched.get_by_role("link", name="Voir toutes les CPTS").click()
    watched.wait_for_selector("html[data-state=ready]", state="attached")
    assert watched.title() == "CPTS de France – carte"


def test_a_failed_load_is_said_and_can_be_tried_again(
    client: TestClient, page: Page, register: Register
) -> None:
    register("CPTS d'Arras", "aci_signe", (ARRAS,))
    failures = [1]

    def fail_once(route: Any) -> None:
        if failures:
            failures.pop()
            route.fulfill(status=503)
        else:
            route.continue_()

    page.route("**/api/v1/cpts.geojson*", fail_once)
    _open(page, state="failed")
    expect(page.locator("#message")).to_contain_text("n’ont pas pu être chargées")
    page.get_by_role("button", name="Réessayer").click()
    page.wait_for_selector("html[data-state=ready]", state="attached")
    expect(page.locator("#count")).to_have_text("1 CPTS")
    expect(page.locator("#message")).to_be_hidden()


def test_a_cpts_without_territory_is_listed_and_reached_with_the_keyboard(
    watched: Page, register: Register
) -> None:
    register("CPTS d'Arras", "aci_signe", (ARRAS,))
    coming = register("CPTS à venir", "dynamique_identifiee", ())
    _open(watched)
    expect(watched.locator("#count")).to_have_text("2 CPTS, dont 1 sans territoire")
    watched.locator(".list summary").focus()
    watched.keyboard.press("Enter")
    expect(watched.locator(".list button")).to_have_count(2)
    watched.keyboard.press("ArrowDown")
    expect(watched.locator(".list button:focus")).to_contain_text("sans territoire")
    watched.keyboard.press("ArrowDown")
    watched.keyboard.press("Enter")
    popup = watched.locator(".cpts-popup")
    expect(popup).to_contain_text("CPTS d’Arras")
    expect(popup).to_be_focused()
    # So it is on a map of its own.
    _open(watched, f"?cpts={coming}")
    expect(watched.locator("#count")).to_have_text("1 CPTS, dont 1 sans territoire")
    expect(watched.locator("#message")).to_be_hidden()
    expect(watched.get_by_label("Communes", exact=True)).to_have_count(0)
    watched.locator(".list summary").click()
    watched.locator(".list button").click()
    expect(popup).to_contain_text("Aucune commune pour l’instant")


def test_pages_of_data_are_followed_to_the_last(watched: Page, register: Register) -> None:
    for number, commune in enumerate((ARRAS, LILLE, ABBEVILLE)):
        register(f"CPTS {number}", "aci_signe", (commune,))

    def one_by_one(route: Any) -> None:
        address: str = route.request.url
        if "limit=" in address:
            route.continue_()
            return
        answer = route.fetch(url=f"{address}?limit=1")
        body = answer.json()
        # As a service with an outside address writes its links.
        for link in body["links"]:
            link["href"] = "https://cpts.example" + link["href"]
        route.fulfill(status=200, content_type="application/geo+json", body=json.dumps(body))

    watched.route("**/api/v1/cpts.geojson*", one_by_one)
    _open(watched)
    expect(watched.locator("#count")).to_have_text("3 CPTS")
    assert len(_territories(watched)) == 3


def test_one_page_that_was_asked_for_stays_one(watched: Page, register: Register) -> None:
    for number, commune in enumerate((ARRAS, LILLE)):
        register(f"CPTS {number}", "aci_signe", (commune,))
    _open(watched, "?limit=1")
    expect(watched.locator("#count")).to_have_text("1 CPTS, sur 2")


def test_nearer_the_outlines_are_asked_for_finer(watched: Page, register: Register) -> None:
    register("CPTS d'Arras", "aci_signe", (ARRAS,))
    _open(watched)
    limits = "paths => paths.map((path) => Number(path.getAttribute('stroke-width')))"

    def heaviest(pane: str) -> float:
        weights: list[float] = watched.locator(f".leaflet-{pane}-pane path").evaluate_all(
            limits
        )
        assert weights
        return max(weights)

    coarse = watched.evaluate(_POINTS)
    assert heaviest("departments") <= heaviest("overlay") < heaviest("regions")
    with watched.expect_response("**/api/v1/cpts.geojson?detail=department&bbox=*"):
        watched.evaluate("window.cptsMap.map.setView([50.29, 2.77], 11, {animate: false})")
    watched.wait_for_function(f"({_POINTS})() > {coarse}")
    assert heaviest("departments") <= heaviest("overlay")


_POINTS = """() => {
    let points = 0;
    window.cptsMap.map.eachLayer((layer) => {
        if (layer.feature?.properties?.stage) points = layer.getLatLngs().flat(3).length;
    });
    return points;
}"""


_POINTS_OF = """(name) => {
    let points = 0;
    window.cptsMap.map.eachLayer((layer) => {
        if (layer.feature?.properties?.name !== name) return;
        points = layer.getLatLngs().flat(3).length;
    });
    return points;
}"""


def test_around_a_cpts_others_come_as_coarse_as_they_are_seen_and_finer_nearer(
    watched: Page, register: Register
) -> None:
    own = register("CPTS d'Arras", "aci_signe", (ARRAS,))
    register("CPTS de Gap", "aci_signe", (GAP,))
    _open(watched, f"?cpts={own}")

    def look(latitude: float, longitude: float, zoom: int) -> None:
        watched.evaluate(
            "view => window.cptsMap.map.setView(view.slice(0, 2), view[2], {animate: false})",
            [latitude, longitude, zoom],
        )

    with watched.expect_request("**/*detail=national&bbox=*"):
        look(46.5, 3, 5)
    watched.wait_for_function(f"({_POINTS_OF})('CPTS de Gap') > 0")
    coarse = watched.evaluate(_POINTS_OF, "CPTS de Gap")
    look(44.56, 6.08, 11)
    watched.wait_for_function(f"({_POINTS_OF})('CPTS de Gap') > {coarse}")


@pytest.mark.parametrize("width", [1280, 390])
def test_the_picture_of_the_country_lies_where_the_map_will_and_goes_when_it_is_drawn(
    page: Page, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    program = "**/map.js"
    page.route(program, lambda route: route.abort())
    page.goto("/maps/cpts")
    view = """([[south, west], [north, east]]) => {
        const { map } = window.cptsMap;
        const { left, top } = map.getContainer().getBoundingClientRect();
        const corners = [[north, west], [south, east]];
        const drawn = corners.map((at) => map.latLngToContainerPoint(at));
        const picture = document.getElementById("picture").getBoundingClientRect();
        return [
            drawn[0].x + left - picture.left, drawn[0].y + top - picture.top,
            drawn[1].x + left - picture.right, drawn[1].y + top - picture.bottom,
        ];
    }"""
    apart = page.evaluate(view, page.evaluate("window.cptsMap.page.mainland"))
    assert max(map(abs, apart)) < 2, apart
    assert page.evaluate("document.getElementById('picture').naturalWidth") > 0
    page.unroute(program)
    _open(page)
    expect(page.locator("#picture")).to_have_count(0)


def test_the_country_stands_whole_below_what_comes_above_it(page: Page) -> None:
    _open(page)
    expect(page.locator("#territories button").first).to_be_visible()
    assert page.evaluate(
        """() => {
            const { map, page } = window.cptsMap;
            const { height } = map.getContainer().getBoundingClientRect();
            const low = map.latLngToContainerPoint(page.mainland[0]);
            return map.getSize().y === height && low.y <= height;
        }"""
    )


_OUTLINED = """(code) => {
    let found = false;
    window.cptsMap.map.eachLayer((layer) => {
        if (layer.feature?.properties?.code === code) found = true;
    });
    return found;
}"""


def test_outlines_are_those_of_the_present_view_whatever_came_late_or_failed(
    client: TestClient, page: Page
) -> None:
    outlines = "**/maps/departments.geojson*"
    _open(page, "?department=62")

    def look(latitude: float, longitude: float) -> None:
        page.evaluate(
            "view => window.cptsMap.map.setView(view, 9, {animate: false})",
            [latitude, longitude],
        )

    # The answer for the earlier view would come late.
    page.route(outlines, lambda _route: None, times=1)
    with page.expect_request(outlines):
        look(44.56, 6.08)
    with page.expect_event("requestfailed", lambda request: "departments" in request.url):
        look(48.4, -4.5)
    page.wait_for_function(f"({_OUTLINED})('29')")
    assert not page.evaluate(_OUTLINED, "05")

    page.route(outlines, lambda route: route.fulfill(status=503), times=1)
    with page.expect_response(outlines):
        look(48.6, 7.7)
    # The next move asks again.
    page.wait_for_function(
        "() => { for (const step of [1, -1])"
        " window.cptsMap.map.panBy([step, 0], {animate: false});"
        f" return ({_OUTLINED})('67'); }}"
    )


def test_no_width_makes_the_page_scroll_sideways(watched: Page, register: Register) -> None:
    register(
        "CPTS au nom particulièrement long de la plaine et des collines", "aci_signe", (ARRAS,)
    )
    for width in (360, 768, 1440):
        watched.set_viewport_size({"width": width, "height": 740})
        _open(watched, "?q=particuli%C3%A8rement")
        assert watched.evaluate("document.documentElement.scrollWidth") <= width
        assert watched.evaluate("document.querySelector('main').clientHeight") > 400
        expect(watched.locator(".legend summary")).to_be_in_viewport()
        expect(watched.locator(".list summary")).to_be_in_viewport()


def test_the_map_stays_legible_without_base_map(
    app: FastAPI, watched: Page, register: Register
) -> None:
    app.state.settings.maps.basemap_url = ""
    register("CPTS d'Arras", "aci_signe", (ARRAS,))
    _open(watched)
    expect(watched.locator(".leaflet-departments-pane path")).to_have_count(101)
    expect(watched.get_by_label("Fond de plan")).to_have_count(0)
    blocked: list[str] = watched.blocked  # type: ignore[attr-defined]
    assert blocked == []
