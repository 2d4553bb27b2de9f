"""The builder as its user meets it, in Chromium, with every other host blocked."""

import csv
import io
import json
import re
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Download, Page, expect
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from tests.quarters import Divide
from tests.web.accessibility import accessibility_faults_in_light_and_dark
from tests.web.conftest import HOSTILE

pytestmark = pytest.mark.usefixtures("complete_country")

Register = Callable[..., int]

PATH = "/lettres/verification"
GAP, RABOU, DEVOLUY, LA_ROCHE, LAYE = "05061", "05112", "05139", "05123", "05072"


@pytest.fixture
def watched(visitor: Page) -> Iterator[Page]:
    """The visitor, who leaves only when all that it asked for is answered.

    The database goes then.
    """
    pending: set[Any] = set()
    visitor.on("request", lambda request: pending.add(request))  # noqa: PLW0108
    visitor.on("requestfinished", lambda request: pending.discard(request))  # noqa: PLW0108
    visitor.on("requestfailed", lambda request: pending.discard(request))  # noqa: PLW0108
    yield visitor
    for _ in range(100):
        if not pending:
            break
        visitor.wait_for_timeout(100)


def _open(page: Page, draft: str = "") -> None:
    page.goto(PATH + draft)
    page.wait_for_selector("#builder[data-state=ready]")


def _holds(page: Page, *codes: str) -> None:
    """Wait until the territory is exactly these communes, checked."""
    expect(page.locator("#communes-title")).to_have_text(
        f"Communes du territoire ({len(codes)})"
    )
    page.wait_for_selector("#builder[data-state=ready]")
    assert _codes(page) == sorted(codes)


def _fragment(page: Page, *codes: str) -> str:
    """Write a draft as the page does."""
    written: str = page.evaluate(
        """async ([module, codes]) => {
            const {fragmentOf} = await import(module.replace('page.js', 'address.js'));
            return fragmentOf({codes, locked: [], asked: [], cpts: null});
        }""",
        [_module(page), list(codes)],
    )
    return written


def _module(page: Page) -> str:
    """The address of the page's program."""
    address = page.locator("script[type=module][src*=builder]").get_attribute("src")
    assert address
    return address


def _codes(page: Page) -> list[str]:
    facts = page.locator("#communes .facts").all_inner_texts()
    return sorted(fact.split(" ")[0] for fact in facts)


def _paste(page: Page, pasted: str) -> None:
    details = page.locator("details", has=page.locator("#pasted"))
    if details.get_attribute("open") is None:
        details.locator("summary").click()
    page.get_by_label("Un nom ou un code par ligne").fill(pasted)
    page.get_by_role("button", name="Ajouter la liste").click()


def _verdict(page: Page) -> Any:
    return page.locator("#verdict .verdict-label")


def _show(page: Page, name: str) -> None:
    """Bring a commune of the territory to the middle of the map."""
    page.get_by_role("button", name=f"{name} : voir sur la carte").click()
    page.wait_for_timeout(300)


def test_a_click_on_the_map_takes_a_commune_out_and_in(watched: Page) -> None:
    _open(watched, f"#communes={GAP},{RABOU}")
    _holds(watched, GAP, RABOU)
    _show(watched, "Rabou")
    plan = watched.locator("#map")
    plan.click()
    _holds(watched, GAP)
    plan.click()
    _holds(watched, GAP, RABOU)


def test_the_map_first_shows_metropolitan_france(watched: Page) -> None:
    _open(watched)
    scale = watched.locator(".leaflet-control-scale-line")
    expect(scale).to_have_text(re.compile(r"^(100|200|300) km$"))
    expect(watched.locator("#map")).to_have_attribute("data-near", "false")


