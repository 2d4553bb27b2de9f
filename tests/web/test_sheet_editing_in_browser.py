"""The editor of a sheet in a real browser: publishing, comparing, erasing, at any size."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from tests.accounts.people import EMAIL, PASSWORD, make_person
from tests.directory.sheets.test_sheet_writing import CAMILLE, put
from tests.web.accessibility import accessibility_faults, accessibility_faults_in_light_and_dark
from tests.web.conftest import HOSTILE

# What reaches beyond the window, by its name and class.
_WIDER = """() => {
  const edge = document.documentElement.clientWidth;
  return [...document.querySelectorAll("main, main *")]
    .filter((each) => each.getBoundingClientRect().right > edge + 1)
    .map((each) => `${each.tagName} ${each.className}`);
}"""

Bearer = Callable[..., dict[str, str]]
Register = Callable[..., int]


@pytest.fixture
def cpts(register: Register, engine: Engine) -> int:
    # A tier 4, which the number of members moves.
    number = register("CPTS de Nice", communes=("06088",), email="contact@exemple.example")
    make_person(engine, "editor", cpts_id=number)
    return number


@pytest.fixture
def refused(client: TestClient, page: Page) -> Iterator[Page]:
    """As `visitor`, but of whom something is refused, which the browser's console tells."""
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))

    def on_console(message: Any) -> None:
        is_refusal = "Failed to load resource" in message.text
        if message.type in ("error", "warning") and not is_refusal:
            said.append(message.text)

    page.on("console", on_console)
    yield page
    assert said == []


