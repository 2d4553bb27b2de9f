"""Information pages, lists for robots, icons and previews, through HTTP."""

import io
from collections.abc import Callable
from xml.etree import ElementTree as ET

import pytest
from PIL import Image
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.main import create_app
from app.maps.palette import FILL_OPACITY, PAPER_COLOUR, STAGE_COLOURS
from app.settings import OperatorSettings, ServiceSettings, Settings
from tests.administration import administration

Register = Callable[..., int]
PAGES = ("/mentions-legales", "/donnees-personnelles", "/accessibilite", "/aide")
NAMESPACE = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}


def _locations(client: TestClient, address: str) -> list[str]:
    answer = client.get(address)
    assert answer.status_code == 200
    return [found.text or "" for found in ET.fromstring(answer.content).iter() if found.text]


@pytest.mark.parametrize("address", [*PAGES, "/donnees", "/integrer"])
def test_a_page_is_light(client: TestClient, alps: dict[str, int], address: str) -> None:
    answer = client.get(address, headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200
    assert int(answer.headers.get("content-length", len(answer.content))) < 30_000
    assert "set-cookie" not in answer.headers


def test_an_undeclared_operator_is_said_to_be_so(client: TestClient) -> None:
    assert "Aucun exploitant n’est déclaré" in client.get("/mentions-legales").text
    for address in PAGES:
        page = client.get(address).text
        assert "None" not in page
        assert "à compléter" not in page.lower()


def test_the_operator_is_named_wherever_a_reader_needs_it(settings: Settings) -> None:
    operator = OperatorSettings(
        name="Fédération <d'Exemple>",
        email="contact@federation.example",
        publication_director="Une présidence",
        hosting="Hébergeur d'Exemple, 1 rue Inventée",
        privacy_email="dpo@federation.example",
    )
    declared = settings.model_copy(update={"operator": operator})
    with TestClient(create_app(declared)) as client:
        legal = client.get("/mentions-legales").text
        assert "Fédération &lt;d’Exemple&gt;" in legal
        assert "Une présidence" in legal
        assert "1 rue Inventée" in legal
        assert "mailto:dpo@federation.example" in client.get("/donnees-personnelles").text
        assert "mailto:contact@federation.example" in client.get("/accessibilite").text


def test_the_help_defines_every_stage_and_tier_of_the_registry(client: TestClient) -> None:
    page = client.get("/aide").text
    for stage in client.get("/api/v1/stages").json()["items"]:
        assert stage["label"].replace("'", "’") in page
    assert page.count('class="tier tier-') == 4


def test_the_sitemap_leads_to_every_territory_commune_and_real_cpts(
    client: TestClient, alps: dict[str, int], engine: Engine, register: Register
) -> None:
    fictitious = register("Démo CPTS", "aci_signe", ("59350",))
    with administration(engine) as connection:
        connection.execute(
            text("UPDATE cpts SET demonstration = true WHERE id = :id"), {"id": fictitious}
        )
    parts = _locations(client, "/sitemap.xml")
    parts = [part for part in parts if part.startswith("http")]
    pages: list[str] = []
    for part in parts:
        found = [line for line in _locations(client, part) if line.startswith("http")]
        assert len(found) <= 50_000
        pages += found
    assert len(pages) == len(set(pages))
    paths = {page.removeprefix("http://testserver") for page in pages}
    assert {"/", "/regions/93", "/departements/2A", "/communes/05061", "/aide"} <= paths
    assert {"/communes/75056", "/communes/75101"} <= paths
    assert {f"/cpts/{number}" for number in alps.values()} <= paths
    assert f"/cpts/{fictitious}" not in paths
    assert sum(path.startswith("/communes/") for path in paths) == 34_917 + 3
    assert client.get("/sitemaps/communes-9.xml").status_code == 404
    assert client.get("/sitemaps/autre.xml").status_code == 404


def test_robots_are_told_where_the_sitemap_is(settings: Settings) -> None:
    public = settings.model_copy(
        update={"service": ServiceSettings(public_url="https://cpts.example")}
    )
    with TestClient(create_app(public)) as client:
        lines = client.get("/robots.txt").text.splitlines()
    assert "Sitemap: https://cpts.example/sitemap.xml" in lines
    assert "Disallow: /connexion" in lines
    assert "Disallow: /" not in lines


def _picture(client: TestClient, address: str) -> Image.Image:
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/png"
    image = Image.open(io.BytesIO(answer.content)).convert("RGB")
    assert image.size == (1200, 630)
    assert len(answer.content) < 300_000
    return image


def _as_shown(colour: str) -> tuple[int, ...]:
    return tuple(
        round(
            int(colour[at : at + 2], 16) * FILL_OPACITY
            + int(PAPER_COLOUR[at : at + 2], 16) * (1 - FILL_OPACITY)
        )
        for at in (1, 3, 5)
    )


def _share(image: Image.Image, colour: str) -> float:
    """Give the share of the map's half that is of a stage's colour."""
    shown = _as_shown(colour)
    half = image.crop((500, 0, 1200, 630))
    counted = half.getcolors(maxcolors=half.width * half.height) or []
    near = sum(
        count
        for count, found in counted
        if isinstance(found, tuple)
        and all(abs(a - b) <= 6 for a, b in zip(found, shown, strict=True))
    )
    return near / (half.width * half.height)


def test_a_preview_shows_the_territory_in_the_colours_of_the_stages(
    client: TestClient, alps: dict[str, int], register: Register
) -> None:
    image = _picture(client, "/apercu/departements/05.png")
    assert _share(image, STAGE_COLOURS["aci_signe"]) > 0.005
    assert _share(image, STAGE_COLOURS["lettre_intention_validee"]) > 0.0005
    assert _share(image, STAGE_COLOURS["projet_sante_valide"]) == 0
    before = client.get("/apercu/departements/05.png")
    register("CPTS de Guillestre", "projet_sante_valide", ("05065",))
    after = _picture(client, "/apercu/departements/05.png")
    assert _share(after, STAGE_COLOURS["projet_sante_valide"]) > 0.001
    asked = {"If-None-Match": before.headers["etag"]}
    assert client.get("/apercu/departements/05.png", headers=asked).status_code == 200


def test_every_region_the_country_and_overseas_have_a_preview(
    client: TestClient, alps: dict[str, int]
) -> None:
    _picture(client, "/apercu/accueil.png")
    for region in ("93", "06", "11"):
        _picture(client, f"/apercu/regions/{region}.png")
    _picture(client, "/apercu/departements/976.png")
    assert client.get("/apercu/regions/00.png").status_code == 404
    assert client.get("/apercu/departements/20.png").status_code == 404


def test_icons_and_manifest_are_there_and_agree(client: TestClient) -> None:
    icon = Image.open(io.BytesIO(client.get("/favicon.ico").content))
    assert {(16, 16), (32, 32)} <= icon.info["sizes"]
    manifest = client.get("/site.webmanifest").json()
    for described in manifest["icons"]:
        answer = client.get(described["src"])
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(described["type"])
        if described["type"] == "image/png":
            size = "x".join(map(str, Image.open(io.BytesIO(answer.content)).size))
            assert size == described["sizes"]
    assert client.get("/icone-7.png").status_code == 404


def test_the_fate_of_an_address_given_for_a_reply_is_told(client: TestClient) -> None:
    page = client.get("/donnees-personnelles").text
    assert "elle est effacée quand le signalement est clos" in page
    assert "Le formulaire ne pose aucun cookie" in page
