"""No public route, page, feed, download, map, note, log or kept answer names a person.

Persons are planted wherever the service keeps any; every address that asks nobody who they are
is walked as a visitor, as each role by token and by session, and as a visitor again: what the
others were told must not be kept.
"""

import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.http.questions import routes_of
from app.main import _routes
from tests.accounts.people import make_person, session_of
from tests.accounts.test_permissions import _asked, _calls
from tests.directory.conftest import WriteSheet
from tests.exploration import examples
from tests.web.conftest import BROWSER

Bearer = Callable[..., dict[str, str]]
Register = Callable[..., int]
REGION = {"region": "32"}
LIMITS = {"ars": REGION, "assurance_maladie": REGION, "urps": REGION}
ROLES = ("member", "editor", "ars", "assurance_maladie", "urps", "admin")

# Of each place, a name, an address and a telephone; and texts that are for members only.
PLANTED = {
    "contact": ("Camille Plantée", "camille.plantee@exemple.example", "0699887701"),
    "sheet": ("Sacha Enfoui", "sacha.enfoui@exemple.example", "0699887702"),
    "action": ("Alix Semée", "alix.semee@exemple.example", "0699887703"),
    "letter": ("Dominique Cachée", "dominique.cachee@exemple.example", "0699887704"),
    "account": ("Maxime Secret", "maxime.secret@exemple.example", "0699887705"),
    "report": ("Claude Couvert", "claude.couvert@exemple.example", "0699887706"),
}
PERSONS = [each for planted in PLANTED.values() for each in planted]
FOR_MEMBERS = ("Présentation réservée", "Action réservée", "4321 membres")
# What is behind parameters, each route of its own; the walk fails where one is missing.
PLACES: dict[str, tuple[str, ...]] = {
    "/api/v1/cpts/{cpts_id}.geojson": ("/api/v1/cpts/1.geojson",),
    "/api/v1/cpts/{cpts_id}": ("/api/v1/cpts/1",),
    "/api/v1/communes/{code}": ("/api/v1/communes/59378",),
    "/api/v1/letters/notes/{key}": ("/api/v1/letters/notes/{note}",),
    "/api/v1/letters/{letter_id:int}": ("/api/v1/letters/1",),
    "/api/v1/conciliations/{conciliation_id}": ("/api/v1/conciliations/1",),
    "/regions/{code}": ("/regions/32",),
    "/departements/{code}": ("/departements/59",),
    "/regions/{code}/communes-sans-cpts": ("/regions/32/communes-sans-cpts",),
    "/departements/{code}/communes-sans-cpts": ("/departements/59/communes-sans-cpts",),
    "/communes/{code}": ("/communes/59378", "/communes/59350"),
    "/cpts/{cpts_id}": ("/cpts/1",),
    "/cpts/{cpts_id}/communes.csv": ("/cpts/1/communes.csv",),
    "/cpts/{key}/signaler": ("/cpts/1/signaler",),
    "/communes/{key}/signaler": ("/communes/59378/signaler",),
    "/cpts/{key}/signaler/merci": ("/cpts/1/signaler/merci",),
    "/communes/{key}/signaler/merci": ("/communes/59378/signaler/merci",),
    "/membres/recherches/arret/{secret}": ("/membres/recherches/arret/autre",),
    "/invitation/{secret}": ("/invitation/autre",),
    "/mot-de-passe/{secret}": ("/mot-de-passe/autre",),
    "/lettres/notes/{key}.pdf": ("/lettres/notes/{note}.pdf",),
    "/lettres/notes/{key}": ("/lettres/notes/{note}",),
    "/statistiques/{name}.csv": ("/statistiques/regions.csv",),
    "/statistiques/{name}-excel.csv": ("/statistiques/evolution-excel.csv",),
    "/statistiques/{name}.xlsx": ("/statistiques/departements.xlsx",),
    "/statistiques/graphiques/{chart}.svg": ("/statistiques/graphiques/stades.svg",),
    "/statistiques/graphiques/{chart}.png": ("/statistiques/graphiques/regions.png",),
    "/communes/{code}/carte.svg": ("/communes/59378/carte.svg",),
    "/communes/{code}/carte.png": ("/communes/59378/carte.png",),
    "/cpts/{cpts_id}/carte.svg": ("/cpts/1/carte.svg",),
    "/cpts/{cpts_id}/carte.png": ("/cpts/1/carte.png",),
    "/donnees/{name}.schema.json": ("/donnees/cpts.schema.json",),
    "/sitemaps/{name}.xml": ("/sitemaps/pages.xml", "/sitemaps/cpts-1.xml"),
    "/apercu/regions/{code}.png": ("/apercu/regions/32.png",),
    "/apercu/departements/{code}.png": ("/apercu/departements/59.png",),
    "/icone-{size}.png": ("/icone-180.png",),
    "/lettres/conciliations/{conciliation_id}": ("/lettres/conciliations/1",),
    "/lettres/{letter_id:int}": ("/lettres/1",),
    "/static/{folder}/{file:path}": (),  # files of the program
    "/ogc/collections/cpts/items/{key}": ("/ogc/collections/cpts/items/1",),
    "/ogc/collections/communes/items/{key}": ("/ogc/collections/communes/items/59378",),
    "/ogc/collections/parts/items/{key}": ("/ogc/collections/parts/items/59350-01",),
    "/ogc/collections/departments/items/{key}": ("/ogc/collections/departments/items/59",),
    "/ogc/collections/regions/items/{key}": ("/ogc/collections/regions/items/32",),
    "/ogc/collections/conciliations/items/{key}": (
        "/ogc/collections/conciliations/items/1",
        "/ogc/collections/conciliations/items/1?f=html",
    ),
    "/ogc/collections/cpts/tiles/WebMercatorQuad/{zoom}/{row}/{column}": (
        "/ogc/collections/cpts/tiles/WebMercatorQuad/8/86/130",
    ),
    "/ogc/collections/communes/tiles/WebMercatorQuad/{zoom}/{row}/{column}": (
        "/ogc/collections/communes/tiles/WebMercatorQuad/10/344/521",
    ),
    # Ten seconds of tiles, the same that are asked for one by one.
    "/ogc/cpts.pmtiles": examples((), many=("/ogc/cpts.pmtiles",)),
    "/atlas.pdf": (),  # made by a process of its own, of what other pages say
    "/recherche": ("/recherche?q=plantee", "/recherche?q=59378"),
    "/recherche/suggestions": ("/recherche/suggestions?q=camille",),
    "/annuaire": (
        "/annuaire", "/annuaire?q=camille", "/annuaire?q=reservee", "/annuaire?q=plantee",
        "/annuaire?theme=chutes", "/annuaire?near=59378&sort=distance",
    ),
    "/annuaire/carte": ("/annuaire/carte", "/annuaire/carte?theme=chutes"),
    "/annuaire/cpts.geojson": ("/annuaire/cpts.geojson", "/annuaire/cpts.geojson?q=camille"),
    "/lettres/verification": (
        "/lettres/verification", "/lettres/verification?communes=59378,59350",
    ),
    "/lettres/verification/communes.geojson": (
        "/lettres/verification/communes.geojson?bbox=3,50.5,3.2,50.8",
    ),
    "/maps/around.geojson": ("/maps/around.geojson?bbox=3,50.5,3.2,50.8",),
    "/maps/communes.geojson": ("/maps/communes.geojson?cpts=1",),
    "/donnees/cpts.csv": ("/donnees/cpts.csv", "/donnees/cpts.csv?q=camille"),
    "/api/v1/funding": ("/api/v1/funding?population=9&members=10",),
}  # fmt: skip
# Long to draw, and the same for everyone: asked for by visitors, and by one who is signed in
# when much is asked for.
DRAWN = re.compile(
    r".*\.(png|gpkg|parquet|pmtiles|pdf|svg)$|/openapi.json|/statistiques|/ogc/.*/items$"
)
# What a route that asks nobody may look at its caller by.
LOOKS = {"_optional_caller", "_optional_page_caller"}
# Where the role of somebody signed in shows the persons of a letter.
OF_LETTERS = re.compile(r"/api/v1/letters|/lettres(/\d+)?$|/lettres/conciliations")


