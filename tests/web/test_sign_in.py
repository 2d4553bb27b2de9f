"""Machines' tokens open the pages too; visitors get no cookie but that of a form."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi import APIRouter, FastAPI
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.accounts import service
from app.accounts.dependencies import PageCaller
from app.main import create_app
from app.settings import DatabaseSettings, ServiceSettings, Settings
from tests.accounts.people import csrf
from tests.web.conftest import BROWSER

MakeToken = Callable[..., str]


@pytest.fixture
def app(engine: Engine, settings: Settings) -> FastAPI:
    """The application with a page of its own that only agents see."""
    app = create_app(settings)
    router = APIRouter()

    @router.get("/essai-agents")
    def only_for_agents(caller: PageCaller) -> str:
        return caller.name

    app.include_router(router)
    return app


def _sign_in(client: TestClient, token: str, back: str = "/essai-agents"):  # type: ignore[no-untyped-def]
    fields = {"csrf": csrf(client), "token": token, "retour": back}
    return client.post("/connexion", data=fields, follow_redirects=False)


def test_a_visitor_is_sent_to_sign_in_and_back(
    client: TestClient, make_token: MakeToken
) -> None:
    answer = client.get("/essai-agents", headers=BROWSER, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/connexion?retour=/essai-agents"
    signed = _sign_in(client, make_token("ars", region="93"))
    assert (signed.status_code, signed.headers["location"]) == (303, "/essai-agents")
    assert client.get("/essai-agents").json() == "essai ars"


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(
    client: TestClient, make_token: MakeToken
) -> None:
    cookie = _sign_in(client, make_token("admin")).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert f"max-age={12 * 3600}" in cookie


def test_over_https_the_cookie_is_secure_and_browsers_are_told_to_stay_there(
    engine: Engine, test_database: str, make_token: MakeToken
) -> None:
    settings = Settings(
        database=DatabaseSettings(url=test_database),
        service=ServiceSettings(public_url="https://cpts.example"),
    )
    with TestClient(create_app(settings), base_url="https://cpts.example") as client:
        answer = _sign_in(client, make_token("admin"))
        cookie = answer.headers.get_list("set-cookie")[0]
        assert cookie.startswith("__Host-")
        assert "secure" in cookie.lower()
        assert answer.headers["strict-transport-security"].startswith("max-age=31536000")
        assert 'href="https://cpts.example/"' in client.get("/").text


def test_plain_http_promises_nothing_about_https(client: TestClient) -> None:
    assert "strict-transport-security" not in client.get("/").headers


@pytest.mark.parametrize("token", ["", "cpts_faux", "x" * 200, "é\u2028"])
def test_a_wrong_token_is_refused_without_a_cookie(client: TestClient, token: str) -> None:
    answer = _sign_in(client, token)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert "inconnu ou révoqué" in answer.text


def test_an_address_has_ten_attempts_in_a_minute(client: TestClient) -> None:
    statuses = [_sign_in(client, "cpts_faux").status_code for _ in range(11)]
    assert statuses == [403] * 10 + [429]


def test_a_revoked_token_ends_its_sessions(
    client: TestClient, make_token: MakeToken, engine: Engine
) -> None:
    _sign_in(client, make_token("admin"))
    with engine.begin() as connection:
        connection.execute(text("UPDATE api_token SET revoked_at = now()"))
    assert client.get("/essai-agents", follow_redirects=False).status_code == 303


def test_a_session_is_over_after_its_time(
    client: TestClient, make_token: MakeToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "SESSION_LIFETIME", timedelta(seconds=-1))
    _sign_in(client, make_token("admin"))
    assert client.get("/essai-agents", follow_redirects=False).status_code == 303


def test_only_a_digest_of_the_secret_is_stored(
    client: TestClient, make_token: MakeToken, engine: Engine
) -> None:
    _sign_in(client, make_token("admin"))
    secret = client.cookies["cpts-agent"]
    with engine.connect() as connection:
        stored = connection.execute(text("SELECT secret_hash FROM page_session")).scalar_one()
    assert len(stored) == 32
    assert secret.encode() not in bytes(stored)


def test_signing_out_asks_for_the_token_of_the_form(
    client: TestClient, make_token: MakeToken
) -> None:
    _sign_in(client, make_token("admin"))
    for forged in ({}, {"csrf": "0" * 64}, {"csrf": "é"}):
        assert client.post("/deconnexion", data=forged).status_code == 403
    answer = client.post("/deconnexion", data={"csrf": csrf(client)}, follow_redirects=False)
    assert answer.status_code == 303
    assert client.get("/essai-agents", follow_redirects=False).status_code == 303


def test_what_an_agent_sees_is_never_stored(client: TestClient, make_token: MakeToken) -> None:
    _sign_in(client, make_token("admin"))
    answer = client.get("/connexion")
    assert "Vous êtes connecté" in answer.text
    assert answer.headers["cache-control"] == "no-store"
    client.cookies.clear()
    assert "Vous êtes connecté" not in client.get("/connexion").text


@pytest.mark.parametrize("address", ["/", "/recherche?q=gap", "/regions", "/regions/93"])
def test_a_visitor_never_gets_a_cookie(client: TestClient, address: str) -> None:
    assert "set-cookie" not in client.get(address, headers=BROWSER).headers


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://testserver.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://testserver"},
    ],
)
@pytest.mark.parametrize(
    "address",
    [
        "/connexion",
        "/deconnexion",
        "/lettres/depot",
        "/lettres/1/decision",
        "/lettres/verification",
        "/communes/59350/signaler",
    ],
)
def test_no_form_is_taken_from_another_site(
    client: TestClient, make_token: MakeToken, address: str, headers: dict[str, str]
) -> None:
    answer = client.post(address, data={"token": make_token("admin")}, headers=headers)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert "ne vient pas d'une page de ce site" in answer.json()["detail"]


def test_a_write_by_cookie_comes_from_this_site_and_one_by_token_from_anywhere(
    client: TestClient, make_token: MakeToken
) -> None:
    token = make_token("admin")
    foreign = {"Origin": "https://evil.example"}
    body = {"communes": ["59350"]}
    check = "/api/v1/letters/check"
    by_token = foreign | {"Authorization": f"Bearer {token}"}
    assert client.post(check, json=body, headers=by_token).status_code == 200
    assert client.post(check, json=body, headers=foreign).status_code == 200
    _sign_in(client, token)
    assert client.post(check, json=body, headers=foreign).status_code == 403


def test_this_site_s_own_forms_are_taken(client: TestClient, make_token: MakeToken) -> None:
    own = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}
    answer = client.post(
        "/connexion",
        data={"token": make_token("admin"), "csrf": csrf(client)},
        headers=own,
        follow_redirects=False,
    )
    assert answer.status_code == 303


def test_signing_in_ends_the_former_session(client: TestClient, make_token: MakeToken) -> None:
    _sign_in(client, make_token("ars", region="93"))
    former = client.cookies["cpts-agent"]
    # A wrong token leaves it as it was.
    assert _sign_in(client, "cpts_faux").status_code == 403
    assert client.get("/essai-agents").json() == "essai ars"
    _sign_in(client, make_token("admin"))
    assert client.get("/essai-agents").json() == "essai admin"
    client.cookies.clear()
    kept = client.get(
        "/essai-agents", headers={"Cookie": f"cpts-agent={former}"}, follow_redirects=False
    )
    assert kept.status_code == 303
