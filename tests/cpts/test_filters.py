"""Every filter alone and together, through HTTP on real PostGIS."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from app.database.calendar import today
from tests.exploration import examples

LILLE, VILLENEUVE, ARRAS, GAP, DIGNE, AJACCIO = (
    "59350", "59009", "62041", "05061", "04070", "2A004",
)  # fmt: skip
Register = Callable[..., int]
Registry = dict[str, int]


@pytest.fixture
def registry(register: Register) -> Registry:
    """Five CPTS that differ in every respect that filters look at."""
    return {
        "lille": register(
            "CPTS Grand Essai de Lille",
            "aci_signe",
            (LILLE,),
            acronym="GEL",
            themes=["diabete", "vaccination"],
        ),
        "arras": register(
            "Santé entre Deux-Départements",
            "association_creee",
            (VILLENEUVE, ARRAS),
            themes=["diabete"],
        ),
        "alpes": register(
            "Collectif d'Œuvre Saint-Étienne des Alpes",
            "lettre_intention_validee",
            (GAP, DIGNE),
            themes=["hpv"],
        ),
        "corse": register("Lille-sur-Mer essai", "projet_sante_valide", (AJACCIO,)),
        "naissante": register("Équipe naissante", "dynamique_identifiee", ()),
    }


def found(client: TestClient, query: str) -> list[int]:
    response = client.get(f"/api/v1/cpts?{query}")
    assert response.status_code == 200, response.text
    body = response.json()
    assert body["number_returned"] == len(body["items"])
    return [item["id"] for item in body["items"]]


def names(registry: Registry, ids: list[int]) -> set[str]:
    known = {value: key for key, value in registry.items()}
    return {known[value] for value in ids}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"lille", "arras", "alpes", "corse", "naissante"}),
        ("region=32", {"lille", "arras"}),
        ("region=32,94", {"lille", "arras", "corse"}),
        ("region=32&region=94", {"lille", "arras", "corse"}),
        ("department=62", {"arras"}),
        ("department=59", {"lille", "arras"}),
        ("department=05", {"alpes"}),
        ("department=2A", {"corse"}),
        ("stage=aci_signe", {"lille"}),
        ("stage=aci_signe,dynamique_identifiee", {"lille", "naissante"}),
        ("theme=diabete", {"lille", "arras"}),
        ("theme=hpv,vaccination", {"lille", "alpes"}),
        ("tier=4", {"lille"}),
        ("tier=2", {"alpes", "corse"}),
        ("tier=2,3", {"alpes", "corse", "arras"}),
        ("bbox=3,50.6,3.15,50.7", {"lille", "arras"}),
        ("bbox=3.05,50.63,3.05,50.63", {"lille"}),
        ("bbox=-30,30,-20,40", set()),
        ("bbox=-180,-90,180,90", {"lille", "arras", "alpes", "corse"}),
        ("region=32&stage=association_creee", {"arras"}),
        ("region=32&tier=4&theme=diabete&department=59&stage=aci_signe&q=gel", {"lille"}),
        ("region=93&theme=diabete", set()),
        ("region=&stage=", {"lille", "arras", "alpes", "corse", "naissante"}),
    ],
)
def test_or_inside_a_filter_and_between_filters(
    client: TestClient, registry: Registry, query: str, expected: set[str]
) -> None:
    assert names(registry, found(client, query)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("gel", ["lille"]),
        ("GE", ["lille"]),
        ("sante", ["arras"]),
        ("SANTÉ deux", ["arras"]),
        ("deux dép", ["arras"]),
        ("saint-etienne", ["alpes"]),
        ("oeuvre", ["alpes"]),
        ("étienne saint", ["alpes"]),
        ("d'œuvre", ["alpes"]),
        ("ille", []),
        ("zzz", []),
        ("%", []),
        ("_", []),
        ("'; DROP TABLE cpts; --", []),
        ("\\", []),
    ],
)
def test_text_is_sought_as_beginnings_of_words_without_accents_or_case(
    client: TestClient, registry: Registry, text: str, expected: list[str]
) -> None:
    response = client.get("/api/v1/cpts", params={"q": text})
    assert response.status_code == 200
    assert [item["id"] for item in response.json()["items"]] == [registry[e] for e in expected]


def test_the_best_match_comes_first_then_the_name(
    client: TestClient, register: Register
) -> None:
    beginning = register("CPTS Valentin", "aci_signe", ("59350",))
    later = register("Zone du Val", "aci_signe", ("59009",))
    word = register("Autour du Val", "aci_signe", ("62041",))
    acronym = register("Quelque part", "aci_signe", ("05061",), acronym="VAL")
    exact = register("Val", "aci_signe", ("04070",))
    assert found(client, "q=val") == [acronym, exact, word, later, beginning]
    assert found(client, "q=val&limit=2&offset=1") == [exact, word]


def test_without_text_names_are_in_order_whatever_their_case_and_accents(
    client: TestClient, register: Register
) -> None:
    ids = {
        name: register(name, "dynamique_identifiee", ())
        for name in ("étang", "Zèbre", "ABC", "eau", "Être")
    }
    assert found(client, "") == [ids[n] for n in ("ABC", "eau", "étang", "Être", "Zèbre")]


def test_two_cpts_of_one_name_are_in_order_of_their_ids(
    client: TestClient, register: Register
) -> None:
    ids = [register("Même nom", "dynamique_identifiee", ()) for _ in range(3)]
    assert found(client, "") == ids
    assert found(client, "q=meme") == ids


def test_pages_follow_each_other_through_their_links_and_keep_the_filters(
    client: TestClient, register: Register
) -> None:
    ids = [register(f"CPTS n° {i:02}", "dynamique_identifiee", ()) for i in range(7)]
    register("Autre", "dynamique_identifiee", ())
    for path, key in (("/api/v1/cpts", "items"), ("/api/v1/cpts.geojson", "features")):
        seen: list[int] = []
        # Parameters stand in the order of their names, however they were asked for.
        address = f"{path}?limit=3&q=cpts+n&stage=dynamique_identifiee"
        for _ in range(3):
            body = client.get(address).json()
            seen += [item["id"] for item in body[key]]
            links = {link["rel"]: link["href"] for link in body["links"]}
            assert links["self"] == address
            address = links.get("next", "")
        assert seen == ids
        assert address == ""
        assert body.get("number_matched", body.get("numberMatched")) == 7
        previous = client.get(links["prev"]).json()
        assert [item["id"] for item in previous[key]] == ids[3:6]


def test_a_last_page_that_is_full_has_no_next(client: TestClient, register: Register) -> None:
    for i in range(4):
        register(f"CPTS {i}", "dynamique_identifiee", ())
    body = client.get("/api/v1/cpts?limit=2&offset=2").json()
    assert body["number_returned"] == 2
    assert "next" not in {link["rel"] for link in body["links"]}


def test_beyond_the_last_page_the_number_that_match_is_still_told(
    client: TestClient, registry: Registry
) -> None:
    body = client.get("/api/v1/cpts?offset=1000").json()
    assert body["items"] == []
    assert body["number_matched"] == len(registry)


NONSENSE: list[tuple[str, str, Any]] = [
    ("region=99", "region", "32"),
    ("region=32,nord", "region", "32"),
    ("region=32,", "region", None),
    ("department=4", "department", "04"),
    ("stage=aci", "stage", "aci_signe"),
    ("theme=sommeils", "theme", "sommeil"),
    ("tier=5", "tier", 4),
    ("tier=deux", "tier", 1),
    ("tier=2.0", "tier", 2),
    ("bbox=a,b,c,d", "bbox", "minlon,minlat,maxlon,maxlat"),
    ("bbox=nan,0,1,1", "bbox", None),
    ("bbox=0,0,inf,1", "bbox", None),
    ("bbox=5,45,4,46", "bbox", None),
    ("bbox=4,46,5,45", "bbox", None),
    ("bbox=1,2,3", "bbox", None),
    ("bbox=", "bbox", None),
    ("at=hier", "at", None),
    ("at=2026-02-30", "at", None),
    ("at=20260101", "at", None),
    ("at=0", "at", None),
    ("at=2026-01-01T00:00:00", "at", None),
    ("at=", "at", None),
    ("limit=-1", "limit", None),
    ("limit=0", "limit", None),
    ("limit=10001", "limit", None),
    ("limit=beaucoup", "limit", None),
    ("limit=99999999999999999999", "limit", None),
    ("offset=-1", "offset", None),
    ("offset=99999999999999999999", "offset", None),
    ("q=" + "a" * 201, "q", None),
    ("regions=32", "regions", "region"),
    ("Region=32", "Region", "region"),
]


@pytest.mark.parametrize(("query", "parameter", "accepted"), NONSENSE)
@pytest.mark.parametrize("path", ["/api/v1/cpts", "/api/v1/cpts.geojson"])
def test_nonsense_is_refused_by_name_with_what_is_accepted(
    client: TestClient, path: str, query: str, parameter: str, accepted: Any
) -> None:
    response = client.get(f"{path}?{query}")
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["code"] == "invalid"
    (error,) = body["errors"]
    assert error["loc"][:2] == ["query", parameter]
    assert error["message"]
    assert error["accepted"]
    if accepted is not None:
        assert accepted in error["accepted"]
    assert "etag" not in response.headers


def test_compositions_take_the_same_filters(client: TestClient) -> None:
    for query, parameter, _ in NONSENSE:
        response = client.get(f"/api/v1/compositions.csv?{query}")
        assert response.status_code == 422, query
        assert response.json()["errors"][0]["loc"][1] == parameter


def test_several_unknown_values_are_all_named(client: TestClient) -> None:
    errors = client.get("/api/v1/cpts?region=99&stage=x&tier=7").json()["errors"]
    assert {error["loc"][1] for error in errors} == {"region", "stage", "tier"}


def test_a_detail_that_does_not_exist_is_refused(client: TestClient) -> None:
    response = client.get("/api/v1/cpts.geojson?detail=commune")
    assert response.status_code == 422
    assert response.json()["errors"][0]["accepted"] == [
        "national", "region", "department", "full",
    ]  # fmt: skip


def test_filters_look_at_the_day_that_is_asked_for(
    client: TestClient, register: Register, bearer: Callable[..., dict[str, str]]
) -> None:
    day = today()
    long_ago, before = day - timedelta(days=900), day - timedelta(days=300)
    moved = register(
        "CPTS mouvante", "association_creee", (LILLE,), effective_on=long_ago.isoformat()
    )
    headers = bearer("admin")
    change = client.put(
        f"/api/v1/cpts/{moved}/territory",
        json={"communes": [DIGNE], "effective_on": before.isoformat()},
        headers=headers,
    )
    assert change.status_code == 200, change.text
    change = client.patch(
        f"/api/v1/cpts/{moved}",
        json={"stage": "aci_signe", "stage_since": before.isoformat()},
        headers=headers,
    )
    assert change.status_code == 200, change.text
    eve = (before - timedelta(days=1)).isoformat()
    then, now = f"at={long_ago}", f"at={before}"
    assert found(client, f"{then}&region=32&tier=4&stage=association_creee") == [moved]
    assert found(client, f"at={eve}&region=32&tier=4&stage=association_creee") == [moved]
    assert found(client, f"{then}&region=93") == []
    assert found(client, f"{then}&stage=aci_signe") == []
    assert found(client, f"{now}&region=93&tier=1&stage=aci_signe") == [moved]
    assert found(client, f"{now}&region=32") == []
    assert found(client, f"{now}&bbox=3,50.6,3.1,50.7") == []
    assert found(client, f"{then}&bbox=3,50.6,3.1,50.7") == [moved]
    assert found(client, f"at={long_ago - timedelta(days=1)}") == []
    assert found(client, "region=93") == [moved]


PARAMETERS = (
    "region", "department", "stage", "theme", "tier", "q", "bbox", "at", "limit", "offset",
    "detail", "x",
)  # fmt: skip


@settings(
    max_examples=examples(40, many=1000),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(PARAMETERS),
            st.one_of(
                st.text(st.characters(codec="utf-8"), max_size=20),
                st.sampled_from(["32", "59,62", "aci_signe", "1", "2.0,48,3,49", "2026-01-01"]),
                st.integers().map(str),
                st.floats().map(str),
                st.dates().map(str),
            ),
        ),
        max_size=4,
    )
)
def test_whatever_is_asked_for_is_answered_or_refused(
    client: TestClient, query: list[tuple[str, str]]
) -> None:
    for path in ("/api/v1/cpts", "/api/v1/cpts.geojson", "/api/v1/compositions.csv"):
        assert client.get(f"{path}?{urlencode(query)}").status_code in (200, 422)


@pytest.mark.parametrize("path", ["/api/v1/cpts", "/api/v1/cpts.geojson", "/maps/cpts"])
def test_a_parameter_of_one_value_is_not_repeated(client: TestClient, path: str) -> None:
    answer = client.get(f"{path}?at=2024-01-01&at=2023-01-01&region=32&region=93")
    assert answer.status_code == 422
    assert [error["loc"] for error in answer.json()["errors"]] == [["query", "at"]]


@pytest.mark.parametrize("query", ["limit=1_0", "offset=1_0", "limit=٣", "limit=1e2"])
def test_a_number_is_written_in_digits(client: TestClient, query: str) -> None:
    answer = client.get(f"/api/v1/cpts?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["accepted"] == ["nombre entier"]
