"""What the pages of the site say, through HTTP, against the API where it says the same."""

import csv
import re
from io import StringIO
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import DatabaseSettings, Settings
from tests.administration import administration
from tests.web.conftest import BROWSER, HOSTILE, Register

GAP, LA_SAULCE, CHAMPSAUR = "05061", "05162", "05039"
pytestmark = pytest.mark.usefixtures("complete_country")

LARGEST_HTML_BYTES = 30_000


def _names(html: str) -> list[str]:
    """Names of the CPTS of the table, in its order."""
    return re.findall(r'<th scope="row"[^>]*><a href="/cpts/\d+">([^<]*)</a>', html)


def _text(html: str) -> str:
    """Text of a page, with plain spaces."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html).replace("&nbsp;", " "))


def test_the_home_page_gives_the_figures_of_the_api_with_their_definition_and_date(
    client: TestClient, alps: dict[str, int]
) -> None:
    html = client.get("/", headers=BROWSER).text
    told = client.get("/api/v1/coverage?level=country").json()
    country = told["items"][0]
    shown = _text(html)
    covered = f"{country['population_covered']:,}".replace(",", " ")
    assert f"{covered} habitants" in shown
    assert "CPTS, tous stades 4 " in shown
    assert "Définition." in shown
    assert told["date"][:4] in shown
    assert '<iframe src="/maps/cpts" title="Carte' in html
    assert html.count('href="/regions/') >= 18


def test_the_search_tells_the_cpts_of_a_commune(
    client: TestClient, alps: dict[str, int]
) -> None:
    html = client.get("/recherche?q=saint-bonnet", headers=BROWSER).text
    assert 'href="/communes/' in html
    answer = client.get("/recherche?q=gapencais", headers=BROWSER, follow_redirects=False)
    assert answer.headers["location"] == f"/cpts/{alps['CPTS du Gapençais']}"


def test_a_postal_code_of_several_communes_offers_the_choice(client: TestClient) -> None:
    communes = client.get("/api/v1/communes?postcode=05000&limit=100").json()["items"]
    assert len(communes) > 1
    html = client.get("/recherche?q=05000", headers=BROWSER).text
    assert "choisissez la vôtre" in html
    for commune in communes:
        assert f'href="/communes/{commune["code"]}"' in html


def test_a_search_with_one_answer_leads_there_at_once(client: TestClient) -> None:
    answer = client.get("/recherche?q=Rochebrune (05)", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/communes/05121")


def test_a_search_without_answer_helps(client: TestClient) -> None:
    html = client.get("/recherche?q=zzzzqqqq", headers=BROWSER).text
    assert "Rien ne correspond à « zzzzqqqq »" in _text(html)
    assert 'href="/regions"' in html


@pytest.mark.parametrize("q", [HOSTILE, "%", "' OR 1=1", "\u2028", "a" * 200, "😀", "(", "…"])
def test_no_text_breaks_the_search(client: TestClient, q: str) -> None:
    for path in ("/recherche", "/recherche/suggestions"):
        answer = client.get(path, params={"q": q}, headers=BROWSER)
        assert answer.status_code == 200
        assert "<img src=x" not in answer.text


def test_suggestions_name_communes_before_cpts(
    client: TestClient, alps: dict[str, int]
) -> None:
    items = client.get("/recherche/suggestions?q=brianc").json()["items"]
    assert items[0]["label"] == "Briançon"
    assert items[0]["address"] == "/communes/05023"
    assert items[0]["detail"].startswith("Hautes-Alpes (05)")
    addresses = [item["address"] for item in items]
    assert f"/cpts/{alps['CPTS de Briançon']}" in addresses[1:]
    assert addresses[-1].startswith("/lettres/verification#communes=05023,")
    assert client.get("/recherche/suggestions?q=").json() == {"items": []}


def _suggested(client: TestClient, q: str) -> list[tuple[str, str]]:
    items = client.get("/recherche/suggestions", params={"q": q}).json()["items"]
    return [(item["label"], item["address"]) for item in items]


@pytest.mark.parametrize(
    ("name", "code", "first"),
    [("Paris", "75056", "75101"), ("lyon", "69123", "69381"), ("MARSEILLE", "13055", "13201")],
)
def test_a_city_comes_first_and_its_arrondissements_in_order(
    client: TestClient, name: str, code: str, first: str
) -> None:
    (city, *rest) = [address for _, address in _suggested(client, name)]
    assert city == f"/communes/{code}"
    assert rest[:3] == [f"/communes/{int(first) + n}" for n in range(3)]
    page = client.get(f"/recherche?q={name}", headers=BROWSER).text
    order = re.findall(r'href="/communes/(\w+)"', page)
    assert order[:4] == [code, first, str(int(first) + 1), str(int(first) + 2)]


@pytest.mark.parametrize(
    ("q", "label", "address"),
    [
        ("Var", "Var", "/departements/83"),
        ("haute corse", "Haute-Corse", "/departements/2B"),
        ("Provence alpes", "Provence-Alpes-Côte d'Azur", "/regions/93"),
        ("la réunion", "La Réunion", "/departements/974"),
    ],
)
def test_departments_and_regions_are_found_by_name(
    client: TestClient, q: str, label: str, address: str
) -> None:
    assert (label, address) in _suggested(client, q)
    assert (
        f'href="{address}"' in client.get("/recherche", params={"q": q}, headers=BROWSER).text
    )


def test_what_bears_just_the_name_comes_first(client: TestClient) -> None:
    assert _suggested(client, "var")[0] == ("Var", "/departements/83")
    assert _suggested(client, "gap")[0] == ("Gap", "/communes/05061")


def test_an_epci_leads_to_who_holds_its_communes(client: TestClient, engine: Engine) -> None:
    with engine.connect() as connection:
        name, codes = connection.execute(
            text(
                "SELECT e.name, array_agg(c.code ORDER BY c.code) FROM epci e"
                " JOIN commune c ON c.epci_code = e.code"
                " WHERE e.code = (SELECT epci_code FROM commune WHERE code = '05046')"
                " GROUP BY e.name"
            )
        ).one()
    assert len(codes) > 5
    address = f"/lettres/verification#communes={','.join(codes)}"
    assert (name, address) in _suggested(client, name.replace("-", " "))


def test_a_suggestion_says_which_cpts_covers_the_commune(
    client: TestClient, alps: dict[str, int]
) -> None:
    items = client.get("/recherche/suggestions?q=gap").json()["items"]
    details = {item["label"]: item["detail"] for item in items}
    assert details["Gap"].endswith(", CPTS du Gapençais")


@pytest.mark.parametrize(
    ("q", "name"),
    [
        ("Saint-Pierre-et-Miquelon", "Saint-Pierre-et-Miquelon"),
        ("nouvelle calédonie", "Nouvelle-Calédonie"),
        ("98800", "Nouvelle-Calédonie"),
        ("97150", "Saint-Martin"),
        ("97133", "Saint-Barthélemy"),
        ("Polynésie française", "Polynésie française"),
        ("Saint-Martin", "Saint-Martin"),
    ],
)
def test_what_the_registry_leaves_out_is_said_and_why(
    client: TestClient, q: str, name: str
) -> None:
    page = client.get("/recherche", params={"q": q}, headers=BROWSER, follow_redirects=False)
    assert page.status_code == 200
    assert f"{name} est une collectivité d’outre-mer" in page.text
    assert "Rien ne correspond" not in page.text


@pytest.mark.parametrize("q", ["Saint-Martin-de-Ré", "97100", "97400", "97600", "Basse-Terre"])
def test_what_the_registry_holds_is_not_said_to_be_left_out(client: TestClient, q: str) -> None:
    page = client.get("/recherche", params={"q": q}, headers=BROWSER).text
    assert "collectivité d’outre-mer" not in page


def test_a_former_name_says_what_became_of_it(client: TestClient) -> None:
    page = _text(client.get("/recherche?q=Chauffayer", headers=BROWSER).text)
    assert "Chauffayer est aujourd’hui Aubessagne" in page
    (item,) = client.get("/recherche/suggestions?q=Chauffayer").json()["items"]
    assert item["label"] == "Aubessagne"
    assert item["detail"].startswith("autrefois Chauffayer, Hautes-Alpes (05)")


def test_a_present_name_is_not_said_to_be_a_former_one(client: TestClient) -> None:
    for q in ("Gap", "Aubessagne", "Saint-Bonnet"):
        assert "est aujourd’hui" not in client.get(f"/recherche?q={q}", headers=BROWSER).text


def test_a_region_lists_its_cpts_with_stage_population_tier_communes_and_contact(
    client: TestClient, alps: dict[str, int]
) -> None:
    html = client.get("/regions/93", headers=BROWSER).text
    assert sorted(_names(html)) == sorted(alps)
    row = _text(html[html.index("CPTS du Gapençais</a>") :].split("</tr>")[0])
    held = client.get(f"/api/v1/cpts/{alps['CPTS du Gapençais']}").json()
    assert "ACI signé" in row
    assert f"{held['population']:,}".replace(",", " ") in row
    assert f" {held['tier']} " in row
    assert "contact@gapencais.example" in row
    assert "04 99 00 00 01" in row
    assert 'href="https://gapencais.example/"' in html
    assert '<iframe src="/maps/cpts?region=93"' in html


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("stage=aci_signe", ["CPTS de la Haute-Durance", "CPTS du Gapençais"]),
        ("theme=diabete", ["CPTS de Briançon", "CPTS du Gapençais"]),
        ("stage=aci_signe&theme=diabete", ["CPTS du Gapençais"]),
        ("stage=aci_signe&stage=dynamique_identifiee&theme=diabete&tier=1", None),
        ("tier=4", []),
    ],
)
def test_filters_narrow_the_table_the_map_the_figures_and_the_downloads_alike(
    client: TestClient, alps: dict[str, int], query: str, names: list[str] | None
) -> None:
    html = client.get(f"/departements/05?{query}", headers=BROWSER).text
    same = client.get(f"/api/v1/cpts?department=05&{query}").json()
    expected = [item["name"] for item in same["items"]]
    assert _names(html) == expected
    assert names is None or expected == names
    frame = re.search(r'<iframe src="([^"]+)"', html)
    assert frame
    address = urlsplit(frame.group(1).replace("&amp;", "&"))
    assert sorted(parse_qsl(address.query)) == sorted([("department", "05"), *parse_qsl(query)])
    assert f">{len(expected)} CPTS" in html.replace("\u00a0", " ")
    for path in ("cpts", "cpts.geojson", "compositions.csv"):
        link = re.search(rf'href="(/api/v1/{re.escape(path)}\?[^"]+)"', html)
        assert link
        answer = client.get(link.group(1).replace("&amp;", "&"))
        assert answer.status_code == 200
        if path == "cpts":
            assert [item["name"] for item in answer.json()["items"]] == expected
    link = re.search(r'href="(/donnees/cpts\.csv\?[^"]+)"', html)
    assert link
    assert f'href="/donnees/cpts.gpkg?department=05&amp;{query.replace("&", "&amp;")}"' in html
    rows = csv.DictReader(StringIO(client.get(link.group(1).replace("&amp;", "&")).text))
    assert [row["name"] for row in rows] == expected


def test_the_table_by_department_says_which_filters_it_follows(
    client: TestClient, alps: dict[str, int]
) -> None:
    caveat = "Seul le filtre de stade s’applique à ce tableau"
    assert caveat in client.get("/regions/93?theme=diabete", headers=BROWSER).text
    assert caveat in client.get("/regions/93?stage=aci_signe&tier=2", headers=BROWSER).text
    assert caveat not in client.get("/regions/93?stage=aci_signe", headers=BROWSER).text


def test_an_address_that_leads_nowhere_is_told_in_words(client: TestClient) -> None:
    answer = client.get("/nulle-part", headers=BROWSER)
    assert answer.status_code == 404
    assert "Introuvable" not in answer.text
    assert "L’adresse est peut-être fausse" in answer.text


def test_the_figures_count_what_the_filtered_cpts_hold_in_the_place_alone(
    client: TestClient, alps: dict[str, int]
) -> None:
    population = {
        code: client.get(f"/api/v1/communes/{code}").json()["population"]
        for code in ("05046", "04019", "05061", "05160")
    }
    shown = _text(client.get("/departements/04?stage=aci_signe", headers=BROWSER).text)
    covered = f"{population['04019']:,}".replace(",", " ")
    assert "Population couverte" in shown
    assert f"{covered} habitants sur" in shown
    shown = _text(client.get("/departements/05?theme=diabete", headers=BROWSER).text)
    # Briançon works on it too, at a stage that does not count as coverage.
    both = f"{population['05061'] + population['05160']:,}".replace(",", " ")
    assert f"{both} habitants sur" in shown
    assert "qui répond aux filtres" in shown


def test_without_filter_the_coverage_is_that_of_the_api(
    client: TestClient, alps: dict[str, int]
) -> None:
    items = client.get("/api/v1/coverage?level=department").json()["items"]
    told = next(item for item in items if item["code"] == "05")
    shown = _text(client.get("/departements/05", headers=BROWSER).text)
    covered, of = (
        f"{told[name]:,}".replace(",", " ") for name in ("population_covered", "population")
    )
    assert f"{covered} habitants sur {of}" in shown
    assert f"Communes couvertes {told['communes_covered']} sur {told['communes']}" in shown


def test_the_table_is_sorted_by_the_address(client: TestClient, alps: dict[str, int]) -> None:
    names = _names(client.get("/regions/93?sort=-population", headers=BROWSER).text)
    items = client.get("/api/v1/cpts?region=93").json()["items"]
    expected = sorted(items, key=lambda item: -item["population"])
    assert names == [item["name"] for item in expected]
    html = client.get("/regions/93?sort=-population", headers=BROWSER).text
    assert html.count('aria-sort="descending"') == 1


def test_communes_without_cpts_come_by_population(
    client: TestClient, alps: dict[str, int]
) -> None:
    listed = client.get("/api/v1/communes?department=05&held=false&limit=1000").json()
    expected = [
        item["code"]
        for item in sorted(
            listed["items"], key=lambda item: (-item["population"], item["code"])
        )
    ]
    html = client.get("/departements/05", headers=BROWSER).text
    shown = re.findall(r'href="/communes/(\w+)"', html[html.index('id="libres"') :])
    assert shown == expected[: len(shown)]
    assert len(shown) > 10
    whole = client.get("/departements/05/communes-sans-cpts", headers=BROWSER).text
    assert re.findall(r'href="/communes/(\w+)"', whole) == expected


def test_free_communes_beyond_the_last_page_are_not_found(client: TestClient) -> None:
    assert client.get("/regions/44/communes-sans-cpts?page=2").status_code == 200
    assert client.get("/regions/44/communes-sans-cpts?page=99").status_code == 404
    assert client.get("/regions/ZZ/communes-sans-cpts").status_code == 404


@pytest.mark.parametrize("address", ["/regions/00", "/departements/99", "/departements/2Z"])
def test_an_unknown_code_is_a_404_that_helps(client: TestClient, address: str) -> None:
    answer = client.get(address, headers=BROWSER)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "ne porte le code" in answer.text
    assert 'action="/recherche"' in answer.text
    assert 'href="/regions"' in answer.text
    assert client.get(address).headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("written", "usual"),
    [
        ("/departements/2a?stage=aci_signe", "/departements/2A?stage=aci_signe"),
        ("/departements/4", "/departements/04"),
        ("/regions/1", "/regions/01"),
    ],
)
def test_a_code_as_people_write_it_leads_to_its_page(
    client: TestClient, written: str, usual: str
) -> None:
    answer = client.get(written, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (308, usual)


@pytest.mark.parametrize(
    "query", ["stage=inconnu", "tier=9", "theme=x", "sort=name;drop", "couleur=bleu"]
)
def test_an_unknown_filter_is_a_422_that_leads_back(client: TestClient, query: str) -> None:
    answer = client.get(f"/regions/93?{query}", headers=BROWSER)
    assert answer.status_code == 422
    assert 'href="/regions/93"' in answer.text
    assert f"<code>{query.split('=', maxsplit=1)[0]}</code>" in answer.text


def test_what_social_networks_add_to_a_link_is_forgotten(client: TestClient) -> None:
    answer = client.get("/regions/93?fbclid=abc&stage=aci_signe&utm_source=x", headers=BROWSER)
    assert answer.status_code == 200
    assert "fbclid" not in answer.text
    plain = client.get("/regions/93?stage=aci_signe", headers=BROWSER)
    assert answer.headers["etag"] == plain.headers["etag"]
    assert client.get("/api/v1/cpts?fbclid=abc").status_code == 422


def test_a_page_is_kept_until_the_registry_changes(
    client: TestClient, register: Register
) -> None:
    first = client.get("/departements/05", headers=BROWSER)
    again = client.get(
        "/departements/05", headers={**BROWSER, "If-None-Match": first.headers["etag"]}
    )
    assert again.status_code == 304
    assert first.headers["cache-control"] == "public, no-cache"
    register("CPTS nouvelle", "aci_signe", (GAP,))
    after = client.get(
        "/departements/05", headers={**BROWSER, "If-None-Match": first.headers["etag"]}
    )
    assert after.status_code == 200
    assert _names(after.text) == ["CPTS nouvelle"]


def test_hostile_text_of_the_registry_stays_text(
    client: TestClient, register: Register
) -> None:
    register(
        HOSTILE,
        "aci_signe",
        (GAP,),
        acronym="<i>",
        address="<script>alert(1)</script>",
    )
    for address in ("/regions/93", "/departements/05", "/recherche?q=img", "/"):
        html = client.get(address, headers=BROWSER).text
        assert "<img src=x" not in html
        assert "</script><b>" not in html
        assert "<i>" not in html
        assert "<script>alert" not in html


def test_a_website_that_is_no_web_address_is_never_a_link(
    client: TestClient, register: Register, engine: Engine
) -> None:
    register("CPTS d'essai", "aci_signe", (GAP,))
    with engine.begin() as connection:
        connection.execute(text("UPDATE cpts SET website = 'javascript:alert(1)'"))
    assert "javascript:" not in client.get("/departements/05", headers=BROWSER).text


def test_the_banner_shows_as_long_as_the_registry_holds_fictitious_data(
    client: TestClient, register: Register, engine: Engine
) -> None:
    register("CPTS d'essai", "aci_signe", (GAP,))
    assert "demonstration-banner" not in client.get("/", headers=BROWSER).text
    with administration(engine) as connection:
        connection.execute(text("UPDATE cpts SET demonstration = true"))
    for address in ("/", "/regions", "/regions/11", "/recherche?q=paris"):
        assert "demonstration-banner" in client.get(address, headers=BROWSER).text


def test_every_page_is_light_and_states_a_strict_policy(
    client: TestClient, alps: dict[str, int]
) -> None:
    addresses = ["/", "/regions", "/regions/84", "/departements/05", "/recherche?q=saint"]
    for address in [*addresses, "/regions/44/communes-sans-cpts"]:
        answer = client.get(address, headers={**BROWSER, "Accept-Encoding": "gzip"})
        assert int(answer.headers["content-length"]) < LARGEST_HTML_BYTES, address
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-frame-options"] == "DENY"
        assert " style=" not in answer.text
        assert re.search(r"<script(?![^>]*\bsrc=)", answer.text) is None


def _descriptions(html: str) -> dict[str, Any]:
    return dict(re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)"', html))


def test_each_page_has_its_own_title_and_description(
    client: TestClient, alps: dict[str, int]
) -> None:
    addresses = ("/", "/regions", "/regions/93", "/departements/05", "/recherche?q=saint")
    pages = [client.get(address, headers=BROWSER).text for address in addresses]
    titles = {re.search(r"<title>(.*?)</title>", html)[1] for html in pages}  # type: ignore[index]
    descriptions = {_descriptions(html)["description"] for html in pages}
    assert len(titles) == len(descriptions) == len(pages)
    for html in pages:
        assert html.count("<h1") == 1
        assert _descriptions(html)["og:title"]
        assert html.startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [("GET", "/nulle-part", 404), ("POST", "/regions", 405), ("GET", "/?x=1", 422)],
)
def test_errors_are_pages_for_readers_and_documents_for_programs(
    client: TestClient, method: str, address: str, status: int
) -> None:
    page = client.request(method, address, headers=BROWSER)
    assert page.status_code == status
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["cache-control"] == "no-store"
    assert page.text.count("<h1") == 1
    document = client.request(method, address)
    assert document.json()["status"] == status
    api = client.request(method, f"/api/v1{address}", headers=BROWSER)
    assert api.headers["content-type"] == "application/problem+json"


def test_an_unexpected_error_is_a_page_without_any_detail(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("mot de passe de la base")

    monkeypatch.setattr("app.web.territories.service.home", fail)
    page = client.get("/", headers=BROWSER)
    assert page.status_code == 500
    assert "Une erreur s’est produite" in page.text
    assert "mot de passe" not in page.text


def test_without_the_database_a_page_says_to_come_back() -> None:
    nowhere = DatabaseSettings(url="postgresql://nobody@127.0.0.1:1/nothing")
    with TestClient(create_app(Settings(database=nowhere))) as client:
        answer = client.get("/regions/93", headers=BROWSER)
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "momentanément indisponible" in answer.text


def test_an_empty_registry_has_pages_too(client: TestClient) -> None:
    for address in ("/", "/regions", "/regions/93", "/departements/976"):
        answer = client.get(address, headers=BROWSER)
        assert answer.status_code == 200
    assert "Aucune CPTS n’est enregistrée" in client.get("/regions/93", headers=BROWSER).text


CHOICE = re.compile(
    r'name="(stage|tier|theme)" value="([^"]*)"( checked)?>.*?<span class="count">(\d+)<'
)


@pytest.mark.parametrize(
    "chosen",
    [{}, {"stage": "aci_signe"}, {"theme": "diabete", "tier": "1", "stage": "aci_signe"}],
)
def test_every_choice_says_how_many_cpts_it_would_leave(
    client: TestClient, alps: dict[str, int], chosen: dict[str, str]
) -> None:
    path = "/departements/05"
    html = client.get(path, params=chosen, headers=BROWSER).text
    choices = CHOICE.findall(html)
    assert {name for name, *_ in choices} == {"stage", "tier", "theme"}
    assert {(name, value) for name, value, checked, _ in choices if checked} == set(
        chosen.items()
    )
    told = {(name, value): int(count) for name, value, _, count in choices}
    assert sum(told.values()) > 0
    for (name, value), count in told.items():
        # Of the many themes, those that some CPTS works on and a few others.
        if name != "theme" or count or value < "d":
            narrowed = client.get(path, params={**chosen, name: value}, headers=BROWSER).text
            assert len(_names(narrowed)) == count, (name, value)
