"""An administrator's or agent's browser, by its forms."""

import re
from html import unescape
from typing import Any

from sqlalchemy import Engine
from starlette.testclient import TestClient

from tests.accounts.people import make_person, send, session_of
from tests.web.conftest import BROWSER

REGIONS = {"ars": "93", "assurance_maladie": "93", "urps": "93"}


def sign_in_as(client: TestClient, engine: Engine, role: str, **limits: Any) -> None:
    """Sign somebody of a role in; the regional ones work for Provence-Alpes-Côte d'Azur."""
    if role in REGIONS:
        limits.setdefault("region", REGIONS[role])
    email = f"{role}.{limits.get('region', 'x')}@exemple.example"
    make_person(engine, role, email=email, name=f"Personne {role}", **limits)
    client.cookies.set("cpts-agent", session_of(engine, email), domain="testserver.local")


def page(client: TestClient, address: str) -> str:
    answer = client.get(address, headers=BROWSER)
    assert answer.status_code == 200, answer.text
    return unescape(answer.text).replace("\xa0", " ").replace("\u202f", " ")


def shown(client: TestClient, address: str, fields: dict[str, Any], at: str) -> Any:
    """Send a form of the page `at`; what it would change is shown."""
    return send(client, address, fields, at)


def confirm(client: TestClient, answer: Any, at: str) -> Any:
    """Confirm what was shown."""
    assert answer.status_code == 200, answer.text
    address = re.search(r'<form method="post" action="(/administration[^"]+)"', answer.text)
    assert address, answer.text
    fields: dict[str, Any] = {}
    for name, value in re.findall(
        r'<input type="hidden" name="([a-z_]+)" value="([^"]*)">', answer.text
    ):
        if name != "csrf":
            fields.setdefault(name, []).append(unescape(value))
    assert fields["confirmed"], answer.text
    return send(client, address.group(1), fields, at)


def change(client: TestClient, address: str, fields: dict[str, Any], at: str) -> Any:
    """Send a form of the page `at`, and confirm what is shown."""
    answer = shown(client, address, fields, at)
    confirmed = confirm(client, answer, at)
    assert confirmed.status_code == 303, confirmed.text
    return answer
