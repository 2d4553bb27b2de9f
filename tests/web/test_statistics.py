"""The statistics by HTTP: their figures are those of the registry, on every day."""

import csv
import io
import re
from collections.abc import Callable
from xml.etree import ElementTree as ET

import openpyxl
import pytest
from starlette.testclient import TestClient

from app.database.calendar import today
from tests.web.conftest import BROWSER, HOSTILE

Register = Callable[..., int]
Bearer = Callable[..., dict[str, str]]

GAP, BRIANCON, EMBRUN = "05061", "05023", "05046"


def _page(client: TestClient, address: str = "/statistiques") -> str:
    response = client.get(address, headers=BROWSER)
    assert response.status_code == 200, response.text[:500]
    return response.text


def _csv(client: TestClient, name: str) -> list[dict[str, str]]:
    response = client.get(f"/statistiques/{name}")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(response.text)))


@pytest.fixture
def history(client: TestClient, register: Register, bearer: Bearer) -> dict[str, int]:
    """Three CPTS: one that advanced, one that ended, one that never was recognised."""
    one = register(
        "CPTS qui avance",
        "lettre_intention_validee",
        (GAP,),
        effective_on="2020-02-10",
        stage_since="2020-02-10",
    )
    signed = {"stage": "aci_signe", "stage_since": "2021-03-05"}
    assert client.patch(f"/api/v1/cpts/{one}", json=signed, headers=bearer("admin")).is_success
    ended = register(
        "CPTS qui finit",
        "aci_signe",
        (BRIANCON,),
        effective_on="2021-03-31",
        stage_since="2021-03-31",
    )
    assert client.delete(f"/api/v1/cpts/{ended}?reason=fin", headers=bearer("admin")).is_success
    early = register(
        "CPTS naissante",
        "dynamique_identifiee",
        (EMBRUN,),
        effective_on="2022-01-01",
        stage_since="2022-01-01",
    )
    return {"one": one, "ended": ended, "early": early}


@pytest.mark.usefixtures("history")
def test_each_month_says_what_the_coverage_of_its_last_day_says(client: TestClient) -> None:
    months = _csv(client, "evolution.csv")
    assert months[0]["date"] == "2019-01-31"
    assert months[-1]["date"] == today().isoformat()
    for month in (*months[12:30], *months[-3:]):
        coverage = client.get(f"/api/v1/coverage?level=country&at={month['date']}").json()
        (country,) = coverage["items"]
        assert int(month["population_covered"]) == country["population_covered"], month
        assert int(month["communes_covered"]) == country["communes_covered"]
        counts = {slug: int(month[f"cpts_{slug}"]) for slug in country["cpts_by_stage"]}
        assert counts == country["cpts_by_stage"]


@pytest.mark.usefixtures("history")
def test_an_aci_counts_in_the_month_it_was_signed(client: TestClient) -> None:
    months = {month["date"]: month for month in _csv(client, "evolution.csv")}
    assert months["2021-03-31"]["aci_signed_within_month"] == "2"
    assert sum(int(month["aci_signed_within_month"]) for month in months.values()) == 2
    assert months["2021-02-28"]["cpts_aci_signe"] == "0"
    assert months["2021-02-28"]["cpts_lettre_intention_validee"] == "1"
    assert months["2021-03-31"]["cpts_aci_signe"] == "2"


@pytest.mark.usefixtures("history")
def test_a_day_asked_for_ends_the_evolution_and_dates_every_figure(client: TestClient) -> None:
    page = _page(client, "/statistiques?at=2021-03-04")
    assert "Situation au 4" in page
    assert _csv(client, "evolution.csv?at=2021-03-04")[-1]["date"] == "2021-03-04"
    assert _csv(client, "evolution.csv?at=2021-03-04")[-1]["cpts_aci_signe"] == "0"
    regions = {row["code"]: row for row in _csv(client, "regions.csv?at=2021-03-04")}
    assert regions["93"]["cpts_lettre_intention_validee"] == "1"
    assert regions["93"]["cpts_aci_signe"] == "0"
    assert 'src="/statistiques/carte.svg?at=2021-03-04"' in page


@pytest.mark.parametrize("at", ["1900-01-01", "2018-12-31", "2019-01-01", "9999-12-31"])
def test_any_day_has_its_page(client: TestClient, at: str) -> None:
    page = _page(client, f"/statistiques?at={at}")
    assert ("Aucun chiffre n’est tenu avant 2019" in page) is (at < "2019")
    assert client.get(f"/statistiques/carte.svg?at={at}").status_code == 200
    assert client.get(f"/statistiques/couverture.svg?at={at}").status_code == 200
    assert len(_csv(client, f"evolution.csv?at={at}")) < 1_000


