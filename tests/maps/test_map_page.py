"""The page of a map, over HTTP."""

import base64
import hashlib
import html
import json
import re
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from app.french import typeset_text
from app.main import create_app
from app.maps.palette import stage_colour
from app.settings import DatabaseSettings, MapSettings, Settings
from tests.web.conftest import BROWSER

Register = Callable[..., int]

ARRAS, BEAURAINS = "62041", "62099"
HOSTILE = "</script><b>\"'`{{7*7}}{%raw%}"


def _title(page: str) -> str:
    found = re.search(r"<title>(.*?)</title>", page, re.DOTALL)
    assert found
    return html.unescape(found.group(1))


def _inline_scripts(page: str) -> list[str]:
    scripts = re.findall(r"<script\b([^>]*)>(.*?)</script>", page, re.DOTALL)
    return [content for attributes, content in scripts if "src=" not in attributes]


def _data(page: str, name: str) -> str | None:
    found = re.search(rf'"{name}": ("[^"]*"|null)', page)
    assert found
    value: str | None = json.loads(found.group(1))
    return value


def test_the_page_is_in_french_and_titled_after_its_filters(client: TestClient) -> None:
    answer = client.get("/maps/cpts?region=32&stage=aci_signe")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert '<html lang="fr">' in answer.text
    assert _title(answer.text) == "CPTS – Hauts-de-France – ACI signé – carte"
    assert _title(client.get("/maps/cpts").text) == "CPTS de France – carte"


def test_the_page_names_no_host_but_that_of_the_base_map(client: TestClient) -> None:
    page = client.get("/maps/cpts").text
    hosts = set(re.findall(r"(?:https?:)?//([a-z0-9.-]+\.[a-z]+)", page))
    assert hosts == {"data.geopf.fr"}


def test_without_base_map_the_page_names_no_host_at_all(test_database: str) -> None:
    settings = Settings(
        database=DatabaseSettings(url=test_database), maps=MapSettings(basemap_url="")
    )
    with TestClient(create_app(settings)) as client:
        answer = client.get("/maps/cpts")
    assert "//" not in answer.text.replace("</", "<")
    assert "img-src 'self' data:;" in answer.headers["content-security-policy"]


def test_the_policy_allows_the_scripts_of_the_page_by_hash_and_no_other(
    client: TestClient,
) -> None:
    answer = client.get("/maps/cpts?q=lille")
    policy = dict(
        part.strip().split(" ", 1)
        for part in answer.headers["content-security-policy"].split(";")
    )
    scripts = _inline_scripts(answer.text)
    assert scripts
    hashes = {
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in scripts
    }
    assert set(policy["script-src"].split()) == {"'self'", *hashes}
    assert "unsafe" not in str(policy)
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == "'self'"
    assert policy["img-src"] == "'self' data: https://data.geopf.fr"


