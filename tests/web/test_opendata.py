"""The published files and the feed, through HTTP."""

import csv
import io
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import geopandas
import openpyxl
import pytest
from frictionless import Package, system
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.web.opendata.columns import CPTS
from tests.administration import administration

Register = Callable[..., int]
Bearer = Callable[..., dict[str, str]]
ATOM = {"a": "http://www.w3.org/2005/Atom"}
FILES = ("cpts.csv", "compositions.csv", "cpts.geojson", "cpts.gpkg", "cpts.parquet")


def _rows(client: TestClient, address: str) -> list[dict[str, str]]:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


def _entries(client: TestClient, query: str = "") -> list[ET.Element]:
    answer = client.get(f"/donnees/changements.atom{query}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    return ET.fromstring(answer.content).findall("a:entry", ATOM)


def _said(entry: ET.Element, tag: str) -> str:
    return entry.findtext(f"a:{tag}", "", ATOM)


def test_the_table_of_cpts_has_a_line_each_and_the_documented_columns(
    client: TestClient, alps: dict[str, int]
) -> None:
    rows = _rows(client, "/donnees/cpts.csv")
    assert {row["name"]: int(row["id"]) for row in rows} == alps
    assert list(rows[0]) == [column.name for column in CPTS]
    by_name = {row["name"]: row for row in rows}
    durance = by_name["CPTS de la Haute-Durance"]
    assert sorted(durance["departments"].split("|")) == ["04", "05"]
    assert by_name["CPTS du Gapençais"]["themes"] == "diabete|vaccination"
    assert by_name["CPTS du Gapençais"]["demonstration"] == "false"


@pytest.mark.parametrize("file", FILES)
def test_every_file_takes_the_filters_and_refuses_what_it_does_not_know(
    client: TestClient, alps: dict[str, int], file: str
) -> None:
    whole = client.get(f"/donnees/{file}")
    part = client.get(f"/donnees/{file}?department=04&stage=aci_signe")
    assert whole.status_code == part.status_code == 200
    assert whole.headers["content-disposition"] == f'attachment; filename="{file}"'
    assert part.content != whole.content
    wrong = client.get(f"/donnees/{file}?stage=inconnu")
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["loc"] == ["query", "stage"]
    assert client.get(f"/donnees/{file}?couleur=bleu").status_code == 422


@pytest.mark.parametrize("file", FILES)
def test_a_file_is_kept_until_the_registry_changes(
    client: TestClient, alps: dict[str, int], register: Register, file: str
) -> None:
    first = client.get(f"/donnees/{file}")
    asked = {"If-None-Match": first.headers["etag"]}
    assert client.get(f"/donnees/{file}", headers=asked).status_code == 304
    register("CPTS de Lille", "aci_signe", ("59350",))
    changed = client.get(f"/donnees/{file}", headers=asked)
    assert changed.status_code == 200
    assert changed.content != first.content


def test_the_same_registry_gives_the_same_bytes_whichever_worker_writes_them(
    client: TestClient, alps: dict[str, int]
) -> None:
    for file in ("cpts.gpkg", "cpts.parquet"):
        # Two addresses, hence two writings.
        answers = [client.get(f"/donnees/{file}{query}") for query in ("", "?region=93")]
        assert answers[0].content == answers[1].content


def test_a_text_that_a_spreadsheet_would_run_is_made_harmless(
    client: TestClient, register: Register
) -> None:
    register(
        "=HYPERLINK(1)", "aci_signe", ("05061",), acronym="@SUM(1)", phone="+33 1 99 00 00 01"
    )
    (row,) = _rows(client, "/donnees/cpts.csv")
    assert (row["name"], row["acronym"], row["phone"]) == (
        "'=HYPERLINK(1)",
        "'@SUM(1)",
        "'+33 1 99 00 00 01",
    )
    (row,) = _rows(client, "/donnees/compositions.csv")
    assert row["cpts_name"] == "'=HYPERLINK(1)"


def test_geographic_files_hold_the_same_territories_as_the_api(
    client: TestClient, alps: dict[str, int], register: Register, tmp_path: Path
) -> None:
    register("CPTS sans commune", "dynamique_identifiee")
    layers = {}
    for file, read in (
        ("cpts.geojson", geopandas.read_file),
        ("cpts.gpkg", lambda path: geopandas.read_file(path, fid_as_index=True)),
        ("cpts.parquet", geopandas.read_parquet),
    ):
        path = tmp_path / file
        path.write_bytes(client.get(f"/donnees/{file}").content)
        layers[file] = read(path)
    geojson, package, parquet = layers.values()
    assert package.index.name == "fid"
    assert set(package.index) == set(parquet["id"]) == set(geojson["id"])
    assert str(package.crs) == "EPSG:4326"
    expected = geojson.set_index("id").geometry
    for name, layer in (("gpkg", package), ("parquet", parquet.set_index("id"))):
        found = layer.geometry.reindex(expected.index)
        assert found[alps["CPTS du Gapençais"]].symmetric_difference(
            expected[alps["CPTS du Gapençais"]]
        ).area == pytest.approx(0, abs=1e-9), name
        empty = found[[i for i in expected.index if i not in alps.values()]]
        assert empty.isna().all(), name
    assert dict(zip(parquet["id"], parquet["name"], strict=True)) == package["name"].to_dict()
    assert parquet["stage_since"].notna().all()


def test_a_geopackage_is_a_sound_database_of_one_layer(
    client: TestClient, alps: dict[str, int], tmp_path: Path
) -> None:
    path = tmp_path / "cpts.gpkg"
    path.write_bytes(client.get("/donnees/cpts.gpkg").content)
    with sqlite3.connect(path) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        layers = database.execute("SELECT table_name, data_type FROM gpkg_contents").fetchall()
        assert layers == [("cpts", "features")]
        ids = database.execute("SELECT id FROM cpts").fetchall()
    database.close()
    assert {number for (number,) in ids} == set(alps.values())


def test_the_files_without_any_cpts_are_empty_and_well_formed(
    client: TestClient, tmp_path: Path
) -> None:
    assert _rows(client, "/donnees/cpts.csv") == []
    for file, read in (
        ("cpts.gpkg", geopandas.read_file),
        ("cpts.parquet", geopandas.read_parquet),
    ):
        path = tmp_path / file
        path.write_bytes(client.get(f"/donnees/{file}").content)
        assert len(read(path)) == 0


@pytest.mark.filterwarnings("default")
def test_the_package_and_every_table_are_valid_for_frictionless(
    client: TestClient, alps: dict[str, int], register: Register, tmp_path: Path
) -> None:
    register('+CPTS, "citée" ; et plus', "aci_signe", ("97611",))
    register("CPTS sans commune", "dynamique_identifiee")
    for file in ("datapackage.json", *FILES):
        (tmp_path / file).write_bytes(client.get(f"/donnees/{file}").content)
    with system.use_context(trusted=True):
        report = Package(str(tmp_path / "datapackage.json")).validate()
    assert report.valid, report.flatten(["type", "message"])
    tables = {task.name: task.stats["rows"] for task in report.tasks if task.type == "table"}
    assert tables["cpts"] == 6
    assert tables["compositions"] == 7


@pytest.mark.filterwarnings("default")
def test_a_table_that_breaks_its_schema_is_refused(
    client: TestClient, alps: dict[str, int], tmp_path: Path
) -> None:
    for file in ("datapackage.json", *FILES):
        (tmp_path / file).write_bytes(client.get(f"/donnees/{file}").content)
    table = tmp_path / "cpts.csv"
    table.write_text(table.read_text("utf-8").replace("aci_signe", "bientot"), "utf-8")
    with system.use_context(trusted=True):
        report = Package(str(tmp_path / "datapackage.json")).validate()
    assert not report.valid


def test_each_schema_has_its_address_and_others_do_not_exist(client: TestClient) -> None:
    for name in ("cpts", "territoires", "compositions"):
        answer = client.get(f"/donnees/{name}.schema.json")
        assert answer.status_code == 200
        fields = {field["name"]: field for field in answer.json()["fields"]}
        assert fields["stage"]["constraints"]["enum"][-1] == "aci_signe"
    assert client.get("/donnees/autre.schema.json").status_code == 404


def test_the_feed_tells_news_latest_first_and_names_nobody(
    client: TestClient, register: Register, bearer: Bearer
) -> None:
    admin = bearer("admin")
    number = register("CPTS <b>&", "lettre_intention_validee", ("05061",))
    address = f"/api/v1/cpts/{number}"
    client.patch(
        address, json={"stage": "aci_signe", "reason": "vu avec Mme Secrète"}, headers=admin
    )
    client.patch(address, json={"phone": "01 02 03 04 05"}, headers=admin)
    client.put(f"{address}/territory", json={"communes": ["05061", "05160"]}, headers=admin)
    client.delete(f"{address}?reason=Secrète", headers=admin)
    entries = _entries(client)
    kinds = [
        [category.get("term") for category in entry.findall("a:category", ATOM)]
        for entry in entries
    ]
    assert kinds == [["fin"], ["territoire"], ["stade"], ["nouvelle"]]
    assert _said(entries[1], "title") == "Territoire modifié (+1) : CPTS <b>&"
    link = entries[0].find("a:link", ATOM)
    assert link is not None
    assert link.get("href") == f"http://testserver/cpts/{number}"
    body = client.get("/donnees/changements.atom").text
    for secret in ("Secrète", "essai admin", "01 02 03"):
        assert secret not in body


def test_the_feed_has_what_atom_requires_and_ids_that_stay(
    client: TestClient, alps: dict[str, int]
) -> None:
    feed = ET.fromstring(client.get("/donnees/changements.atom").content)
    assert feed.tag == f"{{{ATOM['a']}}}feed"
    for required in ("id", "title", "updated", "author/a:name"):
        assert feed.findtext(f"a:{required}", "", ATOM)
    entries = feed.findall("a:entry", ATOM)
    for entry in entries:
        for required in ("id", "title", "updated", "summary"):
            assert _said(entry, required)
    ids = [_said(entry, "id") for entry in entries]
    assert len(set(ids)) == len(alps)
    assert [_said(entry, "id") for entry in _entries(client)] == ids
    moments = [_said(entry, "updated") for entry in entries]
    assert moments == sorted(moments, reverse=True)
    assert feed.findtext("a:updated", "", ATOM) == moments[0]


def test_the_feed_of_a_territory_holds_what_concerns_it(
    client: TestClient, alps: dict[str, int], register: Register
) -> None:
    register("CPTS de Lille", "aci_signe", ("59350",))
    assert len(_entries(client)) == 5
    assert len(_entries(client, "?region=93")) == 4
    assert [_said(entry, "title") for entry in _entries(client, "?department=04")] == [
        "Nouvelle CPTS : CPTS de la Haute-Durance"
    ]
    assert client.get("/donnees/changements.atom?region=00").status_code == 422


def test_a_long_feed_is_read_page_by_page_without_gap(
    client: TestClient, engine: Engine, register: Register
) -> None:
    number = register("CPTS de Gap", "aci_signe", ("05061",))
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO cpts_change (cpts_id, revision, action, actor, before, after)"
                " SELECT :id, 1, 'updated', 'x', jsonb_build_object('stages', '{}'::jsonb),"
                " jsonb_build_object('stages', jsonb_build_object('aci_signe',"
                " date '2024-01-01' + n)) FROM generate_series(1, 150) n"
            ),
            {"id": number},
        )
    seen: list[str] = []
    address: str | None = "/donnees/changements.atom"
    while address:
        feed = ET.fromstring(client.get(address).content)
        seen += [_said(entry, "id") for entry in feed.findall("a:entry", ATOM)]
        following = feed.find("a:link[@rel='next']", ATOM)
        address = None if following is None else following.get("href")
    # The creation, what was written here, and what the registry found to differ from it.
    assert len(seen) == len(set(seen)) == 152


