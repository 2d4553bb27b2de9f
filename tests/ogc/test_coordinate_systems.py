"""OGC API – Features – Part 2: coordinate reference systems (18-058r1)."""

from collections.abc import Callable
from typing import Any

import pytest
import shapely
from pyproj import CRS, Transformer
from shapely.geometry import shape
from sqlalchemy import column
from starlette.testclient import TestClient

from app.ogc.geometries import Unreadable, drawn_geometry, touching
from app.ogc.systems import CRS84, SYSTEMS, CoordinateSystem

# Its types know functions of whole arrays only.
transform: Any = shapely.transform
Read = Callable[..., Any]
# A commune in the middle of where each system is for.
COMMUNES = {
    3857: "05061",
    2154: "05061",
    5490: "97209",
    2972: "97302",
    2975: "97411",
    4471: "97608",
}


@pytest.mark.parametrize("system", list(SYSTEMS.values())[1:], ids=lambda each: str(each.srid))
def test_axes_stand_as_the_authority_has_them(system: CoordinateSystem) -> None:
    first = CRS.from_user_input(system.srid).axis_info[0].direction
    assert (first == "north") is system.latitude_first


def test_ats_crs_md_lists_every_system(read: Read) -> None:
    described = read("/collections")
    assert described["crs"] == list(SYSTEMS)
    assert read("/collections/cpts")["storageCrs"] == CRS84.uri


@pytest.mark.parametrize("system", SYSTEMS.values(), ids=lambda each: each.uri[-10:])
def test_ats_crs_items_are_in_the_system_asked_for(
    client: TestClient, system: CoordinateSystem
) -> None:
    code = COMMUNES.get(system.srid, "05061")
    address = f"/ogc/collections/communes/items/{code}"
    answer = client.get(address, params={"crs": system.uri})
    assert answer.headers["content-crs"] == f"<{system.uri}>"
    written = shape(answer.json()["geometry"])
    stored = shape(client.get(address).json()["geometry"])
    if system.srid == 4326:
        expected = stored
        if system.latitude_first:
            expected = transform(stored, lambda x, y: (y, x), interleaved=False)
        assert written.equals_exact(expected, 1e-9)
    else:
        project = Transformer.from_crs(4326, system.srid, always_xy=True).transform
        expected = transform(stored, project, interleaved=False)
        assert written.equals_exact(expected, 0.02)  # metres
        assert written.is_valid


@pytest.mark.parametrize("parameter", ["bbox", "filter"])
@pytest.mark.parametrize(
    ("srid", "corners"),
    [
        (4326, (44.5, 6.0, 44.6, 6.1)),
        (2154, (939_000, 6_386_000, 946_500, 6_398_000)),
        (3857, (668_000, 5_543_000, 679_000, 5_558_000)),
    ],
)
def test_ats_crs_boxes_and_filters_are_in_a_system_of_their_own(
    read: Read, parameter: str, srid: int, corners: tuple[float, ...]
) -> None:
    box = ",".join(map(str, corners))
    told = box if parameter == "bbox" else f"S_INTERSECTS(geometry, BBOX({box}))"
    page = read(
        "/collections/communes/items",
        **{
            parameter: told,
            f"{parameter}-crs": f"http://www.opengis.net/def/crs/EPSG/0/{srid}",
        },
    )
    codes = {feature["id"] for feature in page["features"]}
    assert "05061" in codes
    assert {code[:2] for code in codes} == {"05"}
    assert len(codes) < 30


def test_what_lies_too_far_for_a_system_is_refused_and_says_what_to_do(
    client: TestClient,
) -> None:
    mayotte = {"crs": "http://www.opengis.net/def/crs/EPSG/0/4471", "detail": "national"}
    answer = client.get("/ogc/collections/regions/items", params=mayotte)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["loc"] == ["query", "crs"]
    own = client.get("/ogc/collections/regions/items", params={**mayotte, "region": "06"})
    assert own.json()["numberReturned"] == 1


@pytest.mark.parametrize(
    "corners",
    ["2,1,1,2", "1,2,1,1", "1,1,1e400,2", "0,0,1e200,1", "0,0,100000001,1"],
    ids=["west", "south", "infinite", "huge", "far"],
)
def test_a_box_outside_its_system_is_refused(client: TestClient, corners: str) -> None:
    lambert = {"bbox": corners, "bbox-crs": "http://www.opengis.net/def/crs/EPSG/0/2154"}
    answer = client.get("/ogc/collections/cpts/items", params=lambert)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["loc"] == ["query", "bbox"]


LAMBERT_93 = SYSTEMS["http://www.opengis.net/def/crs/EPSG/0/2154"]


@pytest.mark.parametrize("tiny", [5e-324, 1e-300, 1e-9])
def test_a_box_may_be_as_small_as_a_point(tiny: float) -> None:
    assert touching(column("geometry"), (0, 0, 0, tiny), LAMBERT_93) is not None


@pytest.mark.parametrize(
    "given",
    [
        {"bbox": [700_000, 6_600_000, 700_001, 6_600_001]},
        {"type": "Point", "coordinates": [700_000, 6_600_000]},
    ],
    ids=["box", "point"],
)
def test_what_the_library_of_geometries_cannot_reckon_with_is_refused(
    given: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_of: Any) -> None:
        raise shapely.GEOSException("IllegalArgumentException")

    monkeypatch.setattr("app.ogc.geometries.shapely.transform", fails)
    with pytest.raises(Unreadable, match="lisible"):
        drawn_geometry(given, LAMBERT_93)
    with pytest.raises(Unreadable, match="lisible"):
        touching(column("geometry"), (0, 0, 1, 1), LAMBERT_93)
