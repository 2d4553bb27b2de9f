"""Signing in with a provider of identities that really runs, and what an attacker would try."""

import html
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pyotp
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.accounts.mail.service import Post
from app.accounts.people import service as people
from app.accounts.provider import asking
from app.accounts.provider.asking import Provider, ProviderUnavailable
from app.database.sessions import Sessions, session_scope
from app.main import create_app
from app.settings import DatabaseSettings, IdentitySettings, Settings
from tests.accounts.people import EMAIL, NAME, Mailbox, make_person, send, sign_in

SUBJECT = "899700000001"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """A provider as a process of its own, on a loopback port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 60
    while True:
        try:
            httpx2.get(f"{address}/.well-known/openid-configuration")
            break
        except httpx2.HTTPError:
            assert process.poll() is None, "the provider stopped while starting"
            assert time.monotonic() < deadline, "the provider did not start"
            time.sleep(0.1)
    yield address
    process.terminate()
    process.wait(10)


@pytest.fixture
def settings(settings: Settings, issuer: str) -> Settings:
    settings.identity = IdentitySettings(
        issuer=issuer, client_id="cpts", client_secret="secret", label="Essai Connect"
    )
    return settings


def depart(
    client: TestClient, address: str = "/connexion/fournisseur", page: str = "/connexion"
) -> str:
    """Begin, and give the provider's address."""
    answer = send(client, address, {}, page)
    assert answer.status_code == 200, answer.text
    found = re.search(r'href="(http://127\.0\.0\.1:\d+/[^"]+)"', answer.text)
    assert found, answer.text
    assert found[1] in re.findall(r'content="0;url=([^"]+)"', answer.text)[0]
    return html.unescape(found[1])


def agree(address: str, subject: str = SUBJECT) -> str:
    """Say at the provider who one is, and give the path of the way back."""
    answer = httpx2.post(address, data={"sub": subject})
    assert answer.status_code == 302, answer.text
    return answer.headers["location"].removeprefix("http://testserver")


def come_back(client: TestClient, address: str) -> Any:
    return client.get(address, follow_redirects=False)


def enters(client: TestClient) -> bool:
    return client.get("/compte", follow_redirects=False).status_code == 200


@pytest.fixture
def tied(client: TestClient, engine: Engine) -> int:
    """Somebody who has tied an identity to their account and signed out."""
    person = make_person(engine)
    sign_in(client)
    back = come_back(client, agree(depart(client, "/compte/fournisseur", "/compte")))
    assert (back.status_code, back.headers["location"]) == (303, "/compte")
    send(client, "/deconnexion", {}, "/compte")
    assert not enters(client)
    return person


def test_the_provider_is_asked_with_pkce_a_nonce_and_a_state(client: TestClient) -> None:
    asked = parse_qs(urlsplit(depart(client)).query)
    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    assert len(asked["code_challenge"][0]) == 43
    assert len(asked["nonce"][0]) == len(asked["state"][0]) == 43
    assert asked["redirect_uri"] == ["http://testserver/connexion/fournisseur/retour"]
    cookie = client.cookies["cpts-identity"]
    assert cookie == asked["state"][0]


def test_an_identity_that_was_tied_opens_the_account(client: TestClient, tied: int) -> None:
    former = client.cookies.get("cpts-agent")
    back = come_back(client, agree(depart(client)))
    assert (back.status_code, back.headers["location"]) == (303, "/compte")
    assert NAME in client.get("/compte").text
    assert client.cookies["cpts-agent"] != former
    told = client.get("/api/v1/me/data").json()["account"]
    assert told["identity_provider_subject"] == SUBJECT
    assert tied


def test_an_identity_that_nobody_tied_opens_nothing(client: TestClient, engine: Engine) -> None:
    make_person(engine, email=EMAIL)
    # Not even one of the same address: whoever runs a provider could claim any.
    back = come_back(client, agree(depart(client), EMAIL))
    assert back.status_code == 403
    assert "aucun compte" in back.text
    assert not enters(client)


def test_an_invitation_is_accepted_without_a_password(
    client: TestClient, engine: Engine
) -> None:
    with session_scope(engine) as session:
        _, secret = people.invite(session, email=EMAIL, role="ars", region="32")
    invitation = f"/invitation/{secret}"
    assert "Essai Connect" in client.get(invitation).text
    departure = depart(client, f"{invitation}/fournisseur", invitation)
    assert secret not in departure
    with engine.connect() as connection:
        kept = connection.execute(text("SELECT back FROM oidc_request")).scalar_one()
    assert secret not in kept
    assert come_back(client, agree(departure)).status_code == 303
    assert client.get("/api/v1/me").json()["role"] == "ars"
    assert client.get(invitation).status_code == 404
    assert send(client, "/compte/fournisseur/retrait", {}, "/compte").status_code == 403


