"""The matrix of rights: every route and page × every role × its own and another's."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app.accounts import dependencies
from app.accounts.permissions import PERMISSIONS, ROLES, Permission, Reach, permissions_of
from app.http.questions import routes_of
from app.main import _routes
from tests.accounts.people import make_person, send, session_of
from tests.web.conftest import BROWSER

Bearer = Callable[..., dict[str, str]]
Register = Callable[..., int]
Route = tuple[str, str]

REGION = {"region": "32"}
LIMITS = {"ars": REGION, "assurance_maladie": REGION, "urps": REGION}
MARCQ, NICE = "59378", "06088"

# Who may come at all, of every address that asks for it: a right, or what else is asked.
API: dict[Route, Permission] = {
    ("GET", "/metrics"): "service.metrics",
    ("POST", "/api/v1/cpts"): "registry.register-dynamic",
    ("PATCH", "/api/v1/cpts/{cpts_id:bare}"): "registry.describe",
    ("PUT", "/api/v1/cpts/{cpts_id}/territory"): "registry.amend",
    ("DELETE", "/api/v1/cpts/{cpts_id:bare}"): "registry.end",
    ("GET", "/api/v1/cpts/{cpts_id}/history"): "registry.history",
    ("GET", "/api/v1/members/cpts"): "directory.read",
    ("GET", "/api/v1/members/cpts/{cpts_id}"): "directory.read",
    ("GET", "/api/v1/members/cpts/{cpts_id}/similar"): "directory.read",
    ("PUT", "/api/v1/cpts/{cpts_id}/sheet"): "directory.write-sheet",
    ("POST", "/api/v1/letters"): "letters.deposit",
    ("PATCH", "/api/v1/letters/{letter_id:int}"): "letters.handle",
    ("PUT", "/api/v1/letters/{letter_id:int}/territory"): "letters.handle",
    ("POST", "/api/v1/letters/{letter_id:int}/decisions"): "letters.decide",
    ("POST", "/api/v1/letters/{letter_id:int}/opinion"): "letters.opine",
    ("POST", "/api/v1/letters/{letter_id:int}/withdrawal"): "letters.handle",
    ("POST", "/api/v1/letters/{letter_id:int}/conciliation"): "letters.conciliate",
    ("POST", "/api/v1/conciliations/{conciliation_id}/closure"): "letters.conciliate",
}
PAGES: dict[Route, Permission] = {
    ("GET", "/comptes"): "people.manage",
    ("POST", "/comptes"): "people.manage",
    ("POST", "/comptes/{number:int}/role"): "people.manage",
    ("POST", "/comptes/{number:int}/suspension"): "people.manage",
    ("POST", "/comptes/{number:int}/effacement"): "people.manage",
    ("POST", "/comptes/{number:int}/second-facteur"): "people.manage",
    ("GET", "/membres"): "directory.read",
    ("GET", "/membres/carte"): "directory.read",
    ("GET", "/membres/cpts.geojson"): "directory.read",
    ("GET", "/membres/comparables"): "directory.read",
    ("GET", "/membres/selection"): "directory.read",
    ("GET", "/membres/selection.{kind}"): "directory.read",
    ("GET", "/membres/consultations"): "directory.read",
    ("GET", "/membres/fiches"): "directory.exchange",
    ("POST", "/membres/fiches"): "directory.exchange",
    ("POST", "/membres/fiches/export.xlsx"): "directory.exchange",
    ("GET", "/membres/cpts/{cpts_id}/fiche"): "directory.write-sheet",
    ("POST", "/membres/cpts/{cpts_id}/fiche"): "directory.write-sheet",
    ("POST", "/membres/cpts/{cpts_id}/fiche/apercu"): "directory.write-sheet",
    ("POST", "/membres/cpts/{cpts_id}/fiche/confirmation"): "directory.write-sheet",
    ("GET", "/membres/cpts/{cpts_id}/fiche/historique"): "directory.write-sheet",
    (
        "POST",
        "/membres/cpts/{cpts_id}/fiche/historique/{number:int}/reprise",
    ): "directory.write-sheet",
    ("GET", "/agents"): "region.follow",
    ("GET", "/agents/{region}"): "region.follow",
    ("GET", "/agents/{region}/a-suivre.csv"): "region.follow",
    ("GET", "/agents/{region}/a-suivre.xlsx"): "region.follow",
    ("GET", "/administration"): "administration.open",
    ("GET", "/administration/signalements"): "reports.handle",
    ("POST", "/administration/signalements/{number}"): "reports.handle",
    ("GET", "/administration/completude"): "completeness.declare",
    ("POST", "/administration/completude"): "completeness.declare",
    ("GET", "/administration/institutions"): "institutions.keep",
    ("GET", "/administration/institutions.csv"): "institutions.keep",
    ("POST", "/administration/institutions"): "institutions.keep",
    ("POST", "/administration/institutions/import"): "institutions.keep",
    ("GET", "/administration/institutions/{number}"): "institutions.keep",
    ("POST", "/administration/institutions/{number}"): "institutions.keep",
    ("POST", "/administration/institutions/{number}/retrait"): "institutions.keep",
    ("GET", "/administration/journal"): "administration.journal",
    ("GET", "/administration/journal.csv"): "administration.journal",
    ("GET", "/administration/journal.xlsx"): "administration.journal",
    ("GET", "/administration/imports"): "registry.import",
    ("POST", "/administration/imports"): "registry.import",
    ("GET", "/administration/imports/{number}"): "registry.import",
    ("GET", "/administration/imports/{number}/avancement"): "registry.import",
    ("GET", "/administration/imports/{number}/carte"): "registry.import",
    ("POST", "/administration/imports/{number}/lecture"): "registry.import",
    ("POST", "/administration/imports/{number}/lignes/{position}"): "registry.import",
    ("POST", "/administration/imports/{number}/import"): "registry.import",
    ("POST", "/administration/imports/{number}/annulation"): "registry.import",
    ("POST", "/administration/imports/{number}/reprise"): "registry.import",
    ("POST", "/administration/imports/{number}/abandon"): "registry.import",
    ("GET", "/administration/quartiers"): "registry.divide",
    ("POST", "/administration/quartiers"): "registry.divide",
    ("POST", "/administration/quartiers/division"): "registry.divide",
    ("POST", "/administration/quartiers/annulation"): "registry.divide",
    ("GET", "/administration/geographie"): "service.upkeep",
    ("GET", "/administration/entretien"): "service.upkeep",
    ("GET", "/comptes/jetons"): "people.manage",
    ("POST", "/comptes/jetons/{number:int}/revocation"): "people.manage",
    ("GET", "/comptes/{number:int}"): "people.manage",
    ("POST", "/comptes/{number:int}/sessions/fin"): "people.manage",
    ("GET", "/administration/cpts"): "administration.open",
    ("GET", "/administration/cpts/{number}"): "administration.open",
    ("POST", "/administration/cpts/{number}/fiche"): "administration.open",
    ("POST", "/administration/cpts/{number}/stade"): "registry.advance",
    ("POST", "/administration/cpts/{number}/exclusion"): "registry.amend",
    ("POST", "/administration/cpts/{number}/fusion"): "registry.merge",
    ("POST", "/administration/cpts/{number}/fin"): "registry.end",
    ("POST", "/administration/cpts/{number}/annulation/{change}"): "registry.undo",
    ("POST", "/administration/cpts/{number}/demande/{refusal}"): "registry.amend",
    ("POST", "/administration/cpts/{number}/demande/{refusal}/attribution"): "registry.amend",
    ("GET", "/lettres/depot"): "letters.deposit",
    ("GET", "/lettres/{letter_id:int}/pieces/{attachment_id:int}"): "letters.read",
    ("POST", "/lettres/{letter_id:int}/pieces"): "letters.handle",
    ("POST", "/lettres/{letter_id:int}/pieces/{attachment_id:int}/retrait"): "letters.handle",
    ("POST", "/lettres/depot"): "letters.deposit",
    ("POST", "/lettres/conciliations/{conciliation_id}/cloture"): "letters.conciliate",
    ("POST", "/lettres/{letter_id:int}/decision"): "letters.decide",
    ("POST", "/lettres/{letter_id:int}/avis"): "letters.opine",
    ("POST", "/lettres/{letter_id:int}/retrait"): "letters.handle",
    ("GET", "/lettres/{letter_id:int}/territoire"): "letters.handle",
    ("POST", "/lettres/{letter_id:int}/territoire"): "letters.handle",
    ("POST", "/lettres/{letter_id:int}/correction"): "letters.handle",
    ("POST", "/lettres/{letter_id:int}/conciliation"): "letters.conciliate",
}
# A person's own.
OWN: set[Route] = {
    ("GET", "/compte"),
    ("POST", "/compte/nom"),
    ("POST", "/compte/messages"),
    ("POST", "/compte/mot-de-passe"),
    ("POST", "/compte/adresse"),
    ("GET", "/adresse/{secret}"),
    ("POST", "/adresse/{secret}"),
    ("POST", "/compte/fournisseur"),
    ("POST", "/compte/fournisseur/retrait"),
    ("POST", "/compte/second-facteur"),
    ("POST", "/compte/second-facteur/confirmation"),
    ("POST", "/compte/second-facteur/retrait"),
    ("POST", "/compte/sessions/fin"),
    ("POST", "/compte/sessions/{number:int}/fin"),
    ("GET", "/compte/donnees.json"),
    ("POST", "/compte/effacement"),
    ("POST", "/compte/contacts/effacement"),
    ("GET", "/compte/jetons"),
    ("POST", "/compte/jetons"),
    ("POST", "/compte/jetons/{number:int}/revocation"),
    ("GET", "/membres/recherches"),
    ("POST", "/membres/recherches"),
    ("POST", "/membres/recherches/{number:int}/pause"),
    ("POST", "/membres/recherches/{number:int}/reprise"),
    ("POST", "/membres/recherches/{number:int}/suppression"),
}
# Of somebody whose password was right and who owes the second factor.
AWAITING: set[Route] = {("GET", "/connexion/code"), ("POST", "/connexion/code")}
SIGNED_IN: set[Route] = {
    ("GET", "/api/v1/me"),
    ("GET", "/api/v1/me/data"),
    ("DELETE", "/api/v1/me"),
    ("POST", "/deconnexion"),
}
# What changes something and is everybody's: nothing of it asks who one is.
EVERYBODYS_WRITES: set[Route] = {
    ("POST", "/api/v1/letters/check"),
    ("POST", "/api/v1/letters/check/file"),
    ("POST", "/api/v1/letters/notes"),
    ("POST", "/connexion"),
    ("POST", "/connexion/fournisseur"),
    ("POST", "/invitation/{secret}/fournisseur"),
    ("POST", "/invitation/{secret}"),
    ("POST", "/mot-de-passe-oublie"),
    ("POST", "/mot-de-passe/{secret}"),
    ("POST", "/cpts/{key}/signaler"),
    ("POST", "/communes/{key}/signaler"),
    ("POST", "/recherche/adresse"),
    ("POST", "/lettres/verification"),
    ("POST", "/lettres/verification/proches"),
    ("POST", "/membres/recherches/arret/{secret}"),
}


def _calls(dependant: Dependant) -> Iterator[Any]:
    yield dependant.call
    for each in dependant.dependencies:
        yield from _calls(each)


def _asked(dependant: Dependant) -> str:
    """Name what a route asks of its caller, by the dependencies that it really has."""
    calls = list(_calls(dependant))
    for call in calls:
        if isinstance(call, dependencies._Requirement):
            return call.permission
    names = {getattr(call, "__name__", "") for call in calls}
    if "_own_page_caller" in names or "_acting_own_page_caller" in names:
        return "own"
    if "_awaiting_caller" in names:
        return "awaiting"
    if "_page_caller" in names or "_signed_in_caller" in names:
        return "signed in"
    return "nothing"


def test_every_route_asks_for_what_the_matrix_says() -> None:
    expected: dict[Route, str] = {
        **API,
        **PAGES,
        **dict.fromkeys(OWN, "own"),
        **dict.fromkeys(AWAITING, "awaiting"),
        **dict.fromkeys(SIGNED_IN, "signed in"),
        **dict.fromkeys(EVERYBODYS_WRITES, "nothing"),
    }
    found: dict[Route, str] = {}
    for route in routes_of(_routes()):
        for method in (route.methods or set()) - {"HEAD"}:
            asked = _asked(route.dependant)
            if asked != "nothing" or method != "GET":
                found[method, route.path] = asked
    assert found == expected


def test_every_form_of_the_pages_asks_for_its_token() -> None:
    tokenless = {
        # These keep nothing on anybody and need no session; another site's are refused.
        "/cpts/{key}/signaler",
        "/communes/{key}/signaler",
        "/recherche/adresse",
        "/lettres/verification",
        "/lettres/verification/proches",
        # The secret of its address is the right.
        "/membres/recherches/arret/{secret}",
    }
    checked = {"_visitors_form", "_acting_page_caller"}
    for route in routes_of(_routes()):
        if "POST" in (route.methods or ()) and not route.path.startswith("/api/"):
            names = {getattr(call, "__name__", "") for call in _calls(route.dependant)}
            acting = any(
                isinstance(call, dependencies._ActingPageRequirement)
                for call in _calls(route.dependant)
            )
            has_token = acting or bool(names & checked)
            assert has_token is (route.path not in tokenless), route.path


def address(path: str) -> str:
    # No CPTS, letter or person has this number.
    return re.sub(r"\{[^}]*\}", "987654", path)


@pytest.mark.parametrize("role", ROLES)
def test_the_api_lets_in_who_has_the_right(
    client: TestClient, bearer: Bearer, role: str
) -> None:
    by_token = bearer(role, **LIMITS.get(role, {}))
    for (method, path), permission in API.items():
        body: dict[str, Any] | None = None if method == "GET" else {}
        answer = client.request(method, address(path), json=body, headers=by_token)
        has_right = role in PERMISSIONS[permission]
        assert (answer.status_code == 403) is not has_right, (method, path, answer.text)
        assert answer.status_code != 401
        anonymous = client.request(method, address(path), json=body)
        assert anonymous.status_code == 401, (method, path)


@pytest.mark.parametrize("role", ROLES)
def test_the_pages_let_in_who_has_the_right(
    client: TestClient, engine: Engine, role: str, register: Register
) -> None:
    limits: dict[str, Any] = dict(LIMITS.get(role, {}))
    if role == "editor":
        limits = {"cpts_id": register("CPTS d'essai", communes=(MARCQ,))}
    make_person(engine, role, **limits)
    visitor = {each: _asks(client, *each) for each in (*PAGES, *OWN)}
    for each, answer in visitor.items():
        assert answer.status_code == 303, each
        assert answer.headers["location"].startswith("/connexion"), each
    client.cookies.set("cpts-agent", session_of(engine), domain="testserver.local")
    for (method, path), permission in PAGES.items():
        answer = _asks(client, method, path, page="/compte")
        has_right = role in PERMISSIONS[permission]
        assert (answer.status_code == 403) is not has_right, (method, path, answer.text)
    for method, path in OWN:
        if "fin" not in path and "effacement" not in path:
            answer = _asks(client, method, path, page="/compte")
            assert answer.status_code in (200, 303, 404, 422), (method, path)


def _asks(client: TestClient, method: str, path: str, page: str | None = None) -> Any:
    if method == "GET":
        return client.get(address(path), headers=BROWSER, follow_redirects=False)
    if page is None:
        return client.post(address(path), headers=BROWSER, follow_redirects=False)
    return send(client, address(path), {}, page)


@pytest.mark.parametrize("role", ROLES)
def test_me_tells_the_rights_of_the_table(
    client: TestClient, bearer: Bearer, role: str
) -> None:
    told = client.get("/api/v1/me", headers=bearer(role, **LIMITS.get(role, {}))).json()
    assert told["role"] == role
    assert told["permissions"] == permissions_of(role) != {}


def test_a_right_that_reaches_a_region_goes_with_regional_roles_only() -> None:
    for permission, reaches in PERMISSIONS.items():
        for role, reach in reaches.items():
            is_regional = role in ("ars", "assurance_maladie", "urps")
            assert reach is not Reach.REGION or is_regional, permission
            assert (
                reach is not Reach.EVERYWHERE
                or role != "member"
                or (permission == "directory.read")
            )


@pytest.fixture
def callers(bearer: Bearer, register: Register) -> dict[str, dict[str, str]]:
    """Each role, of the region or CPTS at stake and of another."""
    own = register("CPTS du Nord", communes=(MARCQ,))
    other = register("CPTS de Nice", communes=(NICE,))
    told = {"member": bearer("member"), "admin": bearer("admin")}
    for role in LIMITS:
        told[role] = bearer(role, region="32")
        told[f"{role} elsewhere"] = bearer(role, region="93")
    told["editor"] = bearer("editor", cpts=own)
    told["editor elsewhere"] = bearer("editor", cpts=other)
    return told


# Of a CPTS of the region 32: who may do what to it, and what they then get.
CPTS_WRITES: list[tuple[str, str, dict[str, Any], set[str]]] = [
    ("PATCH", "", {"website": "https://exemple.example"}, {"editor", "ars", "admin"}),
    ("PATCH", "", {"stage_since": "2024-01-01"}, {"ars", "admin"}),
    ("PUT", "/territory", {"communes": [MARCQ, "59410"]}, {"ars", "admin"}),
    ("DELETE", "?reason=essai", {}, {"admin"}),
]


@pytest.mark.parametrize("write", CPTS_WRITES)
def test_a_cpts_is_changed_by_its_own(
    client: TestClient,
    callers: dict[str, dict[str, str]],
    write: tuple[str, str, dict[str, Any], set[str]],
) -> None:
    method, under, body, allowed = write
    [own] = client.get("/api/v1/cpts?q=Nord").json()["items"]
    path = f"/api/v1/cpts/{own['id']}{under}"
    sent = body if method != "DELETE" else None
    refused = {
        name
        for name, headers in callers.items()
        if name not in allowed
        and client.request(method, path, json=sent, headers=headers).status_code == 403
    }
    assert refused == callers.keys() - allowed
    for name in allowed:
        answer = client.request(method, path, json=sent, headers=callers[name])
        assert answer.status_code in (200, 204), (name, answer.text)


def test_the_urps_gives_its_opinion_in_its_region_and_it_binds_nobody(
    client: TestClient, callers: dict[str, dict[str, str]]
) -> None:
    deposited = client.post(
        "/api/v1/letters",
        json={"name": "Un projet", "communes": ["59017"], "contact": {"name": "Camille"}},
        headers=callers["ars"],
    )
    letter = f"/api/v1/letters/{deposited.json()['id']}"
    seen = client.get(letter, headers=callers["urps"]).json()
    assert seen["contact"]["name"] == "Camille"
    assert seen["actions"] == ["opinion"]
    assert "Camille" not in client.get(letter, headers=callers["urps elsewhere"]).text
    opinion = {"opinion": "defavorable", "note": "Trop étendu"}
    for name in ("urps elsewhere", "ars elsewhere", "assurance_maladie", "member", "editor"):
        answer = client.post(f"{letter}/opinion", json=opinion, headers=callers[name])
        assert answer.status_code == 403, name
    given = client.post(f"{letter}/opinion", json=opinion, headers=callers["urps"])
    assert given.status_code == 200, given.text
    for name in ("ars", "assurance_maladie"):
        decided = client.post(
            f"{letter}/decisions", json={"decision": "favorable"}, headers=callers[name]
        )
        assert decided.status_code == 200
    assert decided.json()["state"] == "validee"
    refused = client.post(
        f"{letter}/decisions", json={"decision": "favorable"}, headers=callers["urps"]
    )
    assert refused.status_code == 403