def test_the_keyboard_alone_builds_and_mends_a_territory(watched: Page) -> None:
    _open(watched)
    search = watched.get_by_role("combobox", name="Commune", exact=True)
    search.focus()
    watched.keyboard.type("gap")
    expect(watched.get_by_role("option").first).to_contain_text("Gap (05)")
    expect(search).to_have_attribute("aria-expanded", "true")
    watched.keyboard.press("Enter")
    _holds(watched, GAP)
    watched.keyboard.type("la roche des arnauds")
    expect(watched.get_by_role("option").first).to_contain_text("La Roche-des-Arnauds")
    watched.keyboard.press("Enter")
    _holds(watched, GAP, LA_ROCHE)
    expect(search).to_be_focused()

    watched.get_by_role("button", name="Retirer Gap").focus()
    watched.keyboard.press("Enter")
    _holds(watched, LA_ROCHE)
    # The focus stays in the list.
    expect(watched.get_by_role("button", name="Retirer La Roche-des-Arnauds")).to_be_focused()
    watched.keyboard.press("Enter")
    _holds(watched)
    expect(watched.locator("#communes-title")).to_be_focused()
    watched.keyboard.press("Control+z")
    _holds(watched, LA_ROCHE)


def test_enter_on_the_map_chooses_the_commune_in_its_middle_and_says_so(watched: Page) -> None:
    _open(watched, f"#communes={RABOU}")
    _holds(watched, RABOU)
    _show(watched, "Rabou")
    watched.locator("#map").focus()
    watched.keyboard.press("Enter")
    _holds(watched)
    expect(watched.locator("#said")).to_contain_text("Retrait de Rabou")
    watched.keyboard.press("Enter")
    _holds(watched, RABOU)
    expect(watched.locator("#said")).to_contain_text("Libre : 1 commune")
    # Tab leads out of the map.
    watched.locator("#map").focus()
    watched.keyboard.press("Tab")
    watched.keyboard.press("Tab")
    watched.keyboard.press("Tab")
    assert watched.evaluate("document.activeElement.id !== 'map'")


def test_a_pasted_list_is_resolved_and_what_is_left_is_offered_to_choose(watched: Page) -> None:
    _open(watched)
    _paste(watched, f"Gap\n{RABOU}\nSainte-Colombe\nInconnuville-sur-Rien")
    _holds(watched, GAP, RABOU)
    expect(_verdict(watched)).to_have_text("Incomplet")
    # Another reader of the link is asked the same.
    watched.reload()
    expect(_verdict(watched)).to_have_text("Incomplet")
    watched.get_by_role("group", name="Choix pour « Sainte-Colombe »").get_by_role(
        "button", name="Sainte-Colombe (05)"
    ).click()
    _holds(watched, GAP, RABOU, "05135")
    expect(_verdict(watched)).to_have_text("Incomplet")
    watched.get_by_role("button", name="Écarter « Inconnuville-sur-Rien »").click()
    expect(_verdict(watched)).to_have_text("Libre")


def test_a_drawn_rectangle_adds_the_communes_that_the_check_counts_inside(
    watched: Page, client: TestClient
) -> None:
    _open(watched, f"#communes={GAP}")
    _holds(watched, GAP)
    _show(watched, "Gap")
    watched.get_by_role("button", name="Rectangle").click()
    box = watched.locator("#map").bounding_box()
    assert box
    with watched.expect_request(
        lambda request: request.method == "POST" and "geometry" in (request.post_data or "")
    ) as asked:
        watched.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + box["height"] * 0.1)
        watched.mouse.down()
        watched.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] * 0.5)
        watched.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + box["height"] * 0.9)
        watched.mouse.up()
    answer = client.post("/api/v1/letters/check", json=asked.value.post_data_json).json()
    inside = {commune["code"] for commune in answer["territory"]["communes"]}
    assert len(inside | {GAP}) > 2
    _holds(watched, *(inside | {GAP}))
    expect(watched.get_by_role("button", name="Rectangle")).to_have_attribute(
        "aria-pressed", "false"
    )


