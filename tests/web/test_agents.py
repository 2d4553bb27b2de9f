"""What is to be followed in a region, and who is told of letters by mail."""

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app.accounts.mail.service import Post
from app.cpts.reports.repository import insert_report
from app.database.calendar import today
from app.database.sessions import session_scope
from app.web.agents.rules import months_after
from tests.accounts.people import Mailbox, make_person, send, sign_in, sign_in_with
from tests.web.accessibility import accessibility_faults_in_light_and_dark
from tests.web.conftest import BROWSER
from tests.web.letters.agents import (
    ARMENTIERES,
    LILLE,
    MARCQ,
    MONS,
    NICE,
    RONCHIN,
    shown,
    words,
)

Bearer = Callable[..., dict[str, str]]
MakeToken = Callable[..., str]
Register = Callable[..., int]
LENS = "62498"


def deposit(client: TestClient, headers: dict[str, str], *communes: str, **more: Any) -> int:
    body = {"name": "Projet", "communes": list(communes)} | more
    response = client.post("/api/v1/letters", json=body, headers=headers)
    assert response.status_code == 201, response.text
    return int(response.json()["id"])


@pytest.fixture
def region(
    client: TestClient, bearer: Bearer, register: Register, engine: Engine
) -> dict[str, int]:
    """Something for each section in the Hauts-de-France, and as much elsewhere."""
    admin = bearer("admin")
    day = today()
    long_ago = (day - timedelta(days=500)).isoformat()
    ending = months_after(day, -59).isoformat()
    register("CPTS immobile", "association_creee", (ARMENTIERES,), stage_since=long_ago)
    register("CPTS qui avance", "association_creee", (RONCHIN,), stage_since=day.isoformat())
    ends = register("CPTS dont l’ACI finit", communes=(LENS,), stage_since=ending)
    register("CPTS de Nice", "association_creee", (NICE,), stage_since=long_ago)
    waiting = deposit(
        client,
        admin,
        LILLE,
        name="=À décider",
        deposited_on=(day - timedelta(days=70)).isoformat(),
    )
    half = deposit(client, admin, "59328", name="À moitié décidée")
    client.post(
        f"/api/v1/letters/{half}/decisions",
        json={"decision": "favorable"},
        headers=bearer("ars", region="32"),
    )
    deposit(client, admin, MARCQ, name="Rivale une")
    deposit(client, admin, MARCQ, MONS, name="Rivale deux")
    deposit(client, admin, "05061", name="Lettre de Gap")
    with session_scope(engine) as session:
        for cpts, commune, message in (
            (ends, None, "Le site a changé."),
            (None, LILLE, "Commune mal placée."),
            (None, NICE, "Ailleurs."),
        ):
            insert_report(
                session,
                cpts_id=cpts,
                commune_code=commune,
                message=message,
                reply_to="visiteur@exemple.example",
            )
    return {"waiting": waiting, "half": half}


def sections(page: str) -> dict[str, str]:
    found = re.findall(r'<section aria-labelledby="(\w+)">(.*?)</section>', page, re.DOTALL)
    return {name: re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)) for name, body in found}


def test_a_region_shows_what_is_to_be_done_there(
    client: TestClient, make_token: MakeToken, region: dict[str, int]
) -> None:
    sign_in_with(client, make_token("ars", region="32"))
    page = shown(client, "/agents/32")
    told = sections(page)
    assert list(told) == ["decide", "conciliate", "alone", "stands_still", "ends", "reports"]
    assert "=À décider" in told["decide"]
    assert "dépassée de" in told["decide"]
    assert "Rivale une" in told["conciliate"]
    assert "Rivale deux" in told["conciliate"]
    assert "À moitié décidée" in told["alone"]
    assert "attendue : Assurance Maladie" in told["alone"]
    assert "CPTS immobile" in told["stands_still"]
    assert "CPTS qui avance" not in told["stands_still"]
    assert "CPTS dont l’ACI finit" in told["ends"]
    assert "Le site a changé." in told["reports"]
    assert "Commune mal placée." in told["reports"]
    for elsewhere in ("Nice", "Gap", "Ailleurs", "visiteur@"):
        assert elsewhere not in page
    assert "Connecté" in page


