"""OGC API – Features – Part 1: Core (17-069r4), its abstract tests by their names.

One is departed from: what is asked wrongly is answered 422, as everywhere in this service,
where the standard has 400.
"""

import html
import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import schemathesis
from shapely import box
from shapely.geometry import shape
from starlette.testclient import TestClient

from app.ogc.collections import COLLECTIONS
from tests.web.conftest import BROWSER

Read = Callable[..., Any]
NAMES = [each.name for each in COLLECTIONS]
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


def links_of(document: Any, rel: str) -> list[str]:
    return [link["href"] for link in document["links"] if link["rel"] == rel]


def path_of(href: str) -> str:
    assert href.startswith("http://testserver/ogc")
    return href.removeprefix("http://testserver/ogc")


def _described(read: Any) -> Any:
    return read.ok()


def test_ats_core_http(client: TestClient) -> None:
    assert client.head("/ogc").status_code == 200
    refused = client.post("/ogc/collections")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET")
    assert client.get("/ogc/collections/autres").status_code == 404


def test_ats_core_root_success(read: Read) -> None:
    root = read("")
    for rel in ("service-desc", "service-doc", "conformance", "data", "self", "alternate"):
        assert links_of(root, rel), rel
    for rel in ("conformance", "data"):
        assert read(path_of(links_of(root, rel)[0]))


def test_ats_core_api_definition_success(client: TestClient, read: Read) -> None:
    address = links_of(read(""), "service-desc")[0]
    answer = client.get(address)
    assert answer.headers["content-type"] == "application/vnd.oai.openapi+json;version=3.0"
    definition = answer.json()
    assert definition["openapi"].startswith("3.0.")
    assert definition["servers"] == [{"url": "http://testserver/ogc"}]
    # Reads every operation, its parameters and its schemas.
    described = schemathesis.openapi.from_dict(definition)
    told = {operation.path for operation in map(_described, described.get_all_operations())}
    assert {f"/collections/{name}/items" for name in NAMES} <= told
    listing = definition["paths"]["/collections/cpts/items"]["get"]
    schemas = {each["name"]: each["schema"] for each in listing["parameters"]}
    assert (schemas["limit"]["minimum"], schemas["limit"]["maximum"]) == (1, 10_000)
    assert schemas["crs"]["enum"][0] == CRS84
    assert schemas["bbox"]["type"] == "array"
    written = json.dumps(definition)
    # Of later versions only.
    for word in ('"null"', '"const"', '"examples"', '"$defs"', '"prefixItems"'):
        assert word not in written, word


def test_ats_core_conformance_success(read: Read) -> None:
    classes = read("/conformance")["conformsTo"]
    for conformed in ("core", "oas30", "html", "geojson"):
        assert f"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{conformed}" in classes


def test_ats_core_query_param_unknown_and_invalid(client: TestClient) -> None:
    for path, name, wrong in (
        ("", "inconnu", "1"),
        ("", "f", "xml"),
        ("/collections", "inconnu", "1"),
        ("/collections/cpts/schema", "limit", "1"),
        ("/collections/cpts/items", "inconnu", "1"),
        ("/collections/cpts/items", "limit", "0"),
        ("/collections/cpts/items", "limit", "10001"),
        ("/collections/cpts/items", "limit", "dix"),
        ("/collections/cpts/items", "bbox", "1,2,3"),
        ("/collections/cpts/items", "bbox", "1,2,nan,4"),
        ("/collections/cpts/items", "bbox", "5,45,6,44"),
        ("/collections/cpts/items", "bbox", "5,44,6,99"),
        ("/collections/cpts/items", "bbox-crs", "EPSG:4326"),
        ("/collections/cpts/items", "crs", "http://www.opengis.net/def/crs/EPSG/0/27572"),
        ("/collections/cpts/items", "datetime", "hier"),
        ("/collections/cpts/items", "datetime", "2025-01-02/2025-01-01"),
        ("/collections/cpts/items", "at", "2025-02-30"),
        ("/collections/cpts/items", "after", "a"),
        ("/collections/cpts/items", "stage", "inconnu"),
        ("/collections/communes/items", "department", "999"),
        ("/collections/communes/items", "detail", "fin"),
        ("/collections/cpts/items/1", "crs", "x"),
    ):
        answer = client.get(f"/ogc{path}", params={name: wrong})
        assert answer.status_code == 422, (path, name, wrong, answer.text)
        problem = answer.json()
        assert answer.headers["content-type"] == "application/problem+json"
        assert problem["code"] == "invalid"
        assert problem["errors"][0]["loc"] == ["query", name]


