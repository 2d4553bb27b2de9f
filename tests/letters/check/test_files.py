"""A file is checked as what it names or draws, and a hostile one is refused in French."""

import io
import json
import sqlite3
import time
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import geopandas
import openpyxl
import pyogrio
import pytest
import shapely
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.http.address_limit import AddressLimit
from app.letters.check.file_reading import LARGEST_FILE_BYTES
from tests.conftest import Register

# Three neighbouring communes of the Hautes-Alpes.
COMMUNES = {"05061": "Gap", "05162": "La Saulce", "05132": "Saint-Bonnet-en-Champsaur"}
Send = Callable[..., Any]


@pytest.fixture
def send(client: TestClient) -> Send:
    """Send a file: `send("liste.csv", b"…", name="CPTS")`."""

    def sent(name: str, content: bytes, /, **fields: Any) -> Any:
        return client.post(
            "/api/v1/letters/check/file", files={"file": (name, content)}, data=fields
        )

    return sent


@pytest.fixture
def frame(engine: Engine) -> geopandas.GeoDataFrame:
    """The outlines of the communes, in EPSG:4326."""
    query = text("SELECT code, name, geom FROM commune WHERE code = ANY (:codes) ORDER BY code")
    with engine.connect() as connection:
        return geopandas.read_postgis(  # type: ignore[call-overload,no-any-return]
            query, connection, params={"codes": list(COMMUNES)}, geom_col="geom"
        ).rename_geometry("geometry")


def _workbook(rows: list[list[str]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def _polygons(frame: geopandas.GeoDataFrame, suffix: str, folder: Path, crs: str) -> bytes:
    path = folder / f"territoire{suffix}"
    projected = frame.to_crs(crs)
    if suffix == ".zip":
        pyogrio.write_dataframe(projected, folder / "t.shp")
        with zipfile.ZipFile(path, "w") as archive:
            for part in folder.glob("t.*"):
                archive.write(part, f"dossier/{part.name}")
    else:
        driver = {".geojson": "GeoJSON", ".gpkg": "GPKG", ".kml": "KML"}[suffix]
        pyogrio.write_dataframe(projected, path, driver=driver)
    return path.read_bytes()


def _asked(answer: dict[str, Any]) -> set[str]:
    return {commune["code"] for commune in answer["territory"]["communes"]}


LISTS = {
    "liste.txt": "\n".join(COMMUNES.values()).encode(),
    "liste sans suffixe": "\n".join(COMMUNES).encode(),
    "liste.csv": ("Commune;dpt\n" + "\n".join(f"{n};5" for n in COMMUNES.values())).encode(
        "cp1252"
    ),
    "export.csv": b"code,name,population\n"
    + "\n".join(f"{code},{name},1000" for code, name in COMMUNES.items()).encode(),
    "liste.xlsx": _workbook([["Code INSEE"], *([code] for code in COMMUNES)]),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_read_in_every_form(send: Send, name: str) -> None:
    response = send(name, LISTS[name])
    assert response.status_code == 200, response.text
    assert _asked(response.json()) == set(COMMUNES)
    assert response.json()["verdict"] == "clear"


@pytest.mark.parametrize(
    ("suffix", "crs"),
    [
        (".geojson", "EPSG:4326"),
        (".gpkg", "EPSG:2154"),
        (".gpkg", "EPSG:3857"),
        (".zip", "EPSG:2154"),
        (".kml", "EPSG:4326"),
    ],
)
def test_polygons_are_read_in_any_coordinate_system(
    send: Send, frame: geopandas.GeoDataFrame, tmp_path: Path, suffix: str, crs: str
) -> None:
    response = send(f"territoire{suffix}", _polygons(frame, suffix, tmp_path, crs))
    assert response.status_code == 200, response.text
    assert _asked(response.json()) == set(COMMUNES)


def test_metres_without_a_system_are_read_in_the_one_that_the_form_states(
    send: Send, frame: geopandas.GeoDataFrame, tmp_path: Path
) -> None:
    content = json.loads(frame.to_crs("EPSG:2154").to_json())
    content.pop("crs", None)
    bare = geopandas.GeoDataFrame.from_features(content["features"])
    with pytest.warns(UserWarning, match="crs"):
        pyogrio.write_dataframe(bare, tmp_path / "t.gpkg", driver="GPKG")
    written = (tmp_path / "t.gpkg").read_bytes()
    refused = send("t.gpkg", written)
    assert refused.status_code == 422
    assert "en mètres sans dire leur système" in refused.text
    answer = send("t.gpkg", written, crs="EPSG:2154")
    assert answer.status_code == 200, answer.text
    assert _asked(answer.json()) == set(COMMUNES)


def test_every_verdict_is_found_in_a_file(send: Send, register: Register) -> None:
    register("CPTS du Champsaur fictif", "aci_signe", ("05132",))
    register("CPTS du Gapençais fictif", "dynamique_identifiee", ("05061",))
    verdicts = {
        "La Saulce": "clear",
        "La Saulce\nGap": "contested",
        "La Saulce\nGap\nNulle-Part": "incomplete",
        "La Saulce\nGap\nNulle-Part\n05132": "blocked",
    }
    found = {asked: send("l.txt", asked.encode()).json()["verdict"] for asked in verdicts}
    assert found == verdicts


def test_a_form_states_what_its_list_is_about(send: Send) -> None:
    answer = send("l.txt", b"La Garde", departments="04,83").json()
    (unresolved,) = answer["unresolved"]
    assert [each["code"] for each in unresolved["suggested"]] == ["04092", "83062"]


def test_a_file_and_its_list_get_the_same_answer(
    send: Send, client: TestClient, register: Register
) -> None:
    own = register("CPTS du Champsaur fictif", "aci_signe", ("05132",))
    question = {
        "name": "Avenant", "exclude_cpts": own, "effective_on": "2027-01-01", "members": 12,
    }  # fmt: skip
    by_file = send("l.csv", b"code\n05061\n05132", **question).json()
    by_json = client.post(
        "/api/v1/letters/check", json={"communes": ["05061", "05132"], **question}
    ).json()
    del by_file["checked_at"], by_json["checked_at"]
    assert by_file == by_json
    assert by_file["amendment"]["cpts"]["id"] == own


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"exclude_cpts": "douze"}, "exclude_cpts"),
        ({"exclude_cpts": "999"}, "exclude_cpts"),
        ({"effective_on": "demain"}, "effective_on"),
        ({"members": "-1"}, "members"),
        ({"name": "a\x00b"}, "name"),
        ({"departments": "Var"}, "departments"),
    ],
)
def test_a_wrong_field_is_named(send: Send, fields: dict[str, str], place: str) -> None:
    response = send("l.txt", b"Gap", **fields)
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"][:2] == ["body", place]


