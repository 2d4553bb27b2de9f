"""The sheets of communes and CPTS by HTTP."""

import gzip
import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.database.calendar import today
from tests.web.conftest import BROWSER, HOSTILE

pytestmark = pytest.mark.usefixtures("complete_country")

Register = Callable[..., int]
Bearer = Callable[..., dict[str, str]]

GAP, LA_SAULCE, CHAMPOLEON = "05061", "05162", "05032"


def _page(client: TestClient, address: str, status: int = 200) -> str:
    response = client.get(address, headers=BROWSER)
    assert response.status_code == status, response.text[:500]
    return response.text


def test_a_held_commune_says_by_whom_first(client: TestClient, alps: dict[str, int]) -> None:
    page = _page(client, f"/communes/{GAP}")
    answer = page[page.index('class="card answer"') :]
    assert f'<a href="/cpts/{alps["CPTS du Gapençais"]}">CPTS du Gapençais</a>' in answer
    assert "ACI signé" in answer
    assert 'href="mailto:contact@gapencais.example"' in answer
    assert 'href="tel:0499000001"' in answer
    assert page.index("CPTS du Gapençais</a>") < page.index("<svg")


def test_a_free_commune_names_its_neighbours_and_whom_to_ask(
    client: TestClient, alps: dict[str, int]
) -> None:
    free = client.get("/api/v1/communes?department=05&held=false&q=pelleautier").json()
    page = _page(client, f"/communes/{free['items'][0]['code']}")
    assert "Aucune CPTS ne couvre Pelleautier" in page
    assert "À qui s’adresser" in page
    assert "agence régionale de santé" in page
    neighbours = page[page.index('id="voisines"') :]
    assert "CPTS du Gapençais" in neighbours
    assert re.search(r"\d+,\d km", neighbours)


def test_a_contested_commune_names_every_claimant(
    client: TestClient, engine: Engine, alps: dict[str, int]
) -> None:
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO refused_claim (commune_code, claimant_name, refused_on)"
                " VALUES (:code, :name, :day)"
            ),
            {"code": GAP, "name": "CPTS rivale", "day": today()},
        )
    page = _page(client, f"/communes/{GAP}")
    assert "aussi revendiquée" in page
    assert "CPTS rivale" in page


def test_a_former_commune_leads_to_that_of_today(
    client: TestClient, register: Register
) -> None:
    # Bruis has been part of Valdoule since 2019.
    valdoule = register("CPTS de Valdoule", "aci_signe", ("05024",))
    page = _page(client, "/communes/05088")
    assert "fait aujourd’hui partie de" in page
    assert f'href="/cpts/{valdoule}"' in page
    assert '<link rel="canonical" href="/communes/05024">' in page


def test_a_postal_code_of_several_communes_offers_the_choice(client: TestClient) -> None:
    page = _page(client, "/communes/05500")
    assert "Laquelle cherchez-vous" in page
    assert len(re.findall(r'href="/communes/05\d{3}"', page)) > 1


def test_a_large_city_lists_its_arrondissements(client: TestClient, register: Register) -> None:
    register("CPTS du vieux port", "aci_signe", ("13201", "13202"))
    page = _page(client, "/communes/13055")
    assert "Chaque arrondissement a sa réponse" in page
    rows = page[page.index('id="arrondissements"') :]
    assert rows.count('<a href="/communes/132') == 16
    assert rows.count("CPTS du vieux port") == 2


@pytest.mark.parametrize("code", ["99999", "abcde", "0506", "05061x", "2C001"])
def test_what_is_no_commune_is_a_page_that_helps(client: TestClient, code: str) -> None:
    response = client.get(f"/communes/{code}", headers=BROWSER)
    assert response.status_code in (404, 422)
    assert "<h1>" in response.text


def test_a_commune_is_shown_as_of_a_day(client: TestClient, register: Register) -> None:
    register(
        "CPTS ancienne",
        "aci_signe",
        (GAP,),
        effective_on="2022-05-01",
        stage_since="2022-05-01",
    )
    assert "CPTS ancienne</a>" in _page(client, f"/communes/{GAP}?at=2022-05-01")
    before = _page(client, f"/communes/{GAP}?at=2022-04-30")
    assert "Aucune CPTS ne couvre Gap à cette date" in before
    assert "Situation au 30" in before


def test_a_sheet_tells_all_about_a_cpts(client: TestClient, alps: dict[str, int]) -> None:
    cpts = alps["CPTS du Gapençais"]
    page = _page(client, f"/cpts/{cpts}")
    for expected in (
        "<h1>CPTS du Gapençais",
        'href="/communes/05061">Gap</a>',
        "Taille 2\u00a0: de 40",
        "382\u202f500",  # the most that the tier pays
        "Parcours pluriprofessionnels",
        "Diabète",
        'href="https://gapencais.example/"',
        f"/embed/carte?cpts={cpts}",
        f'href="/api/v1/cpts/{cpts}.geojson"',
        f'href="/cpts/{cpts}/communes.csv"',
        f'href="/cpts/{cpts}/signaler"',
    ):
        assert expected in page
    assert f'href="/cpts/{alps["CPTS de Briançon"]}"' in page  # works on diabetes too
    assert f'<iframe src="/maps/cpts?cpts={cpts}"' in page
    # Its two communes are drawn and named, and so is what lies around.
    assert page.count('<path class="within"') == 2
    assert re.findall(r'<text x="\d+" y="\d+">([^<]+)</text>', page).count("Gap") == 1


