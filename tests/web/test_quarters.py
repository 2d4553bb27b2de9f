"""A commune divided into quarters, wherever the site, its files and its layers show it."""

import csv
import io
import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.quarters import Divide
from tests.web.conftest import BROWSER, Register

LILLE, MARCQ = "59350", "59378"
EAST, CENTRE, WEST = (f"{LILLE}-0{n}" for n in (1, 2, 3))
pytestmark = pytest.mark.usefixtures("complete_country")


@pytest.fixture
def shared(divide_commune: Divide, register: Register) -> dict[str, int]:
    """Lille in three quarters, two of them held, by a CPTS each; their ids."""
    divide_commune(LILLE, ("Bois-Blancs", "Wazemmes", "Fives"), weight=[2.0, 1.0, 1.0])
    return {
        "Alpha": register("CPTS Alpha", communes=(EAST, MARCQ)),
        "Bêta": register("CPTS Bêta", communes=(CENTRE,)),
    }


def _page(client: TestClient, address: str) -> str:
    answer = client.get(address, headers=BROWSER)
    assert answer.status_code == 200, answer.text[:2000]
    return answer.text


def _words(html: str) -> str:
    words = re.sub(r"<[^>]+>", " ", html.replace("&nbsp;", " "))
    return re.sub(r"\s+", " ", words)


def test_the_city_is_told_by_quarters(client: TestClient, shared: dict[str, int]) -> None:
    html = _page(client, f"/communes/{LILLE}")
    told = _words(html)
    assert "Chaque quartier a sa réponse" in told
    assert "Lille se répartit entre 2 CPTS" in told
    assert "CPTS Alpha : 1 quartier sur 3, 119 123 habitants" in told
    assert "Sans CPTS : 1 quartier sur 3, 59 561 habitants" in told
    assert "d’après la colonne « pop » de quartiers.geojson" in told
    rows = html[html.index('id="quartiers"') :]
    assert [rows.count(f'href="/communes/{each}"') for each in (EAST, CENTRE, WEST)] == [1] * 3
    drawn = html[html.index("<svg") : html.index("</svg>")]
    assert drawn.count('class="asked"') == 3
    assert ">Wazemmes</text>" in drawn


def test_the_city_is_a_commune_until_the_day_of_its_division(
    client: TestClient, shared: dict[str, int]
) -> None:
    told = _words(_page(client, f"/communes/{LILLE}?at=2025-06-01"))
    assert "Aucune CPTS ne couvre Lille à cette date" in told
    assert "quartier" not in told


def test_a_quarter_has_its_page(client: TestClient, shared: dict[str, int]) -> None:
    told = _words(_page(client, f"/communes/{EAST}"))
    assert "Le quartier est couvert par la CPTS Alpha" in told
    assert "119 123 habitants (part de la population municipale 2023" in told
    assert "Ville Lille (59350)" in told
    free = _page(client, f"/communes/{WEST}")
    assert "Aucune CPTS ne couvre Lille – Fives à ce jour" in _words(free)
    assert "touchent le quartier" in _words(free) or "touche le quartier" in _words(free)


def test_the_sheet_of_a_cpts_groups_quarters_by_city(
    client: TestClient, shared: dict[str, int]
) -> None:
    html = _page(client, f"/cpts/{shared['Alpha']}")
    told = _words(html)
    assert "2 communes, dont 1 quartier de Lille" in told
    assert "Lille : 1 quartier sur 3, les autres sont à d’autres CPTS ou à aucune" in told
    rows = re.findall(r'<a href="/communes/([\w-]+)">([^<]+)</a>', html)
    assert rows[-3:] == [(LILLE, "Lille"), (EAST, "Bois-Blancs"), (MARCQ, "Marcq-en-Barœul")]


def test_the_search_finds_the_city_first_and_each_quarter_by_its_name(
    client: TestClient, shared: dict[str, int]
) -> None:
    def asked(q: str) -> list[dict[str, str]]:
        found: Any = client.get("/recherche/suggestions", params={"q": q}).json()
        return list(found["items"])

    first = [each["address"] for each in asked("Lille")][:4]
    assert first == [f"/communes/{code}" for code in (LILLE, EAST, CENTRE, WEST)]
    (moulins,) = [each for each in asked("Lille Wazemmes") if each["label"].startswith("Lille")]
    assert moulins["address"] == f"/communes/{CENTRE}"
    assert moulins["detail"].endswith("CPTS Bêta")
    assert "autrefois" not in moulins["detail"]
    assert f"/communes/{CENTRE}" in [each["address"] for each in asked("Wazemmes")]


def test_a_divided_commune_counts_once_and_its_inhabitants_where_they_live(
    client: TestClient, shared: dict[str, int]
) -> None:
    def north() -> dict[str, Any]:
        items = client.get("/api/v1/coverage?level=department").json()["items"]
        return next(each for each in items if each["code"] == "59")

    parts = north()
    everywhere = client.get("/api/v1/communes?department=59&limit=1").json()["number_matched"]
    assert parts["communes"] == everywhere - 2
    assert parts["communes_covered"] == 1
    marcq = client.get(f"/api/v1/communes/{MARCQ}").json()["population"]
    assert parts["population_covered"] == marcq + 119_123 + 59_562
    page = _words(_page(client, "/departements/59"))
    assert re.search(r"Communes couvertes 1 sur \d+", page)
    free = _words(_page(client, "/departements/59/communes-sans-cpts"))
    assert "Lille 1 quartier sur 3, 59 561 hab." in free


def test_files_and_layers_have_the_quarters_and_their_city(
    client: TestClient, shared: dict[str, int]
) -> None:
    table = client.get("/api/v1/compositions.csv").text
    rows = list(csv.DictReader(io.StringIO(table, newline="")))
    told = [(row["commune_code"], row["commune_name"], row["city_code"]) for row in rows]
    assert told == [
        (EAST, "Lille – Bois-Blancs", LILLE),
        (MARCQ, "Marcq-en-Barœul", MARCQ),
        (CENTRE, "Lille – Wazemmes", LILLE),
    ]
    parts = client.get("/ogc/collections/parts/items").json()["features"]
    assert [each["properties"]["code"] for each in parts] == [EAST, CENTRE, WEST]
    assert parts[1]["properties"] | {} == {
        "code": CENTRE, "name": "Lille – Wazemmes", "quarter": "Wazemmes",
        "city": LILLE, "city_name": "Lille", "department": "59", "region": "32",
        "population": 59_562, "population_year": 2023, "population_by": "column",
        "cpts_id": shared["Bêta"], "cpts_name": "CPTS Bêta", "cpts_stage": "aci_signe",
    }  # fmt: skip
    asked = "/ogc/collections/communes/items"
    units = client.get(asked, params={"filter": f"city = '{LILLE}'"}).json()
    assert units["numberMatched"] == 3
    before = client.get(f"/ogc/collections/communes/items/{LILLE}", params={"at": "2025-06-01"})
    assert before.json()["properties"]["kind"] == "commune"
    assert client.get(f"/ogc/collections/communes/items/{LILLE}").status_code == 404


def test_a_map_opened_from_a_city_marks_its_quarters(
    client: TestClient, shared: dict[str, int]
) -> None:
    drawn = client.get("/maps/communes.geojson", params={"commune": LILLE}).json()
    assert len(drawn["features"]) == 3