def test_a_drawn_polygon_closes_on_its_first_corner_and_escape_gives_up(watched: Page) -> None:
    _open(watched, f"#communes={GAP}")
    _holds(watched, GAP)
    _show(watched, "Gap")
    polygon = watched.get_by_role("button", name="Polygone")
    polygon.scroll_into_view_if_needed()
    box = watched.locator("#map").bounding_box()
    assert box

    def corner(across: float, down: float) -> None:
        watched.mouse.click(box["x"] + box["width"] * across, box["y"] + box["height"] * down)

    polygon.click()
    corner(0.2, 0.2)
    corner(0.8, 0.2)
    watched.keyboard.press("Escape")
    expect(polygon).to_have_attribute("aria-pressed", "false")
    _holds(watched, GAP)

    polygon.click()
    for across, down in ((0.15, 0.1), (0.9, 0.1), (0.9, 0.9), (0.15, 0.9), (0.15, 0.1)):
        corner(across, down)
    expect(watched.locator("#communes li")).not_to_have_count(1)
    assert GAP in _codes(watched)


def test_an_epci_enters_with_all_its_communes(watched: Page, client: TestClient) -> None:
    items = client.get(f"{PATH}/epci.json").json()["items"]
    briancon = next(item for item in items if item["code"] == "240500439")
    _open(watched)
    watched.get_by_role("combobox", name="EPCI entier").fill("brianconnais")
    watched.get_by_role("option").first.click()
    expect(watched.locator("#communes li")).to_have_count(briancon["communes"])


def _downloaded(page: Page, name: str) -> tuple[Download, str]:
    with page.expect_download() as download:
        page.get_by_role("button", name=name).click()
    return download.value, Path(download.value.path()).read_text(encoding="utf-8")


def test_the_exported_csv_read_again_is_the_same_draft(watched: Page, tmp_path: Path) -> None:
    _open(watched, f"#communes={GAP},{RABOU},2A004,97411")
    _holds(watched, GAP, RABOU, "2A004", "97411")
    draft = watched.evaluate("location.hash")
    download, exported = _downloaded(watched, "Exporter en CSV")
    assert download.suggested_filename == "territoire-cpts.csv"
    rows = list(csv.DictReader(io.StringIO(exported, newline="")))
    assert [row["code"] for row in rows] == [GAP, RABOU, "2A004", "97411"]
    assert rows[0] == {"code": GAP, "name": "Gap", "population": "41293"}

    file = tmp_path / "territoire.csv"
    file.write_text(exported, encoding="utf-8")
    watched.goto("about:blank")
    _open(watched)
    watched.locator("details", has=watched.locator("#file")).locator("summary").click()
    watched.locator("#file").set_input_files(file)
    _holds(watched, GAP, RABOU, "2A004", "97411")
    assert watched.evaluate("location.hash") == draft


def test_the_exported_geojson_read_again_is_the_same_territory(
    watched: Page, tmp_path: Path
) -> None:
    _open(watched, f"#communes={GAP},{RABOU}")
    _holds(watched, GAP, RABOU)
    _, exported = _downloaded(watched, "Exporter en GeoJSON")
    collection = json.loads(exported)
    assert [feature["properties"]["name"] for feature in collection["features"]] == [
        "Gap",
        "Rabou",
    ]
    assert collection["features"][0]["geometry"]["type"] == "MultiPolygon"

    file = tmp_path / "territoire.geojson"
    file.write_text(exported, encoding="utf-8")
    watched.get_by_role("button", name="Vider").click()
    _holds(watched)
    watched.locator("details", has=watched.locator("#file")).locator("summary").click()
    watched.locator("#file").set_input_files(file)
    expect(watched.locator("#communes li")).to_have_count(2)
    _holds(watched, GAP, RABOU)


def test_a_dropped_list_enters_whatever_its_encoding(watched: Page) -> None:
    _open(watched)
    watched.evaluate(
        """() => {
            const bytes = new Uint8Array([...'commune;note\\nD\\u00e9voluy;1\\nGap;2\\n']
                .map((character) => character.charCodeAt(0)));
            const data = new DataTransfer();
            data.items.add(new File([bytes], 'liste.csv'));
            document.body.dispatchEvent(
                new DragEvent('drop', {dataTransfer: data, bubbles: true, cancelable: true}));
        }"""
    )
    _holds(watched, GAP, DEVOLUY)


