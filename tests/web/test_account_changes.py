"""What a change of password, role or access takes away with it, whoever had a hand in it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.accounts import service as sessions
from app.accounts.mail.repository import enqueue
from app.accounts.mail.rules import Written
from app.accounts.mail.service import Post
from app.accounts.people import service
from app.database.sessions import session_scope
from app.main import create_app
from app.settings import AccountSettings, Settings
from tests.accounts.people import (
    EMAIL,
    OTHER_PASSWORD,
    PASSWORD,
    Mailbox,
    make_person,
    send,
    session_of,
    sign_in,
)

NEW = "prise@ailleurs.example"
CHANGE: dict[str, str] = {
    "present": PASSWORD,
    "password": OTHER_PASSWORD,
    "repeated": OTHER_PASSWORD,
}


def row(engine: Engine, question: str) -> tuple[Any, ...]:
    with engine.connect() as connection:
        return tuple(connection.execute(text(question)).one())


def enters(client: TestClient) -> bool:
    return client.get("/compte", follow_redirects=False).status_code == 200


@pytest.mark.parametrize("has_left", [True, False], ids=["in the mailbox", "still waiting"])
@pytest.mark.parametrize("way", ["password", "everywhere"])
def test_a_new_address_asked_for_before_is_void_once_the_owner_acts(
    mailbox: Mailbox,
    post: Post,
    client: TestClient,
    engine: Engine,
    way: str,
    *,
    has_left: bool,
) -> None:
    make_person(engine)
    sign_in(client)
    send(client, "/compte/adresse", {"email": NEW, "present": PASSWORD}, "/compte")
    if has_left:
        post.send_due()
        assert mailbox.link(NEW)
    address, fields = {
        "password": ("/compte/mot-de-passe", CHANGE),
        "everywhere": ("/compte/sessions/fin", {}),
    }[way]
    assert send(client, address, fields, "/compte").status_code == 303
    post.send_due()
    assert has_left == any(to == NEW for to, _ in mailbox.messages)
    assert row(engine, "SELECT count(*) FROM person_link") == (0,)
    assert row(engine, "SELECT count(*) FROM outgoing_message WHERE kind = 'address'") == (0,)
    assert row(engine, "SELECT email FROM person") == (EMAIL,)


def test_a_suspended_person_invited_again_enters_by_the_new_link_only(
    mailbox: Mailbox, post: Post, client: TestClient, engine: Engine
) -> None:
    person = make_person(engine)
    with session_scope(engine) as session:
        token = sessions.create_own_token(
            session, person, label="x", lifetime=timedelta(days=1)
        )
        service.suspend(session, person)
    with engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE person SET oidc_issuer = 'https://i.example', oidc_subject = 's', "
                "totp_secret = 'ABCD', totp_confirmed_at = now(), "
                "last_seen_on = (now() AT TIME ZONE 'Europe/Paris')::date - 5000"
            )
        )
    with session_scope(engine) as session:
        service.invite(session, email=EMAIL, role="admin", by_mail=True)
    assert sign_in(client).status_code == 403
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get("/api/v1/me", headers=headers).status_code == 401
    assert row(engine, "SELECT oidc_issuer, password_hash FROM person") == (None, None)
    assert row(engine, "SELECT totp_secret FROM person") == ("ABCD",)
    post.send_due()
    link = mailbox.link()
    assert link.startswith("/invitation/")
    with session_scope(engine) as session:
        assert service.purge(session, former_days=365, absent_days=1095).people == []
    fields = {"name": "Zélie", "password": OTHER_PASSWORD, "repeated": OTHER_PASSWORD}
    accepted = send(client, link, fields)
    # Her second factor is still asked for.
    assert accepted.headers["location"].startswith("/connexion/code")
    assert client.get("/api/v1/me", headers=headers).status_code == 401


def test_whoever_becomes_an_administrator_signs_in_again_with_a_second_factor(
    engine: Engine, settings: Settings
) -> None:
    settings.accounts = AccountSettings(require_second_factor=True)
    person = make_person(engine)
    with TestClient(create_app(settings)) as client:
        sign_in(client)
        assert enters(client)
        with session_scope(engine) as session:
            service.change_role(session, person, role="admin", region=None, cpts_id=None)
        assert not enters(client)
        assert client.get("/comptes", follow_redirects=False).status_code == 303
        again = sign_in(client)
        assert again.headers["location"].startswith("/connexion/code")
        assert not enters(client)


def test_with_another_cpts_acts_are_recorded_under_another_identity(
    engine: Engine, alps: dict[str, int]
) -> None:
    first, second, *_ = alps.values()
    person = make_person(engine, "editor", cpts_id=first)
    identity = row(engine, "SELECT identity_id FROM person")
    with session_scope(engine) as session:
        service.change_role(session, person, role="member", region=None, cpts_id=first)
    assert row(engine, "SELECT identity_id FROM person") == identity
    with session_scope(engine) as session:
        service.change_role(session, person, role="editor", region=None, cpts_id=second)
    other = row(engine, "SELECT identity_id FROM person")
    assert other != identity
    with session_scope(engine) as session:
        service.suspend(session, person)
        service.invite(session, email=EMAIL, role="editor", cpts_id=first)
    assert row(engine, "SELECT identity_id FROM person") not in (identity, other)


def test_signing_in_is_a_visit(client: TestClient, engine: Engine) -> None:
    make_person(engine)
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE person SET confirmed_at = now() - interval '5000 days'")
        )
    assert sign_in(client).status_code == 303
    assert row(
        engine,
        "SELECT last_seen_on >= (now() AT TIME ZONE 'Europe/Paris')::date - 1 FROM person",
    ) == (True,)
    with session_scope(engine) as session:
        assert service.purge(session, former_days=365, absent_days=1095).people == []


def test_a_second_factor_begun_and_never_confirmed_is_begun_with_another_secret(
    client: TestClient, engine: Engine
) -> None:
    make_person(engine)
    sign_in(client)
    question = "SELECT totp_secret FROM person"
    send(client, "/compte/second-facteur", {}, "/compte")
    first = row(engine, question)
    assert first != (None,)
    send(client, "/compte/second-facteur", {}, "/compte")
    assert row(engine, question) not in (first, (None,))
    assert send(client, "/compte/mot-de-passe", CHANGE, "/compte").status_code == 303
    assert row(engine, question) == (None,)


def test_a_second_factor_owed_is_set_up_with_a_secret_of_this_very_sign_in(
    engine: Engine, settings: Settings
) -> None:
    settings.accounts = AccountSettings(require_second_factor=True)
    make_person(engine, "admin")
    with engine.begin() as connection:
        connection.execute(text("UPDATE person SET totp_secret = 'SHOWNBEFORE'"))
    with TestClient(create_app(settings)) as client:
        assert sign_in(client).headers["location"].startswith("/connexion/code")
        assert "SHOWNBEFORE" not in client.get("/connexion/code").text
    assert row(engine, "SELECT totp_secret FROM person") not in ((None,), ("SHOWNBEFORE",))


def test_what_a_visitor_types_uses_up_nobody_s_attempts(
    client: TestClient, app: FastAPI, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = make_person(engine)
    for limit in ("sign_in", "mail"):
        monkeypatch.setattr(app.state.limits[limit], "_per_minute", 1000)
    for _ in range(11):
        send(client, "/mot-de-passe-oublie", {"email": f"person {person}"})
        wrong = {"email": f"person {person}", "password": "x"}
        answer = send(client, "/connexion", wrong)
    assert answer.status_code == 429
    client.cookies.set("cpts-agent", session_of(engine), domain="testserver.local")
    asked = send(client, "/compte/adresse", {"email": NEW, "present": PASSWORD}, "/compte")
    assert asked.status_code == 200


def test_a_recovered_account_has_no_token_and_no_identity_of_before(
    mailbox: Mailbox, post: Post, client: TestClient, engine: Engine
) -> None:
    make_person(engine)
    sign_in(client)
    made = send(client, "/compte/jetons", {"label": "tableur", "days": "30"})
    token = re.search(r"cpts_[\w-]{43}", made.text)
    assert token
    headers = {"Authorization": f"Bearer {token[0]}"}
    assert client.get("/api/v1/me", headers=headers).status_code == 200
    post.send_due()
    assert "jeton" in mailbox.messages[-1][1].subject
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE person SET oidc_issuer = 'https://i.example', oidc_subject = 's'")
        )
    client.cookies.clear()
    send(client, "/mot-de-passe-oublie", {"email": EMAIL})
    post.send_due()
    link = mailbox.link()
    assert "jetons" in client.get(link).text
    new = {"password": OTHER_PASSWORD, "repeated": OTHER_PASSWORD}
    assert send(client, link, new).status_code == 303
    assert client.get("/api/v1/me", headers=headers).status_code == 401
    assert row(engine, "SELECT oidc_issuer, oidc_subject FROM person") == (None, None)
    post.send_due()
    assert "jetons sont révoqués" in mailbox.messages[-1][1].body


def test_a_new_address_is_confirmed_by_the_account_itself_only(
    mailbox: Mailbox, post: Post, client: TestClient, engine: Engine
) -> None:
    make_person(engine)
    make_person(engine, email="autre@exemple.example", name="Autre")
    sign_in(client)
    send(client, "/compte/adresse", {"email": NEW, "present": PASSWORD}, "/compte")
    post.send_due()
    link = mailbox.link(NEW)
    owner = client.cookies["cpts-agent"]
    client.cookies.clear()
    visitor = client.get(link, follow_redirects=False)
    assert (visitor.status_code, visitor.headers["location"]) == (
        303,
        f"/connexion?retour={link}",
    )
    assert send(client, link, {}, "/connexion").status_code == 303
    sign_in(client, "autre@exemple.example")
    assert client.get(link).status_code == 404
    assert send(client, link, {}, "/compte").status_code == 404
    own = text("SELECT count(*) FROM person WHERE email = :e")
    with engine.connect() as connection:
        assert connection.execute(own, {"e": NEW}).scalar_one() == 0
    client.cookies.set("cpts-agent", owner, domain="testserver.local")
    assert send(client, link, {}).status_code == 200
    with engine.connect() as connection:
        assert connection.execute(own, {"e": NEW}).scalar_one() == 1


@pytest.mark.parametrize(
    ("address", "fields"),
    [
        ("/compte/nom", {"name": "a\0"}),
        ("/compte/mot-de-passe", {"present": "a\0", "password": "a\0", "repeated": "a\0"}),
        (
            "/compte/mot-de-passe",
            CHANGE | {"password": "girafe\0 timbre océan", "repeated": "x\0"},
        ),
        ("/compte/adresse", {"present": PASSWORD, "email": "a\0@exemple.example"}),
        ("/compte/second-facteur/confirmation", {"code": "1\0"}),
        ("/compte/second-facteur/retrait", {"code": "1\0"}),
        ("/compte/effacement", {"sure": "oui\0"}),
        ("/compte/jetons", {"label": "a\0b", "days": "30"}),
        ("/compte/jetons", {"label": "a", "days": "30\0"}),
        ("/comptes", {"email": "a\0@exemple.example", "role": "member"}),
        ("/comptes", {"email": NEW, "role": "member\0"}),
        ("/comptes", {"email": NEW, "role": "ars", "region": "3\x002"}),
        ("/comptes", {"email": NEW, "role": "editor", "cpts": "1\0"}),
        ("/comptes/{other}/role", {"role": "ars", "region": "3\x002"}),
    ],
)
def test_a_zero_byte_in_a_form_of_an_account_is_refused(
    client: TestClient, engine: Engine, address: str, fields: dict[str, str]
) -> None:
    make_person(engine, "admin")
    other = make_person(engine, email="autre@exemple.example", name="Autre")
    sign_in(client)
    answer = send(client, address.format(other=other), fields, "/compte")
    if address.startswith("/compte/second-facteur/confirmation"):
        # Nothing was begun: the page leads back.
        assert answer.status_code == 303
    else:
        assert answer.status_code == 422
    assert row(engine, "SELECT count(*) FROM api_token WHERE kind = 'person'") == (0,)
    assert row(engine, "SELECT count(*) FROM person") == (2,)


@pytest.mark.parametrize(
    ("address", "fields", "status"),
    [
        ("/connexion", {"email": "a\0", "password": "x"}, 403),
        ("/connexion", {"email": EMAIL, "password": "x\0"}, 403),
        ("/connexion", {"token": "cpts_\0"}, 403),
        ("/connexion", {"email": EMAIL, "password": PASSWORD, "retour": "/\0"}, 303),
        ("/mot-de-passe-oublie", {"email": "a\0@exemple.example"}, 422),
        ("/mot-de-passe/x%00", CHANGE, 422),
        ("/invitation/x%00", {"name": "a\0", **CHANGE}, 422),
        ("{invitation}", {"name": "a\0", **CHANGE}, 422),
    ],
)
def test_a_zero_byte_in_a_form_of_a_visitor_is_refused(
    client: TestClient, engine: Engine, address: str, fields: dict[str, str], status: int
) -> None:
    make_person(engine)
    with session_scope(engine) as session:
        _, secret = service.invite(session, email="i@exemple.example", role="member")
    where = address.format(invitation=f"/invitation/{secret}")
    assert send(client, where, fields, "/connexion").status_code == status


def test_erasure_takes_every_message_of_the_person_along(
    mailbox: Mailbox, post: Post, client: TestClient, engine: Engine
) -> None:
    person = make_person(engine)
    make_person(engine, email="autre@exemple.example", name="Autre")
    sign_in(client)
    send(client, "/compte/adresse", {"email": NEW, "present": PASSWORD}, "/compte")
    with session_scope(engine) as session:
        enqueue(session, "password", "autre@exemple.example")
        enqueue(session, "password", EMAIL)
        enqueue(session, "address-changed", "ancienne@exemple.example", {"person_id": person})
    mailbox.messages.append((EMAIL, Written("s", "b")))
    send(client, "/compte/effacement", {"sure": "oui"}, "/compte")
    assert row(engine, "SELECT recipient FROM outgoing_message") == ("autre@exemple.example",)
    assert mailbox.messages == []


def test_every_message_on_behalf_of_a_person_tells_whose_it_is(
    client: TestClient, engine: Engine
) -> None:
    make_person(engine, "admin")
    sign_in(client)
    send(client, "/compte/adresse", {"email": NEW, "present": PASSWORD}, "/compte")
    send(client, "/compte/jetons", {"label": "x", "days": "30"})
    send(client, "/comptes", {"email": "i@exemple.example", "role": "member"})
    send(client, "/compte/mot-de-passe", CHANGE, "/compte")
    kinds = row(
        engine,
        "SELECT array_agg(kind ORDER BY kind), bool_and(details ? 'person_id') "
        "FROM outgoing_message",
    )
    assert kinds == (["address-asked", "invitation", "password-changed", "token-made"], True)
