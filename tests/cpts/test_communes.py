"""The communes over HTTP: search, and who holds what."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.database.calendar import today
from tests.conftest import Register

PATH = "/api/v1/communes"


def names(client: TestClient, **parameters: Any) -> list[str]:
    response = client.get(PATH, params=parameters)
    assert response.status_code == 200, response.text
    return [item["name"] for item in response.json()["items"]]


@pytest.mark.parametrize(
    ("q", "name"),
    [
        ("saint etienne", "Saint-Étienne"),
        ("St-Étienne", "Saint-Étienne"),
        ("saint-et", "Saint-Étienne"),
        ("42000", "Saint-Étienne"),
        ("42218", "Saint-Étienne"),
        ("42000 saint-etienne", "Saint-Étienne"),
        ("Lyon 3", "Lyon 3e Arrondissement"),
        ("69003", "Lyon 3e Arrondissement"),
        ("lyon", "Lyon 3e Arrondissement"),
        ("75056", "Paris 15e Arrondissement"),
        ("garde", "La Garde"),
        ("La Garde (83)", "La Garde"),
        ("ile rousse", "L'Île-Rousse"),
        ("saint-denis 974", "Saint-Denis"),
        ("montp", "Montpellier"),
        ("chauffayer", "Aubessagne"),
        ("05002", "Dévoluy"),
        ("sait etiene", "Saint-Étienne"),
    ],
)
def test_a_search_finds_the_commune_among_the_first_five(
    client: TestClient, q: str, name: str
) -> None:
    assert name in names(client, q=q, limit=5)


def test_of_equal_names_the_most_populated_comes_first(client: TestClient) -> None:
    items = client.get(PATH, params={"q": "Saint-Denis", "limit": 4}).json()["items"]
    assert [item["name"] for item in items] == ["Saint-Denis"] * 4
    populations = [item["population"] for item in items]
    assert populations == sorted(populations, reverse=True)
    assert populations[0] > 100_000


@pytest.mark.parametrize("q", ["zzzzqq", "!!!", "%", "_", "99999", "字"])
def test_a_search_for_nothing_known_is_empty(client: TestClient, q: str) -> None:
    page = client.get(PATH, params={"q": q}).json()
    assert (page["items"], page["number_matched"]) == ([], 0)


def test_without_a_search_communes_come_by_code(client: TestClient) -> None:
    page = client.get(PATH).json()
    codes = [item["code"] for item in page["items"]]
    assert len(codes) == 20
    assert codes == sorted(codes)
    assert codes[0] == "01001"
    assert page["number_matched"] == 34_917


def test_pages_follow_each_other_to_the_end(client: TestClient) -> None:
    address, codes = f"{PATH}?department=05&limit=60", []
    while address:
        page = client.get(address).json()
        codes += [item["code"] for item in page["items"]]
        address = next((x["href"] for x in page["links"] if x["rel"] == "next"), "")
    assert len(codes) == page["number_matched"] == len(set(codes))
    assert codes == sorted(codes)
    assert all(code.startswith("05") for code in codes)


def test_filters_are_joined(client: TestClient) -> None:
    items = client.get(PATH, params={"q": "la garde", "region": "93", "department": "04,83"})
    assert [item["code"] for item in items.json()["items"]][:2] == ["83062", "04092"]
    assert all(item["region"] == "93" for item in items.json()["items"])
    assert names(client, postcode="42000") == ["Saint-Étienne"]
    assert names(client, postcode="42000", department="83") == []


def test_an_item_describes_the_commune(client: TestClient) -> None:
    item = client.get(f"{PATH}/83137").json()
    assert set(item) == {
        *("code", "name", "kind", "department", "region", "population", "population_year"),
        *("postcodes", "complete", "cpts", "also_claimed_by"),
    }
    assert (item["name"], item["kind"], item["department"]) == ("Toulon", "commune", "83")
    assert (item["region"], item["population_year"]) == ("93", 2023)
    assert "83000" in item["postcodes"]
    assert (item["cpts"], item["also_claimed_by"]) == (None, [])
    assert client.get(PATH, params={"q": "Toulon", "limit": 1}).json()["items"] == [item]


def test_mayotte_says_that_its_population_is_of_2017(client: TestClient) -> None:
    assert client.get(f"{PATH}/97608").json()["population_year"] == 2017


def test_a_held_commune_names_its_cpts(client: TestClient, register: Register) -> None:
    cpts = register("CPTS des Essais", "projet_sante_valide", ("83137", "83062"))
    holder = {"id": cpts, "name": "CPTS des Essais", "stage": "projet_sante_valide"}
    assert client.get(f"{PATH}/83137").json()["cpts"] == holder
    assert names(client, held="true") == ["La Garde", "Toulon"]
    free = client.get(PATH, params={"held": "false", "department": "83", "limit": 1000}).json()
    codes = {item["code"] for item in free["items"]}
    assert not codes & {"83137", "83062"}
    assert free["number_matched"] == 151
    assert all(item["cpts"] is None for item in free["items"])


def test_the_holder_is_that_of_the_day(client: TestClient, register: Register) -> None:
    day = today()
    start = day + timedelta(days=30)
    cpts = register("CPTS à venir", "aci_signe", ("83137",), effective_on=start.isoformat())
    assert client.get(f"{PATH}/83137").json()["cpts"] is None
    later = client.get(f"{PATH}/83137", params={"at": start.isoformat()}).json()
    assert later["cpts"]["id"] == cpts
    assert names(client, held="true", at=start.isoformat()) == ["Toulon"]
    assert names(client, held="true") == []


def test_a_refused_claim_is_shown_on_the_commune(
    client: TestClient, register: Register, engine: Engine
) -> None:
    holder = register("CPTS tenante", "aci_signe", ("83137",))
    registered = register("CPTS voisine", "association_creee", ("83062",))
    day = today()
    with engine.begin() as connection:
        for cpts, name, stage in (
            (None, "CPTS sans fiche", "lettre_intention_validee"),
            (registered, "CPTS voisine", None),
            (holder, "CPTS tenante", None),
        ):
            connection.execute(
                text(
                    "INSERT INTO refused_claim"
                    " (commune_code, cpts_id, claimant_name, claimant_stage, refused_on)"
                    " VALUES ('83137', :cpts, :name, :stage, :day)"
                ),
                {"cpts": cpts, "name": name, "stage": stage, "day": day},
            )
    item = client.get(f"{PATH}/83137").json()
    assert item["cpts"]["id"] == holder
    assert item["also_claimed_by"] == [
        {"id": None, "name": "CPTS sans fiche", "stage": "lettre_intention_validee"},
        {"id": registered, "name": "CPTS voisine", "stage": "association_creee"},
    ]
    yesterday = (day - timedelta(days=1)).isoformat()
    before = client.get(f"{PATH}/83137", params={"at": yesterday}).json()
    assert before["also_claimed_by"] == []


def test_a_former_code_answers_with_the_commune_of_today(client: TestClient) -> None:
    item = client.get(f"{PATH}/05002").json()
    assert (item["code"], item["name"], item["former_code"]) == ("05139", "Dévoluy", "05002")
    assert "former_code" not in client.get(f"{PATH}/05139").json()


def test_a_former_code_that_was_shared_out_names_the_candidates(client: TestClient) -> None:
    response = client.get(f"{PATH}/08227")
    assert (response.status_code, response.json()["code"]) == (404, "not-found")
    assert [each["code"] for each in response.json()["candidates"]] == ["08203", "08454"]


@pytest.mark.parametrize(
    ("code", "name", "count"),
    [("75056", "Paris", 20), ("69123", "Lyon", 9), ("13055", "Marseille", 16)],
)
def test_a_city_answers_with_its_arrondissements(
    client: TestClient, register: Register, code: str, name: str, count: int
) -> None:
    city = client.get(f"{PATH}/{code}").json()
    assert (city["kind"], city["name"], city["cpts"]) == ("city", name, None)
    assert len(city["arrondissements"]) == count
    assert {each["kind"] for each in city["arrondissements"]} == {"arrondissement"}
    assert city["population"] == sum(each["population"] for each in city["arrondissements"])

    first = city["arrondissements"][0]["code"]
    cpts = register("CPTS du Premier", "aci_signe", (first,))
    city = client.get(f"{PATH}/{code}").json()
    assert city["cpts"] is None, "the city as a whole is held by nobody"
    assert city["arrondissements"][0]["cpts"]["id"] == cpts


@pytest.mark.parametrize("code", ["99999", "zz", "4001", "200054781", "1", "Toulon"])
def test_an_unknown_code_is_not_found(client: TestClient, code: str) -> None:
    response = client.get(f"{PATH}/{code}")
    assert (response.status_code, response.json()["code"]) == (404, "not-found")


@pytest.mark.parametrize(
    ("parameter", "value", "accepted"),
    [
        ("region", "zz", "93"),
        ("department", "4", "04"),
        ("postcode", "abc", "cinq chiffres"),
        ("postcode", "٤٢٠٠٠", "cinq chiffres"),
        ("held", "oui", "true"),
        ("limit", "-1", None),
        ("limit", "1001", None),
        ("limit", "beaucoup", None),
        ("limit", "1_0", "nombre entier"),
        ("offset", "-1", None),
        ("at", "2026-02-30", None),
        ("couleur", "bleu", "postcode"),
    ],
)
def test_a_wrong_parameter_is_named_with_what_is_accepted(
    client: TestClient, parameter: str, value: str, accepted: str | None
) -> None:
    response = client.get(PATH, params={parameter: value})
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert error["loc"] == ["query", parameter]
    if accepted:
        assert accepted in error["accepted"]


def test_an_answer_is_tagged_and_changes_with_the_registry(
    client: TestClient, register: Callable[..., int]
) -> None:
    first = client.get(f"{PATH}/83137")
    tag = first.headers["ETag"]
    assert client.get(f"{PATH}/83137", headers={"If-None-Match": tag}).status_code == 304
    register("CPTS nouvelle", "aci_signe", ("83137",))
    second = client.get(f"{PATH}/83137", headers={"If-None-Match": tag})
    assert second.status_code == 200
    assert second.json()["cpts"]["name"] == "CPTS nouvelle"