def test_undo_redo_and_the_back_button_agree(watched: Page) -> None:
    _open(watched)
    undo = watched.get_by_role("button", name="Annuler")
    redo = watched.get_by_role("button", name="Rétablir")
    expect(undo).to_be_disabled()
    for code in (GAP, RABOU, LAYE):
        _paste(watched, code)
        expect(watched.locator(f"#communes li:has-text('{code}')")).to_have_count(1)
    undo.click()
    _holds(watched, GAP, RABOU)
    watched.go_back()
    _holds(watched, GAP)
    redo.click()
    _holds(watched, GAP, RABOU)
    watched.go_forward()
    _holds(watched, GAP, RABOU, LAYE)
    expect(redo).to_be_disabled()
    undo.click()
    _holds(watched, GAP, RABOU)
    _paste(watched, LA_ROCHE)
    _holds(watched, GAP, RABOU, LA_ROCHE)
    expect(redo).to_be_disabled()
    watched.reload()
    _holds(watched, GAP, RABOU, LA_ROCHE)
    undo.click()
    _holds(watched, GAP, RABOU)


def test_locked_communes_stay_whatever_is_emptied_or_clicked(watched: Page) -> None:
    _open(watched, f"#communes={GAP},{RABOU}")
    _holds(watched, GAP, RABOU)
    lock = watched.get_by_role("button", name="Verrouiller Rabou")
    lock.click()
    expect(lock).to_have_attribute("aria-pressed", "true")
    expect(watched.get_by_role("button", name="Retirer Rabou")).to_be_disabled()
    _show(watched, "Rabou")
    watched.locator("#map").click()
    expect(watched.locator("#said")).to_have_text("Rabou est verrouillée.")
    watched.get_by_role("button", name="Vider").click()
    _holds(watched, RABOU)
    watched.reload()
    expect(lock).to_have_attribute("aria-pressed", "true")
    lock.click()
    watched.get_by_role("button", name="Vider").click()
    _holds(watched)


def test_a_shared_link_opens_the_same_draft_of_hundreds_of_communes(
    watched: Page, client: TestClient
) -> None:
    communes = client.get("/api/v1/communes?department=62&limit=1000").json()["items"]
    codes = [commune["code"] for commune in communes][:400]
    _open(watched)
    _paste(watched, "\n".join(codes))
    _holds(watched, *codes)
    link = watched.get_by_label("Adresse de ce brouillon").input_value()
    assert len(link) < 600
    other = watched.context.new_page()
    other.goto(link)
    other.wait_for_selector("#builder[data-verdict=clear]")
    assert _codes(other) == sorted(codes)
    other.goto("about:blank")
    other.goto(link[:-3])
    expect(other.locator("#notice")).to_contain_text("incomplète")
    other.close()


def test_the_address_keeps_every_code_of_the_country(watched: Page, engine: Engine) -> None:
    with engine.connect() as connection:
        every = sorted(connection.execute(text("SELECT code FROM commune")).scalars())
    _open(watched)
    kept = watched.evaluate(
        """async ([module, codes]) => {
            const address = module.replace('page.js', 'address.js');
            const {encodeCodes, decodeCodes, fragmentOf, readFragment} = await import(address);
            const written = encodeCodes(codes);
            const parts = ['2A0040101', '05061-01', '05061-102'];
            const draft = {codes: [...codes.slice(0, 3), ...parts],
                           locked: [codes[0], parts[1]], asked: [], cpts: null};
            const read = readFragment(fragmentOf(draft));
            const damaged = readFragment('#p=05061-01,0506').damaged;
            const same = (one, other) => `${[...one].sort()}` === `${[...other].sort()}`;
            return [decodeCodes(written), written.length, decodeCodes(written.slice(0, -1)),
                    decodeCodes('é'), decodeCodes(''), damaged && !read.damaged
                    && same(read.draft.codes, draft.codes)
                    && same(read.draft.locked, draft.locked)];
        }""",
        [_module(watched), every],
    )
    assert kept.pop() is True
    assert sorted(kept[0]) == every
    assert kept[1] < len(every) * 1.2
    assert kept[2:] == [None, None, None]