@pytest.mark.parametrize("state", ["", "x", "é", "0" * 43])
def test_a_wrong_state_is_refused(client: TestClient, tied: int, state: str) -> None:
    assert tied
    path = agree(depart(client))
    code = parse_qs(urlsplit(path).query)["code"][0]
    forged = client.get(
        "/connexion/fournisseur/retour",
        params={"code": code, "state": state},
        follow_redirects=False,
    )
    assert forged.status_code == 403
    assert not enters(client)


def test_another_browser_s_answer_is_refused(client: TestClient, tied: int) -> None:
    assert tied
    path = agree(depart(client))
    # What an attacker begins does not end in a victim's browser.
    with TestClient(client.app) as victim:
        assert come_back(victim, path).status_code == 403
        depart(victim)
        assert come_back(victim, path).status_code == 403
        assert not enters(victim)


def test_an_answer_counts_once(client: TestClient, tied: int) -> None:
    assert tied
    path = agree(depart(client))
    state = client.cookies["cpts-identity"]
    assert come_back(client, path).status_code == 303
    send(client, "/deconnexion", {}, "/compte")
    client.cookies.set("cpts-identity", state, domain="testserver.local")
    assert come_back(client, path).status_code == 403
    assert not enters(client)


def test_a_wrong_nonce_or_verifier_is_refused(
    client: TestClient, engine: Engine, tied: int
) -> None:
    assert tied
    path = agree(depart(client))
    with engine.begin() as connection:
        connection.execute(text("UPDATE oidc_request SET nonce = 'other'"))
    assert come_back(client, path).status_code == 403
    assert not enters(client)


@pytest.mark.parametrize("more", ["&iss=https://autre.example", "&error=access_denied"])
def test_another_issuer_s_answer_or_a_refusal_opens_nothing(
    client: TestClient, tied: int, more: str
) -> None:
    assert tied
    path = agree(depart(client)) + more
    if "error" in more:
        path = re.sub(r"code=[^&]*&?", "", path)
    assert come_back(client, path).status_code == 403
    assert not enters(client)


def test_a_code_that_the_provider_does_not_know_is_refused(
    client: TestClient, tied: int
) -> None:
    assert tied
    path = agree(depart(client))
    assert come_back(client, re.sub(r"code=[^&]*", "code=x", path)).status_code == 403
    assert not enters(client)


def test_an_identity_is_tied_to_one_account_only(
    client: TestClient, engine: Engine, tied: int
) -> None:
    assert tied
    make_person(engine, email="autre@exemple.example", name="Autre")
    sign_in(client, "autre@exemple.example")
    back = come_back(client, agree(depart(client, "/compte/fournisseur", "/compte")))
    assert back.status_code == 403
    assert "déjà liée" in back.text


def test_tying_that_another_began_is_not_finished_here(
    client: TestClient, engine: Engine
) -> None:
    make_person(engine)
    make_person(engine, email="autre@exemple.example", name="Autre")
    sign_in(client)
    path = agree(depart(client, "/compte/fournisseur", "/compte"))
    sign_in_again = send(client, "/deconnexion", {}, "/compte")
    assert sign_in_again.status_code == 303
    sign_in(client, "autre@exemple.example")
    assert come_back(client, path).status_code == 403
    with engine.connect() as connection:
        tied = connection.execute(
            text("SELECT count(*) FROM person WHERE oidc_subject IS NOT NULL")
        )
        assert tied.scalar_one() == 0


def test_a_suspended_person_is_let_in_by_no_identity(
    client: TestClient, engine: Engine, tied: int
) -> None:
    with session_scope(engine) as session:
        people.suspend(session, tied)
    assert come_back(client, agree(depart(client))).status_code == 403
    assert not enters(client)


def test_signing_out_leads_to_the_provider_s_own_session(client: TestClient, tied: int) -> None:
    assert tied
    come_back(client, agree(depart(client)))
    cookie = client.cookies["cpts-agent"]
    left = send(client, "/deconnexion", {}, "/compte")
    assert left.status_code == 200
    address = html.unescape(re.findall(r'content="0;url=([^"]+)"', left.text)[0])
    asked = parse_qs(urlsplit(address).query)
    assert asked["id_token_hint"][0].count(".") == 2
    assert asked["post_logout_redirect_uri"] == ["http://testserver/"]
    client.cookies.set("cpts-agent", cookie, domain="testserver.local")
    assert not enters(client)


def test_the_second_factor_is_owed_after_a_provider_too(
    client: TestClient, engine: Engine, tied: int
) -> None:
    secret = pyotp.random_base32()
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE person SET totp_secret = :s, totp_confirmed_at = now()"), {"s": secret}
        )
    back = come_back(client, agree(depart(client)))
    assert back.headers["location"].startswith("/connexion/code")
    assert not enters(client)
    code = pyotp.TOTP(secret).at(datetime.now(UTC))
    assert send(client, "/connexion/code", {"code": code}).status_code == 303
    assert enters(client)
    # The provider's own session is not forgotten by it.
    assert "id_token_hint" in send(client, "/deconnexion", {}, "/compte").text
    assert tied