def test_ats_core_fc_md_success(read: Read) -> None:
    described = read("/collections")
    assert links_of(described, "self")
    assert links_of(described, "alternate")
    assert [each["id"] for each in described["collections"]] == NAMES


def test_ats_core_sfc_md_success(read: Read) -> None:
    for told in read("/collections")["collections"]:
        alone = read(f"/collections/{told['id']}")
        for member in ("id", "title", "description", "extent", "itemType", "storageCrs"):
            assert alone[member] == told[member]
        assert links_of(alone, "items")
        west, south, east, north = alone["extent"]["spatial"]["bbox"][0]
        # From Guadeloupe to La Réunion.
        assert (west < -61, south < -21, east > 55, north > 51) == (True,) * 4


def test_ats_core_fc_op_and_response(read: Read, registry: list[int]) -> None:
    for name in NAMES:
        page = read(f"/collections/{name}/items", limit=5, detail="national")
        assert page["type"] == "FeatureCollection"
        assert page["numberReturned"] == len(page["features"]) <= page["numberMatched"]
        assert datetime.fromisoformat(page["timeStamp"])
        assert links_of(page, "self")
        assert links_of(page, "alternate")
        assert len(page["features"]) == {"cpts": 4, "conciliations": 0, "parts": 0}.get(name, 5)
        declared = read(f"/collections/{name}/schema")["properties"]
        for feature in page["features"]:
            assert [*feature["properties"], "geometry"] == list(declared)
    (last,) = read("/collections/cpts/items", q="sans commune")["features"]
    assert last["geometry"] is None
    assert last["properties"]["themes"] == last["properties"]["departments"] == []


def test_ats_core_crs84(client: TestClient, registry: list[int]) -> None:
    for path in ("items?limit=1", f"items/{registry[0]}"):
        answer = client.get(f"/ogc/collections/cpts/{path}")
        assert answer.headers["content-crs"] == f"<{CRS84}>"


def test_ats_core_fc_bbox_definition_and_response(read: Read, registry: list[int]) -> None:
    def found(bbox: str) -> list[int]:
        page = read("/collections/cpts/items", bbox=bbox)
        return [feature["id"] for feature in page["features"]]

    gap, embrun, _nowhere, cayenne = registry
    assert found("6,44.4,6.2,44.7") == [gap]
    assert found("6,44.4,6.8,44.7") == [gap, embrun]
    assert found("6,44.4,0,6.2,44.7,4000") == [gap]
    # Across the 180th meridian: all but what lies between.
    assert found("7,-90,6.2,90") == [gap, cayenne]
    assert found("6.08,44.56,6.08,44.56") == [gap]
    for feature in read("/collections/communes/items", bbox="6,44.5,6.2,44.6")["features"]:
        assert shape(feature["geometry"]).intersects(box(6, 44.5, 6.2, 44.6))


def test_ats_core_fc_limit_definition_and_response(read: Read, registry: list[int]) -> None:
    assert read("/collections/cpts/items", limit=3)["numberReturned"] == 3
    everything = read("/collections/cpts/items", limit=10_000)
    assert everything["numberReturned"] == everything["numberMatched"] == 4
    assert links_of(everything, "next") == []


def test_ats_core_fc_time_definition_and_response(read: Read, registry: list[int]) -> None:
    def found(span: str) -> int:
        matched: int = read("/collections/cpts/items", datetime=span)["numberMatched"]
        return matched

    assert found("2024-06-01") == 1
    assert found("2024-06-01T00:00:00Z/2024-07-01T00:00:00+02:00") == 1
    assert found("../2024-04-30") == 0
    assert found("2024-04-30/..") == found("/2999-01-01") == 4
    # What has no time is in every time.
    assert read("/collections/regions/items", datetime="1900-01-01")["numberMatched"] == 18