def test_demonstration_entries_are_marked(
    client: TestClient, engine: Engine, register: Register
) -> None:
    number = register("Démo CPTS", "aci_signe", ("05061",))
    with administration(engine) as connection:
        connection.execute(
            text("UPDATE cpts SET demonstration = true WHERE id = :id"), {"id": number}
        )
    (entry,) = _entries(client)
    assert _said(entry, "title").startswith("[Démonstration] ")
    terms = [category.get("term") for category in entry.findall("a:category", ATOM)]
    assert "demonstration" in terms


def test_the_page_links_every_file_its_schema_the_licence_and_the_feed(
    client: TestClient, alps: dict[str, int]
) -> None:
    page = client.get("/donnees").text
    for file in FILES:
        assert f'href="/donnees/{file}"' in page
    for other in ("cpts.schema.json", "datapackage.json", "changements.atom"):
        assert f'href="/donnees/{other}"' in page
    assert "Licence Ouverte" in page


def test_no_geographic_library_is_loaded_by_the_start_of_the_service() -> None:
    program = (
        "import sys, app.main; "
        "print([m for m in ('pyogrio', 'geopandas', 'pyarrow', 'PIL') if m in sys.modules])"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "[]"


OFFICE = ("cpts-excel.csv", "cpts.xlsx", "compositions-excel.csv", "compositions.xlsx")


def _office_rows(client: TestClient, address: str) -> list[dict[str, Any]]:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    if "-excel.csv" in address:
        text = answer.content.decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))
    table: Any = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0].values
    head, *rows = table
    return [dict(zip(head, row, strict=True)) for row in rows]


