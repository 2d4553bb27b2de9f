"""What readers get: items, Features, compositions, reference lists."""

import csv
import io
import json
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.cpts.reading.service import cpts_item
from app.database.calendar import today
from app.database.sessions import snapshot_scope

LILLE, MARCQ, ARRAS, DIGNE, DZAOUDZI = "59350", "59378", "62041", "04070", "97608"
HOSTILE = "</script><b>\"'`${x}` & =1+1 \\ \u2028 é"
Register = Callable[..., int]
Bearer = Callable[..., dict[str, str]]


def positions(node: Any) -> list[list[float]]:
    if isinstance(node[0], (int, float)):
        return [node]
    return [position for part in node for position in positions(part)]


def signed_area(ring: list[list[float]]) -> float:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring))


def test_list_item_and_feature_tell_the_same_of_a_cpts(
    client: TestClient, register: Register
) -> None:
    cpts = register(
        "CPTS d'essai",
        "lettre_intention_validee",
        (LILLE, MARCQ, ARRAS),
        acronym="CE",
        finess="590000001",
        themes=["vaccination", "diabete"],
        website="https://essai.example",
        email="contact@essai.example",
        phone="03 20 00 00 00",
        address="1 rue de l'Essai",
        stage_since="2025-02-03",
    )
    (listed,) = client.get("/api/v1/cpts").json()["items"]
    item = client.get(f"/api/v1/cpts/{cpts}").json()
    (feature,) = client.get("/api/v1/cpts.geojson").json()["features"]
    single = client.get(f"/api/v1/cpts/{cpts}.geojson").json()

    assert feature["properties"] == listed
    assert single["properties"] == item
    assert {key: value for key, value in item.items() if key in listed} == listed
    assert item.keys() - listed.keys() == {"communes", "ended_on"}
    assert feature["id"] == single["id"] == cpts

    updated_at = listed.pop("updated_at")
    assert updated_at.endswith("Z")
    assert updated_at > "2025"
    assert listed == {
        "id": cpts,
        "name": "CPTS d'essai",
        "acronym": "CE",
        "finess": "590000001",
        "stage": "lettre_intention_validee",
        "stage_label": "Lettre d'intention validée",
        "stage_since": "2025-02-03",
        "stage_recorded_on": today().isoformat(),
        "population": 238_246 + 40_184 + 42_875,
        "population_year": 2023,
        "population_note": None,
        "tier": 4,
        "commune_count": 3,
        "departments": ["59", "62"],
        "regions": ["32"],
        "lead_department": "59",
        "themes": [
            {"slug": "diabete", "label": "Diabète", "mission": "parcours"},
            {"slug": "vaccination", "label": "Vaccination", "mission": "prevention"},
        ],
        "website": "https://essai.example",
        "email": "contact@essai.example",
        "phone": "03 20 00 00 00",
        "address": "1 rue de l'Essai",
        "demonstration": False,
        "planned": [],
    }
    assert item["ended_on"] is None
    assert item["communes"] == [
        {"code": "59350", "name": "Lille", "population": 238_246},
        {"code": "59378", "name": "Marcq-en-Barœul", "population": 40_184},
        {"code": "62041", "name": "Arras", "population": 42_875},
    ]


def test_without_a_commune_a_cpts_is_there_with_a_null_geometry(
    client: TestClient, register: Register
) -> None:
    cpts = register("Équipe naissante", "dynamique_identifiee", ())
    (feature,) = client.get("/api/v1/cpts.geojson").json()["features"]
    assert feature["geometry"] is None
    nothing: dict[str, Any] = {
        "population": 0,
        "population_year": None,
        "population_note": None,
        "tier": None,
        "commune_count": 0,
        "departments": [],
        "regions": [],
        "lead_department": None,
        "themes": [],
    }
    assert nothing.items() <= feature["properties"].items()
    item = client.get(f"/api/v1/cpts/{cpts}").json()
    assert item["communes"] == []
    assert client.get(f"/api/v1/cpts/{cpts}.geojson").json()["geometry"] is None


def test_communes_counted_in_another_year_are_named(
    client: TestClient, register: Register
) -> None:
    cpts = register("CPTS de Dzaoudzi et de Lille", "aci_signe", (DZAOUDZI, LILLE))
    item = client.get(f"/api/v1/cpts/{cpts}").json()
    assert item["population_year"] == 2023
    assert item["population_note"] == "Dzaoudzi (2017)"
    assert item["lead_department"] == "59"
    assert item["departments"] == ["59", "976"]


