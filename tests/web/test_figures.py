"""Maps and charts to hand on: every filter, whole of themselves, in both forms."""

import io
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from fastapi import FastAPI
from PIL import Image
from starlette.testclient import TestClient

from app.database.calendar import today
from app.french import day
from app.http.address_limit import AddressLimit
from app.maps.palette import stage_colour
from app.processes.fork_server import ForkServer
from app.processes.pool import Places
from app.web.figures.drawing import Figure, Key, framed, width_of, xml_text
from app.web.figures.maps import OTHERS_COLOUR as OTHERS
from tests.web.conftest import BROWSER, HOSTILE

Register = Callable[..., int]
GAP, BRIANCON, LILLE, SAINT_DENIS = "05061", "05023", "59350", "97411"
SVG = "{http://www.w3.org/2000/svg}"
# What XML, HTML, typst and fonts each take for something else, or do not hold at all.
TRICKY = "CPTS <b>&#x3c; ]]> #let $x$ @a \\u{41} 🏥 中"


def drawn(client: TestClient, address: str) -> ET.Element:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text[:300]
    assert answer.headers["content-type"] == "image/svg+xml"
    return ET.fromstring(answer.text)


def said(root: ET.Element) -> str:
    texts = (each.text or "" for each in root.iter(f"{SVG}text"))
    return " ".join(" ".join(texts).replace("\u00a0", " ").replace("\u202f", " ").split())


def fills(root: ET.Element) -> set[str]:
    return {each.get("fill", "") for each in root.iter(f"{SVG}path")}


def image(client: TestClient, address: str) -> Image.Image:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text[:300]
    assert answer.headers["content-type"] == "image/png"
    opened = Image.open(io.BytesIO(answer.content))
    opened.load()
    return opened


@pytest.fixture
def three(register: Register) -> dict[str, int]:
    """Of three places and stages, one with a theme."""
    return {
        "gap": register("CPTS de Gap", "aci_signe", (GAP,), themes=["diabete"]),
        "lille": register("CPTS de Lille", "lettre_intention_validee", (LILLE,)),
        "reunion": register("CPTS de Saint-Denis", "association_creee", (SAINT_DENIS,)),
    }


SIGNED, LETTER, FOUNDED = (
    stage_colour(slug)
    for slug in ("aci_signe", "lettre_intention_validee", "association_creee")
)


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("query", "title", "shown", "not_shown"),
    [
        ("", "Les CPTS selon leur stade", {SIGNED, LETTER, FOUNDED}, {OTHERS}),
        ("theme=diabete", "CPTS – Diabète", {SIGNED, OTHERS}, {LETTER, FOUNDED}),
        (
            "stage=association_creee",
            "CPTS – Association créée",
            {FOUNDED, OTHERS},
            {SIGNED},
        ),
        (
            "region=93",
            "CPTS – Provence-Alpes-Côte d’Azur",
            {SIGNED},
            {LETTER, FOUNDED, OTHERS},
        ),
        ("department=59&tier=4", "CPTS – Nord (59) – taille 4", {LETTER}, {SIGNED}),
        ("department=974", "CPTS – La Réunion (974)", {FOUNDED}, {SIGNED, LETTER}),
        ("region=04&region=93", "CPTS – La Réunion", {SIGNED, FOUNDED}, {LETTER}),
        ("q=gap", "CPTS – « gap »", {SIGNED}, {LETTER, FOUNDED}),
        ("bbox=2.5,50,4,51", "CPTS – zone choisie", {LETTER}, {SIGNED, FOUNDED}),
        ("bbox=55,-22,56,-20", "CPTS – zone choisie", {FOUNDED}, {SIGNED, LETTER}),
        ("bbox=-140,-20,-130,-10", "CPTS – zone choisie", {OTHERS}, {SIGNED, LETTER}),
        ("bbox=6.0,44.5,6.0,44.5", "CPTS – zone choisie", set(), {LETTER, FOUNDED}),
        ("updated_since=2999-01-01", "CPTS – modifiées depuis le", {OTHERS}, {SIGNED}),
        ("at=2001-01-01", "Les CPTS selon leur stade", set(), {SIGNED, LETTER, FOUNDED}),
    ],
)
def test_a_map_draws_any_filter_and_mutes_the_others(
    client: TestClient, query: str, title: str, shown: set[str], not_shown: set[str]
) -> None:
    root = drawn(client, f"/cartes/cpts.svg?{query}")
    assert said(root).startswith(title)
    assert shown <= fills(root)
    assert not_shown.isdisjoint(fills(root))


def test_what_a_map_asks_is_judged_as_elsewhere(client: TestClient) -> None:
    for query in ("region=00", "stage=fini", "at=hier", "limit=3", "couleur=bleu", "bbox=1,2"):
        for form in ("svg", "png"):
            assert client.get(f"/cartes/cpts.{form}?{query}").status_code == 422, query


FIGURES = (
    "/cartes/cpts", "/cartes/couverture", "/statistiques/graphiques/regions",
    "/statistiques/graphiques/stades", "/statistiques/graphiques/signatures",
    "/statistiques/graphiques/couverture", f"/communes/{GAP}/carte", "/cpts/{gap}/carte",
)  # fmt: skip