def heading(page: Page, wanted: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(wanted)


def sign_in(page: Page, back: str, password: str = PASSWORD) -> None:
    page.goto(back)
    heading(page, "Connexion")
    page.get_by_label("Adresse électronique").fill(EMAIL)
    page.get_by_label("Mot de passe", exact=True).fill(password)
    page.get_by_role("button", name="Se connecter", exact=True).click()


def test_an_editors_change_is_seen_by_the_public_in_the_very_next_answer(
    visitor: Page, cpts: int
) -> None:
    public = visitor.context.new_page()
    public.goto(f"/cpts/{cpts}")
    figure = public.locator(".figure", has_text="Financement au plus").locator("strong")
    expect(figure).to_have_text("580\u202f000\u00a0€")
    sign_in(visitor, f"/membres/cpts/{cpts}/fiche")
    heading(visitor, "Fiche de la CPTS de Nice")
    assert accessibility_faults_in_light_and_dark(visitor) == []
    visitor.get_by_label("Présentation").fill("Première ligne\nSeconde ligne")
    visitor.get_by_label("Nombre de membres de l’association").fill("112")
    visitor.get_by_label("Thématique").select_option(label="Diabète")
    visitor.get_by_label("Ce qui est fait").fill("Un dépistage")
    visitor.get_by_label("Documents, une adresse par ligne").fill("https://exemple.example/a")
    visitor.get_by_label("Nom", exact=True).fill("Camille Témoin")
    visitor.get_by_label("Site").fill("https://exemple.example/nice")
    visitor.get_by_role("button", name="Voir l’aperçu").click()
    heading(visitor, "Aperçu de la fiche de la CPTS de Nice")
    assert accessibility_faults_in_light_and_dark(visitor) == []
    everybody = visitor.get_by_role("region", name="Ce que voit tout le monde")
    expect(everybody).to_contain_text("exemple.example/nice")
    expect(everybody).to_contain_text("629\u202f000\u00a0€")
    expect(everybody).not_to_contain_text("Camille Témoin")
    members = visitor.get_by_role("region", name="Ce que voient les membres")
    expect(members).to_contain_text("Camille Témoin")
    expect(members.get_by_role("link")).to_have_attribute("href", "https://exemple.example/a")
    visitor.get_by_role("button", name="Publier la fiche").click()
    expect(visitor.get_by_role("status")).to_contain_text("La fiche est publiée.")
    expect(visitor.get_by_label("Présentation")).to_have_value("Première ligne\nSeconde ligne")
    public.reload()
    expect(figure).to_have_text("629\u202f000\u00a0€")
    expect(public.get_by_role("link", name="exemple.example/nice")).to_be_visible()
    expect(public.locator("main")).to_contain_text("confirmée par la CPTS le")
    expect(public.locator("main")).not_to_contain_text("Camille Témoin")
    expect(public.locator("main")).not_to_contain_text("Première ligne")


def test_of_two_who_edit_at_once_the_second_compares(
    refused: Page, cpts: int, client: TestClient, bearer: Bearer
) -> None:
    put(client, cpts, bearer("admin"))
    sign_in(refused, f"/membres/cpts/{cpts}/fiche")
    refused.get_by_label("Présentation").fill("La mienne")
    put(client, cpts, bearer("admin"), presentation="La leur", members_count=7)
    refused.get_by_role("button", name="Voir l’aperçu").click()
    with refused.expect_response(f"**/membres/cpts/{cpts}/fiche") as answered:
        refused.get_by_role("button", name="Publier la fiche").click()
    assert answered.value.status == 412
    heading(refused, "Quelqu’un d’autre a changé cette fiche")
    assert accessibility_faults_in_light_and_dark(refused) == []
    presentation = refused.get_by_role("group", name="Présentation")
    expect(presentation.get_by_label("Garder ce que j’ai écrit")).to_be_checked()
    expect(presentation).to_contain_text("La mienne")
    expect(presentation).to_contain_text("La leur")
    members = refused.get_by_role("group", name="Nombre de membres")
    expect(members.get_by_label("Garder ce qui est publié")).to_be_checked()
    refused.get_by_role("button", name="Voir l’aperçu").click()
    refused.get_by_role("button", name="Publier la fiche").click()
    expect(refused.get_by_label("Présentation")).to_have_value("La mienne")
    expect(refused.get_by_label("Nombre de membres de l’association")).to_have_value("7")
    refused.get_by_role("link", name="Historique de la fiche").click()
    heading(refused, "Historique de la fiche de la CPTS de Nice")
    assert accessibility_faults(refused) == []
    refused.get_by_role("button", name="Reprendre cet état").last.click()
    heading(refused, "Historique de la fiche de la CPTS de Nice")
    expect(refused.get_by_role("heading", level=2).first).to_contain_text(
        "État antérieur repris"
    )


def test_what_is_wrong_is_reached_by_the_keyboard_alone(refused: Page, cpts: int) -> None:
    sign_in(refused, f"/membres/cpts/{cpts}/fiche")
    refused.get_by_label("Nombre de membres de l’association").focus()
    refused.keyboard.type("beaucoup")
    for _ in range(40):
        refused.keyboard.press("Tab")
        if refused.evaluate("document.activeElement.value") == "preview":
            break
    refused.keyboard.press("Enter")
    expect(refused.get_by_role("alert")).to_contain_text("Un nombre entier est attendu.")
    assert accessibility_faults(refused) == []
    refused.get_by_role("alert").get_by_role("link", name="Nombre de membres").focus()
    refused.keyboard.press("Enter")
    expect(refused).to_have_url(re.compile("#members_count$"))


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_is_wider_than_the_window(
    visitor: Page, cpts: int, client: TestClient, bearer: Bearer, width: int
) -> None:
    put(client, cpts, bearer("admin"), presentation="mot" * 300)
    put(client, cpts, bearer("admin"), presentation="autre" * 300)
    visitor.set_viewport_size({"width": width, "height": 800})
    sign_in(visitor, f"/membres/cpts/{cpts}/fiche")
    heading(visitor, "Fiche de la CPTS de Nice")
    visitor.wait_for_load_state()
    assert visitor.evaluate(_WIDER) == []
    visitor.get_by_role("button", name="Voir l’aperçu").click()
    heading(visitor, "Aperçu de la fiche de la CPTS de Nice")
    visitor.wait_for_load_state()
    assert visitor.evaluate(_WIDER) == []
    visitor.goto(f"/membres/cpts/{cpts}/fiche/historique")
    visitor.get_by_text("Avant et après").first.click()
    assert visitor.evaluate(_WIDER) == []


def test_script_in_every_field_is_read_as_text(
    visitor: Page, cpts: int, client: TestClient, bearer: Bearer
) -> None:
    contact = CAMILLE | {"name": HOSTILE, "role": HOSTILE}
    put(client, cpts, bearer("admin"), presentation=HOSTILE, contacts=[contact])
    sign_in(visitor, f"/membres/cpts/{cpts}/fiche")
    expect(visitor.get_by_label("Présentation")).to_have_value(HOSTILE)
    expect(visitor.get_by_label("Nom", exact=True)).to_have_value(HOSTILE)
    visitor.get_by_role("button", name="Voir l’aperçu").click()
    expect(visitor.get_by_role("region", name="Ce que voient les membres")).to_contain_text(
        HOSTILE
    )
    visitor.get_by_role("button", name="Publier la fiche").click()
    expect(visitor.get_by_label("Présentation")).to_have_value(HOSTILE)
    assert visitor.title() != "pris"


def test_whoever_erases_their_account_is_on_no_sheet_and_signs_in_no_more(
    refused: Page, cpts: int, client: TestClient, bearer: Bearer, engine: Engine
) -> None:
    put(client, cpts, bearer("admin"), contacts=[CAMILLE, CAMILLE | {"email": EMAIL}])
    sign_in(refused, "/compte", password="mauvais mot de passe")
    expect(refused.get_by_role("alert")).to_be_visible()
    expect(refused.get_by_role("button", name="Se connecter", exact=True)).to_be_visible()
    assert accessibility_faults(refused) == []
    sign_in(refused, "/compte")
    heading(refused, "Mon compte")
    expect(refused.get_by_text("Ce que des fiches disent de vous")).to_be_visible()
    expect(refused.get_by_role("link", name="CPTS de Nice")).to_be_visible()
    assert accessibility_faults(refused) == []
    refused.get_by_text("Effacer mon compte", exact=True).first.click()
    refused.get_by_label("J’efface mon compte, pour de bon").check()
    refused.locator("form[action='/compte/effacement'] button").click()
    refused.wait_for_url("**/")
    sign_in(refused, "/compte")
    expect(refused.get_by_role("alert")).to_be_visible()
    refused.goto(f"/membres/cpts/{cpts}/fiche")
    heading(refused, "Connexion")
    with engine.connect() as connection:
        left = connection.execute(text("SELECT email FROM cpts_contact")).scalars().all()
        people = connection.execute(text("SELECT count(*) FROM person")).scalar_one()
    assert (left, people) == ([CAMILLE["email"]], 0)
