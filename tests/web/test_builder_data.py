"""What the page of the builder is made of, through HTTP."""

import html
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

pytestmark = pytest.mark.usefixtures("complete_country")

Register = Callable[..., int]

PATH = "/lettres/verification"
GAP, RABOU, DEVOLUY, LA_ROCHE, LAYE = "05061", "05112", "05139", "05123", "05072"
SEIN = "29083"
HOSTILE = "</script><b>\"'`<img src=x onerror=\"document.title='pris'\">${1}{{7*7}}"


def _ask_for(engine: Engine, communes: tuple[str, ...], state: str = "deposee") -> None:
    """Store a letter, as the procedure does."""
    with engine.begin() as connection:
        letter = connection.execute(
            text(
                "INSERT INTO letter (name, kind, state, deposited_on, closed_on, lead_region)"
                " VALUES ('Projet discret', 'creation', CAST(:state AS text), "
                "(now() AT TIME ZONE 'Europe/Paris')::date,"
                " CASE WHEN :state = 'refusee' THEN "
                "(now() AT TIME ZONE 'Europe/Paris')::date END, '93') RETURNING id"
            ),
            {"state": state},
        ).scalar_one()
        connection.execute(
            text("INSERT INTO letter_commune VALUES (:letter, :commune, 'asked')"),
            [{"letter": letter, "commune": commune} for commune in communes],
        )


def _communes(client: TestClient, department: str = "05") -> dict[str, dict[str, Any]]:
    response = client.get(f"{PATH}/communes.geojson?department={department}")
    assert response.status_code == 200, response.text
    return {feature["id"]: feature["properties"] for feature in response.json()["features"]}


def test_the_page_loads_scripts_as_files_and_nothing_from_another_host_but_the_base_map(
    client: TestClient,
) -> None:
    response = client.get(PATH)
    policy = response.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "img-src 'self' data: https://data.geopf.fr;" in policy
    assert "set-cookie" not in response.headers
    for address in ("builder/page.js", "builder/builder.css", "leaflet.js"):
        assert address.split("/")[-1] in response.text
    assert 'src="http' not in response.text


def test_the_page_is_revalidated_until_the_registry_changes(client: TestClient) -> None:
    tag = client.get(PATH).headers["etag"]
    assert client.get(PATH, headers={"If-None-Match": tag}).status_code == 304


def test_each_commune_of_a_department_tells_who_holds_it(
    client: TestClient, register: Register
) -> None:
    assert _communes(client)[GAP]["cpts"] is None
    cpts = register("CPTS de Gap", "projet_sante_valide", (GAP, RABOU))
    body = client.get(f"{PATH}/communes.geojson?department=05").json()
    found = {feature["id"]: feature for feature in body["features"]}
    assert len(found) == len(body["features"]) == 162
    assert found[GAP]["properties"] == {
        "code": GAP,
        "name": "Gap",
        "population": 41293,
        "cpts": cpts,
        "stage": "projet_sante_valide",
        "asked": False,
        "complete": True,
    }
    assert found[GAP]["geometry"]["type"] == "MultiPolygon"
    assert found[DEVOLUY]["properties"]["cpts"] is None
    assert body["holders"] == {str(cpts): {"name": "CPTS de Gap", "demonstration": False}}


def test_a_claim_that_starts_later_shows_already(
    client: TestClient, register: Register
) -> None:
    cpts = register("CPTS de demain", "aci_signe", (GAP,), effective_on="2099-01-01")
    assert _communes(client)[GAP]["cpts"] == cpts


@pytest.mark.parametrize(
    ("state", "asked"), [("deposee", True), ("en_conciliation", True), ("refusee", False)]
)
def test_communes_asked_for_by_a_pending_letter_say_so_but_not_by_whom(
    client: TestClient, engine: Engine, state: str, asked: bool
) -> None:
    _ask_for(engine, (RABOU,), state)
    communes = _communes(client)
    assert communes[RABOU]["asked"] is asked
    assert communes[GAP]["asked"] is False
    body = client.get(f"{PATH}/communes.geojson?department=05").text
    assert "Projet discret" not in body


def test_the_largest_department_is_a_small_load(client: TestClient) -> None:
    response = client.get(
        f"{PATH}/communes.geojson?department=62", headers={"Accept-Encoding": "br"}
    )
    assert response.headers["content-encoding"] == "br"
    assert int(response.headers["content-length"]) < 200_000


@pytest.mark.parametrize("query", ["", "?department=00", "?department=05&other=1"])
def test_an_unknown_department_is_refused(client: TestClient, query: str) -> None:
    assert client.get(f"{PATH}/communes.geojson{query}").status_code == 422


def test_every_epci_is_offered_with_its_communes(client: TestClient) -> None:
    items = client.get(f"{PATH}/epci.json").json()["items"]
    assert len(items) > 1_200
    serre_poncon = {item["code"]: item for item in items}["200067742"]
    assert serre_poncon["communes"] == 17
    assert serre_poncon["departments"] == ["04", "05"]