def test_a_page_is_the_same_each_time_and_known_again_by_its_tag(
    client: TestClient, test_database: str
) -> None:
    first = client.get("/maps/cpts?region=32")
    other_worker = Settings(database=DatabaseSettings(url=test_database))
    with TestClient(create_app(other_worker)) as other:
        assert other.get("/maps/cpts?region=32").headers["etag"] == first.headers["etag"]
    again = client.get("/maps/cpts?region=32", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304


def test_hostile_words_in_the_address_are_text_in_the_page(client: TestClient) -> None:
    page = client.get("/maps/cpts", params={"q": HOSTILE}).text
    assert _title(page) == typeset_text(f"CPTS – « {HOSTILE} » – carte")
    assert "<b>" not in page
    assert page.count("</script>") == len(re.findall(r"<script\b", page))
    assert "49" not in _title(page)


def test_the_data_comes_by_address_with_the_same_filters(client: TestClient) -> None:
    page = client.get("/maps/cpts?department=59,62&at=2026-01-01").text
    found = re.search(r'"cpts": ("[^"]*")', page)
    assert found
    address = json.loads(found.group(1))
    assert address == "/api/v1/cpts.geojson?at=2026-01-01&department=59%2C62"
    assert client.get(address).status_code == 200


def test_the_data_is_asked_for_before_the_program_by_the_very_address_that_it_asks(
    client: TestClient,
) -> None:
    page = client.get("/maps/cpts?department=59,62&stage=aci_signe").text
    links = re.findall(r'<link rel="(\w+)"(?: as="fetch" crossorigin)? href="([^"]+)"', page)
    kinds = [kind for kind, _ in links]
    assert kinds.index("preload") < kinds.index("modulepreload")
    assert html.unescape(dict(links)["preload"]) == _data(page, "cpts")


def test_nothing_that_is_seen_waits_for_a_program(client: TestClient) -> None:
    head, _, body = client.get("/maps/cpts").text.partition("<body>")
    assert re.search(r"<script(?! type=\"module\")[^>]*src=", head) is None
    assert body.index('id="picture"') < body.index("leaflet.js")


def test_the_map_of_the_country_has_a_picture_of_the_same_day_before_its_program(
    client: TestClient, register: Register
) -> None:
    stage = "lettre_intention_validee"
    since = {"effective_on": "2026-01-01", "stage_since": "2026-01-01"}
    register("CPTS d’Arras", stage, (ARRAS,), **since)
    page = client.get("/maps/cpts?at=2026-09-01").text
    found = re.search(r'<img id="picture" src="([^"]+)" alt=""', page)
    assert found
    assert re.search(rf'<link rel="preload" as="image"[^>]* href="{re.escape(found[1])}"', page)
    assert found[1] == "/maps/first.svg?at=2026-09-01"
    colour = stage_colour(stage)
    answers = [client.get(f"/maps/first.svg?at={day}") for day in ("2026-09-01", "2020-01-01")]
    assert [colour in answer.text for answer in answers] == [True, False]
    assert answers[0].headers["content-type"] == "image/svg+xml"
    assert client.get("/maps/first.svg?at=demain").status_code == 422


@pytest.mark.parametrize(
    "query", ["region=32", "stage=aci_signe", "q=arras", f"commune={ARRAS}", "limit=3"]
)
def test_a_map_that_shows_less_than_the_country_has_no_picture(
    client: TestClient, query: str
) -> None:
    assert 'id="picture"' not in client.get(f"/maps/cpts?{query}").text


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("region=nulle-part", "region"),
        ("department=999", "department"),
        ("stage=termine", "stage"),
        ("tier=7", "tier"),
        ("bbox=5,44,NaN,45", "bbox"),
        ("at=hier", "at"),
        ("limit=-1", "limit"),
        ("couleur=rouge", "couleur"),
    ],
)
def test_nonsense_gets_the_refusal_of_the_api(
    client: TestClient, query: str, parameter: str
) -> None:
    answer = client.get(f"/maps/cpts?{query}")
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid"
    assert [error["loc"][-1] for error in answer.json()["errors"]] == [parameter]


@pytest.mark.parametrize(
    ("address", "status", "ancestors"),
    [
        ("/maps/cpts?stage=inconnu", 422, "'self'"),
        ("/maps/cpts?couleur=rouge", 422, "'self'"),
        ("/maps/cpts?cpts=404", 404, "'self'"),
        ("/maps/rien", 404, "'self'"),
        ("/embed/carte?stage=inconnu", 422, "*"),
        ("/embed/carte?commune=99999", 404, "*"),
        ("/annuaire/carte?stage=inconnu", 422, "'none'"),
    ],
)
def test_a_browser_gets_a_page_of_an_error_and_a_program_its_document(
    client: TestClient, address: str, status: int, ancestors: str
) -> None:
    page = client.get(address, headers=BROWSER)
    assert page.status_code == status
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert '<html lang="fr">' in page.text
    assert f"frame-ancestors {ancestors}" in page.headers["content-security-policy"]
    assert page.headers.get("x-frame-options") == {"*": None, "'self'": "SAMEORIGIN"}.get(
        ancestors, "DENY"
    )
    document = client.get(address)
    assert document.status_code == status
    assert document.headers["content-type"] == "application/problem+json"


def test_without_javascript_the_page_leads_to_the_lists(client: TestClient) -> None:
    page = client.get("/maps/cpts?region=32").text
    found = re.search(r"<noscript>(.*?)</noscript>", page, re.DOTALL)
    assert found
    links = [html.unescape(link) for link in re.findall(r'href="([^"]+)"', found.group(1))]
    assert links == ["/api/v1/cpts?region=32", "/api/v1/compositions.csv?region=32"]
    for link in links:
        assert client.get(link).status_code == 200


