"""Accounts in a real browser: invitation, both ways of signing in, second factor, erasure."""

from collections.abc import Callable
from datetime import UTC, datetime

import pyotp
from playwright.sync_api import Page, expect
from sqlalchemy import Engine, text

from app.accounts.people import service
from app.database.sessions import session_scope
from tests.accounts.people import EMAIL, NAME, PASSWORD, make_person
from tests.web.accessibility import accessibility_faults


def heading(page: Page, wanted: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(wanted)


def fill_in(page: Page, email: str = EMAIL, password: str = PASSWORD) -> None:
    page.get_by_label("Adresse électronique").fill(email)
    page.get_by_label("Mot de passe", exact=True).fill(password)
    page.get_by_role("button", name="Se connecter", exact=True).click()


def test_from_the_invitation_to_ones_erasure(visitor: Page, engine: Engine) -> None:
    with session_scope(engine) as session:
        _, secret = service.invite(session, email=EMAIL, role="member")
    visitor.goto(f"/invitation/{secret}")
    heading(visitor, "Votre invitation")
    assert accessibility_faults(visitor) == []
    visitor.get_by_label("Votre nom").fill(NAME)
    visitor.get_by_label("Nouveau mot de passe").fill(PASSWORD)
    visitor.get_by_label("Le même, encore une fois").fill(PASSWORD)
    visitor.get_by_role("button", name="Créer mon compte").click()
    heading(visitor, "Mon compte")
    expect(visitor.get_by_text(f"Connecté : {NAME}")).to_be_visible()
    assert accessibility_faults(visitor) == []
    visitor.get_by_role("button", name="Se déconnecter", exact=True).click()
    visitor.goto("/compte")
    heading(visitor, "Connexion")
    assert accessibility_faults(visitor) == []
    fill_in(visitor)
    heading(visitor, "Mon compte")
    visitor.get_by_text("Effacer mon compte", exact=True).first.click()
    visitor.get_by_label("J’efface mon compte, pour de bon").check()
    visitor.locator("form[action='/compte/effacement'] button").click()
    visitor.wait_for_url("**/")
    visitor.goto("/compte")
    heading(visitor, "Connexion")
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM person")).scalar_one() == 0


def test_a_token_signs_in_and_is_made_in_ones_account(
    visitor: Page, engine: Engine, make_token: Callable[..., str]
) -> None:
    visitor.goto("/connexion")
    visitor.get_by_text("Se connecter avec un jeton d’accès").click()
    visitor.get_by_label("Jeton d’accès").fill(make_token("ars", region="32"))
    visitor.get_by_role("button", name="Se connecter avec le jeton").click()
    heading(visitor, "Lettres d’intention")
    visitor.get_by_role("button", name="Se déconnecter", exact=True).click()
    make_person(engine)
    visitor.goto("/compte/jetons")
    fill_in(visitor)
    heading(visitor, "Mes jetons d’accès")
    assert accessibility_faults(visitor) == []
    visitor.get_by_label("À quoi il servira").fill("Mon tableur")
    visitor.get_by_role("button", name="Créer un jeton").click()
    expect(visitor.locator("#jeton")).to_contain_text("cpts_")


def test_a_second_factor_is_put_in_place_and_asked_for(visitor: Page, engine: Engine) -> None:
    make_person(engine)
    visitor.goto("/connexion")
    fill_in(visitor)
    visitor.get_by_role("button", name="Mettre en place un second facteur").click()
    heading(visitor, "Mettre en place un second facteur")
    assert accessibility_faults(visitor) == []
    totp = pyotp.TOTP(visitor.locator("#secret").inner_text())
    visitor.get_by_label("Code à six chiffres").fill(totp.at(datetime.now(UTC)))
    visitor.get_by_role("button", name="Mettre en place").click()
    heading(visitor, "Codes de secours")
    assert accessibility_faults(visitor) == []
    codes = visitor.locator("#codes code").all_inner_texts()
    assert len(codes) == 10
    visitor.get_by_role("link", name="C’est noté").click()
    visitor.get_by_role("button", name="Se déconnecter", exact=True).click()
    visitor.goto("/connexion")
    fill_in(visitor)
    heading(visitor, "Second facteur")
    assert accessibility_faults(visitor) == []
    visitor.get_by_label("Code à six chiffres").fill(codes[0])
    visitor.get_by_role("button", name="Se connecter").click()
    heading(visitor, "Mon compte")


def test_an_administrator_invites_from_the_page(visitor: Page, engine: Engine) -> None:
    make_person(engine, "admin")
    visitor.goto("/comptes")
    fill_in(visitor)
    heading(visitor, "Comptes")
    assert accessibility_faults(visitor) == []
    visitor.get_by_label("Adresse électronique").fill("agente@exemple.example")
    visitor.get_by_label("Rôle", exact=True).first.select_option("urps")
    visitor.get_by_label("Région d’un rôle régional").first.select_option("32")
    visitor.get_by_role("button", name="Envoyer l’invitation").click()
    expect(visitor.get_by_role("cell", name="agente@exemple.example")).to_be_visible()