@pytest.fixture
def planted(
    client: TestClient,
    engine: Engine,
    bearer: Bearer,
    register: Register,
    write_sheet: WriteSheet,
) -> str:
    """A CPTS, letters, accounts, a report and a note, with persons in each; gives the note."""
    number = register("CPTS d'essai", communes=("59378",), themes=["diabete"])
    name, email, phone = PLANTED["contact"]
    write_sheet(
        number,
        f"Présentation réservée. {' '.join(PLANTED['sheet'])}",
        members_count=4321,
        confirmed_on="2026-06-01",
        actions=(("chutes", "realise", f"Action réservée. {' '.join(PLANTED['action'])}"),),
        contacts=({"name": name, "email": email, "phone": phone},),
    )
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO cpts_sheet_change (cpts_id, version, action, actor, after)"
                " VALUES (:id, 1, 'updated', 'personne n° 1 (editor)',"
                " jsonb_build_object('presentation', CAST(:told AS text)))"
            ),
            {"id": number, "told": " ".join(PLANTED["sheet"])},
        )
        connection.execute(
            text(
                "INSERT INTO error_report (cpts_id, message, reply_to)"
                " VALUES (:id, :told, :email)"
            ),
            {"id": number, "told": " ".join(PLANTED["report"]), "email": PLANTED["report"][1]},
        )
    name, email, phone = PLANTED["letter"]
    contact = {"name": name, "email": email, "phone": phone}
    for project in ("Projet Un", "Projet Deux"):
        body = {"name": project, "communes": ["59350"], "contact": contact}
        answer = client.post("/api/v1/letters", json=body, headers=bearer("admin"))
        assert answer.status_code == 201, answer.text
    name, email, _ = PLANTED["account"]
    for role in ROLES:
        limits: dict[str, Any] = {"cpts_id": number} if role == "editor" else {}
        make_person(
            engine,
            role,
            email=f"{role}.{email}",
            name=f"{name} {role}",
            **limits,
            **LIMITS.get(role, {}),
        )
    answer = client.post("/api/v1/letters/notes", json={"communes": ["59378", "59350"]})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["url"]).rpartition("/")[2]