def test_the_data_behind_a_page_that_is_known_already_is_that_of_now(
    client: TestClient, register: Register
) -> None:
    data = "/api/v1/cpts.geojson?region=32"
    assert client.get(data).json()["numberMatched"] == 0
    tag = client.get("/maps/cpts?region=32").headers["etag"]
    register("CPTS de l'Essai", communes=(ARRAS,))
    answer = client.get("/maps/cpts?region=32", headers={"If-None-Match": tag})
    assert answer.status_code in (200, 304)
    assert client.get(data).json()["numberMatched"] == 1


def test_everything_that_the_page_loads_is_here_and_may_be_kept(client: TestClient) -> None:
    page = client.get("/maps/cpts").text
    addresses = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page))
    assert {address.rsplit("/", 1)[1] for address in addresses} >= {
        "leaflet.js",
        "leaflet.css",
        "map.js",
        "map.css",
        "icon.svg",
    }
    for address in addresses:
        answer = client.get(address, headers={"Accept-Encoding": "br"})
        assert answer.status_code == 200
        assert answer.headers["content-encoding"] == "br"
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_only_files_of_a_page_are_served(client: TestClient) -> None:
    page = client.get("/maps/cpts").text
    found = re.search(r'(/static/maps-[0-9a-f]+)/map\.js"', page)
    assert found
    for address in (
        f"{found.group(1)}/autre.js",
        f"{found.group(1)}/..%2fpage.py",
        f"{found.group(1)}/../page.py",
        "/static/maps-0/map.js",
        "/static/maps/map.js",
    ):
        answer = client.get(address)
        assert answer.status_code == 404, address
        assert answer.json()["code"] == "not-found"