def test_an_identity_is_untied(client: TestClient, tied: int) -> None:
    assert tied
    come_back(client, agree(depart(client)))
    assert send(client, "/compte/fournisseur/retrait", {}, "/compte").status_code == 303
    send(client, "/deconnexion", {}, "/compte")
    assert come_back(client, agree(depart(client))).status_code == 403


def test_a_provider_that_is_away_is_told_and_nothing_waits_for_it(
    engine: Engine, settings: Settings
) -> None:
    settings.identity = IdentitySettings(
        issuer="http://127.0.0.1:9", client_id="cpts", label="Essai Connect"
    )
    with TestClient(create_app(settings)) as client:
        answer = send(client, "/connexion/fournisseur", {}, "/connexion")
        assert answer.status_code == 503
        assert "n’a pas abouti" in answer.text
    assert engine


class _Away:
    """In place of a client: counts those who wait in vain."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, **_: Any) -> "_Away":
        return self

    def __enter__(self) -> "_Away":
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def request(self, *_: Any, **__: Any) -> Any:
        self.asked += 1
        raise httpx2.ReadTimeout("in vain")


def test_a_provider_that_hangs_is_waited_for_once_in_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    away = _Away()
    monkeypatch.setattr(httpx2, "Client", away)
    provider = Provider(IdentitySettings(issuer="https://i.example", client_id="cpts"))
    asked = {"state": "s", "nonce": "n", "verifier": "v", "back": "b"}
    for _ in range(3):
        with pytest.raises(ProviderUnavailable):
            provider.authorization_address(**asked)
    assert away.asked == 1
    monkeypatch.setattr(asking, "_AWAY_S", 0.0)
    with pytest.raises(ProviderUnavailable):
        provider.authorization_address(**asked)
    assert away.asked == 2


def test_whoever_leaves_does_not_wait_for_the_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    away = _Away()
    monkeypatch.setattr(httpx2, "Client", away)
    provider = Provider(IdentitySettings(issuer="https://i.example", client_id="cpts"))
    assert provider.leaving_address(id_token="t", back="b") is None
    assert away.asked == 0


def test_nobody_writes_while_the_provider_is_asked(
    client: TestClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_person(engine)
    sign_in(client)
    ask = Provider._asked
    sessions: Sessions = client.app.state.sessions  # type: ignore[attr-defined]
    writers: list[tuple[str, int]] = []

    def counted(self: Provider, method: str, *arguments: Any, **more: Any) -> Any:
        writers.append((method, int(sessions.writers.borrowed_tokens)))
        return ask(self, method, *arguments, **more)

    monkeypatch.setattr(Provider, "_asked", counted)
    back = come_back(client, agree(depart(client, "/compte/fournisseur", "/compte")))
    assert back.status_code == 303
    assert {method for method, _ in writers} == {"GET", "POST"}
    assert {waiting for _, waiting in writers} == {0}


def test_tying_is_told_and_never_overwrites(
    mailbox: Mailbox, post: Post, client: TestClient, engine: Engine, tied: int
) -> None:
    assert tied
    post.send_due()
    assert ["identité" in message.subject for _, message in mailbox.messages] == [True]
    sign_in(client)
    other = agree(depart(client, "/compte/fournisseur", "/compte"), "899700000002")
    refused = come_back(client, other)
    assert refused.status_code == 403
    assert "déjà liée à ce compte" in refused.text
    with engine.connect() as connection:
        kept = connection.execute(text("SELECT oidc_subject FROM person")).scalar_one()
    assert kept == SUBJECT


def test_without_a_provider_nothing_offers_one(engine: Engine, test_database: str) -> None:
    settings = Settings(database=DatabaseSettings(url=test_database))
    with TestClient(create_app(settings)) as client:
        assert "fournisseur" not in client.get("/connexion").text
        assert send(client, "/connexion/fournisseur", {}, "/connexion").status_code == 404
        assert client.get("/connexion/fournisseur/retour").status_code == 404
    assert engine


def test_a_browser_goes_to_the_provider_and_comes_back(
    page: Page, engine: Engine, issuer: str, live_server: str
) -> None:
    make_person(engine)
    page.context.unroute_all()
    page.goto("/compte")
    page.get_by_label("Adresse électronique").fill(EMAIL)
    page.get_by_label("Mot de passe", exact=True).fill("tracteur violet nuage")
    page.get_by_role("button", name="Se connecter", exact=True).click()
    page.get_by_role("button", name="Lier mon identité").click()
    page.wait_for_url(f"{issuer}/**")
    page.locator("input[name=sub]").first.fill(SUBJECT)
    page.get_by_role("button", name="Authorize").click()
    page.wait_for_url(f"{live_server}/compte")
    expect(page.get_by_text("Votre identité est liée")).to_be_visible()
    page.context.clear_cookies()
    page.goto("/connexion")
    page.get_by_role("button", name="Se connecter avec Essai Connect").click()
    page.wait_for_url(f"{issuer}/**")
    page.locator("input[name=sub]").first.fill(SUBJECT)
    page.get_by_role("button", name="Authorize").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Mon compte")