@pytest.fixture
def callers(engine: Engine, bearer: Bearer, planted: str) -> dict[str, dict[str, str]]:
    """A visitor, each role by token and as a person, and a visitor again."""
    told: dict[str, dict[str, str]] = {"visitor": {}}
    for role in ROLES:
        limits: dict[str, Any] = {"cpts": 1} if role == "editor" else LIMITS.get(role, {})
        token = bearer(role, **limits)
        told[f"{role} by token"] = token
        email = f"{role}.{PLANTED['account'][1]}"
        told[f"{role} in person"] = {"Cookie": f"cpts-agent={session_of(engine, email)}"}
    told["visitor again"] = {}
    return told


def public_addresses(note: str) -> dict[str, tuple[str, ...]]:
    """Give the addresses of every route that asks nobody who they are, with roles to ask.

    Where a route looks at its caller all the same, each role; elsewhere one of them, by the
    address, and each when much is asked for.
    """
    found: dict[str, tuple[str, ...]] = {}
    for route in routes_of(_routes()):
        if "GET" in (route.methods or ()) and _asked(route.dependant) == "nothing":
            assert "{" not in route.path or route.path in PLACES, route.path
            looks = {getattr(call, "__name__", "") for call in _calls(route.dependant)} & LOOKS
            for place in PLACES.get(route.path, (route.path,)):
                one = ROLES[zlib.crc32(place.encode()) % len(ROLES) :][:1]
                address = place.replace("{note}", note)
                found[address] = ROLES if looks else examples(one, many=ROLES)
    return found


def is_walked(caller: str, address: str, roles: tuple[str, ...]) -> bool:
    """Tell whether a caller asks for an address: with a token, the API; in person, pages."""
    if DRAWN.match(address):
        return caller in examples(("visitor",), many=("visitor", "admin in person"))
    if "visitor" in caller:
        return True
    role, _, way = caller.partition(" ")
    return role in roles and address.startswith("/api/") is (way == "by token")


def content(answer: Any) -> str:
    """Give all that an answer says, unpacked; headers too."""
    body: bytes = answer.content
    parts = [str(dict(answer.headers)), body.decode("utf-8", "replace")]
    if body[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            parts += [
                archive.read(name).decode("utf-8", "replace") for name in archive.namelist()
            ]
    if body[:2] == b"\x1f\x8b":
        parts.append(gzip.decompress(body).decode("utf-8", "replace"))
    return "\n".join(parts)


def named(told: str, *, own: bool) -> list[str]:
    """List what of the planted is in a text; `own`, without the name of who is signed in."""
    left_out = PLANTED["account"][0] if own else None
    sought = [each for each in (*PERSONS, *FOR_MEMBERS) if each != left_out]
    return [each for each in sought if each in told]


def test_members_do_find_what_is_planted(
    client: TestClient, bearer: Bearer, callers: dict[str, dict[str, str]]
) -> None:
    # Or the absence elsewhere would show nothing.
    headers = {**callers["member in person"], **BROWSER}
    page = client.get("/membres", headers=headers).text
    answer = client.get("/api/v1/members/cpts", headers=bearer("member")).text
    for told in (page, answer):
        for place in ("contact", "sheet", "action"):
            assert PLANTED[place][0] in told
    letter = client.get("/api/v1/letters/1", headers=bearer("ars", region="32")).text
    assert PLANTED["letter"][0] in letter


def test_nothing_public_names_a_person(
    app: FastAPI,
    client: TestClient,
    planted: str,
    callers: dict[str, dict[str, str]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    addresses = public_addresses(planted)
    assert len(addresses) > 60
    assert {role for roles in addresses.values() for role in roles} == {*ROLES}
    found: list[tuple[str, str, list[str]]] = []
    asked = answered = 0
    for caller, headers in callers.items():
        for address, roles in addresses.items():
            if not is_walked(caller, address, roles):
                continue
            is_page = not address.startswith(("/api/", "/donnees/"))
            answer = client.get(
                address,
                headers={**headers, **(BROWSER if is_page else {})},
                follow_redirects=False,
            )
            asked += 1
            answered += answer.status_code == 200
            told = content(answer)
            if "visitor" not in caller and OF_LETTERS.match(address):
                # Rights over letters are tried where letters are.
                told = told.replace(PLANTED["letter"][0], "")
                told = told.replace(PLANTED["letter"][1], "").replace(PLANTED["letter"][2], "")
            names = named(told, own="visitor" not in caller)
            if names:
                found.append((caller, address, names))
    assert found == []
    assert asked > 2 * len(addresses)
    assert answered > 0.7 * asked
    assert named(caplog.text, own=False) == []