@pytest.mark.parametrize("file", OFFICE)
def test_a_table_for_offices_says_the_same_as_the_one_for_programs(
    client: TestClient, alps: dict[str, int], file: str
) -> None:
    table = "cpts" if file.startswith("cpts") else "compositions"
    title, name = ("Nom", "name") if table == "cpts" else ("Nom de la CPTS", "cpts_name")
    rows = _office_rows(client, f"/donnees/{file}")
    plain = _rows(client, f"/donnees/{table}.csv")
    assert plain
    assert [row[title] for row in rows] == [row[name] for row in plain]
    assert [str(row["Population"]) for row in rows] == [row["population"] for row in plain]
    assert [row["Stade"] for row in rows] == [row["stage_label"] for row in plain]
    if table == "compositions":
        assert [row["Code de la commune"] for row in rows] == [
            row["commune_code"] for row in plain
        ]
    else:
        themes = {row["Nom"]: row["Thèmes"] for row in rows}
        assert themes["CPTS du Gapençais"] == "Diabète, Vaccination"


@pytest.mark.parametrize("file", OFFICE)
def test_a_table_for_offices_takes_the_filters_and_refuses_what_it_does_not_know(
    client: TestClient, alps: dict[str, int], file: str
) -> None:
    assert len(_office_rows(client, f"/donnees/{file}?q=Champsaur")) == 1
    assert _office_rows(client, f"/donnees/{file}?q=Personne") == []
    answer = client.get(f"/donnees/{file}?q=Champsaur")
    assert answer.headers["content-disposition"] == f'attachment; filename="{file}"'
    wrong = client.get(f"/donnees/{file}?stage=inconnu")
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["loc"] == ["query", "stage"]