@pytest.mark.parametrize("detail", ["national", "region", "department", "full"])
def test_geometry_follows_rfc_7946(client: TestClient, register: Register, detail: str) -> None:
    register("CPTS d'essai", "aci_signe", (LILLE, MARCQ, ARRAS))
    response = client.get(f"/api/v1/cpts.geojson?detail={detail}")
    assert response.headers["content-type"] == "application/geo+json"
    collection = response.json()
    assert collection["type"] == "FeatureCollection"
    assert collection["detail"] == detail
    assert "crs" not in collection
    assert collection["numberMatched"] == collection["numberReturned"] == 1
    assert collection["timeStamp"].endswith("Z")
    (feature,) = collection["features"]
    assert feature["type"] == "Feature"
    assert "crs" not in feature["geometry"]
    assert feature["geometry"]["type"] == "MultiPolygon"
    for polygon in feature["geometry"]["coordinates"]:
        outer, *holes = polygon
        assert outer[0] == outer[-1]
        assert signed_area(outer) > 0
        assert all(signed_area(hole) < 0 for hole in holes)
    assert all(
        2.5 < longitude < 3.3 and 50.2 < latitude < 50.8
        for longitude, latitude in positions(feature["geometry"]["coordinates"])
    )


def test_the_detail_by_default_is_finer_for_a_narrower_filter(
    client: TestClient, register: Register
) -> None:
    cpts = register("CPTS d'essai", "aci_signe", (LILLE,))
    sizes = []
    for query, detail in (
        ("", "national"),
        ("region=32", "region"),
        ("department=59", "department"),
        ("bbox=3,50.6,3.1,50.7", "full"),
    ):
        collection = client.get(f"/api/v1/cpts.geojson?{query}").json()
        assert collection["detail"] == detail
        (feature,) = collection["features"]
        sizes.append(len(positions(feature["geometry"]["coordinates"])))
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1]
    single = client.get(f"/api/v1/cpts/{cpts}.geojson").json()
    assert len(positions(single["geometry"]["coordinates"])) == sizes[2]
    full = client.get(f"/api/v1/cpts/{cpts}.geojson?detail=full").json()
    assert len(positions(full["geometry"]["coordinates"])) == sizes[3]


def test_the_time_stamp_is_that_of_the_last_change(
    client: TestClient, register: Register, bearer: Bearer
) -> None:
    cpts = register("CPTS d'essai", "aci_signe", (LILLE,))
    first = client.get("/api/v1/cpts.geojson").json()["timeStamp"]
    assert client.get("/api/v1/cpts.geojson?detail=full").json()["timeStamp"] == first
    patched = client.patch(
        f"/api/v1/cpts/{cpts}", json={"acronym": "E"}, headers=bearer("admin")
    )
    assert patched.status_code == 200
    assert client.get("/api/v1/cpts.geojson").json()["timeStamp"] > first


def test_a_change_is_in_the_answer_to_a_question_that_nobody_asked_before(
    client: TestClient, engine: Engine, register: Register
) -> None:
    cpts = register("CPTS Une", communes=("59350",))

    def named(question: str) -> list[str]:
        answer = client.get(f"/api/v1/cpts.geojson{question}").json()
        assert all(feature["geometry"]["coordinates"] for feature in answer["features"])
        return [feature["properties"]["name"] for feature in answer["features"]]

    assert named("") == named("?department=59") == ["CPTS Une"]
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE cpts SET name = 'CPTS Autre' WHERE id = :id"), {"id": cpts}
        )
    assert named("?region=32") == named("?department=59&detail=full") == ["CPTS Autre"]


def test_hostile_names_come_back_as_they_are(client: TestClient, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO cpts (name, acronym, started_on) VALUES (:name, :name, :day)"),
            {"name": HOSTILE, "day": today()},
        )
    for path, key in (("/api/v1/cpts", "items"), ("/api/v1/cpts.geojson", "features")):
        response = client.get(path)
        (item,) = json.loads(response.content)[key]
        assert item.get("properties", item)["name"] == HOSTILE
        assert "json" in response.headers["content-type"]
        assert response.headers["x-content-type-options"] == "nosniff"


def test_of_unknown_cpts_the_answer_is_404(client: TestClient) -> None:
    for path in ("/api/v1/cpts/1", "/api/v1/cpts/1.geojson", f"/api/v1/cpts/{2**63 - 1}"):
        response = client.get(path)
        assert response.status_code == 404
        assert response.json()["code"] == "not-found"