def test_neighbours_are_those_with_a_border_in_common(
    client: TestClient, register: Register
) -> None:
    one = register("CPTS une", "aci_signe", (GAP,))
    register("CPTS voisine", "aci_signe", ("05104",))  # Pelleautier
    register("CPTS lointaine", "aci_signe", ("05023",))
    page = _page(client, f"/cpts/{one}")
    assert "CPTS voisine" in page
    assert "CPTS lointaine" not in page


def test_an_ended_cpts_says_so_and_since_when(
    client: TestClient, register: Register, bearer: Bearer
) -> None:
    cpts = register("CPTS éteinte", "aci_signe", (GAP,), effective_on="2024-01-01")
    ended = client.delete(f"/api/v1/cpts/{cpts}?reason=fin", headers=bearer("admin"))
    assert ended.status_code == 204
    page = _page(client, f"/cpts/{cpts}")
    assert "n’existe plus depuis le" in page
    assert 'href="/communes/05061?at=' in page
    assert "Aucune CPTS ne couvre Gap" in _page(client, f"/communes/{GAP}")


def test_a_sheet_is_shown_as_of_a_day_and_not_before_its_first(
    client: TestClient, register: Register, bearer: Bearer
) -> None:
    cpts = register(
        "CPTS datée",
        "lettre_intention_validee",
        (GAP,),
        effective_on="2023-01-01",
        stage_since="2023-01-01",
    )
    changed = client.patch(
        f"/api/v1/cpts/{cpts}",
        json={"stage": "aci_signe", "stage_since": "2024-06-01"},
        headers=bearer("admin"),
    )
    assert changed.status_code == 200, changed.text
    then = _page(client, f"/cpts/{cpts}?at=2023-12-31")
    assert "Situation au 31" in then
    assert 'class="stage stage-lettre_intention_validee"' in then[: then.index("<dl")]
    assert 'class="stage stage-aci_signe"' in _page(client, f"/cpts/{cpts}")
    _page(client, f"/cpts/{cpts}?at=2022-12-31", status=404)


def test_a_cpts_without_commune_has_a_sheet(client: TestClient, register: Register) -> None:
    cpts = register("CPTS naissante", "dynamique_identifiee")
    page = _page(client, f"/cpts/{cpts}")
    assert "pas encore de commune" in page
    assert "<iframe" not in page


@pytest.mark.parametrize("given", ["0", "-1", "x", "9" * 30, str(2**63)])
def test_no_such_cpts_is_a_page_that_helps(client: TestClient, given: str) -> None:
    for address in (f"/cpts/{given}", f"/cpts/{given}/signaler", f"/cpts/{given}/communes.csv"):
        response = client.get(address, headers=BROWSER)
        assert response.status_code in (404, 422), address
        assert "<h1>" in response.text


def test_hostile_names_and_addresses_stay_text(client: TestClient, register: Register) -> None:
    cpts = register(
        HOSTILE,
        "aci_signe",
        (GAP,),
        acronym="<i>x</i>",
        address=HOSTILE,
    )
    for address in (f"/cpts/{cpts}", f"/communes/{GAP}", f"/cpts/{cpts}/signaler"):
        page = _page(client, address)
        assert "<img src=x" not in page
        assert "<i>x</i>" not in page
        assert "&lt;img src=x" in page


def test_sheets_are_kept_until_the_registry_changes(
    client: TestClient, register: Register
) -> None:
    first = client.get(f"/communes/{GAP}")
    assert first.headers["cache-control"] == "public, no-cache"
    tagged = {"If-None-Match": first.headers["etag"]}
    assert client.get(f"/communes/{GAP}", headers=tagged).status_code == 304
    register("CPTS nouvelle", "aci_signe", (GAP,))
    changed = client.get(f"/communes/{GAP}", headers=tagged)
    assert changed.status_code == 200
    assert "CPTS nouvelle" in changed.text
    assert "set-cookie" not in changed.headers


def test_sheets_weigh_little(client: TestClient, register: Register) -> None:
    codes = [
        item["code"]
        for item in client.get("/api/v1/communes?department=05&limit=1000").json()["items"]
    ]
    cpts = register("CPTS de toutes les Hautes-Alpes", "aci_signe", tuple(codes))
    for address in (f"/cpts/{cpts}", f"/communes/{GAP}", "/communes/75056"):
        assert len(gzip.compress(_page(client, address).encode())) < 30_000, address


def test_communes_of_a_cpts_come_as_csv(client: TestClient, alps: dict[str, int]) -> None:
    response = client.get(f"/cpts/{alps['CPTS de la Haute-Durance']}/communes.csv")
    lines = response.text.splitlines()
    assert lines[0] == "code,name,population"
    assert [line.split(",")[0] for line in lines[1:]] == ["04019", "05046"]
    assert response.headers["content-type"] == "text/csv; charset=utf-8"


def test_a_future_cpts_is_shown_as_it_will_be(client: TestClient, register: Register) -> None:
    day: date = today() + timedelta(days=40)
    cpts = register("CPTS à venir", "aci_signe", (GAP,), effective_on=day.isoformat())
    page = _page(client, f"/cpts/{cpts}")
    assert "Gap" in page
    assert "CPTS à venir</a>" not in _page(client, f"/communes/{GAP}")