@pytest.mark.parametrize("role", ["assurance_maladie", "urps", "ars"])
def test_messages_of_visitors_are_for_who_answers_them(
    client: TestClient, make_token: MakeToken, region: dict[str, int], role: str
) -> None:
    sign_in_with(client, make_token(role, region="32"))
    page = shown(client, "/agents/32")
    table = client.get("/agents/32/a-suivre.csv").text
    book = client.get("/agents/32/a-suivre.xlsx")
    sheet = load_workbook(io.BytesIO(book.content)).active
    assert sheet is not None
    cells = {str(cell) for row in sheet.iter_rows(values_only=True) for cell in row}
    answers = role == "ars"
    assert ("reports" in sections(page)) is answers
    assert ("Le site a changé." in page) is answers
    assert ("Le site a changé." in table) is answers
    assert ("Le site a changé." in cells) is answers


def test_the_tables_hold_the_same(
    client: TestClient, make_token: MakeToken, region: dict[str, int]
) -> None:
    sign_in_with(client, make_token("assurance_maladie", region="32"))
    answer = client.get("/agents/32/a-suivre.csv")
    assert answer.headers["cache-control"] == "no-store"
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")), delimiter=";"))
    assert rows[0][:2] == ["Rubrique", "Objet"]
    assert len(rows) == 1 + 1 + 2 + 1 + 1 + 1
    # What a spreadsheet would run as a formula is a text.
    assert not any(cell.startswith("=") for row in rows for cell in row)
    answer = client.get("/agents/32/a-suivre.xlsx")
    sheet = load_workbook(io.BytesIO(answer.content)).active
    assert sheet is not None
    found = list(sheet.iter_rows(values_only=True))
    assert len(found) == len(rows)
    assert [row[0] for row in found] == [row[0] for row in rows]
    assert not any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row)


@pytest.mark.parametrize(
    ("role", "own", "status"),
    [
        ("ars", "32", 200),
        ("assurance_maladie", "32", 200),
        ("urps", "32", 200),
        ("admin", None, 200),
        ("ars", "93", 403),
        ("urps", "93", 403),
        ("member", None, 403),
        ("editor", None, 403),
    ],
)
def test_a_region_is_followed_by_its_own_agents(
    client: TestClient, make_token: MakeToken, role: str, own: str | None, status: int
) -> None:
    sign_in_with(client, make_token(role, region=own))
    for address in ("/agents/32", "/agents/32/a-suivre.csv", "/agents/32/a-suivre.xlsx"):
        assert client.get(address, headers=BROWSER).status_code == status, address
    listed = client.get("/agents", headers=BROWSER, follow_redirects=False)
    expected = {200: 303 if own else 200, 403: 403 if own is None else 303}[status]
    assert listed.status_code == expected
    bar = shown(client, "/lettres")
    assert ('href="/agents"' in bar) is (role not in ("member", "editor"))