def test_an_empty_registry_has_its_page(client: TestClient) -> None:
    page = _page(client)
    assert "0\u202f%" in page
    assert page.count('role="img"') == 4


@pytest.mark.usefixtures("history")
def test_every_chart_is_named_described_and_beside_its_table(client: TestClient) -> None:
    page = _page(client)
    charts = re.findall(r'<svg class="chart[^>]*aria-labelledby="(\S+) (\S+)"', page)
    assert len(charts) == 4
    for title, description in charts:
        assert re.search(rf'<title id="{title}">[^<]+</title>', page)
        assert re.search(rf'<desc id="{description}">[^<]+</desc>', page)
    assert page.count("<caption>") == page.count("<table")
    assert "Est couverte une commune" in page
    assert page.count(str(today().year)) > 10


def test_maps_are_documents_without_script_or_style(
    client: TestClient, register: Register
) -> None:
    register(HOSTILE, "aci_signe", (GAP,))
    for name in ("carte.svg", "couverture.svg"):
        response = client.get(f"/statistiques/{name}")
        assert response.headers["content-type"] == "image/svg+xml"
        root = ET.fromstring(response.text)
        tags = {element.tag.rpartition("}")[2] for element in root.iter()}
        shapes = {"rect", "g", "path", "text", "defs", "use", "pattern"}
        assert tags <= {"svg", "title", "desc", *shapes}
        assert "style=" not in response.text
        assert root.find("{http://www.w3.org/2000/svg}title") is not None


def test_the_map_of_a_day_shows_who_stood_then(client: TestClient, register: Register) -> None:
    empty = client.get("/statistiques/carte.svg").text
    register("CPTS", "aci_signe", (GAP,), effective_on="2022-01-01", stage_since="2022-01-01")
    now = client.get("/statistiques/carte.svg").text
    assert "ACI signé\u00a0: 1" in now
    assert now.count("<path") == empty.count("<path") + 1
    before = client.get("/statistiques/carte.svg?at=2021-12-31").text
    assert before.count("<path") == empty.count("<path")


def test_statistics_are_kept_until_the_registry_changes(
    client: TestClient, register: Register
) -> None:
    for address in ("/statistiques", "/statistiques/carte.svg", "/statistiques/regions.csv"):
        tag = {"If-None-Match": client.get(address).headers["etag"]}
        assert client.get(address, headers=tag).status_code == 304
        register(f"CPTS de {address}", "dynamique_identifiee")
        assert client.get("/statistiques", headers=tag).status_code == 200


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize("name", ["regions", "departements", "evolution"])
def test_figures_for_offices_are_those_for_programs(client: TestClient, name: str) -> None:
    plain = _csv(client, f"{name}.csv?at=2022-06-01")
    answer = client.get(f"/statistiques/{name}-excel.csv?at=2022-06-01")
    text = answer.content.decode("utf-8-sig")
    french = list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))
    assert answer.headers["content-disposition"].endswith(f'"cpts-{name}-excel.csv"')
    book = openpyxl.load_workbook(
        io.BytesIO(client.get(f"/statistiques/{name}.xlsx?at=2022-06-01").content)
    )
    typed = list(book.worksheets[0].values)
    assert typed[0] == tuple(french[0])
    assert len(plain) == len(french) - 1 == len(typed) - 1 > 10
    place = french[0].index("Population couverte")
    covered = [int(row["population_covered"]) for row in plain]
    assert sum(covered) > 0
    assert covered == [int(row[place]) for row in french[1:]]
    assert covered == [row[place] for row in typed[1:]]
    assert {row["date"] for row in plain} == {f"{row[0]:%Y-%m-%d}" for row in typed[1:]}


@pytest.mark.usefixtures("history")
def test_a_share_has_a_decimal_comma_for_offices_and_a_point_for_programs(
    client: TestClient,
) -> None:
    (plain,) = (r for r in _csv(client, "regions.csv") if r["code"] == "93")
    text = client.get("/statistiques/regions-excel.csv").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))
    (french,) = (row for row in rows if row["Code"] == "93")
    assert "." in plain["share_covered"]
    assert french["Part couverte"] == plain["share_covered"].replace(".", ",")


def test_other_tables_of_figures_do_not_exist(client: TestClient) -> None:
    for name in ("communes.csv", "communes.xlsx", "communes-excel.csv"):
        assert client.get(f"/statistiques/{name}").status_code == 404


