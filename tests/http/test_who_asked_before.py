"""What somebody is answered depends on who asks, never on who has asked before."""

import random
import re
from collections.abc import Callable

import pytest
from fastapi import FastAPI
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app.accounts.service import sign_in
from app.database.sessions import session_scope
from app.main import create_app
from app.settings import Settings
from tests.accounts.people import make_person, session_of
from tests.exploration import examples
from tests.web.conftest import BROWSER

Bearer = Callable[..., dict[str, str]]
Register = Callable[..., int]

REGION = {"region": "32"}
LIMITS = {"ars": REGION, "assurance_maladie": REGION, "urps": REGION}
ROLES = ("member", "editor", "ars", "assurance_maladie", "urps", "admin")
PERSON = "Camille Exemple"
ADDRESSES = (
    "/", "/recherche?q=essai", "/regions", "/regions/32", "/departements/59",
    "/departements/59/communes-sans-cpts", "/communes/59350", "/cpts/1", "/cpts/1/communes.csv",
    "/statistiques", "/statistiques/couverture.svg", "/lettres", "/lettres?region=32",
    "/lettres/1", "/lettres/conciliations/1", "/lettres/verification", "/lettres/depot",
    "/connexion", "/mot-de-passe-oublie", "/invitation/x", "/compte", "/compte/jetons",
    "/administration", "/administration/cpts", "/administration/cpts/1",
    "/administration/journal", "/administration/signalements", "/administration/completude",
    "/comptes", "/api/v1/me", "/api/v1/me/data",
    "/donnees", "/donnees/cpts.csv", "/donnees/changements.atom", "/integrer",
    "/embed/carte", "/mentions-legales", "/aide", "/robots.txt", "/sitemap.xml", "/maps/cpts",
    "/api/v1/cpts", "/api/v1/cpts.geojson", "/api/v1/cpts/1", "/api/v1/cpts/1.geojson",
    "/api/v1/cpts/1/history", "/api/v1/cpts/404", "/api/v1/cpts?region=00", "/api/v1/regions",
    "/api/v1/compositions.csv", "/api/v1/coverage?level=region", "/api/v1/communes?q=lille",
    "/api/v1/communes/59350", "/api/v1/letters", "/api/v1/letters/1", "/api/v1/letters/404",
    "/api/v1/conciliations", "/api/v1/conciliations/1", "/api/v1/conciliations.geojson",
    "/api/v1/funding?members=10&population=9", "/openapi.json", "/docs",
)  # fmt: skip

# Of a form that begins with the answer, and the minute of a check that is made for it.
_DRAWN_ANEW = re.compile(r'name="csrf" value="[0-9a-f]{64}"|Faite le [^<,]*,')

# What differs by who asks, so that the test shows something.
SHOWN = (
    ("/lettres/1", "ars by session"),
    ("/api/v1/letters/1", "ars by token"),
    ("/lettres", "ars by session"),
    ("/compte", "person member"),
    ("/compte", "person admin"),
    ("/api/v1/me", "person ars"),
    ("/lettres", "person ars"),
    ("/membres", "person member"),
    ("/api/v1/members/cpts", "member by token"),
)


@pytest.fixture
def callers(engine: Engine, bearer: Bearer) -> dict[str, dict[str, str]]:
    """A visitor, and each role by its token and by a session of the pages."""
    told: dict[str, dict[str, str]] = {"visitor": {}, "stranger": {"Cookie": "cpts-agent=x"}}
    for number, role in enumerate(("member", "ars", "admin")):
        email = f"{number}@exemple.example"
        make_person(engine, role, email=email, name=f"Personne {role}", **LIMITS.get(role, {}))
        told[f"person {role}"] = {"Cookie": f"cpts-agent={session_of(engine, email)}"}
    for role in ROLES:
        token = bearer(role, **LIMITS.get(role, {}))
        with session_scope(engine) as session:
            secret = sign_in(session, token["Authorization"].removeprefix("Bearer "))
        told[f"{role} by token"] = token
        told[f"{role} by session"] = {"Cookie": f"cpts-agent={secret}"}
    return told


@pytest.fixture
def letters(client: TestClient, bearer: Bearer, register: Register) -> None:
    """A CPTS, and two letters that dispute a commune, with a person in one."""
    register("CPTS d'essai", communes=("59378",))
    for name in ("Projet Un", "Projet Deux"):
        body = {"name": name, "communes": ["59350"], "contact": {"name": PERSON}}
        answer = client.post("/api/v1/letters", json=body, headers=bearer("admin"))
        assert answer.status_code == 201, answer.text


def ask(client: TestClient, address: str, caller: dict[str, str]) -> tuple[int, str]:
    headers = caller | (BROWSER if not address.startswith("/api/") else {})
    answer = client.get(address, headers=headers, follow_redirects=False)
    directives = answer.headers.get("cache-control", "")
    if caller:
        if "/static/" not in address:
            assert "public" not in directives, (address, directives)
            assert "private" in directives or "no-store" in directives, (address, directives)
    elif "public" in directives:
        assert answer.headers["vary"] == "Accept-Encoding"
    return answer.status_code, _DRAWN_ANEW.sub("", answer.text)


@pytest.mark.usefixtures("letters")
def test_what_one_gets_never_depends_on_who_asked_before(
    app: FastAPI, settings: Settings, callers: dict[str, dict[str, str]]
) -> None:
    service = settings.service.model_copy(update={"cache_megabytes": 0})
    without = create_app(settings.model_copy(update={"service": service}))
    chance = random.Random(8)
    asked = [(address, caller) for address in ADDRESSES for caller in callers]
    # A part of all pairs, and whatever is kept.
    part = examples(len(asked) // 16, many=len(asked))
    asked = chance.sample(asked, part) + [(each, "visitor") for each in ADDRESSES]
    asked = sorted({*asked, *SHOWN})
    with TestClient(without) as fresh, TestClient(app) as client:
        chance.shuffle(asked)
        told = {each: ask(fresh, each[0], callers[each[1]]) for each in asked}
        # Not all are answered alike, or nothing would be shown by this.
        assert PERSON in told["/lettres/1", "ars by session"][1]
        assert PERSON in told["/api/v1/letters/1", "ars by token"][1]
        assert PERSON not in told["/lettres/1", "visitor"][1]
        assert told["/lettres", "ars by session"] != told["/lettres", "visitor"]
        assert "Personne admin" in told["/compte", "person admin"][1]
        assert "Personne admin" not in told["/compte", "person member"][1]
        chance.shuffle(asked)
        for each in asked:
            assert ask(client, each[0], callers[each[1]]) == told[each], each