@pytest.mark.parametrize("figure", FIGURES)
def test_every_figure_says_of_when_and_from_where_it_is_and_is_an_image_too(
    client: TestClient, three: dict[str, int], figure: str
) -> None:
    address = figure.format(**three)
    root = drawn(client, f"{address}.svg")
    text = said(root)
    assert day(today()).replace("\u00a0", " ") in text
    assert "Source : Cartographie des CPTS, registre au" in text
    assert "IGN, ADMIN EXPRESS" in text
    assert "Licence Ouverte" in text
    title = root.findtext(f"{SVG}title") or ""
    assert len(title) > 5
    assert len(root.findtext(f"{SVG}desc") or "") > 20
    assert "style=" not in client.get(f"{address}.svg").text
    picture = image(client, f"{address}.png")
    assert picture.width == 2_000
    assert picture.height > 700
    # Not a blank page: the seas, lands and stages of a map, or the fills of a chart.
    assert len(picture.convert("RGB").quantize(64).getcolors() or ()) > 8


@pytest.mark.usefixtures("three")
def test_every_figure_of_a_page_is_linked_beside_it(client: TestClient) -> None:
    pages = ("/", "/regions/93?stage=aci_signe", "/statistiques", f"/communes/{GAP}", "/bilan")
    linked = {
        path
        for page in pages
        for path in re.findall(
            r'<a href="([^"]+\.(?:svg|png)[^"]*)">', client.get(page, headers=BROWSER).text
        )
    }
    assert "/cartes/cpts.svg" in linked
    assert "/cartes/cpts.png?region=93&amp;stage=aci_signe" in linked
    assert f"/communes/{GAP}/carte.png" in linked
    assert len(linked) >= 2 * 8
    for path in linked:
        if ".svg" in path:
            assert client.get(unescape(path)).status_code == 200, path


def test_names_are_texts_and_nothing_else(client: TestClient, register: Register) -> None:
    number = register(TRICKY, "aci_signe", (GAP, "05007", "05046", BRIANCON))
    register(HOSTILE, "aci_signe", (LILLE,))
    for address in ("/cartes/cpts", f"/cpts/{number}/carte"):
        query = "?department=05" if "cartes" in address else ""
        root = drawn(client, f"{address}.svg{query}")
        assert not {each.tag for each in root.iter()} & {f"{SVG}b", f"{SVG}script"}
        assert image(client, f"{address}.png{query}").width == 2_000
    assert "CPTS <b>&#x3c; ]]> #let $x$ @a" in said(drawn(client, f"/cpts/{number}/carte.svg"))
    asked: dict[str, Any] = {"q": "<script>\x01\x0b#$@\ud7ff🏥"}
    answer = client.get("/cartes/cpts.svg", params=asked)
    assert "<script>�" in said(ET.fromstring(answer.text))
    assert client.get("/cartes/cpts.png", params=asked).status_code == 200


def test_figures_are_kept_until_the_registry_changes(
    client: TestClient, register: Register
) -> None:
    address = "/cartes/cpts.png?department=05"
    tag = {"If-None-Match": client.get(address).headers["etag"]}
    assert client.get(address, headers=tag).status_code == 304
    register("CPTS nouvelle", "aci_signe", (GAP,))
    assert client.get(address, headers=tag).status_code == 200


def test_images_are_few_for_one_address_and_in_bounds(
    client: TestClient, app: FastAPI, tmp_path: Path
) -> None:
    state = app.state
    state.typesetter.pool.server = ForkServer(
        "tests.processes.endless", {"FOLDER": str(tmp_path)}
    )
    state.typesetter.pool._places = Places(within_s=0.2)
    busy = client.get("/cartes/couverture.png")
    state.typesetter.pool.server.close()
    assert busy.status_code == 503
    assert int(busy.headers["retry-after"]) > 0
    state.limits["image"] = AddressLimit(1, what="images", sessions=state.sessions)
    client.get("/cartes/couverture.png?at=2020-01-01")
    assert client.get("/cartes/couverture.png?at=2020-01-02").status_code == 429
    assert client.get("/cartes/couverture.svg").status_code == 200


def test_other_charts_and_places_have_no_figure(client: TestClient) -> None:
    for path in (
        "/statistiques/graphiques/ventes.svg",
        "/communes/00000/carte.svg",
        "/cpts/999/carte.png",
    ):
        assert client.get(path).status_code == 404, path
    assert client.get("/statistiques/graphiques/stades.svg?at=2018-01-01").status_code == 404


def lines_of(document: str) -> list[tuple[str, float]]:
    root = ET.fromstring(document)
    return [
        (each.text or "", float(each.get("font-size", 0))) for each in root.iter(f"{SVG}text")
    ]


@pytest.mark.parametrize("title", ["mot " * 80, "m" * 300, "中" * 200, "", "a", " " * 40])
def test_long_texts_stay_within_the_figure(title: str) -> None:
    figure = Figure("n", title, title, title, 720, 300, "", [Key("Un", "#fff")] * 9)
    document = framed(figure, [title])
    assert all(width_of(line, size) <= 721 for line, size in lines_of(document))
    assert sum(size == 21 for _, size in lines_of(document)) <= 4


def test_texts_are_printed_as_french_prints_them() -> None:
    assert xml_text("Lettre d'intention : « oui » & non") == (
        "Lettre d’intention\u00a0: «\u00a0oui\u00a0» &amp; non"
    )