def test_a_file_is_required(client: TestClient) -> None:
    response = client.post("/api/v1/letters/check/file", data={"name": "Sans fichier"})
    assert response.status_code in (415, 422)
    response = client.post("/api/v1/letters/check/file", json={"communes": ["Gap"]})
    assert response.status_code == 415
    response = client.post(
        "/api/v1/letters/check/file",
        content=b"--x\r\nrien",
        headers={"Content-Type": "multipart/form-data; boundary=x"},
    )
    assert response.status_code == 422


def test_a_file_beyond_the_limit_is_too_large(send: Send) -> None:
    for size in (LARGEST_FILE_BYTES + 1, LARGEST_FILE_BYTES + 2**20):
        response = send("l.txt", b"Gap\n" * (size // 4 + 1))
        assert response.status_code == 413
        assert response.json()["code"] == "too-large"


def _bomb() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.shp", b"\0" * (260 * 2**20))
    return written.getvalue()


def _entities(kml: str) -> bytes:
    return (
        '<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY a "aaaaaaaaaa">'
        '<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>'
        f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{kml}</Document></kml>'
    ).encode()


def _database(statements: str) -> bytes:
    connection = sqlite3.connect(":memory:")
    connection.executescript(statements)
    content = connection.serialize()
    connection.close()
    return content


def _archive_of(members: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return written.getvalue()


SQUARE = [[6.0, 44.5], [6.1, 44.5], [6.1, 44.6], [6.0, 44.6], [6.0, 44.5]]
HOSTILE = {
    "vide.txt": b"",
    "blanc.csv": b"  \n \n",
    "bombe.zip": _bomb(),
    "tronque.zip": _archive_of({"a.shp": b"x" * 100})[:60],
    "entites.kml": _entities("<name>&b;&c;</name>"),
    "html.kml": b"<html><body>kml</body></html>",
    "reseau.geojson": b'{"type": "FeatureCollection", "features": "/vsicurl/http://127.0.0.1/"}',
    "vrt.geojson": b'<OGRVRTDataSource><OGRVRTLayer name="l"><SrcDataSource>/etc/passwd'
    b"</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>",
    "vrt.vrt": b'<OGRVRTDataSource><OGRVRTLayer name="l"><SrcDataSource>/vsicurl/http://'
    b"127.0.0.1/x.geojson</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>",
    "service.json": b'{"links": [{"rel": "data", "href": "http://127.0.0.1/collections"}]}',
    "vide.gpkg": _database("CREATE TABLE t (a)"),
    "tronque.gpkg": _database("CREATE TABLE t (a)")[:200],
    "sans polygone.geojson": json.dumps(
        {"type": "Point", "coordinates": [6.07, 44.56]}
    ).encode(),
    "chemins.zip": _archive_of({"../../../../tmp/cpts-evade.shp": b"\0" * 200}),
    "photo.png": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 10,
    "vieux.xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
    "carte.kmz": _archive_of({"doc.kml": b"<kml></kml>"}),
    "projete.geojson": json.dumps(
        {
            "type": "Feature",
            "properties": {},
            "crs": {"type": "name", "properties": {"name": "EPSG:999999"}},
            "geometry": {"type": "Polygon", "coordinates": [SQUARE]},
        }
    ).encode()[:-3],
    "profond.geojson": b'{"a":' * 100_000,
    "trop.csv": b"code\n" + b"\n".join(b"%05d" % n for n in range(6000)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_or_damaged_file_is_refused_in_french(send: Send, name: str) -> None:
    response = send(name, HOSTILE[name])
    assert response.status_code == 422, response.text
    problem = response.json()
    assert problem["code"] == "invalid"
    assert problem["errors"][0]["loc"] == ["body", "file"]
    message = problem["errors"][0]["message"]
    assert message.endswith(".")
    assert "Traceback" not in message
    assert "/tmp" not in message
    assert not Path("/tmp/cpts-evade.shp").exists()


@pytest.fixture
def bounded() -> None:
    """Keep the bound that the service has."""


@pytest.mark.usefixtures("bounded")
def test_an_outline_of_countless_crossings_ends_in_time(send: Send) -> None:
    star = [
        [6 + (i * 7919 % 6000) / 6000, 44 + (i * 104729 % 6000) / 6000] for i in range(6000)
    ]
    content = json.dumps({"type": "Polygon", "coordinates": [[*star, star[0]]]}).encode()
    started = time.monotonic()
    response = send("etoile.geojson", content)
    assert response.status_code in (422, 503)
    assert time.monotonic() - started < 20


@pytest.mark.usefixtures("bounded")
def test_a_view_without_end_ends_in_time(send: Send, tmp_path: Path) -> None:
    path = tmp_path / "vue.gpkg"
    square = geopandas.GeoDataFrame(geometry=[shapely.Polygon(SQUARE)], crs=4326)
    pyogrio.write_dataframe(square, path, layer="vue")
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("ALTER TABLE vue RENAME TO vraie")
        database.execute(
            "CREATE VIEW vue AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
            " SELECT vraie.fid, vraie.geom FROM n, vraie WHERE n.i < 0"
        )
    started = time.monotonic()
    response = send("vue.gpkg", path.read_bytes())
    assert response.status_code in (422, 503)
    assert time.monotonic() - started < 20


def test_an_outline_too_fine_is_smoothed_not_refused(send: Send) -> None:
    around = shapely.Point(6.08, 44.56).buffer(0.3, quad_segs=10_000)
    content = json.dumps(
        {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(around)}
    )
    response = send("fin.geojson", content.encode())
    assert response.status_code == 200, response.text
    assert "05061" in _asked(response.json())


def test_an_address_may_send_so_many_files_a_minute(client: TestClient, send: Send) -> None:
    state = client.app.state  # type: ignore[attr-defined]
    state.limits["file_check"] = AddressLimit(
        1, what="vérifications de fichier", sessions=state.sessions
    )
    assert send("l.txt", b"Gap").status_code == 200
    refused = send("l.txt", b"Gap")
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    assert "vérifications de fichier" in refused.json()["detail"]


@pytest.mark.parametrize("role", ["member", "editor", "ars", "admin"])
def test_any_caller_may_send_a_file(
    client: TestClient, bearer: Callable[..., dict[str, str]], register: Register, role: str
) -> None:
    limits: dict[str, Any] = {"ars": {"region": "93"}}.get(role, {})
    if role == "editor":
        limits = {"cpts": register("CPTS fictive", "dynamique_identifiee")}
    response = client.post(
        "/api/v1/letters/check/file",
        files={"file": ("l.txt", b"Gap")},
        headers=bearer(role, **limits),
    )
    assert response.status_code == 200
