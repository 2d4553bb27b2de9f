"""OGC API – Features – Part 3 (19-079r2) and CQL2 (21-065r2): what filters let through."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from shapely import Point, box
from shapely.geometry import shape
from starlette.testclient import TestClient

from app.http.address_limit import LIMITS
from app.ogc.collections import COLLECTIONS, COMMUNES, CPTS, items_of
from app.ogc.filtering import MAXIMUM_TERMS, condition_of
from app.ogc.systems import CRS84
from app.problems import Invalid
from app.settings import Settings

Read = Callable[..., Any]
Properties = dict[str, Any]

LET_THROUGH: list[tuple[str, Callable[[Properties], bool]]] = [
    ("population > 1000", lambda its: its["population"] > 1000),
    (
        "population >= 5.5e2 AND population <= 1000",
        lambda its: 550 <= its["population"] <= 1000,
    ),
    ("NOT (population < 1000)", lambda its: its["population"] >= 1000),
    ("population BETWEEN 200 AND 300", lambda its: 200 <= its["population"] <= 300),
    ("population NOT BETWEEN 200 AND 300", lambda its: not 200 <= its["population"] <= 300),
    ("code = '05061' OR code = '05046'", lambda its: its["code"] in ("05061", "05046")),
    ("code IN ('05061', '05046', 'x')", lambda its: its["code"] in ("05061", "05046")),
    ("code NOT IN ('05061')", lambda its: its["code"] != "05061"),
    ("population IN (1, 2, 3) OR name <> 'Gap'", lambda its: its["name"] != "Gap"),
    ("name LIKE 'Saint-%'", lambda its: its["name"].startswith("Saint-")),
    ("name LIKE '%\\_%'", lambda its: "_" in its["name"]),
    ("name LIKE '_ap'", lambda its: its["name"] == "Gap"),
    ("CASEI(name) LIKE CASEI('SAINT-%')", lambda its: its["name"].startswith("Saint-")),
    ("ACCENTI(name) = ACCENTI('Àspremont')", lambda its: its["name"] == "Aspremont"),
    ("name = 'L''Argentière-la-Bessée'", lambda its: its["code"] == "05006"),
    ("cpts_id IS NULL", lambda its: its["cpts_id"] is None),
    ("cpts_stage IS NOT NULL", lambda its: its["cpts_stage"] is not None),
    ("name = cpts_name OR code < '05010'", lambda its: its["code"] < "05010"),
    ("A_CONTAINS(postcodes, ('05000'))", lambda its: "05000" in its["postcodes"]),
    (
        "A_OVERLAPS(postcodes, ('05000', '05200'))",
        lambda its: bool({"05000", "05200"} & set(its["postcodes"])),
    ),
    ("A_EQUALS(postcodes, ('05000'))", lambda its: its["postcodes"] == ["05000"]),
    (
        "A_CONTAINEDBY(postcodes, ('05000', '05200'))",
        lambda its: set(its["postcodes"]) <= {"05000", "05200"},
    ),
    (
        "S_INTERSECTS(geometry, POINT(6.08 44.56))",
        lambda its: its["shape"].intersects(Point(6.08, 44.56)),
    ),
    (
        "S_WITHIN(geometry, POLYGON((5.9 44.4, 6.4 44.4, 6.4 44.9, 5.9 44.9, 5.9 44.4)))",
        lambda its: its["shape"].within(box(5.9, 44.4, 6.4, 44.9)),
    ),
    (
        "S_DISJOINT(geometry, BBOX(5.9, 44.4, 6.4, 44.9))",
        lambda its: its["shape"].disjoint(box(5.9, 44.4, 6.4, 44.9)),
    ),
]


def as_json(text: str) -> dict[str, str]:
    """Write a filter in the other language."""
    import cql2  # noqa: PLC0415

    return {"filter": json.dumps(cql2.parse_text(text).to_json()), "filter-lang": "cql2-json"}


def test_each_operator_lets_through_what_it_says_in_both_languages(
    read: Read, registry: list[int]
) -> None:
    everything = read("/collections/communes/items", department="05")["features"]
    assert len(everything) > 150
    told = [{**each["properties"], "shape": shape(each["geometry"])} for each in everything]
    for text, holds in LET_THROUGH:
        expected = [its["code"] for its in told if holds(its)]
        assert len(expected) < len(told), text
        for asked in ({"filter": text}, as_json(text)):
            page = read(
                "/collections/communes/items", department="05", detail="national", **asked
            )
            assert [each["id"] for each in page["features"]] == expected, asked
            assert page["numberMatched"] == len(expected)


def test_days_moments_and_truths_are_compared(read: Read, registry: list[int]) -> None:
    gap, embrun, nowhere, cayenne = registry
    for text, expected in (
        ("started_on = DATE('2024-05-01')", [cayenne]),
        ("started_on > '2024-05-01'", [gap, embrun, nowhere]),
        ("updated_at > TIMESTAMP('2024-05-01T00:00:00Z')", registry),
        ("updated_at < DATE('2024-05-01')", []),
        ("demonstration", []),
        ("NOT demonstration", registry),
        ("demonstration = false", registry),
        ("geometry IS NULL", [nowhere]),
        ("acronym = 'É'", [embrun]),
        ("true", registry),
        ("A_CONTAINS(themes, ('diabete'))", [gap]),
        ("S_TOUCHES(geometry, POINT(0 0)) OR id = 4", [cayenne]),
        ("S_INTERSECTS(geometry, GEOMETRYCOLLECTION(POINT(6.08 44.56), POINT(6.5 44.56)))",
         [gap, embrun]),
    ):  # fmt: skip
        page = read("/collections/cpts/items", filter=text)
        assert [each["id"] for each in page["features"]] == expected, text


REFUSED = (
    "nope(", "", "a = 1", "pg_sleep(5) = 1", "pg_sleep(5) IS NULL", "name = 5",
    "population = 'x'", "name LIKE 'a\\'", "name LIKE name", "name > TRUE",
    "demonstration = 1", "departments = '05'", "geometry = 1", "name",
    "S_INTERSECTS(geometry, POINT(1 200))", "S_INTERSECTS(geometry, name)",
    "S_INTERSECTS(name, POINT(1 2))", "S_INTERSECTS(geometry, POLYGON((0 0, 1 1)))",
    "S_INTERSECTS(geometry, BBOX(0, 1, 1, 0))", "S_DWITHIN(geometry, POINT(1 1), 1, m)",
    "started_on = DATE('2024-13-01')", "updated_at = TIMESTAMP('hier')",
    "population = 1e999", "population + 1 = 2", "name IN (1)", "A_CONTAINS(departments, (1))",
    "CASEI(population) = 'x'", "NOT " * 100 + "id = 1",
    " OR ".join(["id = 1"] * (MAXIMUM_TERMS + 1)),
    "CASEI(" * 100 + "name" + ")" * 100 + " = 'x'",
)  # fmt: skip
REFUSED_JSON = (
    "[]", "5", "{}", '"x"', '{"op": "="}', '{"op": "=", "args": []}',
    '{"op": "=", "args": [{"property": "name"}, null]}',
    '{"op": "=", "args": [{"property": "name"}, "\\u0000"]}',
    '{"op": "=", "args": [{"property": 5}, 5]}',
    '{"op": "=", "args": [{"date": 5}, {"timestamp": "x"}]}',
    '{"op": "and", "args": []}', '{"op": "in", "args": [{"property": "name"}, "x"]}',
    '{"op": "s_intersects", "args": [{"property": "geometry"}, {"bbox": [1]}]}',
    '{"op": "s_within", "args": [{"property": "geometry"}, {"type": "Point"}]}',
    '{"op": "s_intersects", "args": [{"property": "geometry"}, {"type": "Ville"}]}',
    '{"op": "not", "args": [' * 90 + "true" + "]}" * 90,
)  # fmt: skip


@pytest.mark.parametrize(
    ("language", "given"),
    [
        *(("cql2-text", each) for each in REFUSED),
        *(("cql2-json", each) for each in REFUSED_JSON),
    ],
    ids=lambda each: each[:25],
)
def test_what_is_no_filter_is_refused_by_name(language: Any, given: str) -> None:
    with pytest.raises(Invalid) as refusal:
        condition_of(CPTS, items_of(CPTS).c, given, language, CRS84)
    (error,) = refusal.value.extensions["errors"]
    assert error["loc"] == ["query", "filter"]
    assert error["message"]


def test_nothing_that_a_client_writes_becomes_sql() -> None:
    for text in ("name = 'x'' OR true --'", "CASEI(name) LIKE CASEI('%'') --')"):
        condition = condition_of(COMMUNES, items_of(COMMUNES).c, text, "cql2-text", CRS84)
        assert "--" not in str(condition)
        assert any("--" in str(value) for value in condition.compile().params.values())


def test_a_refused_filter_is_a_problem_document(client: TestClient) -> None:
    answer = client.get("/ogc/collections/cpts/items", params={"filter": "pg_sleep(9) = 1"})
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid"
    assert "s_intersects" in answer.json()["errors"][0]["accepted"]


def test_values_that_the_database_cannot_work_with_are_refused(client: TestClient) -> None:
    # Without its accents it ends with a backslash, which escapes nothing.
    filter_of_no_end = {"filter": "ACCENTI(name) LIKE ACCENTI('%\uff3c')"}
    answer = client.get("/ogc/collections/regions/items", params=filter_of_no_end)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["loc"] == ["query", "filter"]


def test_an_empty_list_lets_nothing_through(read: Read) -> None:
    nothing = '{"op": "in", "args": [{"property": "code"}, []]}'
    page = read("/collections/regions/items", **{"filter": nothing, "filter-lang": "cql2-json"})
    assert page["numberMatched"] == 0


def test_ats_queryables_name_what_filters_take(read: Read) -> None:
    for collection in COLLECTIONS:
        name = collection.name
        told = read(f"/collections/{name}/queryables")
        assert told["additionalProperties"] is False
        assert told["$id"].endswith(f"/ogc/collections/{name}/queryables")
        for each in told["properties"]:
            asked = f"{each} IS NOT NULL"
            condition = condition_of(
                collection, items_of(collection).c, asked, "cql2-text", CRS84
            )
            assert each in str(condition)


def test_filters_count_by_address(client: TestClient, settings: Settings) -> None:
    assert LIMITS["filter"].most(settings) == settings.service.filters_per_minute == 300
    limit = client.app.state.limits["filter"]  # type: ignore[attr-defined]
    limit._per_minute = 2
    statuses = [
        client.get(
            "/ogc/collections/regions/items", params={"filter": f"code = '{n}'"}
        ).status_code
        for n in range(3)
    ]
    assert statuses == [200, 200, 429]
    assert client.get("/ogc/collections/regions/items").status_code == 200