@pytest.mark.parametrize("wrong", ["abc", "0", "-1", "1.5", str(2**63), "9" * 40, "1%27"])
def test_an_id_that_is_none_is_never_a_server_error(client: TestClient, wrong: str) -> None:
    for path in (f"/api/v1/cpts/{wrong}", f"/api/v1/cpts/{wrong}.geojson"):
        assert client.get(path).status_code in (404, 422)


def test_an_ended_cpts_is_shown_as_of_its_last_day_and_listed_no_more(
    client: TestClient, register: Register, bearer: Bearer
) -> None:
    begin = today() - timedelta(days=400)
    cpts = register("CPTS finie", "aci_signe", (LILLE,), effective_on=begin.isoformat())
    ended = client.delete(f"/api/v1/cpts/{cpts}?reason=essai", headers=bearer("admin"))
    assert ended.status_code == 204
    response = client.get(f"/api/v1/cpts/{cpts}")
    assert response.status_code == 200
    item = response.json()
    assert item["ended_on"] == today().isoformat()
    assert [commune["code"] for commune in item["communes"]] == [LILLE]
    assert item["population"] == 238_246
    assert client.get(f"/api/v1/cpts/{cpts}.geojson").json()["geometry"] is not None
    assert client.get("/api/v1/cpts").json()["items"] == []
    eve = (today() - timedelta(days=1)).isoformat()
    assert client.get(f"/api/v1/cpts?at={eve}").json()["number_matched"] == 1
    assert client.get(f"/api/v1/cpts/{cpts}?at={today()}").json() == item


def test_a_cpts_ended_on_its_first_day_is_still_shown(
    client: TestClient, register: Register, bearer: Bearer
) -> None:
    cpts = register("CPTS d'un jour", "aci_signe", (LILLE,))
    assert client.delete(f"/api/v1/cpts/{cpts}", headers=bearer("admin")).status_code == 204
    item = client.get(f"/api/v1/cpts/{cpts}")
    assert item.status_code == 200
    assert item.json()["ended_on"] == today().isoformat()
    assert client.get(f"/api/v1/cpts/{cpts}.geojson").status_code == 200
    assert client.get("/api/v1/cpts").json()["number_matched"] == 0


def test_a_cpts_of_tomorrow_is_shown_as_of_its_first_day_and_not_listed_yet(
    client: TestClient, register: Register
) -> None:
    tomorrow = (today() + timedelta(days=1)).isoformat()
    cpts = register("CPTS de demain", "aci_signe", (LILLE,), effective_on=tomorrow)
    item = client.get(f"/api/v1/cpts/{cpts}").json()
    assert item["commune_count"] == 1
    assert item["stage_since"] == tomorrow
    assert client.get("/api/v1/cpts").json()["items"] == []
    (listed,) = client.get(f"/api/v1/cpts?at={tomorrow}").json()["items"]
    assert listed["id"] == cpts
    assert client.get(f"/api/v1/cpts/{cpts}?at={today()}").status_code == 404


def test_a_single_cpts_is_shown_as_of_the_day_asked_for(
    client: TestClient, register: Register, bearer: Bearer
) -> None:
    begin, change = today() - timedelta(days=500), today() - timedelta(days=100)
    cpts = register("CPTS mouvante", "aci_signe", (LILLE,), effective_on=begin.isoformat())
    moved = client.put(
        f"/api/v1/cpts/{cpts}/territory",
        json={"communes": [DIGNE], "effective_on": change.isoformat()},
        headers=bearer("admin"),
    )
    assert moved.status_code == 200
    for day, commune in (
        (begin, LILLE),
        (change - timedelta(days=1), LILLE),
        (change, DIGNE),
        (today() + timedelta(days=5_000), DIGNE),
    ):
        item = client.get(f"/api/v1/cpts/{cpts}?at={day}").json()
        assert [held["code"] for held in item["communes"]] == [commune]
        geometry = client.get(f"/api/v1/cpts/{cpts}.geojson?at={day}").json()["geometry"]
        latitude = positions(geometry["coordinates"])[0][1]
        assert (latitude > 49) == (commune == LILLE)


def test_the_service_gives_the_same_item_to_those_who_write(
    client: TestClient, register: Register, engine: Engine
) -> None:
    cpts = register("CPTS d'essai", "aci_signe", (LILLE,))
    with snapshot_scope(engine) as session:
        assert cpts_item(session, cpts) == client.get(f"/api/v1/cpts/{cpts}").json()


