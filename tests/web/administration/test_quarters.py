"""A commune is divided by an upload, after its preview, and the division is undone."""

import json
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import shapely
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from tests.accounts.people import csrf
from tests.quarters import Divide, bands, polygon_of
from tests.web.administration.desk import page, sign_in_as
from tests.web.conftest import BROWSER

AT = "/administration/quartiers"
MARCQ = "59378"
Register = Callable[..., int]
pytestmark = pytest.mark.usefixtures("divide_commune")


def geojson(engine: Engine, code: str, *names: str, only: int | None = None) -> bytes:
    """A file of bands of a commune; `only` so many of them."""
    drawn = bands(polygon_of(engine, code), names)[:only]
    features = [
        {
            "type": "Feature",
            "properties": {"nom": part.name, "habitants": 100 * (n + 1)},
            "geometry": json.loads(shapely.to_geojson(part.polygon)),
        }
        for n, part in enumerate(drawn)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def sent(
    client: TestClient, content: bytes, name: str = "quartiers.geojson", **fields: str
) -> Any:
    """Send a file of quarters with the form of the page."""
    given = {"commune": MARCQ, "csrf": csrf(client, AT), **fields}
    files = {"file": (name, content, "application/octet-stream")}
    return client.post(AT, data=given, files=files, headers=BROWSER)


def told(answer: Any) -> str:
    words = re.sub(r"<[^>]+>", " ", unescape(answer.text))
    return re.sub(r"\s+", " ", words)


def test_a_commune_is_divided_as_its_preview_showed_it_and_undone(
    client: TestClient, engine: Engine, register: Register
) -> None:
    register("CPTS de Marcq", communes=(MARCQ,))
    sign_in_as(client, engine, "admin")
    content = geojson(engine, MARCQ, "Plouich", "Bourg", "Pont")
    answer = sent(client, content, population_column="habitants")
    assert answer.status_code == 200, told(answer)
    shown = told(answer)
    assert "3 quartiers à partir du" in shown
    assert "CPTS de Marcq tient la commune et tiendra tous ses quartiers" in shown
    assert "champ « habitants » sont ramenés à la population municipale" in shown
    assert len(re.findall(r'<path class="quarter-\d" d="M', answer.text)) == 3
    assert "Aucune commune n’est divisée" in page(client, AT)
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', answer.text))
    divided = client.post(f"{AT}/division", data=hidden, follow_redirects=False)
    assert (divided.status_code, divided.headers["location"]) == (303, f"{AT}?divisee={MARCQ}")
    parts = client.get(f"/api/v1/communes/{MARCQ}").json()["parts"]
    assert [each["name"] for each in parts] == [
        f"Marcq-en-Barœul – {name}" for name in ("Plouich", "Bourg", "Pont")
    ]
    assert {each["cpts"]["name"] for each in parts} == {"CPTS de Marcq"}
    journal = page(client, "/administration/journal")
    assert "Commune divisée" in journal
    assert "fichier : quartiers.geojson ; quartiers : 3" in journal
    again = {"commune": MARCQ, "csrf": csrf(client, AT)}
    undone = client.post(f"{AT}/annulation", data=again, follow_redirects=False)
    assert undone.headers["location"] == f"{AT}?annulee={MARCQ}"
    assert client.get(f"/api/v1/communes/{MARCQ}").json()["kind"] == "commune"
    assert "Division annulée" in page(client, "/administration/journal")


def test_official_iris_in_a_projection_keep_their_codes(
    client: TestClient, engine: Engine, tmp_path: Path
) -> None:
    """As IGN publishes them: a GeoPackage in Lambert-93, whose fields are recognised."""
    import geopandas  # noqa: PLC0415 (slow to import)

    drawn = bands(polygon_of(engine, MARCQ), ("Plouich", "Bourg"))
    file = tmp_path / "iris.gpkg"
    geopandas.GeoDataFrame(
        {
            "code_insee": [MARCQ, MARCQ],
            "iris": ["0101", "0102"],
            "code_iris": [f"{MARCQ}0101", f"{MARCQ}0102"],
            "nom_iris": [part.name for part in drawn],
            "typ_iris": ["H", "H"],
        },
        geometry=[part.polygon for part in drawn],
        crs=4326,
    ).to_crs(2154).to_file(file, engine="pyogrio")
    sign_in_as(client, engine, "admin")
    answer = sent(client, file.read_bytes(), name="iris.gpkg")
    assert answer.status_code == 200, told(answer)
    assert re.findall(rf"<td>({MARCQ}\d{{4}})</td>", answer.text) == [
        f"{MARCQ}0101",
        f"{MARCQ}0102",
    ]
    assert "répartis selon la surface" in told(answer)


def test_what_is_left_over_is_drawn_and_refused(client: TestClient, engine: Engine) -> None:
    sign_in_as(client, engine, "admin")
    content = geojson(engine, MARCQ, "Plouich", "Bourg", "Pont", only=2)
    answer = sent(client, content)
    assert answer.status_code == 422
    assert re.search(r"laissent \d\d % de la commune sans quartier", told(answer))
    assert 'class="rest" d="M' in answer.text
    assert 'name="parts"' not in answer.text


@pytest.mark.parametrize(
    ("content", "fields", "words"),
    [
        (b"nom;x\na;b\n", {}, "« quartiers.geojson »"),
        (b"{}", {"commune": "abc"}, "code INSEE de la commune"),
        (b"{}", {"since": "demain"}, "jour"),
    ],
)
def test_what_cannot_be_read_is_told(
    client: TestClient, engine: Engine, content: bytes, fields: dict[str, str], words: str
) -> None:
    sign_in_as(client, engine, "admin")
    answer = sent(client, content, **fields)
    assert answer.status_code == 422
    assert words in told(answer)


@pytest.mark.parametrize("kept", ["", "AAAA", "eJwDAAAAAAE=", "é"])
def test_a_form_that_was_changed_on_the_way_is_refused(
    client: TestClient, engine: Engine, kept: str
) -> None:
    sign_in_as(client, engine, "admin")
    given = {"csrf": csrf(client, AT), "parts": kept}
    answer = client.post(f"{AT}/division", data=given, headers=BROWSER)
    assert answer.status_code == 422
    assert "renvoyez le fichier" in told(answer)


def test_a_division_that_cpts_share_is_not_undone(
    client: TestClient, engine: Engine, register: Register, divide_commune: Divide
) -> None:
    divide_commune(MARCQ, ("Nord", "Sud"))
    register("CPTS du Nord", communes=(f"{MARCQ}-01",))
    sign_in_as(client, engine, "admin")
    assert "habitants selon la surface" in page(client, AT)
    given = {"commune": MARCQ, "csrf": csrf(client, AT)}
    answer = client.post(f"{AT}/annulation", data=given, headers=BROWSER)
    assert answer.status_code == 422
    assert "CPTS du Nord" in told(answer)


def test_a_refused_demand_leads_to_the_division(
    client: TestClient, engine: Engine, register: Register
) -> None:
    number = register("CPTS de Marcq", communes=(MARCQ,))
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO refused_claim (commune_code, claimant_name, refused_on)"
                " VALUES (:code, 'CPTS rivale', (now() AT TIME ZONE 'Europe/Paris')::date)"
            ),
            {"code": MARCQ},
        )
    sign_in_as(client, engine, "admin")
    html = page(client, f"/administration/cpts/{number}")
    assert f'href="{AT}?commune={MARCQ}"' in html
    assert f'value="{MARCQ}"' in page(client, f"{AT}?commune={MARCQ}")
