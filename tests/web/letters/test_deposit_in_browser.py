"""The deposit in a browser: from the builder on, two roles, the keyboard, small screens."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.web.accessibility import accessibility_faults_in_light_and_dark
from tests.web.letters.agents import ARMENTIERES, LILLE, MARCQ, RONCHIN, Register

SignIn = Callable[..., Page]


def test_a_draft_goes_from_the_builder_to_the_decision(
    sign_in: SignIn, register: Register
) -> None:
    register("CPTS déjà là", communes=(ARMENTIERES,))
    ars, insurance = sign_in("ars"), sign_in("assurance_maladie")
    ars.goto(f"/lettres/verification#communes={LILLE},{MARCQ},Trifouilly-les-Oies")
    button = ars.get_by_role("button", name="Déposer cette lettre")
    expect(button).to_be_enabled()
    button.click()
    expect(ars.get_by_role("heading", name="Territoire lu")).to_be_focused()
    expect(ars.locator(".drawing path.asked")).to_have_count(2)
    assert accessibility_faults_in_light_and_dark(ars) == []

    # What the list leaves in doubt is settled here; another commune comes by its name.
    ars.get_by_label("« Trifouilly-les-Oies »").select_option(label="Écarter ce texte")
    ars.locator("#communes-search").fill("ronchin")
    ars.locator("#communes-search-list").get_by_role("option", name="Ronchin").first.click()
    ars.get_by_label("Nom du projet").fill("CPTS des Weppes")
    ars.get_by_role("button", name="Lire et montrer le territoire").click()
    expect(ars.locator(".drawing path.asked")).to_have_count(3)
    ars.get_by_role("button", name="Déposer", exact=True).click()
    expect(ars).to_have_url(re.compile(r"/lettres/\d+$"))
    expect(ars.get_by_role("heading", level=1)).to_have_text("CPTS des Weppes")

    insurance.goto(ars.url)
    expect(insurance.get_by_role("heading", level=1)).to_have_text("CPTS des Weppes")
    expect(insurance.get_by_role("link", name="Modifier le territoire")).to_have_count(0)
    insurance.goto("/lettres/verification")
    expect(insurance.locator("#deposit-form")).to_have_count(0)


def test_typing_what_is_added_withdraws_nothing(sign_in: SignIn, register: Register) -> None:
    register("CPTS à étendre", communes=(LILLE, MARCQ, RONCHIN))
    ars = sign_in("ars")
    ars.goto("/lettres/depot")
    ars.get_by_label("Nature").select_option(label="Avenant")
    expect(ars.get_by_label("Communes, une par ligne")).to_be_hidden()
    expect(ars.get_by_label("Communes ajoutées, une par ligne")).to_have_value("")
    expect(ars.get_by_label("Communes retirées, une par ligne")).to_have_value("")
    ars.get_by_label("Nom du projet").fill("Extension")
    ars.locator("#cpts_name").fill("étendre")
    ars.locator("#cpts_name-list").get_by_role("option").click()
    expect(ars.get_by_role("radio", name="CPTS à étendre")).to_be_checked()
    ars.get_by_label("Communes ajoutées, une par ligne").fill("Mons-en-Barœul")
    ars.get_by_role("button", name="Lire et montrer le territoire").click()
    table = ars.get_by_role("table", name="Avant et après")
    expect(table.get_by_role("row", name="Communes")).to_have_text(re.compile(r"3\s*4"))
    expect(ars.get_by_text("Je confirme le retrait")).to_have_count(0)
    ars.get_by_role("button", name="Déposer", exact=True).click()
    expect(ars.get_by_role("heading", level=1)).to_have_text("Extension")
    expect(ars.get_by_text("Communes quittées")).to_have_count(0)


@pytest.mark.parametrize("script", [True, False], ids=["script", "without script"])
def test_a_heavy_withdrawal_waits_for_a_confirmation(
    sign_in: SignIn, register: Register, *, script: bool
) -> None:
    register("CPTS à réduire", communes=(LILLE, MARCQ, RONCHIN))
    ars = sign_in("ars", script=script, width=360)
    ars.goto("/lettres/depot")
    ars.get_by_label("Nature").select_option(label="Avenant")
    ars.get_by_label("Nom du projet").fill("Réduction")
    ars.locator("#cpts_name").fill("CPTS à réduire")
    if script:
        ars.locator("#cpts_name-list").get_by_role("option").click()
    ars.get_by_label("Communes retirées, une par ligne").fill("Lille")
    ars.get_by_role("button", name="Déposer", exact=True).click()
    expect(ars.get_by_role("alert")).to_contain_text("important")
    expect(ars.locator(".outlook")).to_contain_text("1 commune retirée")
    expect(ars.locator(".outlook")).to_contain_text("Lille")
    assert ars.evaluate("document.documentElement.scrollWidth") <= 360
    if script:
        assert accessibility_faults_in_light_and_dark(ars) == []
    ars.get_by_label("Je confirme le retrait").check()
    ars.get_by_role("button", name="Déposer", exact=True).click()
    expect(ars.get_by_role("heading", level=1)).to_have_text("Réduction")
    expect(ars.get_by_text("Communes quittées : Lille (59350)")).to_be_visible()


def test_the_keyboard_alone_deposits_a_letter(sign_in: SignIn) -> None:
    ars = sign_in("ars")
    ars.goto("/lettres/depot")
    ars.get_by_label("Nom du projet").focus()
    ars.keyboard.type("Au clavier")
    field = ars.get_by_label("Communes, une par ligne")
    for _ in range(20):
        ars.keyboard.press("Tab")
        if field.evaluate("(each) => each === document.activeElement"):
            break
    ars.keyboard.type("Lille")
    ars.keyboard.press("Tab")
    ars.keyboard.type("marcq-en")
    expect(ars.locator("#communes-search-list [role=option]").first).to_be_visible()
    ars.keyboard.press("Enter")
    expect(field).to_have_value("Lille\nMarcq-en-Barœul (59378)")
    send = ars.get_by_role("button", name="Déposer", exact=True)
    for _ in range(80):
        ars.keyboard.press("Tab")
        if send.evaluate("(each) => each === document.activeElement"):
            break
    ars.keyboard.press("Enter")
    expect(ars.get_by_role("heading", level=1)).to_have_text("Au clavier")
