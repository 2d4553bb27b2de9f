"""OGC API – Tiles – Part 1: Core (20-057): vector tiles, what describes them, the archive."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyogrio
import pytest
import shapely
from pmtiles.reader import MemorySource, Reader, all_tiles
from shapely.geometry import shape
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.maps.palette import STAGE_COLOURS
from app.ogc.tiles import endpoints
from app.ogc.tiles.rules import (
    LAYERS,
    MAXIMUM_ZOOM,
    Tile,
    box_around,
    detail_of,
    matrix_set,
)

Read = Callable[..., Any]
TILES = "/ogc/collections/{}/tiles/WebMercatorQuad"
WORLD_M = 40_075_016.6855785
MOST_BYTES = 200_000


def tile_at(zoom: int, longitude: float, latitude: float) -> Tile:
    found = matrix_set().tile(longitude, latitude, zoom)
    return Tile(zoom, found.y, found.x)


def path_of(layer: str, tile: Tile) -> str:
    return f"{TILES.format(layer)}/{tile.zoom}/{tile.row}/{tile.column}"


@pytest.fixture
def opened(client: TestClient, tmp_path: Path) -> Callable[..., Any]:
    """Read a layer of a tile by GDAL's MVT driver: `opened("cpts", tile)`."""

    def read(layer: str, tile: Tile, **parameters: str) -> Any:
        answer = client.get(path_of(layer, tile), params=parameters)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
        assert len(answer.content) < MOST_BYTES
        (tmp_path / "tile.mvt").write_bytes(answer.content)
        place = {"X": str(tile.column), "Y": str(tile.row), "Z": str(tile.zoom)}
        return pyogrio.read_dataframe(f"MVT:{tmp_path}/tile.mvt", layer=layer, **place)

    return read


def test_ats_tiles_hold_what_lies_there_and_its_properties(
    read: Read, registry: list[int], opened: Callable[..., Any]
) -> None:
    found = opened("cpts", tile_at(7, 6.08, 44.56))
    assert sorted(found["id"]) == registry[:2]
    gap = found[found["id"] == registry[0]].iloc[0]
    assert (gap["name"], gap["stage"], gap["tier"]) == ("CPTS de Gap", "aci_signe", 2)
    communes = opened("communes", tile_at(11, 6.08, 44.56)).set_index("code")
    assert communes.loc["05061", "cpts_id"] == registry[0]
    assert communes["cpts_id"].isna().any()
    # In the same place as the feature, to a unit of the tile.
    feature = read("/collections/communes/items/05061")
    across = communes.to_crs(4326).loc["05061", "geometry"]
    whole = shape(feature["geometry"])
    assert across.difference(whole.buffer(1e-4)).is_empty
    assert not across.is_empty


def test_tiles_are_those_of_a_day_and_told_anew_after_a_change(
    client: TestClient, registry: list[int], register: Callable[..., int]
) -> None:
    cayenne = path_of("cpts", tile_at(8, -52.33, 4.93))
    assert client.get(cayenne, params={"at": "2024-04-30"}).content == b""
    assert b"CPTS de Cayenne" in client.get(cayenne, params={"at": "2024-05-01"}).content
    before = client.get(cayenne)
    assert (
        client.get(cayenne, headers={"If-None-Match": before.headers["etag"]}).status_code
        == 304
    )
    register("CPTS de Matoury", communes=("97307",))
    assert b"CPTS de Matoury" in client.get(cayenne).content


def slits_of(shapes: Any, unit: float) -> list[Any]:
    """List the gaps between neighbours that are wider than two units somewhere."""
    united = shapely.union_all(shapes)
    rings = [ring for part in shapely.get_parts(united) for ring in part.interiors]
    return [hole for hole in map(shapely.Polygon, rings) if not hole.buffer(-unit).is_empty]


@pytest.mark.parametrize("zoom", [8, 9, 10, 12])
def test_the_coverage_of_communes_has_no_slit_at_any_zoom(
    opened: Callable[..., Any], zoom: int
) -> None:
    tile = tile_at(zoom, 2.4, 47.1)  # Bourges, of which no side is a border of the country
    found = opened("communes", tile)
    assert len(found) > 5
    shapes = found.geometry.values
    assert shapely.is_valid(shapes).all()
    unit = WORLD_M / 2**zoom / 4096
    # Rounding may leave half a unit, the thirty-second part of a pixel, and does less.
    assert slits_of(shapes, unit / 4) == []
    area = shapely.union_all(shapes).area
    assert shapely.area(shapes).sum() == pytest.approx(area, rel=1e-6)
    inside = shapely.box(*shapely.bounds(shapely.union_all(shapes)))
    assert area == pytest.approx(inside.area, rel=1e-3)


def test_the_fullest_tiles_are_under_two_hundred_kilobytes(client: TestClient) -> None:
    # Between Amiens and Rouen lie the most communes of a tile.
    for zoom in (8, 9, 10):
        size = len(client.get(path_of("communes", tile_at(zoom, 1.9, 49.6))).content)
        assert 10_000 < size < MOST_BYTES, (zoom, size)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("5/32/0", 404), ("7/44/64", 404), ("13/0/0", 404), ("8/256/0", 404), ("8/0/256", 404),
        ("8/-1/0", 422), ("8/a/0", 422), ("99/0/0", 422), ("8/0/99999999999", 422),
        ("8/90/130?at=demain", 422), ("8/90/130?inconnu=1", 422), ("8/90/130?f=html", 422),
        ("8/0/0", 200),
    ],
)  # fmt: skip
def test_a_tile_that_does_not_exist_is_told_so(
    client: TestClient, path: str, status: int
) -> None:
    answer = client.get(f"{TILES.format('communes')}/{path}")
    assert answer.status_code == status
    assert answer.content == b"" if status == 200 else answer.json()["status"] == status