def test_a_workbook_says_of_which_day_and_from_which_address_it_is(
    client: TestClient, register: Register
) -> None:
    register("CPTS d’exemple", "aci_signe", ("05061",), effective_on="2020-01-01")
    answer = client.get("/donnees/cpts.xlsx?at=2021-03-01&department=05")
    lines: Any = openpyxl.load_workbook(io.BytesIO(answer.content))["Définitions"].values
    definitions = dict(lines)
    assert definitions["Situation au"].replace("\xa0", " ") == "1er mars 2021"
    assert (
        definitions["Adresse de ce fichier"] == "/donnees/cpts.xlsx?at=2021-03-01&department=05"
    )
    assert definitions["Taille"].startswith("Taille de l'accord")
    assert answer.headers["content-type"].startswith("application/vnd.openxmlformats")


def test_one_address_has_so_many_workbooks_a_minute(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = client.app.state.limits["workbook"]  # type: ignore[attr-defined]
    monkeypatch.setattr(limit, "_per_minute", 2)
    addresses = (
        "/donnees/cpts.xlsx",
        "/donnees/compositions.xlsx",
        "/statistiques/regions.xlsx",
    )
    assert [client.get(address).status_code for address in addresses] == [200, 200, 429]
    assert client.get("/donnees/cpts-excel.csv").status_code == 200