def test_sizes_and_themes_of_a_day_are_those_of_the_api(
    client: TestClient, register: Register
) -> None:
    register("Deux régions", "aci_signe", (GAP, "26113"), themes=["diabete"])
    register("Sans commune", "dynamique_identifiee", themes=["diabete", "vaccination"])
    register("Plus tard", "aci_signe", (EMBRUN,), effective_on="2150-01-01")
    items = client.get("/api/v1/cpts").json()["items"]
    sizes = {row["code"]: row for row in _csv(client, "tailles.csv")}
    assert len(sizes) == 18 + 1
    for code, row in sizes.items():
        own = [each for each in items if code in (*each["regions"], "FR")]
        assert int(row["cpts"]) == len(own), code
        for tier in (1, 2, 3, 4):
            assert int(row[f"cpts_tier_{tier}"]) == sum(each["tier"] == tier for each in own)
        assert int(row["cpts_tier_unknown"]) == sum(each["tier"] is None for each in own)
    assert (sizes["93"]["cpts"], sizes["84"]["cpts"], sizes["FR"]["cpts"]) == ("1", "1", "2")
    themes = {row["slug"]: row for row in _csv(client, "themes.csv")}
    assert (themes["diabete"]["cpts"], themes["diabete"]["share"]) == ("2", "1.0")
    assert (themes["vaccination"]["cpts"], themes["vaccination"]["share"]) == ("1", "0.5")
    assert themes["hpv"]["cpts"] == "0"
    for name in ("tailles", "themes"):
        assert client.get(f"/statistiques/{name}.xlsx").status_code == 200
        assert client.get(f"/statistiques/{name}-excel.csv").status_code == 200


@pytest.mark.usefixtures("history")
def test_a_day_is_picked_in_a_form_and_each_table_ends_in_its_total(
    client: TestClient, register: Register
) -> None:
    # A total is no sum of its column: this one counts in both regions.
    register("Deux régions", "aci_signe", ("05101", "26113"), effective_on="2020-01-01")
    page = _page(client, "/statistiques?at=2021-03-31")
    assert '<input type="date" id="at" name="at" value="2021-03-31" required>' in page
    (row,) = re.findall(r'<tr><th scope="row"><a href="/regions/93">.*?</tr>', page)[:1]
    counts = re.findall(r'<td class="number">([^<]*)</td>', row)
    assert counts[:6] == ["0", "0", "0", "0", "3", "3"]
    by_region, by_size = (
        [
            re.sub(r"\s", "", cell)
            for cell in re.findall(r'<td class="number">([^<]*)</td>', foot)
        ]
        for foot in re.findall(r"<tfoot>.*?</tfoot>", page, re.DOTALL)
    )
    (country,) = client.get("/api/v1/coverage?level=country&at=2021-03-31").json()["items"]
    (sizes,) = (r for r in _csv(client, "tailles.csv?at=2021-03-31") if r["code"] == "FR")
    share = f"{100 * country['share_covered']:.1f}%".replace(".", ",")
    assert by_region == [
        *(str(count) for count in country["cpts_by_stage"].values()),
        sizes["cpts"],
        str(country["population_covered"]),
        share,
        f"{country['communes_covered']}/{country['communes']}",
    ]
    tiers = [name for name in sizes if name.startswith("cpts_tier_")]
    assert by_size == [sizes[name] for name in (*tiers, "cpts")]
    assert sizes["cpts"] == "3"


@pytest.mark.usefixtures("history", "complete_country")
def test_shares_of_a_column_have_as_many_decimals(client: TestClient) -> None:
    for path in ("/statistiques", "/regions", "/regions/93", "/bilan"):
        cells = re.findall(r'<td class="number">([^<]*\u202f%)</td>', _page(client, path))
        assert cells, path
        assert all(re.fullmatch(r"\d+,\d\u202f%", cell) for cell in cells), path


def test_regions_stand_in_the_same_order_everywhere(client: TestClient) -> None:
    orders = []
    for path in ("/", "/regions", "/statistiques", "/bilan", "/integrer"):
        page = _page(client, path)
        found = re.findall(r'href="/regions/(\d\d)"|<option value="(\d\d)"', page)
        codes = dict.fromkeys(link or option for link, option in found)
        orders.append([code for code in codes if code in {*REGIONS}])
    assert orders == [REGIONS] * 5
    (chart,) = re.findall(r'<svg class="chart" .*?</svg>', _page(client), re.DOTALL)[:1]
    names = re.findall(r'<text class="name"[^>]*>([^<]+)</text>', chart)
    assert (names[0], names[-1]) == ("Auvergne-Rhône-Alpes", "Provence-Alpes-Côte d’Azur")


# By name: Auvergne-Rhône-Alpes to Provence-Alpes-Côte d'Azur.
REGIONS = [
    "84", "27", "53", "24", "94", "44", "01", "03", "32", "11", "04", "02", "06", "28", "75",
    "76", "52", "93",
]  # fmt: skip