def test_what_describes_tiles_leads_to_them(client: TestClient, registry: list[int]) -> None:
    def told(href: str) -> Any:
        answer = client.get(href)
        assert answer.status_code == 200, answer.text
        return answer.json()

    style = told("/ogc/styles/cpts")
    assert style["version"] == 8
    assert {each["source"] for each in style["layers"] if "source" in each} == {
        *style["sources"]
    }
    (fill,) = (each for each in style["layers"] if each["type"] == "fill")
    match = fill["paint"]["fill-color"]
    assert dict(zip(match[2:-1:2], match[3:-1:2], strict=True)) == STAGE_COLOURS
    for name, source in style["sources"].items():
        tilejson = told(source["url"])
        (layer,) = tilejson["vector_layers"]
        assert layer["id"] == name
        assert tilejson["maxzoom"] == MAXIMUM_ZOOM
        tile = tile_at(max(9, tilejson["minzoom"]), 6.08, 44.56)
        template: str = tilejson["tiles"][0]
        address = template.format(z=tile.zoom, y=tile.row, x=tile.column)
        assert client.get(address).content == client.get(path_of(name, tile)).content != b""
        (described,) = told(f"/ogc/collections/{name}/tiles")["tilesets"]
        links = {link["rel"]: link["href"] for link in described["links"]}
        assert told(links["self"])["layers"][0]["id"] == name
        item = links["item"].format(tileMatrix=tile.zoom, tileRow=tile.row, tileCol=tile.column)
        assert client.get(item).status_code == 200
        scheme = links["http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"]
        assert told(scheme)["tileMatrices"][0]["scaleDenominator"] == pytest.approx(
            559082264.03
        )
    at = told(f"{TILES.format('cpts')}/tilejson.json?at=2024-01-01")
    assert at["tiles"][0].endswith("?at=2024-01-01")


def test_one_archive_holds_the_same_tiles(
    client: TestClient,
    registry: list[int],
    engine: Engine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Of the Alps only, which takes a tenth of a second instead of many.
    monkeypatch.setattr("app.ogc.tiles.repository.extents", lambda _: [(5.4, 44.1, 7.1, 45.2)])
    monkeypatch.setattr("app.ogc.tiles.archive.ARCHIVED_ZOOM", 9)
    answer = client.get("/ogc/cpts.pmtiles")
    assert answer.headers["content-type"] == "application/vnd.pmtiles"
    source = MemorySource(answer.content)
    layers = Reader(source).metadata()["vector_layers"]
    assert [each["id"] for each in layers] == ["cpts", "communes"]
    held = {place: gzip.decompress(body) for place, body in all_tiles(source)}
    for zoom in (0, 5, 8, 9):
        tile = tile_at(zoom, 6.08, 44.56)
        names = [each.name for each in LAYERS if zoom >= each.minimum_zoom]
        served = [client.get(path_of(name, tile)).content for name in names]
        assert held[tile.zoom, tile.column, tile.row] == b"".join(served)
    (tmp_path / "cpts.pmtiles").write_bytes(answer.content)
    found = set(pyogrio.read_dataframe(tmp_path / "cpts.pmtiles", layer="communes")["code"])
    with engine.connect() as connection:
        hautes_alpes = connection.execute(
            text("SELECT code FROM commune WHERE department_code = '05'")
        ).scalars()
        assert set(hautes_alpes) <= found


def test_one_archive_is_written_at_a_time_and_two_a_minute_for_an_address(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.ogc.tiles.endpoints._TURN_S", 0.01)
    # Whoever bears a token is not answered from what is kept.
    token = {"Authorization": "Bearer inconnu"}
    with endpoints._BEING_WRITTEN:
        busy = client.get("/ogc/cpts.pmtiles", headers=token)
    assert (busy.status_code, busy.headers["retry-after"]) == (503, "2")
    monkeypatch.setattr("app.ogc.tiles.archive.archive", lambda *_: b"PMTiles")
    statuses = [client.get("/ogc/cpts.pmtiles", headers=token).status_code for _ in range(2)]
    assert statuses == [200, 429]


def test_boxes_hold_a_tile_its_buffer_and_what_generalisation_moves() -> None:
    details = [detail_of(zoom) for zoom in range(13)]
    assert details == ["national"] * 7 + ["region"] + ["department"] * 2 + ["full"] * 3
    assert box_around(Tile(0, 0, 0))[::2] == (-180, 180)
    west, south, east, north = box_around(tile_at(10, 2.35, 48.85))
    tile = matrix_set().bounds(matrix_set().tile(2.35, 48.85, 10))
    assert west < tile.left < tile.right < east
    assert south < tile.bottom < tile.top < north
    assert east - west < 1.04 * (tile.right - tile.left)
