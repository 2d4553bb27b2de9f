"""Reports answered, completeness declared, the journal read and exported, tokens revoked."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from openpyxl import load_workbook
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.accounts.mail.service import Post
from app.accounts.service import create_own_token
from app.database.sessions import session_scope
from tests.accounts.people import Mailbox, make_person, send, session_of
from tests.web.administration.desk import page, sign_in_as

Register = Callable[..., int]
GAP, LILLE = "05061", "59350"
REPORTS, COMPLETENESS = "/administration/signalements", "/administration/completude"
JOURNAL = "/administration/journal"


def report(engine: Engine, cpts: int | None, message: str, reply_to: str | None = None) -> int:
    with engine.begin() as connection:
        number: int = connection.execute(
            text(
                "INSERT INTO error_report (cpts_id, message, reply_to)"
                " VALUES (:cpts, :message, :reply_to) RETURNING id"
            ),
            {"cpts": cpts, "message": message, "reply_to": reply_to},
        ).scalar_one()
        return number


def test_a_report_is_answered_by_mail_and_its_address_forgotten(
    post: Post, mailbox: Mailbox, client: TestClient, engine: Engine, register: Register
) -> None:
    gap = register("CPTS du Gapençais", communes=(GAP,), phone="04 99 00 00 01")
    number = report(engine, gap, "Le <b>téléphone</b> est faux", "lecteur@exemple.example")
    sign_in_as(client, engine, "ars")
    shown = client.get(REPORTS).text
    assert "&lt;b&gt;téléphone" in shown
    assert "04 99 00 00 01" in shown
    without = send(client, f"{REPORTS}/{number}", {"answer": "Merci."}, REPORTS)
    assert without.status_code == 422
    assert "Merci." in without.text
    sent = {"answer": "Merci, c’est corrigé.", "outcome": "téléphone corrigé"}
    assert send(client, f"{REPORTS}/{number}", sent, REPORTS).status_code == 303
    post.send_due()
    [(to, message)] = mailbox.messages
    assert to == "lecteur@exemple.example"
    assert message.body.startswith("Merci, c’est corrigé.")
    with engine.connect() as connection:
        row = connection.execute(
            text("SELECT outcome, reply_to, handled_by IS NOT NULL FROM error_report")
        ).one()
    assert tuple(row) == ("téléphone corrigé", None, True)
    assert "Aucun signalement n’attend" in page(client, REPORTS)
    assert "téléphone corrigé" in page(client, f"{REPORTS}?clos=true")


def test_reports_of_another_region_or_of_the_site_are_not_an_agents(
    client: TestClient, engine: Engine, register: Register
) -> None:
    lille = register("CPTS de Lille", communes=(LILLE,))
    numbers = [report(engine, lille, "Faux"), report(engine, None, "Le site est lent")]
    sign_in_as(client, engine, "ars")
    assert "Aucun signalement n’attend" in page(client, REPORTS)
    for number in numbers:
        refused = send(client, f"{REPORTS}/{number}", {"outcome": "x"}, REPORTS)
        assert refused.status_code == 403
    sign_in_as(client, engine, "admin")
    assert "Le site est lent" in page(client, REPORTS)


def test_completeness_is_declared_and_withdrawn_in_ones_region(
    client: TestClient, engine: Engine
) -> None:
    sign_in_as(client, engine, "ars")
    assert "Nord (59)" not in page(client, COMPLETENESS)
    sent = {"departments": ["05", "83"], "on": "2026-01-01", "act": "declare"}
    assert send(client, COMPLETENESS, sent).status_code == 303
    states = client.get("/api/v1/completeness").json()["items"]
    assert [each["department"] for each in states if each["complete"]] == ["05", "83"]
    assert "complet depuis le 1er janvier 2026" in page(client, COMPLETENESS)
    withdrawn = {"departments": "83", "on": "2026-02-01", "act": "withdraw"}
    assert send(client, COMPLETENESS, withdrawn).status_code == 303
    elsewhere = send(client, COMPLETENESS, {"departments": "59", "act": "declare"})
    assert elsewhere.status_code == 403
    future = send(client, COMPLETENESS, {"departments": "05", "on": "2199-01-01"})
    assert future.status_code == 422
    told = page(client, JOURNAL)
    assert told.count("Département déclaré complet") == 2
    assert told.count("Complétude retirée") == 1
    assert "avant : 2026-01-01" in told


@pytest.fixture
def a_past(client: TestClient, engine: Engine, register: Register) -> None:
    register("=HYPERLINK(1)", communes=(GAP,))
    register("CPTS de Lille", communes=(LILLE,))


@pytest.mark.usefixtures("a_past")
def test_the_journal_filters_and_exports_what_it_shows(
    client: TestClient, engine: Engine
) -> None:
    sign_in_as(client, engine, "admin")
    assert "2 entrées" in page(client, JOURNAL)
    assert "1 entrée" in page(client, f"{JOURNAL}?q=lille&nature=cpts&du=2020-01-01&au=")
    assert "Rien ne répond" in page(client, f"{JOURNAL}?au=2020-01-01")
    assert "Rien ne répond" in page(client, f"{JOURNAL}?nature=letter")
    exported = client.get(f"{JOURNAL}.csv?nature=cpts")
    assert exported.headers["cache-control"] == "no-store"
    text = exported.content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))
    assert [row["Objet"] for row in rows] == ["CPTS de Lille", "'=HYPERLINK(1)"]
    assert "Nom : — → CPTS de Lille" in rows[0]["Ce qui change"]
    book = load_workbook(io.BytesIO(client.get(f"{JOURNAL}.xlsx?q=lille").content))
    assert [row[3] for row in book["Journal"].iter_rows(min_row=2, values_only=True)] == [
        "CPTS de Lille"
    ]


@pytest.mark.usefixtures("a_past")
def test_an_agents_journal_is_that_of_the_region(client: TestClient, engine: Engine) -> None:
    sign_in_as(client, engine, "ars")
    assert "CPTS de Lille" not in page(client, JOURNAL)
    assert "Lille" not in client.get(f"{JOURNAL}.csv").text
    assert "HYPERLINK" in client.get(f"{JOURNAL}.csv").text


def test_sessions_and_tokens_of_others_are_ended(client: TestClient, engine: Engine) -> None:
    somebody = make_person(engine, "member")
    theirs = session_of(engine)
    with session_scope(engine) as session:
        token = create_own_token(
            session, somebody, label="Mon carnet privé", lifetime=timedelta(days=30)
        )
    bearer = {"Authorization": f"Bearer {token}"}
    assert client.get("/api/v1/me", headers=bearer).status_code == 200
    sign_in_as(client, engine, "admin")
    at = f"/comptes/{somebody}"
    shown = page(client, at)
    assert "1 session ouverte" in shown
    # What one calls one's tokens is told to nobody else.
    assert "Mon carnet privé" not in shown + page(client, "/comptes/jetons")
    assert send(client, f"{at}/sessions/fin", {}, at).status_code == 303
    client.cookies.set("cpts-agent", theirs, domain="testserver.local")
    assert client.get("/compte", follow_redirects=False).status_code == 303
    client.cookies.set(
        "cpts-agent", session_of(engine, "admin.x@exemple.example"), domain="testserver.local"
    )
    with engine.connect() as connection:
        number = connection.execute(
            text("SELECT id FROM api_token WHERE kind = 'person'")
        ).scalar_one()
    revoked = send(client, f"/comptes/jetons/{number}/revocation", {}, "/comptes/jetons")
    assert revoked.status_code == 303
    assert client.get("/api/v1/me", headers=bearer).status_code == 401
    told = page(client, f"{JOURNAL}?nature=act")
    assert "Sessions closes" in told
    assert f"jeton n° {number}" in told
    assert "Zélie" not in told