@pytest.mark.parametrize("detail", ["national", "region", "department"])
def test_outlines_of_every_department_at_each_scale(client: TestClient, detail: str) -> None:
    answer = client.get(f"/maps/departments.geojson?detail={detail}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/geo+json"
    assert "etag" in answer.headers
    features = answer.json()["features"]
    assert len(features) == 101
    somme = next(feature for feature in features if feature["id"] == "80")
    assert somme["properties"] == {"code": "80", "name": "Somme", "region": "32"}
    assert somme["geometry"]["type"] == "MultiPolygon"
    longitude, latitude = somme["geometry"]["coordinates"][0][0][0]
    assert 1 < longitude < 4
    assert 49 < latitude < 51


def test_the_map_of_a_place_asks_for_the_outlines_around_it_alone(client: TestClient) -> None:
    page = client.get("/maps/cpts?department=05").text
    address = _data(page, "departments")
    assert address == "/maps/departments.geojson"
    assert '"outlined": [[' in page
    assert '"outlined": null' in client.get("/maps/cpts").text
    seen = client.get(f"{address}?bbox=3.75,43.5,8.75,45.5").json()
    codes = {item["id"] for item in seen["features"]}
    assert {"05", "04", "26", "38", "73"} <= codes
    assert len(codes) < 30


def test_outlines_of_a_scale_that_is_none_are_refused(client: TestClient) -> None:
    answer = client.get("/maps/departments.geojson?detail=commune")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["loc"] == ["query", "detail"]


def test_the_map_of_a_cpts_draws_its_communes_among_the_cpts_around(
    client: TestClient, register: Register
) -> None:
    own = register("CPTS d'Arras", "aci_signe", (ARRAS, BEAURAINS))
    other = register("CPTS de Dainville", "aci_signe", ("62263",))
    register("CPTS de Gap", "aci_signe", ("05061",))
    page = client.get(f"/maps/cpts?cpts={own}").text
    assert _title(page) == "CPTS d’Arras – carte"
    assert f'"own": {own}' in page
    data, around = _data(page, "cpts"), _data(page, "around")
    assert data == f"/api/v1/cpts/{own}.geojson?detail=department"
    assert client.get(data).json()["id"] == own
    assert around == f"/maps/around.geojson?cpts={own}&detail=department"
    found = client.get(f"{around}&bbox=2.5,50,3,50.5").json()
    assert [feature["id"] for feature in found["features"]] == [other]
    communes = _data(page, "communes")
    assert communes == f"/maps/communes.geojson?cpts={own}"
    answer = client.get(communes)
    assert answer.headers["content-type"] == "application/geo+json"
    assert answer.headers["cache-control"] == "public, no-cache"
    assert [each["properties"] for each in answer.json()["features"]] == [
        {"code": ARRAS, "name": "Arras"},
        {"code": BEAURAINS, "name": "Beaurains"},
    ]
    found = re.search(r"<noscript>(.*?)</noscript>", page, re.DOTALL)
    assert found
    links = re.findall(r'href="([^"]+)"', found.group(1))
    assert links == [f"/api/v1/cpts/{own}", f"/cpts/{own}/communes.csv"]
    assert all(client.get(link).status_code == 200 for link in links)
    embedded = client.get(f"/embed/carte?cpts={own}").text
    assert f'href="/cpts/{own}"' in embedded


def test_a_map_opened_from_a_commune_marks_it_under_its_name_of_today(
    client: TestClient, register: Register
) -> None:
    register("CPTS de Gap", "aci_signe", ("05061",))
    page = client.get("/maps/cpts?commune=05061&stage=aci_signe").text
    assert _title(page) == "CPTS – Gap et ses environs – ACI signé – carte"
    assert _data(page, "marked") == "Gap"
    assert '<input type="hidden" name="commune" value="05061">' in page
    data = _data(page, "cpts")
    assert data is not None
    assert [each["properties"]["name"] for each in client.get(data).json()["features"]] == [
        "CPTS de Gap"
    ]
    # Chauffayer is in Aubessagne since 2018, Paris is its arrondissements.
    for code, marked, units in (("05039", "Aubessagne", 1), ("75056", "Paris", 20)):
        page = client.get(f"/maps/cpts?commune={code}").text
        assert _data(page, "marked") == marked
        communes = _data(page, "communes")
        assert communes is not None
        assert len(client.get(communes).json()["features"]) == units


@pytest.mark.parametrize(
    ("query", "status", "parameters"),
    [
        ("/maps/cpts?cpts=404", 404, None),
        ("/maps/cpts?commune=99999", 404, None),
        ("/maps/cpts?cpts=un", 422, ["cpts"]),
        ("/maps/cpts?cpts=1&commune=05061", 422, ["cpts", "commune"]),
        ("/maps/communes.geojson", 422, ["cpts", "commune"]),
        ("/maps/communes.geojson?commune=05061&at=hier", 422, ["at"]),
        ("/maps/communes.geojson?cpts=404", 404, None),
    ],
)
def test_a_subject_that_there_is_not_is_refused(
    client: TestClient, query: str, status: int, parameters: list[str] | None
) -> None:
    answer = client.get(query)
    assert answer.status_code == status
    if parameters:
        assert [error["loc"][-1] for error in answer.json()["errors"]] == parameters


def test_what_lies_around_a_place_is_asked_for_beside_it_and_tells_what_grey_needs(
    client: TestClient, register: Register
) -> None:
    arras = register("CPTS d'Arras", "aci_signe", (ARRAS,))
    gap = register("CPTS de Gap", "aci_signe", ("05061",))
    # Of the place, and of no surroundings: whether or not the filter lets it pass.
    register("CPTS d'Amiens", "dynamique_identifiee", ("80021",))
    register("CPTS de nulle part", "dynamique_identifiee")
    page = client.get("/maps/cpts?department=80&stage=aci_signe&at=9999-12-31").text
    around = _data(page, "around")
    assert around is not None
    assert "detail=region" in around
    assert "at=9999-12-31" in around
    answer = client.get(f"{around}&bbox=1.2,49.5,3.3,50.5")
    assert answer.headers["content-type"] == "application/geo+json"
    assert answer.headers["cache-control"] == "public, no-cache"
    (other,) = answer.json()["features"]
    assert other["id"] == arras
    assert other["properties"] == {
        "name": "CPTS d'Arras",
        "stage_label": "ACI signé",
        "tier": 2,
    }
    assert other["geometry"]["type"] in ("Polygon", "MultiPolygon")
    # Its popup asks for the rest.
    assert client.get(f"{_data(page, 'item')}/{arras}").json()["themes"] == []
    everywhere = client.get(around).json()["features"]
    assert {feature["id"] for feature in everywhere} == {arras, gap}
    within = _data(client.get("/maps/cpts?bbox=2,49.6,2.6,50.1").text, "around")
    assert within is not None
    beyond = client.get(within).json()["features"]
    assert {feature["id"] for feature in beyond} == {arras, gap}
    refused = client.get("/maps/around.geojson?department=999")
    assert refused.status_code == 422
    for query in ("", "?stage=aci_signe", "?department=80&limit=1"):
        page = client.get(f"/maps/cpts{query}").text
        assert _data(page, "around") is None
        assert "Autres CPTS" not in page