def test_compositions_name_each_pair_of_cpts_and_commune(
    client: TestClient, register: Register
) -> None:
    first = register("Alpha", "aci_signe", (MARCQ, LILLE), acronym="A;B,C")
    second = register('Bêta "l\'autre"', "association_creee", (DIGNE,))
    register("Sans commune", "dynamique_identifiee", ())
    response = client.get("/api/v1/compositions.csv")
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert not response.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(response.text, newline="")))
    assert [(row["cpts_id"], row["commune_code"]) for row in rows] == [
        (str(first), LILLE),
        (str(first), MARCQ),
        (str(second), DIGNE),
    ]
    assert rows[0] == {
        "cpts_id": str(first),
        "cpts_name": "Alpha",
        "cpts_acronym": "A;B,C",
        "cpts_finess": "",
        "stage": "aci_signe",
        "stage_label": "ACI signé",
        "commune_code": "59350",
        "commune_name": "Lille",
        "department": "59",
        "region": "32",
        "population": "238246",
        "population_year": "2023",
        "demonstration": "false",
        "held_from": str(today()),
        "held_until": "",
        "stages": f"aci_signe:{today()}:{today()}",
        "city_code": "59350",
    }
    filtered = client.get("/api/v1/compositions.csv?region=93").text
    assert len(filtered.splitlines()) == 2
    assert '"Bêta ""l\'autre"""' in filtered


def test_compositions_are_paged_by_whole_cpts(client: TestClient, register: Register) -> None:
    register("Alpha", "aci_signe", (MARCQ, LILLE))
    register("Bêta", "aci_signe", (DIGNE,))
    response = client.get("/api/v1/compositions.csv?limit=1")
    assert len(response.text.splitlines()) == 3
    assert '</api/v1/compositions.csv?limit=1&offset=1>; rel="next"' in response.headers["link"]
    last = client.get("/api/v1/compositions.csv?limit=1&offset=1")
    assert len(last.text.splitlines()) == 2
    assert "next" not in last.headers["link"]


def test_a_name_is_never_a_formula_in_a_spreadsheet(client: TestClient, engine: Engine) -> None:
    with engine.begin() as connection:
        cpts = connection.execute(
            text("INSERT INTO cpts (name, started_on) VALUES (:name, :day) RETURNING id"),
            {"name": '=HYPERLINK("http://x.example")', "day": today()},
        ).scalar_one()
        connection.execute(
            text(
                "INSERT INTO cpts_stage (cpts_id, stage_slug, since)"
                " VALUES (:cpts, 'aci_signe', :day)"
            ),
            {"cpts": cpts, "day": today()},
        )
        connection.execute(
            text(
                "INSERT INTO claim (cpts_id, commune_code, held)"
                " VALUES (:cpts, '59350', daterange(:day, NULL))"
            ),
            {"cpts": cpts, "day": today()},
        )
    (row,) = csv.DictReader(io.StringIO(client.get("/api/v1/compositions.csv").text))
    assert row["cpts_name"] == '\'=HYPERLINK("http://x.example")'


def test_lists_of_reference(client: TestClient) -> None:
    regions = client.get("/api/v1/regions").json()["items"]
    assert len(regions) == 18
    assert {"code": "32", "name": "Hauts-de-France"} in regions
    departments = client.get("/api/v1/departments").json()["items"]
    assert len(departments) == 101
    north = client.get("/api/v1/departments?region=32").json()["items"]
    assert [department["code"] for department in north] == ["02", "59", "60", "62", "80"]
    assert north[1] == {"code": "59", "name": "Nord", "region": "32", "complete": False}
    both = client.get("/api/v1/departments?region=94,06").json()["items"]
    assert [department["code"] for department in both] == ["2A", "2B", "976"]
    stages = client.get("/api/v1/stages").json()["items"]
    assert [stage["slug"] for stage in stages] == [
        "dynamique_identifiee",
        "lettre_intention_validee",
        "association_creee",
        "projet_sante_valide",
        "aci_signe",
    ]
    assert stages[4]["label"] == "ACI signé"
    themes = client.get("/api/v1/themes").json()["items"]
    assert {theme["mission"] for theme in themes} >= {"acces_soins", "crise_sanitaire"}
    tiers = client.get("/api/v1/tiers").json()["items"]
    assert [tier["tier"] for tier in tiers] == [1, 2, 3, 4]
    assert tiers[1]["population_from"] == 40_000
    assert tiers[1]["population_under"] == 80_000
    assert tiers[3]["population_under"] is None


@pytest.mark.parametrize(
    "path",
    ["departments?region=99", "departments?department=59", "stages?q=x", "tiers?at=x"],
)
def test_lists_of_reference_refuse_nonsense_too(client: TestClient, path: str) -> None:
    assert client.get(f"/api/v1/{path}").status_code == 422