@pytest.fixture
def lives(
    client: TestClient,
    register: Callable[..., int],
    bearer: Callable[..., dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> list[int]:
    """One CPTS that ended a year ago, one that lasts, one to come; and one of no day at all."""
    monkeypatch.setenv("CPTS_TODAY", "2025-07-01")
    ended = register("CPTS finie", communes=("05061",), effective_on="2024-05-01")
    lasting = register("CPTS de Cayenne", communes=("97302",), effective_on="2024-09-01")
    never = register("CPTS d'un jour", communes=("05046",))
    for each in (ended, never):
        address = f"/api/v1/cpts/{each}"
        assert client.delete(address, headers=bearer("admin")).status_code == 204
    to_come = register("CPTS à venir", communes=("05061",), effective_on="2026-09-01")
    monkeypatch.setenv("CPTS_TODAY", "2026-06-30")
    return [ended, lasting, to_come]


def test_what_ended_is_found_in_its_time_and_told_as_it_was(
    read: Read, lives: list[int]
) -> None:
    def found(**asked: str) -> list[int]:
        page = read("/collections/cpts/items", **asked)
        assert page["numberMatched"] == len(page["features"])
        return [feature["id"] for feature in page["features"]]

    ended, lasting, to_come = lives
    assert found() == [lasting]
    assert found(datetime="2024-06-01") == [ended]
    assert found(datetime="../2024-04-30") == []
    assert found(datetime="2025-06-30") == [ended, lasting]
    assert found(datetime="2025-07-01/2026-06-30") == [lasting]
    assert found(datetime="2024-01-01/..") == lives
    assert found(datetime="2026-09-01/..") == [lasting, to_come]
    for asked in (
        {"department": "05"}, {"region": "93"}, {"stage": "aci_signe", "q": "finie"},
        {"tier": "2", "department": "05"}, {"bbox": "6,44.4,6.2,44.7"},
        {"filter": "'05' = lead_department"}, {"updated_since": "2025-01-01", "q": "finie"},
    ):  # fmt: skip
        assert found(datetime="2024-01-01/2025-12-31", **asked) == [ended], asked
    # Of those of a day, the ones that last at another time too.
    assert found(datetime="2024-06-01", at="2025-06-30") == [ended]
    assert found(datetime="2024-06-01", at="2026-06-30") == []
    (told,) = read("/collections/cpts/items", datetime="2024-06-01")["features"]
    assert told == {
        key: value
        for key, value in read(f"/collections/cpts/items/{ended}", at="2024-06-01").items()
        if key != "links"
    }
    assert told["geometry"] is not None
    assert told["properties"]["ended_on"] == "2025-07-01"


def test_pages_of_a_span_go_on_with_what_ended(client: TestClient, lives: list[int]) -> None:
    met: list[int] = []
    address: str | None = "/ogc/collections/cpts/items?datetime=2024-01-01/..&limit=1"
    while address is not None:
        page = client.get(address).json()
        assert page["numberMatched"] == len(lives)
        met += [feature["id"] for feature in page["features"]]
        address = next(iter(links_of(page, "next")), None)
        assert len(met) <= len(lives)
    assert met == lives


@pytest.mark.parametrize(
    ("asked", "at"),
    [
        ("at=2024-06-01", ["2024-06-01"]),
        ("datetime=2024-06-01/2025-12-31", ["2025-06-30", "2025-12-31"]),
    ],
)
def test_rows_of_a_day_lead_to_items_of_that_day(
    client: TestClient, lives: list[int], asked: str, at: list[str]
) -> None:
    page = client.get(f"/ogc/collections/cpts/items?{asked}&f=html").text
    rows = re.findall(r'href="(/ogc/collections/cpts/items/[^"]+)"', page)
    expected = [
        f"/ogc/collections/cpts/items/{key}?at={day}&f=html"
        for key, day in zip(lives, at, strict=False)
    ]
    assert list(map(html.unescape, rows)) == expected
    for address in expected:
        assert client.get(address).status_code == 200
    today = client.get("/ogc/collections/cpts/items?f=html").text
    assert f'href="/ogc/collections/cpts/items/{lives[1]}?f=html"' in today


def test_ats_core_f_op_and_success(client: TestClient, read: Read, registry: list[int]) -> None:
    for name, key in (("cpts", registry[0]), ("communes", "05061"), ("regions", "93")):
        feature = read(f"/collections/{name}/items/{key}")
        assert (feature["type"], feature["id"]) == ("Feature", key)
        for rel in ("self", "alternate", "collection"):
            assert links_of(feature, rel), rel
        assert client.get(links_of(feature, "self")[0]).json() == feature
        for other in ("0", "99999999999999999999", "autre", "1%00"):
            status = client.get(f"/ogc/collections/{name}/items/{other}").status_code
            assert status == (422 if "%00" in other else 404), other


def test_ats_geojson_content_is_valid_and_counter_clockwise(
    read: Read, registry: list[int]
) -> None:
    for name in ("cpts", "communes"):
        page = read(f"/collections/{name}/items", department="05")
        assert page["features"]
        for feature in page["features"]:
            polygon: Any = shape(feature["geometry"])
            assert polygon.geom_type == "MultiPolygon"
            assert polygon.is_valid
            assert all(part.exterior.is_ccw for part in polygon.geoms)


@pytest.mark.parametrize("by_header", [True, False])
def test_ats_html_definition_and_content(
    client: TestClient, registry: list[int], by_header: bool
) -> None:
    asked: dict[str, Any] = {"headers": BROWSER} if by_header else {"params": {"f": "html"}}
    for path, says in (
        ("", "Les collections"),
        ("/api", "/collections/communes/items"),
        ("/conformance", "cql2-text"),
        ("/collections", "Conciliations"),
        ("/collections/cpts", "Lambert-93"),
        ("/collections/cpts/schema", "finess"),
        ("/collections/cpts/queryables", "finess"),
        ("/collections/cpts/items", "CPTS d’Embrun"),
        (f"/collections/cpts/items/{registry[0]}", "CPTS de Gap"),
    ):
        answer = client.get(f"/ogc{path}", **asked)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert "Accept" in answer.headers["vary"]
        assert says in answer.text, path
        # Who asks otherwise is answered otherwise, whatever is kept.
        assert "json" in client.get(f"/ogc{path}").headers["content-type"]


def test_whoever_follows_next_meets_each_item_once_while_the_registry_changes(
    client: TestClient, registry: list[int], register: Callable[..., int]
) -> None:
    met: list[int] = []
    address: str | None = "/ogc/collections/cpts/items?limit=1"
    while address is not None:
        page = client.get(address).json()
        met += [feature["id"] for feature in page["features"]]
        address = next(iter(links_of(page, "next")), None)
        assert len(met) <= len(registry) + 1
        if len(met) == 2:
            # Of those met already one is renamed, and others come.
            register("AAA, la première par le nom", communes=("05065",))
    assert met == [*registry, registry[-1] + 1]


def test_items_are_those_of_a_day(read: Read, registry: list[int]) -> None:
    assert read("/collections/cpts/items", at="2024-04-30")["numberMatched"] == 0
    assert read("/collections/cpts/items", at="2024-05-01")["numberMatched"] == 1
    (commune,) = read("/collections/communes/items", filter="code = '97302'")["features"]
    assert commune["properties"]["cpts_name"] == "CPTS de Cayenne"
    before = read("/collections/communes/items/97302", at="2024-04-30")
    assert before["properties"]["cpts_id"] is None
    covered = [
        read("/collections/departments/items/973", at=day)["properties"]["population_covered"]
        for day in ("2024-04-30", "2024-05-01")
    ]
    assert covered[0] == 0 < covered[1]


def test_items_are_told_anew_after_a_change(
    client: TestClient, registry: list[int], bearer: Callable[..., dict[str, str]]
) -> None:
    address = f"/ogc/collections/cpts/items/{registry[0]}?detail=national"
    before = client.get(address)
    changed = {"name": "CPTS renommée"}
    client.patch(f"/api/v1/cpts/{registry[0]}", json=changed, headers=bearer("admin"))
    after = client.get(address)
    assert before.json()["properties"]["name"] == "CPTS de Gap"
    assert after.json()["properties"]["name"] == "CPTS renommée"