def test_a_divided_commune_is_taken_apart_in_a_link_that_names_it(
    watched: Page, divide_commune: Divide
) -> None:
    _open(watched)
    link = _fragment(watched, GAP, RABOU)
    divide_commune(GAP, ("Nord", "Sud"))
    north, south = f"{GAP}-01", f"{GAP}-02"
    watched.goto("about:blank")
    _open(watched, link)
    _holds(watched, north, south, RABOU)
    watched.reload()
    _holds(watched, north, south, RABOU)
    assert f"p={north},{south}" in watched.url
    _paste(watched, "Gap (Sud)")
    _holds(watched, north, south, RABOU)


def test_free_contested_and_blocked_are_told_with_how_to_reach_the_holder(
    watched: Page, register: Register
) -> None:
    register("Dynamique de Laye", "dynamique_identifiee", (LAYE,))
    register(
        "CPTS de Gap",
        "aci_signe",
        (GAP,),
        website="https://cpts-gap.example/",
        email="contact@cpts-gap.example",
        phone="04 92 00 00 00",
    )
    _open(watched, f"#communes={RABOU}")
    expect(_verdict(watched)).to_have_text("Libre")
    expect(watched.locator("#findings")).to_contain_text("CPTS voisines (1)")
    _paste(watched, LAYE)
    expect(_verdict(watched)).to_have_text("Disputé")
    _paste(watched, GAP)
    expect(_verdict(watched)).to_have_text("Bloqué")
    conflict = watched.locator(".conflict.blocking")
    expect(conflict).to_contain_text("CPTS de Gap")
    expect(conflict).to_contain_text("ACI signé")
    expect(conflict).to_contain_text("tient Gap (41\u202f293 habitants)")
    links = conflict.locator(".contact a").evaluate_all(
        "found => found.map((a) => a.getAttribute('href'))"
    )
    assert links == [
        "https://cpts-gap.example/",
        "mailto:contact@cpts-gap.example",
        "tel:0492000000",
    ]
    conflict.get_by_role("button", name="Retirer du territoire").click()
    _holds(watched, RABOU, LAYE)
    expect(_verdict(watched)).to_have_text("Disputé")


def test_a_commune_that_a_pending_letter_asks_for_is_contested(
    watched: Page, engine: Engine
) -> None:
    with engine.begin() as connection:
        connection.execute(
            text(
                "WITH asking AS (INSERT INTO letter (name, kind, deposited_on, lead_region)"
                " VALUES ('Projet discret', 'creation', "
                "(now() AT TIME ZONE 'Europe/Paris')::date, '93') RETURNING id)"
                " INSERT INTO letter_commune SELECT id, '05112', 'asked' FROM asking"
            )
        )
    _open(watched, f"#communes={RABOU}")
    expect(_verdict(watched)).to_have_text("Disputé")
    expect(watched.locator("#findings")).to_contain_text(
        "Une lettre en cours d’examen demande Rabou."
    )
    assert "Projet discret" not in watched.content()


def test_population_tier_funding_parts_and_enclaves_follow(watched: Page) -> None:
    _open(watched, f"#communes={GAP}")
    _holds(watched, GAP)
    expect(watched.locator("#figures")).to_contain_text("41\u202f293")
    expect(watched.locator("#tier")).to_contain_text("Taille 2")
    expect(watched.locator("#tier")).to_contain_text("Il manque 38\u202f707 habitants")
    expect(watched.locator("#funding")).to_contain_text("382\u202f500 €")
    _paste(watched, f"{DEVOLUY}\n{LA_ROCHE}\n13055")
    expect(watched.locator("#findings")).to_contain_text("2 morceaux")
    expect(watched.locator("#tier")).to_contain_text("Taille 4")
    watched.get_by_role("button", name="Ajouter au territoire l’enclave Rabou").click()
    expect(watched.locator("#findings")).not_to_contain_text("enclave")
    assert RABOU in _codes(watched)