def _nearby(client: TestClient, **asked: Any) -> dict[str, Any]:
    response = client.post(f"{PATH}/proches", json=asked)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def test_the_next_free_commune_touches_the_territory_and_is_held_by_nobody(
    client: TestClient, register: Register, engine: Engine
) -> None:
    cpts = register("CPTS du Dévoluy", "dynamique_identifiee", (DEVOLUY,))
    _ask_for(engine, (LA_ROCHE,))
    answer = _nearby(client, communes=[RABOU])
    assert answer["ring"] == 1
    found = {item["code"]: item for item in answer["items"]}
    assert found.keys() == {GAP, LA_ROCHE}
    assert found[LA_ROCHE]["asked"] is True
    assert found[GAP]["asked"] is False
    borders = [item["shared_border_km"] for item in answer["items"]]
    assert borders == sorted(borders, reverse=True)
    amended = _nearby(client, communes=[RABOU], exclude_cpts=cpts)
    assert DEVOLUY in {item["code"] for item in amended["items"]}


def test_behind_held_communes_the_nearest_free_ones_are_found(
    client: TestClient, register: Register
) -> None:
    register("CPTS autour de Rabou", "aci_signe", (GAP, DEVOLUY, LA_ROCHE))
    answer = _nearby(client, communes=[RABOU])
    assert answer["ring"] == 2
    assert LAYE in {item["code"] for item in answer["items"]}
    assert all(item["shared_border_km"] is None for item in answer["items"])


def test_from_an_island_the_nearest_commune_lies_across_the_water(client: TestClient) -> None:
    answer = _nearby(client, communes=[SEIN])
    assert answer["ring"] == 0
    distances = [item["distance_km"] for item in answer["items"]]
    assert distances == sorted(distances)
    assert 5 < distances[0] < 40
    assert all(item["department"] == "29" for item in answer["items"])


@pytest.mark.parametrize(
    "asked",
    [
        {"communes": []},
        {"communes": ["99999"]},
        {"communes": ["Gap"]},
        {"communes": [GAP], "x": 1},
    ],
)
def test_no_suggestion_without_a_territory(client: TestClient, asked: dict[str, Any]) -> None:
    assert client.post(f"{PATH}/proches", json=asked).status_code == 422


def _verdict(client: TestClient, pasted: str) -> str:
    response = client.post(PATH, data={"communes": pasted}, headers={"Accept": "text/html"})
    assert response.status_code == 200, response.text
    assert response.headers["cache-control"] == "no-store"
    assert "'unsafe-inline'" not in response.headers["content-security-policy"]
    return response.text


def test_without_script_each_verdict_is_a_page(
    client: TestClient, register: Register, engine: Engine
) -> None:
    assert "Verdict\u00a0: libre" in _verdict(client, "Gap\nRabou (05)")
    _ask_for(engine, (LAYE,))
    assert "Verdict\u00a0: disputé" in _verdict(client, LAYE)
    page = _verdict(client, "Gap\nSainte-Colombe\nInconnuville-sur-Rien")
    assert "Verdict\u00a0: incomplet" in page
    assert "Sainte-Colombe (05, 05135)" in page
    register(
        "CPTS de Gap",
        "aci_signe",
        (GAP,),
        website="https://cpts-gap.example",
        phone="0492000000",
    )
    page = _verdict(client, "Gap\nRabou (05)")
    assert "Verdict\u00a0: bloqué" in page
    assert 'href="https://cpts-gap.example"' in page
    assert "0492000000" in page
    assert "41\u202f293" in page
    assert 'href="/lettres/verification#communes=05061,05112"' in page


def test_without_script_hostile_texts_are_shown_and_never_markup(
    client: TestClient, register: Register
) -> None:
    register(HOSTILE, "aci_signe", (GAP,))
    page = _verdict(client, f"Gap\n{HOSTILE}")
    assert "<img src=x" not in page
    assert "<b>\"'" not in page
    assert html.escape("<img src=x", quote=False) in page


def test_an_empty_form_is_answered_with_the_form_and_what_was_typed(
    client: TestClient,
) -> None:
    response = client.post(PATH, data={"communes": " \n"})
    assert response.status_code == 422
    assert "Indiquez au moins une commune." in response.text
    too_long = "<i>" + "x" * 300
    response = client.post(PATH, data={"communes": too_long})
    assert response.status_code == 422
    assert "&lt;i&gt;xxx" in response.text
    assert client.post(PATH, data={"communes": "G\0ap"}).status_code == 200


def test_the_form_counts_as_a_check(client: TestClient) -> None:
    app: Any = client.app
    limit = app.state.limits["check"]
    allowed = limit.count

    def refuse(_address: str | None) -> None:
        from app.problems import TooManyRequests  # noqa: PLC0415

        raise TooManyRequests("Trop de vérifications.")

    limit.count = refuse
    try:
        assert client.post(PATH, data={"communes": "Gap"}).status_code == 429
        assert client.post(f"{PATH}/proches", json={"communes": [GAP]}).status_code == 429
    finally:
        limit.count = allowed
