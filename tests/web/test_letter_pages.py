"""The pages of letters: what each reader sees, and a letter's life from deposit to map."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from starlette.testclient import TestClient

from tests.accounts.people import sign_in_with
from tests.web.accessibility import accessibility_faults
from tests.web.conftest import BROWSER, HOSTILE

LILLE, MARCQ, MONS = "59350", "59378", "59410"

Bearer = Callable[..., dict[str, str]]
MakeToken = Callable[..., str]
Register = Callable[..., int]


def deposit(client: TestClient, headers: dict[str, str], **asked: Any) -> int:
    body = {"name": "Projet des Weppes", "communes": [LILLE, MARCQ]} | asked
    response = client.post("/api/v1/letters", json=body, headers=headers)
    assert response.status_code == 201, response.text
    return int(response.json()["id"])


def shown(client: TestClient, address: str) -> str:
    response = client.get(address, headers=BROWSER)
    assert response.status_code == 200
    return response.text


def test_a_visitor_reads_where_and_when_but_never_who(
    client: TestClient, bearer: Bearer
) -> None:
    contact = {"name": "Camille Exemple", "email": "camille@weppes.example"}
    letter = deposit(client, bearer("ars", region="32"), contact=contact)
    for page in (shown(client, "/lettres"), shown(client, f"/lettres/{letter}")):
        assert "Création n° " in page
        assert "Weppes" not in page
        assert "Camille" not in page
        assert "camille@" not in page
    assert "Lille" in shown(client, f"/lettres/{letter}")


def test_a_page_that_acts_asks_for_a_session(client: TestClient, bearer: Bearer) -> None:
    letter = deposit(client, bearer("admin"))
    asked = client.get("/lettres/depot", headers=BROWSER, follow_redirects=False)
    assert asked.status_code == 303
    assert asked.headers["location"].startswith("/connexion")
    for action in ("decision", "avis", "retrait", "territoire", "correction"):
        response = client.post(
            f"/lettres/{letter}/{action}", data={}, headers=BROWSER, follow_redirects=False
        )
        assert response.status_code == 303
        assert response.headers["location"].startswith("/connexion")
    told = client.get(f"/api/v1/letters/{letter}").json()
    assert told["state"] == "deposee"


def test_a_form_without_its_token_changes_nothing(
    client: TestClient, make_token: MakeToken, bearer: Bearer
) -> None:
    letter = deposit(client, bearer("admin"))
    sign_in_with(client, make_token("ars", region="32"))
    refused = client.post(
        f"/lettres/{letter}/decision", data={"decision": "favorable"}, headers=BROWSER
    )
    assert refused.status_code == 403
    assert client.get(f"/api/v1/letters/{letter}").json()["state"] == "deposee"


@pytest.mark.parametrize("address", ["/lettres/999999", "/lettres/conciliations/999999"])
def test_what_does_not_exist_is_a_page_that_helps(client: TestClient, address: str) -> None:
    response = client.get(address, headers=BROWSER)
    assert response.status_code == 404
    assert "text/html" in response.headers["content-type"]


SignIn = Callable[[str], Page]


@pytest.fixture
def sign_in(
    client: TestClient, browser: Browser, live_server: str, make_token: MakeToken
) -> Iterator[SignIn]:
    """Open a browser of its own for an agent: `sign_in("ars")`, of the Hauts-de-France."""
    contexts = []

    def enter(role: str) -> Page:
        context = browser.new_context(base_url=live_server, locale="fr-FR")
        contexts.append(context)
        page = context.new_page()
        page.goto("/connexion?retour=/lettres")
        page.get_by_text("Se connecter avec un jeton").click()
        page.get_by_label("Jeton d’accès").fill(
            make_token(role, region=None if role == "admin" else "32")
        )
        page.get_by_role("button", name="Se connecter avec le jeton").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Lettres d’intention")
        return page

    yield enter
    for context in contexts:
        context.close()


def fill_deposit(page: Page, name: str, communes: str) -> str:
    page.goto("/lettres/depot")
    page.get_by_label("Nom du projet").fill(name)
    page.get_by_label("Communes, une par ligne").fill(communes)
    page.get_by_label("Courriel").fill("projet@weppes.example")
    page.get_by_role("button", name="Déposer").click()
    return page.url


def decide(page: Page, letter: str, decision: str = "Favorable") -> None:
    page.goto(letter)
    page.get_by_label("Décision", exact=True).select_option(label=decision)
    page.get_by_role("button", name="Enregistrer la décision").click()
    page.get_by_role("button", name="Confirmer la décision").click()


def test_a_letter_lives_from_deposit_to_the_map(sign_in: SignIn, visitor: Page) -> None:
    ars, insurance = sign_in("ars"), sign_in("assurance_maladie")
    first = fill_deposit(ars, f"Weppes {HOSTILE}", "Lille\nMarcq-en-Barœul")
    expect(ars.get_by_role("heading", level=1)).to_have_text(f"Weppes {HOSTILE}")
    expect(ars.locator(".letter-state").first).to_have_text("Déposée")
    assert accessibility_faults(ars) == []

    # A second project on one of its communes: both are brought to a conciliation.
    second = fill_deposit(ars, "Projet voisin", "Marcq-en-Barœul\nMons-en-Barœul")
    expect(ars.locator(".letter-state").first).to_have_text("En conciliation")
    decide(ars, first)
    decide(insurance, first)
    expect(insurance.get_by_role("alert")).to_contain_text("onciliation")

    visitor.goto("/lettres")
    expect(visitor.get_by_text("Marcq-en-Barœul")).to_be_visible()
    expect(visitor.get_by_text("Projet voisin")).to_have_count(0)
    assert accessibility_faults(visitor) == []

    ars.goto(second)
    ars.get_by_role("link", name="Conciliation").click()
    assert accessibility_faults(ars) == []
    ars.get_by_label("Issue").select_option(label="Retrait")
    ars.get_by_role("group", name="Retrait").get_by_label("Projet voisin").check()
    ars.get_by_role("button", name="Clore la conciliation").click()
    expect(ars.locator(".lead")).to_contain_text("close le")

    decide(insurance, first)
    expect(insurance.locator(".letter-state").first).to_have_text("Validée")
    insurance.get_by_role("link", name=f"Weppes {HOSTILE}").first.click()
    expect(insurance).to_have_url(re.compile(r"/cpts/\d+$"))

    visitor.goto("/lettres")
    expect(visitor.get_by_role("link", name="Weppes")).to_be_visible()
    visitor.goto("/maps/cpts?department=59")
    visitor.locator("path.leaflet-interactive").first.wait_for(state="attached")
    assert visitor.title() != "pris"


def test_what_is_wrong_with_a_deposit_is_told_and_the_texts_are_kept(sign_in: SignIn) -> None:
    ars = sign_in("ars")
    fill_deposit(ars, "Projet d'essai", "Trifouilly-les-Oies")
    expect(ars.get_by_role("alert")).to_contain_text("Trifouilly")
    expect(ars.get_by_label("Nom du projet")).to_have_value("Projet d'essai")
    expect(ars.get_by_label("Communes, une par ligne")).to_have_value("Trifouilly-les-Oies")
    assert accessibility_faults(ars) == []


def test_a_taken_territory_is_told_with_its_holder(sign_in: SignIn, register: Register) -> None:
    register("CPTS déjà là", communes=(LILLE,))
    ars = sign_in("ars")
    fill_deposit(ars, "Projet tardif", "Lille")
    expect(ars.get_by_role("alert").get_by_role("link", name="CPTS déjà là")).to_be_visible()


def test_the_list_is_filtered_by_the_days_of_deposit(
    client: TestClient, bearer: Bearer
) -> None:
    deposit(client, bearer("admin"), deposited_on="2026-03-02")
    # As the form sends it: fields that nobody filled in are there, and empty.
    empty = "/lettres?region=&state=&kind=&q="
    assert "Aucune lettre" not in shown(client, f"{empty}&from=2026-03-01&until=")
    assert "Aucune lettre" in shown(client, f"{empty}&from=&until=2026-03-01")


@pytest.fixture
def agent(client: TestClient, make_token: MakeToken) -> Callable[..., None]:
    """Sign the client in: `agent("ars", region="32")`."""

    def enter(role: str, **limits: Any) -> None:
        sign_in_with(client, make_token(role, **limits))

    return enter


def send(client: TestClient, page: str, action: str, **values: Any) -> Any:
    """Send a form of a page as its browser does, with the page's own token."""
    found = re.search(r'name="csrf" value="([^"]+)"', shown(client, page))
    assert found
    return client.post(
        f"{page}/{action}",
        data={"csrf": found[1], **values},
        headers=BROWSER,
        follow_redirects=False,
    )


