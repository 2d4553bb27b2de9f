"""Every public page as axe and a ruler see it: three widths, light and dark, in each state."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine, text
from starlette.responses import HTMLResponse

from app.http.questions import routes_of
from app.main import _routes
from tests.accounts.test_permissions import _asked
from tests.web.accessibility import accessibility_faults_at_every_width
from tests.web.test_addresses import GAP, Geocoder, app, geocoder  # noqa: F401

Register = Callable[..., int]
ADDRESSES = (
    "/", "/recherche", "/recherche/adresse", "/regions", "/regions/93",
    # Each kind of answer: cities and their arrondissements, EPCI and CPTS, what became of a
    # former commune, communes of a postal code, what lies outside, nothing.
    "/recherche?q=paris", "/recherche?q=gap", "/recherche?q=chauffayer", "/recherche?q=05000",
    "/recherche?q=saint-martin", "/recherche?q=introuvable",
    "/departements/05?stage=aci_signe&theme=diabete&sort=-population",
    "/departements/05/communes-sans-cpts",
    "/communes/05061", "/communes/05070", "/communes/13055", "/communes/05500",
    "/cpts/1", "/cpts/1/signaler", "/communes/05061/signaler",
    "/cpts/1/signaler/merci", "/communes/05061/signaler/merci",
    "/annuaire", "/annuaire/carte", "/statistiques", "/bilan?region=93",
    "/lettres", "/lettres/verification?communes=05061,05023", "/maps/cpts", "/embed/carte",
    "/donnees", "/integrer", "/aide", "/accessibilite", "/mentions-legales",
    "/donnees-personnelles", "/connexion", "/mot-de-passe-oublie", "/invitation/x",
    "/mot-de-passe/x", "/membres/recherches/arret/x", "/n-existe-pas",
)  # fmt: skip
# Whose axe runs where what they show is made.
ELSEWHERE = {
    # The same page, five hundred communes long.
    "/regions/{code}/communes-sans-cpts": "/departements/05/communes-sans-cpts",
    # It leads on.
    "/connexion/fournisseur/retour": "tests/web/test_provider.py",
    "/lettres/notes/{key}": "tests/web/test_notes.py",
    "/lettres/{letter_id:int}": "tests/web/test_letter_pages.py",
    "/lettres/conciliations/{conciliation_id}": "tests/web/test_letter_pages.py",
}
UNFOLD = "document.querySelectorAll('details').forEach((part) => { part.open = true; })"
PARTS = 3


def public_pages() -> Iterator[tuple[str, re.Pattern[str]]]:
    """Give the pages that ask nobody who they are, and which addresses are theirs."""
    for route in routes_of(_routes()):
        is_page = isinstance(route.response_class, type) and issubclass(
            route.response_class, HTMLResponse
        )
        if is_page and "GET" in (route.methods or ()) and _asked(route.dependant) == "nothing":
            yield route.path, route.path_regex


def test_every_public_page_is_among_those_that_are_looked_at() -> None:
    paths = [address.partition("?")[0] for address in ADDRESSES]
    missed = [
        path
        for path, own in public_pages()
        if path not in ELSEWHERE and not any(own.match(each) for each in paths)
    ]
    assert missed == []
    assert set(ELSEWHERE) <= {path for path, _ in public_pages()}


@pytest.fixture
def country(alps: dict[str, int], register: Register, engine: Engine) -> None:
    """The Alps, a CPTS that began in 2020, and services to call."""
    register(
        "CPTS de 2020",
        "aci_signe",
        ("05101",),
        effective_on="2020-03-01",
        stage_since="2020-03-01",
    )
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO institution_contact"
                " (region_code, department_code, institution, organisation, email, website)"
                " VALUES ('93', NULL, 'ars', 'ARS', 'cpts@ars.example', NULL),"
                " (NULL, '05', 'urps', 'URPS', NULL, 'https://urps.example/cpts')"
            )
        )


@pytest.mark.usefixtures("country")
@pytest.mark.parametrize("part", range(PARTS))
def test_axe_finds_no_fault_on_any_page_at_any_width(page: Page, part: int) -> None:
    found = {}
    for address in ADDRESSES[part::PARTS]:
        page.goto(address)
        # On a map one panel is open at a time: see below.
        if not address.startswith(("/maps/", "/embed/")):
            page.evaluate(UNFOLD)
        faults = accessibility_faults_at_every_width(page)
        if faults:
            found[address] = faults
    assert found == {}


@pytest.mark.usefixtures("country")
def test_axe_finds_no_fault_in_what_opens_and_answers(
    page: Page,
    geocoder: Geocoder,  # noqa: F811
) -> None:
    page.goto("/")
    page.get_by_role("combobox").fill("saint")
    expect(page.get_by_role("option").first).to_be_visible()
    assert accessibility_faults_at_every_width(page) == []

    for addresses in ([("12 Rue Carnot", GAP), ("Rue Haute", "05070")], []):
        geocoder.says(*addresses)
        page.goto("/recherche/adresse")
        page.get_by_label("Votre adresse").fill("12 rue Carnot")
        page.get_by_role("button", name="Chercher l’adresse").click()
        expect(page.get_by_role("region", name="Rue")).to_have_count(len(addresses))
        assert accessibility_faults_at_every_width(page) == []

    page.goto("/maps/cpts?department=05")
    expect(page.locator("#count")).to_have_text("5 CPTS")
    page.get_by_text("Chercher et filtrer").click()
    assert accessibility_faults_at_every_width(page) == []
    page.get_by_text("Chercher et filtrer").click()
    page.get_by_text("Liste", exact=True).click()
    page.get_by_role("button", name="CPTS de Briançon").click()
    expect(page.get_by_role("dialog", name="CPTS de Briançon")).to_be_visible()
    assert accessibility_faults_at_every_width(page) == []