def test_the_next_free_commune_nearby_is_offered(watched: Page, register: Register) -> None:
    register("CPTS du Dévoluy", "aci_signe", (DEVOLUY,))
    _open(watched, f"#communes={RABOU}")
    _holds(watched, RABOU)
    watched.get_by_role("button", name="Prochaine commune libre").click()
    found = watched.locator("#nearby-found")
    expect(found.get_by_role("heading")).to_be_focused()
    expect(found.get_by_role("listitem")).to_have_count(2)
    expect(found).not_to_contain_text("Dévoluy")
    found.get_by_role("button", name="Ajouter Gap").click()
    _holds(watched, RABOU, GAP)


def test_an_amendment_starts_from_the_cpts_and_tells_what_changes(
    watched: Page, register: Register
) -> None:
    cpts = register("CPTS de Gap", "aci_signe", (GAP, RABOU))
    _open(watched)
    watched.locator("summary", has_text="Partir d’une CPTS existante").click()
    watched.get_by_role("combobox", name="CPTS à modifier").fill("gap")
    watched.get_by_role("option").first.click()
    _holds(watched, GAP, RABOU)
    expect(_verdict(watched)).to_have_text("Libre")
    expect(watched.locator("#amended")).to_contain_text("Avenant de CPTS de Gap")
    _paste(watched, LAYE)
    _holds(watched, GAP, RABOU, LAYE)
    expect(watched.locator("#findings")).to_contain_text("Ajoute Laye.")
    assert watched.evaluate("location.hash").endswith(f"cpts={cpts}")
    # As its sheet links here.
    watched.goto("about:blank")
    _open(watched, f"#cpts={cpts}")
    _holds(watched, GAP, RABOU)
    watched.get_by_role("button", name="Quitter l’avenant").click()
    expect(_verdict(watched)).to_have_text("Bloqué")


def test_the_note_of_verification_keeps_what_the_page_shows(watched: Page) -> None:
    _open(watched, f"#communes={GAP},{RABOU}")
    _holds(watched, GAP, RABOU)
    watched.get_by_role("button", name="Note de vérification").click()
    watched.wait_for_url("**/lettres/notes/*")
    expect(watched.locator("main")).to_contain_text("Rabou")


def test_what_the_rest_of_the_list_points_to_is_taken_at_once(watched: Page) -> None:
    _open(watched, f"#communes={GAP},{RABOU}")
    _holds(watched, GAP, RABOU)
    _paste(watched, "Aspremont\nMontmaur")
    expect(watched.locator(".to-settle")).to_have_count(2)
    watched.get_by_role("button", name="Retenir 2 communes comme le reste de la liste").click()
    _holds(watched, GAP, RABOU, "05008", "05087")
    expect(watched.locator(".to-settle")).to_have_count(0)


def test_hostile_texts_are_shown_and_never_run(watched: Page, register: Register) -> None:
    register(HOSTILE, "aci_signe", (GAP,))
    _open(watched, f"#communes={GAP}")
    title = watched.title()
    expect(watched.locator(".conflict .who a")).to_have_text(HOSTILE)
    _paste(watched, HOSTILE)
    expect(watched.locator(".to-settle strong")).to_have_text(f"« {HOSTILE} »")
    _show(watched, "Gap")
    box = watched.locator("#map").bounding_box()
    assert box
    watched.mouse.move(box["x"] + box["width"] / 2 + 5, box["y"] + box["height"] / 2 + 5)
    expect(watched.locator(".leaflet-tooltip")).to_contain_text(HOSTILE)
    watched.get_by_role("combobox", name="Commune", exact=True).fill("gap")
    expect(watched.get_by_role("option").first).to_contain_text(HOSTILE)
    expect(watched.locator("#builder b:not(.meter-step b)")).to_have_count(0)
    expect(watched.locator("#builder img:not(.leaflet-tile)")).to_have_count(0)
    assert watched.title() == title