def stored(client: TestClient, headers: dict[str, str], letter: int) -> Any:
    return client.get(f"/api/v1/letters/{letter}", headers=headers).json()


Agent = Callable[..., None]


def test_a_letter_shows_where_it_is(client: TestClient, bearer: Bearer) -> None:
    letter = deposit(client, bearer("admin"))
    page = shown(client, f"/lettres/{letter}")
    assert page.count('class="asked"') == 2
    assert ">Lille</text>" in page


def test_a_correction_keeps_what_the_form_did_not_change(
    client: TestClient, bearer: Bearer, agent: Agent
) -> None:
    admin = bearer("admin")
    letter = deposit(client, admin, orientations=["diabete"], effective_on="2030-01-01")
    agent("ars", region="32")
    answer = send(
        client,
        f"/lettres/{letter}",
        "correction",
        name="Projet renommé",
        contact_name="Camille Exemple",
        documents="Lettre signée",
        effective_on="2030-01-01",
        effective_on_shown="2030-01-01",
        lead_region="32",
        lead_region_shown="32",
        orientations="diabete",
        orientations_shown="1",
    )
    assert answer.status_code == 303
    told = stored(client, admin, letter)
    assert told["name"] == "Projet renommé"
    assert told["contact"]["name"] == "Camille Exemple"
    assert told["documents"] == ["Lettre signée"]
    assert told["effective_on"] == "2030-01-01"
    # What nobody changed is not on record as corrected: the region still follows the people.
    assert told["timeline"][-1]["details"]["members"] == [
        "contact",
        "documents",
        "name",
        "orientations",
    ]
    client.put(
        f"/api/v1/letters/{letter}/territory", json={"communes": ["05061"]}, headers=admin
    )
    assert stored(client, admin, letter)["lead_region"]["code"] == "93"


