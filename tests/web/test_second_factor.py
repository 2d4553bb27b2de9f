"""The second factor on the site: set up, asked for, lost, and what an attacker would try."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import AccountSettings, Settings
from tests.accounts.people import (
    EMAIL,
    NAME,
    Mailbox,
    csrf,
    make_person,
    send,
    session_of,
    sign_in,
)


def secret_of(engine: Engine) -> str:
    with engine.connect() as connection:
        return str(connection.execute(text("SELECT totp_secret FROM person")).scalar_one())


def code(engine: Engine, late_s: int = 0) -> str:
    moment = datetime.now(UTC) + timedelta(seconds=late_s)
    return pyotp.TOTP(secret_of(engine)).at(moment)


def forget_last_code(engine: Engine) -> None:
    """As if time had passed since."""
    with engine.begin() as connection:
        connection.execute(text("UPDATE person SET totp_interval = NULL"))


def set_up(client: TestClient, engine: Engine) -> list[str]:
    """Put a second factor in place and give the recovery codes."""
    shown = send(client, "/compte/second-facteur", {}, "/compte").text
    assert secret_of(engine) in shown
    assert "<svg" in shown
    confirmation = "/compte/second-facteur/confirmation"
    answer = send(client, confirmation, {"code": code(engine)}, "/compte")
    assert answer.status_code == 200
    forget_last_code(engine)
    return re.findall(r"<code>([a-z0-9-]{19})</code>", answer.text)


def give(client: TestClient, given: str, **more: str) -> Any:
    return send(client, "/connexion/code", {"code": given, **more})


def enters(client: TestClient) -> bool:
    return client.get("/compte", follow_redirects=False).status_code == 200


@pytest.fixture
def second(client: TestClient, engine: Engine) -> list[str]:
    """Somebody who has put a second factor in place and signed out; their recovery codes."""
    make_person(engine)
    sign_in(client)
    codes = set_up(client, engine)
    send(client, "/deconnexion", {}, "/compte")
    return codes


def test_a_password_alone_opens_nothing_any_more(
    client: TestClient, engine: Engine, second: list[str]
) -> None:
    assert len(second) == 10
    answer = sign_in(client)
    assert answer.headers["location"].startswith("/connexion/code")
    assert not enters(client)
    assert client.get("/api/v1/me").status_code == 401
    assert client.get("/lettres/depot", follow_redirects=False).status_code == 303
    half = client.cookies["cpts-agent"]
    given = give(client, code(engine))
    assert (given.status_code, given.headers["location"]) == (303, "/compte")
    assert enters(client)
    assert client.cookies["cpts-agent"] != half
    client.cookies.clear()
    client.cookies.set("cpts-agent", half, domain="testserver.local")
    assert not enters(client)


def test_the_way_back_survives_the_code(
    client: TestClient, engine: Engine, second: list[str]
) -> None:
    del second
    fields = {"email": EMAIL, "password": "tracteur violet nuage", "retour": "/lettres?a=b&c=d"}
    asked = send(client, "/connexion", fields).headers["location"]
    page = client.get(asked).text
    assert 'value="/lettres?a=b&amp;c=d"' in page
    given = give(client, code(engine), retour="/lettres?a=b&c=d")
    assert given.headers["location"] == "/lettres?a=b&c=d"
    send(client, "/deconnexion", {}, "/compte")
    sign_in(client)
    forget_last_code(engine)
    elsewhere = give(client, code(engine), retour="//evil.example")
    assert elsewhere.headers["location"] == "/compte"


def test_a_code_is_taken_once(client: TestClient, engine: Engine, second: list[str]) -> None:
    del second
    sign_in(client)
    once = code(engine)
    assert give(client, once).status_code == 303
    send(client, "/deconnexion", {}, "/compte")
    sign_in(client)
    assert give(client, once).status_code == 422
    assert give(client, "12345\0").status_code == 422
    assert not enters(client)


def test_a_recovery_code_stands_in_once(
    client: TestClient, engine: Engine, second: list[str]
) -> None:
    sign_in(client)
    assert give(client, second[0].upper()).status_code == 303
    assert "9 codes de secours" in client.get("/compte").text
    send(client, "/deconnexion", {}, "/compte")
    sign_in(client)
    assert give(client, second[0]).status_code == 422
    assert give(client, second[1]).status_code == 303
    stored = engine.connect()
    with stored:
        digests = stored.execute(text("SELECT encode(code_hash, 'escape') FROM recovery_code"))
        assert not any(second[2] in row[0] for row in digests)


def test_codes_are_not_guessed(client: TestClient, second: list[str]) -> None:
    sign_in(client)
    token = csrf(client, "/connexion/code")
    wrong = {"csrf": token, "code": "000000"}
    statuses = [client.post("/connexion/code", data=wrong).status_code for _ in range(6)]
    # The one that put it in place counts too.
    assert statuses == [422] * 4 + [429] * 2
    # Nor is the right one told from a wrong one then.
    right = client.post("/connexion/code", data=wrong | {"code": second[0]})
    assert right.status_code == 429
    assert not enters(client)


def test_the_code_needs_the_password_first_and_the_token_of_the_form(
    client: TestClient, engine: Engine, second: list[str]
) -> None:
    del second
    visitor = client.get("/connexion/code", follow_redirects=False)
    assert (visitor.status_code, visitor.headers["location"]) == (303, "/connexion")
    sign_in(client)
    forged = client.post("/connexion/code", data={"code": code(engine)}, follow_redirects=False)
    assert forged.status_code == 403
    assert not enters(client)


def test_setting_up_ends_other_sessions_and_is_told_by_mail(
    mailbox: Mailbox, client: TestClient, engine: Engine, app: FastAPI
) -> None:
    make_person(engine)
    elsewhere = session_of(engine)
    sign_in(client)
    set_up(client, engine)
    assert enters(client)
    app.state.post.send_due()
    assert "second facteur" in mailbox.messages[-1][1].subject
    client.cookies.clear()
    client.cookies.set("cpts-agent", elsewhere, domain="testserver.local")
    assert not enters(client)


def test_it_is_in_place_only_once_a_code_was_right(client: TestClient, engine: Engine) -> None:
    make_person(engine)
    sign_in(client)
    send(client, "/compte/second-facteur", {}, "/compte")
    confirmation = "/compte/second-facteur/confirmation"
    assert send(client, confirmation, {"code": "000000"}, "/compte").status_code == 422
    client.cookies.clear()
    sign_in(client)
    assert enters(client)


def test_it_is_taken_off_by_a_code_only(client: TestClient, engine: Engine) -> None:
    make_person(engine)
    sign_in(client)
    codes = set_up(client, engine)
    removal = "/compte/second-facteur/retrait"
    assert send(client, removal, {"code": "000000"}, "/compte").status_code == 422
    assert send(client, removal, {"code": codes[0]}, "/compte").status_code == 303
    client.cookies.clear()
    sign_in(client)
    assert enters(client)


def test_a_secret_in_place_is_never_shown_again(client: TestClient, engine: Engine) -> None:
    make_person(engine)
    sign_in(client)
    set_up(client, engine)
    again = send(client, "/compte/second-facteur", {}, "/compte")
    assert again.status_code == 403
    secret = secret_of(engine)
    for address in ("/compte", "/compte/donnees.json", "/api/v1/me/data"):
        assert secret not in client.get(address).text


def test_an_administrator_takes_off_what_somebody_lost(
    client: TestClient, engine: Engine, second: list[str]
) -> None:
    del second
    make_person(engine, "admin", email="admin@exemple.example", name="Ada Admin")
    sign_in(client, "admin@exemple.example")
    page = client.get("/comptes").text
    [removal] = re.findall(r"/comptes/\d+/second-facteur", page)
    assert send(client, removal, {}, "/comptes").status_code == 303
    client.cookies.clear()
    sign_in(client)
    assert enters(client)


def test_where_it_is_required_an_administrator_sets_it_up_before_anything_else(
    engine: Engine, settings: Settings
) -> None:
    settings.accounts = AccountSettings(require_second_factor=True)
    make_person(engine, "admin")
    make_person(engine, email="membre@exemple.example", name="Membre")
    with TestClient(create_app(settings)) as client:
        sign_in(client)
        assert not enters(client)
        page = client.get("/connexion/code").text
        with engine.connect() as connection:
            secret = connection.execute(
                text("SELECT totp_secret FROM person WHERE role = 'admin'")
            ).scalar_one()
        assert secret in page
        given = give(client, pyotp.TOTP(secret).now())
        assert given.status_code == 200
        assert "Codes de secours" in given.text
        assert NAME in client.get("/compte").text
        removal = send(
            client,
            "/compte/second-facteur/retrait",
            {"code": re.findall(r"<code>([a-z0-9-]{19})</code>", given.text)[0]},
            "/compte",
        )
        assert removal.status_code == 403
        client.cookies.clear()
        sign_in(client, "membre@exemple.example")
        assert enters(client)