def test_a_check_that_is_out_of_date_is_given_up(watched: Page) -> None:
    _open(watched)

    def keep_waiting(route: Any) -> None:
        if GAP not in (route.request.post_data or ""):
            route.fallback()

    watched.route("**/api/v1/letters/check", keep_waiting)
    gap, rabou = _fragment(watched, GAP), _fragment(watched, RABOU)
    with watched.expect_request("**/api/v1/letters/check"):
        watched.evaluate(f"location.hash = '{gap}'")
    with watched.expect_event("requestfailed") as failed:
        watched.evaluate(f"location.hash = '{rabou}'")
    assert "ABORTED" in (failed.value.failure or "")
    assert GAP in (failed.value.post_data or "")
    _holds(watched, RABOU)


def test_a_service_that_fails_is_said_and_can_be_asked_again(watched: Page) -> None:
    _open(watched)
    # A cut-off answer of status 200, since Chromium writes others to the console itself.
    watched.route(
        "**/api/v1/letters/check", lambda route: route.fulfill(status=200, body='{"verdict":')
    )
    watched.evaluate(f"location.hash = '{_fragment(watched, GAP)}'")
    expect(watched.locator("#verdict")).to_have_class(re.compile("danger"))
    watched.unroute("**/api/v1/letters/check")
    watched.get_by_role("button", name="Réessayer").click()
    expect(_verdict(watched)).to_have_text("Libre")


def test_a_change_is_judged_at_once(
    watched: Page, client: TestClient, register: Register, record_property: Any
) -> None:
    communes = client.get("/api/v1/communes?department=05&limit=1000").json()["items"]
    codes = [commune["code"] for commune in communes]
    register("CPTS voisine", "aci_signe", tuple(codes[100:]))
    _open(watched, f"#communes={','.join(codes[:60])}")
    _holds(watched, *codes[:60])
    _show(watched, "Gap" if GAP in codes[:60] else communes[0]["name"])
    times = []
    for number in range(12):
        before = watched.locator("#builder").get_attribute("data-change-ms")
        watched.locator("#map").click()
        watched.wait_for_function(
            "before => document.getElementById('builder').dataset.changeMs !== before",
            arg=before,
        )
        times.append(float(watched.locator("#builder").get_attribute("data-change-ms") or 0))
        assert number < 12
    median = statistics.median(times)
    record_property("change_ms", median)
    # Ten times the aim of 200 ms: what a busy machine may add.
    assert median < 2_000


def test_on_a_phone_everything_fits_and_can_be_reached(watched: Page) -> None:
    page = watched
    page.set_viewport_size({"width": 360, "height": 740})
    _open(page, f"#communes={GAP},{RABOU},Sainte-Colombe")
    _holds(page, GAP, RABOU)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    expect(page.locator("#summary")).to_be_in_viewport()
    for name in ("Annuler", "Rectangle", "Prochaine commune libre", "Copier le lien"):
        box = page.get_by_role("button", name=name).bounding_box()
        assert box
        assert box["height"] >= 24
        assert 0 <= box["x"] < box["x"] + box["width"] <= 360


@pytest.mark.parametrize("width", [360, 1440])
def test_axe_finds_nothing_to_mend(watched: Page, register: Register, width: int) -> None:
    register("CPTS de Gap", "aci_signe", (GAP,), email="contact@cpts-gap.example")
    watched.set_viewport_size({"width": width, "height": 900})
    _open(watched, f"#communes={GAP},{RABOU},{DEVOLUY},13055,Sainte-Colombe")
    expect(watched.locator(".conflict")).to_have_count(1)
    watched.get_by_role("button", name="Prochaine commune libre").click()
    expect(watched.locator("#nearby-found")).to_be_visible()
    for summary in watched.locator("#builder details > summary").all():
        summary.click()
    assert accessibility_faults_in_light_and_dark(watched) == []


def test_without_script_the_form_gives_the_verdict(
    plain_visitor: Page, register: Register
) -> None:
    register("CPTS de Gap", "aci_signe", (GAP,))
    plain_visitor.goto(PATH)
    plain_visitor.get_by_label("Communes, une par ligne").fill("Gap\nRabou")
    plain_visitor.get_by_role("button", name="Vérifier le territoire").click()
    expect(plain_visitor.get_by_role("heading", level=1)).to_have_text("Verdict : bloqué")
    expect(plain_visitor.get_by_role("table").last).to_contain_text("Rabou")