def test_an_opinion_is_recorded_and_a_letter_is_withdrawn(
    client: TestClient, bearer: Bearer, agent: Agent
) -> None:
    admin = bearer("admin")
    letter = deposit(client, admin, contact={"email": "camille@weppes.example"})
    agent("ars", region="32")
    page = f"/lettres/{letter}"
    assert send(client, page, "avis", opinion="reserve", note="À revoir").status_code == 303
    assert stored(client, admin, letter)["opinion"]["position"] == "reserve"
    assert send(client, page, "decision", decision="").status_code == 422
    assert send(client, page, "retrait", note="Projet remis").status_code == 303
    assert stored(client, admin, letter)["state"] == "retiree"
    # Personal data can be taken out of a closed letter too.
    assert "camille@weppes.example" in shown(client, page)
    assert send(client, page, "correction").status_code == 303
    assert "camille@weppes.example" not in shown(client, page)


def test_a_dynamic_noted_since_opens_a_conciliation_from_the_page(
    client: TestClient, bearer: Bearer, agent: Agent, register: Register
) -> None:
    admin = bearer("admin")
    letter = deposit(client, admin)
    register("CPTS pressentie", "dynamique_identifiee", (LILLE,))
    agent("ars", region="32")
    page = f"/lettres/{letter}"
    assert send(client, page, "conciliation").status_code == 303
    told = stored(client, admin, letter)
    assert told["state"] == "en_conciliation"
    number = told["conciliations"][0]["id"]
    answer = send(client, f"/lettres/conciliations/{number}", "cloture", outcome="retrait")
    assert answer.status_code == 422
    dynamic = re.search(
        r'name="superseded_cpts" value="(\d+)"',
        shown(client, f"/lettres/conciliations/{number}"),
    )
    assert dynamic
    answer = send(
        client,
        f"/lettres/conciliations/{number}",
        "cloture",
        outcome="retrait",
        superseded_cpts=dynamic[1],
    )
    assert answer.status_code == 303
    assert stored(client, admin, letter)["state"] == "deposee"


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (
            "territoire_partage",
            (("deposee", [LILLE]), ("deposee", [MARCQ, MONS])),
        ),
        ("projets_reunis", (("deposee", [LILLE, MARCQ, MONS]), ("retiree", None))),
        ("retrait", (("deposee", [LILLE, MARCQ]), ("retiree", None))),
    ],
)
def test_a_conciliation_closes_by_each_outcome_from_its_page(
    client: TestClient,
    bearer: Bearer,
    agent: Agent,
    outcome: str,
    expected: tuple[tuple[str, list[str] | None], ...],
) -> None:
    admin = bearer("admin")
    first = deposit(client, admin)
    second = deposit(client, admin, name="Projet voisin", communes=[MARCQ, MONS])
    number = stored(client, admin, first)["conciliations"][0]["id"]
    page = f"/lettres/conciliations/{number}"
    agent("ars", region="32")
    # A browser sends every field of the form; only those of the outcome count.
    unsettled = send(
        client,
        page,
        "cloture",
        outcome="territoire_partage",
        **{
            f"territory_{first}": f"{LILLE}\n{MARCQ}",
            f"territory_{second}": f"{MARCQ}\n{MONS}",
        },
    )
    assert unsettled.status_code == 409
    answer = send(
        client,
        page,
        "cloture",
        outcome=outcome,
        retained_letter=str(first),
        withdrawn_letters=str(second),
        note="Réunion du 3 juin.",
        **{f"territory_{first}": LILLE, f"territory_{second}": f"{MARCQ}\n{MONS}"},
    )
    assert answer.status_code == 303
    for letter, (state, communes) in zip((first, second), expected, strict=True):
        told = stored(client, admin, letter)
        assert told["state"] == state
        if communes is not None:
            assert sorted(each["code"] for each in told["territory"]["communes"]) == communes
    assert "close le" in shown(client, page)
