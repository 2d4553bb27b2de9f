"""People for tests, and a browser that fills in their forms."""

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine
from starlette.testclient import TestClient

from app.accounts.mail.rules import Written
from app.accounts.people import service, signing_in
from app.accounts.people.signing_in import SecondFactorPolicy
from app.accounts.service import sign_out
from app.database.sessions import session_scope
from tests.web.conftest import BROWSER

PASSWORD = "tracteur violet nuage"
OTHER_PASSWORD = "girafe timbre océan"
EMAIL = "zelie.plante@exemple.example"
NAME = "Zélie Planté-Témoin"


def make_person(
    engine: Engine, role: str = "member", *, email: str = EMAIL, name: str = NAME, **limits: Any
) -> int:
    """Invite somebody who accepts, and give their number."""
    with session_scope(engine) as session:
        person_id, secret = service.invite(session, email=email, role=role, **limits)
        service.accept(session, secret, name=name, password=PASSWORD)
    return person_id


def session_of(engine: Engine, email: str = EMAIL, password: str = PASSWORD) -> str:
    """Sign somebody in and give the secret of the cookie."""
    with session_scope(engine) as session:
        begun = signing_in.sign_in(
            session, email, password, former=None, browser="", policy=SecondFactorPolicy()
        )
        assert begun is not None
        assert not begun.awaits_second_factor
        return begun.secret


def csrf(client: TestClient, page: str = "/connexion") -> str:
    """Give the hidden field of a page's forms."""
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', client.get(page).text)
    assert found, page
    return found.group(1)


def send(
    client: TestClient, address: str, fields: Mapping[str, Any], page: str | None = None
) -> Any:
    """Fill in a form of a page (of the address itself by default) and send it."""
    data = {"csrf": csrf(client, page or address), **fields}
    return client.post(address, data=data, headers=BROWSER, follow_redirects=False)


def sign_in(client: TestClient, email: str = EMAIL, password: str = PASSWORD) -> Any:
    """Sign in as a browser does."""
    return send(client, "/connexion", {"email": email, "password": password})


def sign_in_with(client: TestClient, token: str) -> Any:
    """Sign in with a machine's token as a browser does."""
    return send(client, "/connexion", {"token": token})


def end(engine: Engine, secret: str) -> None:
    """End a session."""
    with session_scope(engine) as session:
        sign_out(session, secret)


class Mailbox:
    """Takes messages away and keeps them; `fault` is raised in place of that when set."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, Written]] = []
        self.fault: OSError | None = None

    def carry(self, number: int, recipient: str, message: Written) -> None:
        if self.fault is not None:
            raise self.fault
        self.messages.append((recipient, message))

    def forget(self, recipient: str) -> None:
        self.messages = [each for each in self.messages if each[0] != recipient]

    def link(self, recipient: str = EMAIL) -> str:
        """Give the path of the link in the last message to somebody."""
        body = [message.body for to, message in self.messages if to == recipient][-1]
        found = re.search(r"https?://[^/\s]+(/\S+)", body)
        assert found, body
        return found.group(1)
