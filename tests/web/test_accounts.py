"""Accounts on the site, from the invitation to the erasure, and what an attacker would try."""

import re
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.accounts import service as sessions
from app.accounts.mail.service import Post
from app.accounts.people import passwords, service
from app.database.sessions import session_scope
from app.main import create_app
from app.settings import DatabaseSettings, ServiceSettings, Settings
from tests.accounts.people import (
    EMAIL,
    NAME,
    OTHER_PASSWORD,
    PASSWORD,
    Mailbox,
    csrf,
    make_person,
    send,
    session_of,
    sign_in,
)
from tests.web.conftest import BROWSER


def invitation(engine: Engine, role: str = "member", email: str = EMAIL) -> str:
    with session_scope(engine) as session:
        return f"/invitation/{service.invite(session, email=email, role=role)[1]}"


def accepted(password: str = PASSWORD, **more: str) -> dict[str, str]:
    return {"name": NAME, "password": password, "repeated": password, **more}


def scalar(engine: Engine, question: str) -> object:
    with engine.connect() as connection:
        return connection.execute(text(question)).scalar_one()


def test_an_invited_person_chooses_a_password_and_is_signed_in(
    client: TestClient, engine: Engine
) -> None:
    address = invitation(engine)
    page = client.get(address)
    assert EMAIL in page.text
    assert page.headers["referrer-policy"] == "same-origin"
    assert page.headers["cache-control"] == "no-store"
    assert address not in re.sub(r"<form[^>]*>", "", page.text)
    answer = send(client, address, accepted())
    assert (answer.status_code, answer.headers["location"]) == (303, "/compte")
    account = client.get("/compte").text
    assert NAME in account
    assert EMAIL in account
    assert NAME in client.get("/connexion").text


def test_an_invitation_is_used_once(client: TestClient, engine: Engine) -> None:
    address = invitation(engine)
    assert send(client, address, accepted()).status_code == 303
    client.cookies.clear()
    assert client.get(address).status_code == 404
    again = client.post(
        address,
        data={"csrf": csrf(client), **accepted(OTHER_PASSWORD)},
        follow_redirects=False,
    )
    assert again.status_code == 404
    assert sign_in(client, password=OTHER_PASSWORD).status_code == 403


def test_an_invitation_is_over_after_its_time(
    client: TestClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "INVITATION_LIFETIME", timedelta(seconds=-1))
    address = invitation(engine)
    assert client.get(address).status_code == 404
    answer = client.post(address, data={"csrf": csrf(client), **accepted()})
    assert answer.status_code == 404


