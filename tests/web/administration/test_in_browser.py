"""The administration in a real browser: two roles at once, keyboard alone, small screens."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine
from starlette.testclient import TestClient

from tests.accounts.people import make_person, session_of
from tests.quarters import Divide
from tests.web.accessibility import accessibility_faults_in_light_and_dark
from tests.web.administration.test_quarters import geojson
from tests.web.map_stops import stops_of_maps

Register = Callable[..., int]
GAP, AUBESSAGNE, CHORGES = "05061", "05039", "05040"
LILLE = "59350"


@pytest.fixture
def signed_in(
    browser: Browser, live_server: str, engine: Engine, visitor: Page
) -> Iterator[Callable[..., Page]]:
    """Open a page for somebody of a role, each in a browser of their own."""
    contexts = []

    def opened(role: str, **limits: str) -> Page:
        email = f"{role}@exemple.example"
        make_person(engine, role, email=email, name=f"Personne {role}", **limits)
        context = browser.new_context(base_url=live_server, locale="fr-FR")
        context.add_cookies(
            [{"name": "cpts-agent", "value": session_of(engine, email), "url": live_server}]
        )
        contexts.append(context)
        return context.new_page()

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def gap(register: Register) -> int:
    register("CPTS de Chorges", communes=(CHORGES,))
    return register("CPTS du Gapençais", "lettre_intention_validee", (GAP, AUBESSAGNE))


def heading(page: Page, wanted: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(wanted)


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_an_agent_advances_what_an_administrator_then_takes_back(
    signed_in: Callable[..., Page], gap: int
) -> None:
    agent, administrator = signed_in("ars", region="93"), signed_in("admin")
    for page in (agent, administrator):
        page.goto(f"/administration/cpts/{gap}")
        heading(page, "CPTS du Gapençais")
    agent.get_by_text("Avancer ou corriger le stade").click()
    agent.get_by_label("Stade", exact=True).select_option("aci_signe")
    agent.get_by_label("Inconnue").check()
    agent.get_by_role("button", name="Voir avant et après").click()
    heading(agent, "Avant et après")
    assert accessibility_faults_in_light_and_dark(agent) == []
    agent.get_by_role("button", name="Confirmer ce changement").click()
    expect(agent.get_by_role("status")).to_contain_text("C’est enregistré")
    # The administrator still has the former page; the history says what came since.
    administrator.reload()
    expect(administrator.get_by_text("date inconnue", exact=False).first).to_be_visible()
    administrator.get_by_text("Annuler ce changement").first.click()
    administrator.locator("section.change form input[name=reason]").first.fill("erreur")
    administrator.locator("section.change form button").first.click()
    heading(administrator, "Avant et après")
    administrator.get_by_role("button", name="Confirmer ce changement").click()
    expect(administrator.get_by_role("heading", level=3).first).to_contain_text("Annulation")
    agent.reload()
    expect(agent.get_by_text("intention validée depuis le").first).to_be_visible()


def test_the_keyboard_alone_withdraws_a_commune(
    signed_in: Callable[..., Page], gap: int
) -> None:
    page = signed_in("admin")
    page.goto(f"/administration/cpts/{gap}")
    page.get_by_text("Retirer des communes attribuées à tort").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Aubessagne (05039)")).to_be_focused()
    page.keyboard.press("Space")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == "reason":
            break
    page.keyboard.type("jamais demandée")
    page.keyboard.press("Enter")
    heading(page, "Avant et après")
    expect(page.get_by_role("cell", name="1 commune", exact=True)).to_be_visible()
    page.get_by_role("button", name="Confirmer ce changement").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("C’est enregistré")


def test_pages_fit_small_screens_and_hold_for_everybody(
    signed_in: Callable[..., Page], gap: int
) -> None:
    page = signed_in("admin")
    page.set_viewport_size({"width": 360, "height": 740})
    for address in (
        "/administration",
        "/administration/cpts",
        f"/administration/cpts/{gap}",
        "/administration/signalements",
        "/administration/completude",
        "/administration/institutions",
        "/administration/quartiers",
        "/administration/journal",
        "/comptes/jetons",
        "/comptes/1",
    ):
        page.goto(address)
        expect(page.get_by_text("Connecté : Personne admin")).to_be_visible()
        page.evaluate("document.querySelectorAll('details').forEach((d) => (d.open = true))")
        assert fits(page), address
        assert accessibility_faults_in_light_and_dark(page) == [], address


def test_a_city_is_divided_by_a_file_and_three_cpts_settle_in_it(
    *,
    signed_in: Callable[..., Page],
    register: Register,
    bearer: Callable[..., dict[str, str]],
    client: TestClient,
    engine: Engine,
    tmp_path: Path,
    divide_commune: Divide,
) -> None:
    """`divide_commune` makes the city one commune again."""
    first = register("CPTS Lille Sud", communes=(LILLE,))
    file = tmp_path / "quartiers.geojson"
    file.write_bytes(geojson(engine, LILLE, "Bois-Blancs", "Wazemmes", "Moulins", "Fives"))
    page = signed_in("admin")
    page.goto(f"/administration/quartiers?commune={LILLE}")
    heading(page, "Les communes divisées en quartiers")
    page.get_by_label("Fichier des quartiers").set_input_files(file)
    page.get_by_label("Champ qui compte les habitants").fill("habitants")
    page.get_by_role("button", name="Voir sur la carte").click()
    heading(page, "Lille en quartiers")
    expect(page.locator(".plan-map path[class^=quarter]")).to_have_count(4)
    expect(page.get_by_text("CPTS Lille Sud tient la commune")).to_be_visible()
    assert accessibility_faults_in_light_and_dark(page) == []
    page.get_by_role("button", name="Diviser Lille").click()
    expect(page.get_by_role("status")).to_contain_text("La commune est divisée")
    assert accessibility_faults_in_light_and_dark(page) == []
    parts = [f"{LILLE}-0{n}" for n in range(1, 5)]
    kept = client.put(
        f"/api/v1/cpts/{first}/territory",
        json={"communes": parts[2:3]},
        headers=bearer("admin"),
    )
    assert kept.status_code == 200, kept.text
    register("CPTS Lille Ouest", "projet_sante_valide", tuple(parts[:2]))
    register("CPTS Lille Est", "lettre_intention_validee", tuple(parts[3:]))
    page.get_by_role("link", name="la voir par quartier").click()
    expect(page.locator("#answer")).to_have_text("Chaque quartier a sa réponse")
    expect(page.get_by_text("Lille se répartit entre 3 CPTS")).to_be_visible()
    rows = page.locator("#quartiers tbody tr")
    expect(rows).to_contain_text(["Ouest", "Ouest", "Sud", "Est"])
    expect(page.locator(".drawing .asked")).to_have_count(4)
    assert accessibility_faults_in_light_and_dark(page) == []
    rows.first.get_by_role("link").first.click()
    heading(page, f"Lille – Bois-Blancs {parts[0]}")
    assert accessibility_faults_in_light_and_dark(page) == []


def test_a_file_is_imported_by_keyboard_and_undone(
    signed_in: Callable[..., Page], tmp_path: Path
) -> None:
    listing = tmp_path / "liste-ars.csv"
    listing.write_text(
        "Nom CPTS,Commune,Stade\nCPTS du Gapençais,Gap,ACI signé\n"
        "CPTS de Saint-Denis,Saint-Denis,ACI signé\n",
        "utf-8",
    )
    page = signed_in("admin")
    page.goto("/administration/imports")
    heading(page, "Importer une liste de CPTS")
    assert accessibility_faults_in_light_and_dark(page) == []
    page.get_by_label("Fichier", exact=True).set_input_files(listing)
    page.get_by_label("Qui publie cette liste").fill("ARS d’essai")
    page.get_by_label("Qui publie cette liste").press("Enter")
    heading(page, "liste-ars.csv")
    # The page follows the work by itself.
    row = page.get_by_role("row", name="CPTS de Saint-Denis")
    expect(row).to_contain_text("Ambiguës", timeout=60_000)
    assert accessibility_faults_in_light_and_dark(page) == []
    row.get_by_label("Elle veut dire").focus()
    row.get_by_label("Elle veut dire").select_option("97411")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Décidé : 97411")).to_be_visible()
    page.get_by_role("button", name="Refaire le plan").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Importer ce que dit ce plan")).to_be_visible(
        timeout=60_000
    )
    page.get_by_role("link", name="Voir le plan sur la carte").click()
    heading(page, "Le plan sur la carte")
    assert stops_of_maps(page) == [0]
    assert accessibility_faults_in_light_and_dark(page) == []
    page.set_viewport_size({"width": 360, "height": 740})
    assert fits(page)
    page.go_back()
    page.evaluate("document.querySelectorAll('details').forEach((d) => (d.open = true))")
    assert fits(page)
    page.get_by_role("button", name="Importer ce que dit ce plan").focus()
    page.keyboard.press("Enter")
    undo = page.get_by_role("button", name="Annuler cet import")
    expect(undo).to_be_visible(timeout=60_000)
    undo.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Import annulé le")).to_be_visible(timeout=60_000)