def test_a_visitor_is_sent_to_sign_in_and_no_region_is_none(
    client: TestClient, make_token: MakeToken
) -> None:
    answer = client.get("/agents/32", headers=BROWSER, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/connexion?retour=/agents/32"
    sign_in_with(client, make_token("admin"))
    assert client.get("/agents/98", headers=BROWSER).status_code == 404


def test_the_dashboard_in_a_browser(
    client: TestClient,
    browser: Browser,
    live_server: str,
    make_token: MakeToken,
    region: dict[str, int],
) -> None:
    pages: list[Page] = []
    for role in ("ars", "assurance_maladie"):
        context = browser.new_context(
            base_url=live_server, locale="fr-FR", viewport={"width": 360, "height": 800}
        )
        page = context.new_page()
        page.goto("/connexion?retour=/agents")
        page.get_by_text("Se connecter avec un jeton").click()
        page.get_by_label("Jeton d’accès").fill(make_token(role, region="32"))
        page.get_by_role("button", name="Se connecter avec le jeton").click()
        expect(page).to_have_url(re.compile("/agents/32$"))
        pages.append(page)
    ars, insurance = pages
    assert ars.evaluate("document.documentElement.scrollWidth") <= 360
    assert accessibility_faults_in_light_and_dark(ars) == []
    ars.get_by_role("link", name="=À décider").focus()
    ars.keyboard.press("Enter")
    expect(ars.get_by_role("heading", level=1)).to_have_text("=À décider")
    ars.get_by_label("Décision", exact=True).select_option(label="Favorable")
    ars.get_by_role("button", name="Enregistrer la décision").click()
    ars.get_by_role("button", name="Confirmer la décision").click()
    expect(ars.get_by_text("Enregistrer la décision")).to_be_visible()
    insurance.reload()
    alone = insurance.get_by_role(
        "region", name="Sans la décision de l’autre autorité", exact=True
    )
    expect(alone.get_by_role("link", name="=À décider")).to_be_visible()
    for page in pages:
        page.context.close()


def person(engine: Engine, name: str, role: str = "ars", **limits: Any) -> str:
    address = f"{name}@exemple.example"
    make_person(engine, role, email=address, name=name, **limits)
    return address


def received(mailbox: Mailbox, post: Post) -> list[tuple[str, str]]:
    while post.send_due():
        pass
    told = [(to, message.body) for to, message in mailbox.messages]
    mailbox.messages.clear()
    return told


def test_agents_of_the_regions_are_told_once_of_a_letter(
    post: Post, mailbox: Mailbox, client: TestClient, engine: Engine, bearer: Bearer
) -> None:
    admin = bearer("admin")
    ars, urps = (
        person(engine, "ars32", region="32"),
        person(engine, "urps32", "urps", region="32"),
    )
    south = person(engine, "am93", "assurance_maladie", region="93")
    person(engine, "membre", "member")
    person(engine, "administration", "admin")
    received(mailbox, post)
    letter = deposit(client, admin, LILLE, contact={"name": "Camille Exemple"})
    told = received(mailbox, post)
    assert sorted(to for to, _ in told) == sorted([ars, urps])
    for _, body in told:
        assert f"/lettres/{letter}\n" in body
        assert "Camille" not in body
        assert "Projet" not in body
    # A region that comes to be concerned is told then, nobody a second time.
    for communes in ([LILLE, MARCQ], [LILLE, "05061"], [LILLE]):
        answer = client.put(
            f"/api/v1/letters/{letter}/territory", json={"communes": communes}, headers=admin
        )
        assert answer.status_code == 200
    assert [to for to, _ in received(mailbox, post)] == [south]


def test_whoever_writes_a_letter_or_wants_no_mail_is_not_told(
    post: Post, mailbox: Mailbox, client: TestClient, engine: Engine
) -> None:
    author, quiet = person(engine, "auteur", region="32"), person(engine, "calme", region="32")
    third = person(engine, "tiers", region="32")
    received(mailbox, post)
    sign_in(client, quiet)
    assert 'name="letter_mail" value="oui" checked' in shown(client, "/compte")
    assert send(client, "/compte/messages", {}, "/compte").status_code == 303
    assert 'name="letter_mail" value="oui">' in shown(client, "/compte")
    data = client.get("/compte/donnees.json").json()
    assert str(data).count("'letter_mail': False") == 1
    sign_in(client, author)
    fields = {"step": "send", "name": "Weppes", "communes": "Lille"}
    assert send(client, "/lettres/depot", fields).status_code == 303
    assert [to for to, _ in received(mailbox, post)] == [third]
    sign_in(client, third)
    assert "letters_told_by_mail" in client.get("/compte/donnees.json").text
    # Wanted again, what was missed is not told of.
    sign_in(client, quiet)
    send(client, "/compte/messages", {"letter_mail": "oui"}, "/compte")
    assert received(mailbox, post) == []
    assert words(shown(client, "/compte")).count("M’écrire quand une lettre") == 1