@pytest.fixture
def costly_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords as the service stores them."""
    hasher = PasswordHasher.from_parameters(passwords.PARAMETERS)
    monkeypatch.setattr(passwords, "_HASHER", hasher)


def test_only_digests_of_links_and_passwords_are_stored(
    client: TestClient, engine: Engine, costly_passwords: None
) -> None:
    address = invitation(engine)
    stored = scalar(engine, "SELECT encode(secret_hash, 'escape') FROM person_link")
    assert address.rpartition("/")[2] not in str(stored)
    send(client, address, accepted())
    stored = str(scalar(engine, "SELECT password_hash FROM person"))
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


def test_a_password_stored_for_less_is_stored_anew_when_its_owner_signs_in(
    client: TestClient, engine: Engine, request: pytest.FixtureRequest
) -> None:
    make_person(engine)
    cheap = scalar(engine, "SELECT password_hash FROM person")
    request.getfixturevalue("costly_passwords")
    assert sign_in(client, password=OTHER_PASSWORD).status_code == 403
    assert scalar(engine, "SELECT password_hash FROM person") == cheap
    assert sign_in(client).status_code == 303
    stored = str(scalar(engine, "SELECT password_hash FROM person"))
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    client.cookies.clear()
    assert sign_in(client).status_code == 303


@pytest.mark.parametrize(
    "password",
    ["court", "motdepasse1234", "azertyuiop123", "aaaaaaaaaaaaaaaa", "zelie.plante 1"],
)
def test_a_password_that_is_short_or_common_is_refused_and_the_link_stays(
    client: TestClient, engine: Engine, password: str
) -> None:
    address = invitation(engine)
    answer = send(client, address, accepted(password))
    assert answer.status_code == 422
    assert "mot de passe" in answer.text
    assert password not in re.sub(r"<title>.*?</title>", "", answer.text) or password == "court"
    assert send(client, address, accepted()).status_code == 303


def test_no_form_gives_a_role_that_was_not_given(client: TestClient, engine: Engine) -> None:
    more = {"role": "admin", "region": "32", "email": "autre@exemple.example", "id": "1"}
    send(client, invitation(engine), accepted(**more))
    send(client, "/compte/nom", {"name": "Autre", **more}, "/compte")
    with engine.connect() as connection:
        row = connection.execute(text("SELECT role, region_code, email, name FROM person"))
        assert tuple(row.one()) == ("member", None, EMAIL, "Autre")


def test_signing_in_asks_for_the_token_of_the_form(client: TestClient, engine: Engine) -> None:
    make_person(engine)
    fields = {"email": EMAIL, "password": PASSWORD}
    client.get("/connexion")
    for forged in ({}, {"csrf": "0" * 64}, {"csrf": "é"}):
        answer = client.post("/connexion", data=fields | forged)
        assert answer.status_code == 403
        assert "cpts-agent" not in answer.cookies
    # That of another browser does not do.
    other = csrf(client)
    client.cookies.clear()
    client.get("/connexion")
    assert client.post("/connexion", data=fields | {"csrf": other}).status_code == 403
    assert sign_in(client).status_code == 303


def test_a_session_that_was_there_before_signing_in_is_not_the_one_after(
    client: TestClient, engine: Engine
) -> None:
    make_person(engine)
    host = "testserver.local"
    client.cookies.set("cpts-agent", "fixed-by-somebody-else", domain=host)
    client.cookies.set("cpts-form", "fixed-too", domain=host)
    sign_in(client)
    assert "fixed" not in "".join(client.cookies.values())
    first = session_of(engine)
    client.cookies.clear()
    client.cookies.set("cpts-agent", first, domain="testserver.local")
    assert NAME in client.get("/compte").text
    send(client, "/connexion", {"email": EMAIL, "password": PASSWORD}, "/compte")
    client.cookies.clear()
    client.cookies.set("cpts-agent", first, domain="testserver.local")
    assert client.get("/compte", follow_redirects=False).status_code == 303


def test_cookies_are_out_of_reach_of_scripts_and_let_links_in_mails_find_their_reader(
    engine: Engine, test_database: str
) -> None:
    make_person(engine)
    settings = Settings(
        database=DatabaseSettings(url=test_database),
        service=ServiceSettings(public_url="https://cpts.example"),
    )
    with TestClient(create_app(settings), base_url="https://cpts.example") as client:
        form = client.get("/connexion").headers["set-cookie"]
        answer = sign_in(client)
        cookies = [form, *answer.headers.get_list("set-cookie")]
        for cookie in cookies:
            assert cookie.startswith("__Host-cpts-")
            told = {part.strip().lower() for part in cookie.split(";")}
            assert {"httponly", "secure", "samesite=lax", "path=/"} <= told
        assert len(cookies) == 3


def test_unknown_and_known_addresses_get_the_same_answer_for_the_same_work(
    client: TestClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_person(engine)
    with session_scope(engine) as session:
        service.invite(session, email="invitee@exemple.example", role="member")
    gone = make_person(engine, email="partie@exemple.example")
    with session_scope(engine) as session:
        service.suspend(session, gone)
    passwords.matches(None, "")
    verified: list[str] = []
    verify = passwords._HASHER.verify

    def counted(stored: str, password: str) -> bool:
        verified.append(stored.rpartition("$")[0].rpartition("$")[0])
        return verify(stored, password)

    monkeypatch.setattr(passwords, "_HASHER", _Counting(counted))
    told = set()
    for email in (
        EMAIL,
        "nul@exemple.example",
        "invitee@exemple.example",
        "partie@exemple.example",
    ):
        answer = sign_in(client, email, "faux mot de passe")
        told.add((answer.status_code, answer.text.replace(email, "?")))
    assert len(told) == 1
    # Each time one verification, with the same parameters.
    assert len(verified) == 4
    assert len(set(verified)) == 1


class _Counting:
    def __init__(self, verify: object) -> None:
        self.verify = verify


def test_an_account_has_ten_attempts_wherever_they_come_from(
    client: TestClient, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_person(engine)
    limit = client.app.state.limits["sign_in"]  # type: ignore[attr-defined]
    monkeypatch.setattr(limit, "_per_minute", 1000)
    for email in (EMAIL, "nul@exemple.example"):
        fields = {"email": email, "password": "x", "csrf": csrf(client)}
        statuses = [client.post("/connexion", data=fields).status_code for _ in range(11)]
        assert statuses == [403] * 10 + [429]
    # The right password is not told from a wrong one either.
    assert sign_in(client, EMAIL.upper()).status_code == 429


def test_a_stolen_cookie_opens_nothing_after_signing_out(
    client: TestClient, engine: Engine
) -> None:
    make_person(engine)
    sign_in(client)
    stolen = client.cookies["cpts-agent"]
    send(client, "/deconnexion", {}, "/compte")
    client.cookies.clear()
    client.cookies.set("cpts-agent", stolen, domain="testserver.local")
    assert client.get("/compte", follow_redirects=False).status_code == 303
    assert client.get("/api/v1/me").status_code == 401


def test_sessions_are_listed_and_ended_one_by_one_and_all(
    client: TestClient, engine: Engine
) -> None:
    make_person(engine)
    elsewhere = session_of(engine)
    sign_in(client)
    page = client.get("/compte", headers=BROWSER).text
    numbers = re.findall(r"/compte/sessions/(\d+)/fin", page)
    assert len(numbers) == 2
    own = client.get("/api/v1/me").json()
    assert own["name"] == NAME
    this = re.search(r"celle-ci.*?/compte/sessions/(\d+)/fin", page, re.S)
    assert this
    other = [number for number in numbers if number != this[1]]
    assert send(client, f"/compte/sessions/{other[0]}/fin", {}, "/compte").status_code == 303
    with TestClient(client.app) as stranger:
        stranger.cookies.set("cpts-agent", elsewhere)
        assert stranger.get("/compte", follow_redirects=False).status_code == 303
    third = session_of(engine)
    send(client, "/compte/sessions/fin", {}, "/compte")
    for secret in (third,):
        client.cookies.set("cpts-agent", secret, domain="testserver.local")
        assert client.get("/compte", follow_redirects=False).status_code == 303


def test_nobody_ends_a_session_or_revokes_a_token_of_somebody_else(
    client: TestClient, engine: Engine
) -> None:
    make_person(engine)
    session_of(engine)
    other = make_person(engine, email="autre@exemple.example")
    with session_scope(engine) as session:
        sessions.create_own_token(session, other, label="x", lifetime=timedelta(days=1))
    victim = session_of(engine, "autre@exemple.example")
    sign_in(client)
    with engine.connect() as connection:
        session_id = connection.execute(
            text("SELECT id FROM page_session WHERE person_id = :p"), {"p": other}
        ).scalar_one()
        token_id = connection.execute(
            text("SELECT id FROM api_token WHERE person_id = :p"), {"p": other}
        ).scalar_one()
    assert send(client, f"/compte/sessions/{session_id}/fin", {}, "/compte").status_code == 404
    revocation = f"/compte/jetons/{token_id}/revocation"
    assert send(client, revocation, {}, "/compte").status_code == 404
    client.cookies.set("cpts-agent", victim, domain="testserver.local")
    assert client.get("/compte", follow_redirects=False).status_code == 200


def test_a_session_is_over_when_nobody_was_seen_or_the_person_is_suspended(
    client: TestClient, engine: Engine
) -> None:
    person = make_person(engine)
    sign_in(client)
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE page_session SET last_seen_at = now() - interval '4 days'")
        )
    assert client.get("/compte", follow_redirects=False).status_code == 303
    client.cookies.clear()
    sign_in(client)
    assert client.get("/compte", follow_redirects=False).status_code == 200
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE person SET suspended_at = now() WHERE id = :i"), {"i": person}
        )
    assert client.get("/compte", follow_redirects=False).status_code == 303
    assert sign_in(client).status_code == 403


def test_a_forgotten_password_is_renewed_by_mail_and_ends_all_sessions(
    mailbox: Mailbox, post: Post, client: TestClient, engine: Engine
) -> None:
    make_person(engine)
    former = session_of(engine)
    answer = send(client, "/mot-de-passe-oublie", {"email": EMAIL})
    assert "Si un compte a cette adresse" in answer.text
    post.send_due()
    address = mailbox.link()
    assert address.startswith("/mot-de-passe/")
    fields = {"password": OTHER_PASSWORD, "repeated": OTHER_PASSWORD}
    assert send(client, address, fields).status_code == 303
    again = client.post(address, data=fields | {"csrf": csrf(client)})
    assert again.status_code == 404
    assert sign_in(client).status_code == 403
    assert sign_in(client, password=OTHER_PASSWORD).status_code == 303
    client.cookies.clear()
    client.cookies.set("cpts-agent", former, domain="testserver.local")
    assert client.get("/compte", follow_redirects=False).status_code == 303
    post.send_due()
    assert "a changé" in mailbox.messages[-1][1].subject


def test_a_forgotten_password_tells_nobody_whether_there_is_an_account(
    mailbox: Mailbox, post: Post, client: TestClient, engine: Engine
) -> None:
    make_person(engine)
    told = set()
    for email in (EMAIL, "nul@exemple.example"):
        answer = send(client, "/mot-de-passe-oublie", {"email": email})
        told.add((answer.status_code, answer.text.replace(email, "?")))
    assert len(told) == 1
    # The same rows are written for both; who exists is looked up when the mail is.
    assert scalar(engine, "SELECT count(*) FROM person_link") in (0, 1)
    while post.send_due():
        pass
    assert [to for to, _ in mailbox.messages] == [EMAIL]


def test_an_address_changes_once_it_is_confirmed_and_the_old_one_is_told(
    mailbox: Mailbox, post: Post, client: TestClient, engine: Engine
) -> None:
    make_person(engine)
    sign_in(client)
    new = "zelie@nouvelle.example"
    refused = send(client, "/compte/adresse", {"email": new, "present": "faux"}, "/compte")
    assert refused.status_code == 422
    send(client, "/compte/adresse", {"email": new, "present": PASSWORD}, "/compte")
    post.send_due()
    assert sorted(to for to, _ in mailbox.messages) == sorted([EMAIL, new])
    address = mailbox.link(new)
    assert sign_in(client, new).status_code == 403
    assert send(client, address, {}).status_code == 200
    assert send(client, address, {}, "/compte").status_code == 404
    post.send_due()
    assert mailbox.messages[-1][0] == EMAIL
    client.cookies.clear()
    assert sign_in(client, EMAIL).status_code == 403
    assert sign_in(client, new).status_code == 303


def test_an_address_that_somebody_has_is_neither_given_nor_told(
    mailbox: Mailbox, post: Post, client: TestClient, engine: Engine
) -> None:
    make_person(engine)
    make_person(engine, email="prise@exemple.example")
    sign_in(client)
    told = set()
    for new in ("prise@exemple.example", "libre@exemple.example"):
        answer = send(client, "/compte/adresse", {"email": new, "present": PASSWORD}, "/compte")
        told.add((answer.status_code, answer.text.count(new)))
    assert len(told) == 1
    while post.send_due():
        pass
    assert "prise@exemple.example" not in [to for to, _ in mailbox.messages]


def test_tokens_are_made_shown_once_and_revoked_by_their_owner(
    client: TestClient, engine: Engine
) -> None:
    make_person(engine, "ars", region="32")
    sign_in(client)
    page = send(client, "/compte/jetons", {"label": "Mon tableur", "days": "30"}).text
    token = re.search(r"cpts_[\w-]{43}", page)
    assert token
    headers = {"Authorization": f"Bearer {token[0]}"}
    listed = client.get("/compte/jetons").text
    assert token[0] not in listed
    assert "Mon tableur" in listed
    client.cookies.clear()
    assert client.get("/api/v1/me", headers=headers).json()["role"] == "ars"
    assert scalar(
        engine, "SELECT last_used_on IS NOT NULL FROM api_token WHERE kind = 'person'"
    )
    sign_in(client)
    number = re.search(r"/compte/jetons/(\d+)/revocation", client.get("/compte/jetons").text)
    assert number
    send(client, number[0], {}, "/compte/jetons")
    assert client.get("/api/v1/me", headers=headers).status_code == 401


def test_a_token_has_the_rights_of_its_owner_as_they_become(
    client: TestClient, engine: Engine
) -> None:
    person = make_person(engine, "admin")
    with session_scope(engine) as session:
        token = sessions.create_own_token(
            session, person, label="x", lifetime=timedelta(days=9999)
        )
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get("/metrics", headers=headers).status_code == 200
    with session_scope(engine) as session:
        service.change_role(session, person, role="member", region=None, cpts_id=None)
    assert client.get("/metrics", headers=headers).status_code == 403
    assert scalar(engine, "SELECT max(expires_at) < now() + interval '366 days' FROM api_token")
    with session_scope(engine) as session:
        service.suspend(session, person)
    assert client.get("/api/v1/me", headers=headers).status_code == 401


def test_a_token_past_its_term_opens_nothing(
    client: TestClient, engine: Engine, make_token: object
) -> None:
    token = make_token("admin")  # type: ignore[operator]
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get("/api/v1/me", headers=headers).json()["kind"] == "machine"
    with engine.begin() as connection:
        connection.execute(text("UPDATE api_token SET expires_at = now()"))
    assert client.get("/api/v1/me", headers=headers).status_code == 401


def test_administrators_invite_by_mail_change_roles_and_suspend_others_only(
    mailbox: Mailbox, post: Post, client: TestClient, engine: Engine
) -> None:
    own = make_person(engine, "admin")
    sign_in(client)
    fields = {"email": "Nouvelle@Exemple.example", "role": "ars", "region": "32", "cpts": ""}
    assert send(client, "/comptes", fields).status_code == 303
    post.send_due()
    assert mailbox.link("nouvelle@exemple.example").startswith("/invitation/")
    for wrong in (
        {"role": "roi"},
        {"region": ""},
        {"region": "zz"},
        {"cpts": "x"},
        {"email": "x"},
    ):
        answer = send(client, "/comptes", fields | wrong)
        assert answer.status_code == 422, wrong
    other = scalar(engine, "SELECT max(id) FROM person")
    urps = {"role": "urps", "region": "11", "cpts": ""}
    assert send(client, f"/comptes/{other}/role", urps, "/comptes").status_code == 303
    assert scalar(engine, f"SELECT role FROM person WHERE id = {other}") == "urps"
    for action in ("role", "suspension", "effacement"):
        answer = send(client, f"/comptes/{own}/{action}", urps, "/comptes")
        assert answer.status_code == 403
    assert send(client, f"/comptes/{other}/suspension", {}, "/comptes").status_code == 303
    assert send(client, f"/comptes/{other}/effacement", {}, "/comptes").status_code == 303
    assert scalar(engine, "SELECT count(*) FROM person") == 1
