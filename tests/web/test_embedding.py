"""The page that writes the code, and the page that others frame, through HTTP."""

from collections.abc import Callable
from html import unescape

import pytest
from starlette.testclient import TestClient

from app.main import create_app
from app.settings import ServiceSettings, Settings
from tests.web.conftest import BROWSER

Register = Callable[..., int]


def _ancestors(policy: str) -> str:
    return next(
        part.removeprefix("frame-ancestors ")
        for part in policy.split("; ")
        if part.startswith("frame-ancestors")
    )


def test_only_what_is_below_embed_may_be_framed_by_others(
    client: TestClient, alps: dict[str, int]
) -> None:
    framed = client.get("/embed/carte?region=93")
    assert framed.status_code == 200
    assert _ancestors(framed.headers["content-security-policy"]) == "*"
    assert "x-frame-options" not in framed.headers
    own = client.get("/maps/cpts?region=93")
    assert _ancestors(own.headers["content-security-policy"]) == "'self'"
    for address in ("/integrer", "/donnees", "/aide", "/mentions-legales", "/"):
        page = client.get(address)
        assert _ancestors(page.headers["content-security-policy"]) == "'none'"
        assert page.headers["x-frame-options"] == "DENY"


def test_an_error_inside_a_frame_is_shown_there(client: TestClient) -> None:
    answer = client.get("/embed/carte?stage=inconnu", headers=BROWSER)
    assert answer.status_code == 422
    assert _ancestors(answer.headers["content-security-policy"]) == "*"
    assert "Valeur inconnue" in answer.text


def test_the_framed_map_names_its_source_and_leads_back_to_it(
    client: TestClient, alps: dict[str, int]
) -> None:
    page = client.get("/embed/carte?department=05&stage=aci_signe").text
    assert 'href="/departements/05?stage=aci_signe" target="_blank"' in page
    assert "Licence Ouverte 2.0" in page
    assert 'class="source"' not in client.get("/maps/cpts?department=05").text


@pytest.mark.parametrize("query", ["?height=100", "?region=00", "?couleur=bleu", "?tier=9"])
def test_a_choice_that_means_nothing_is_refused(client: TestClient, query: str) -> None:
    assert client.get(f"/integrer{query}").status_code == 422


def test_the_code_is_for_what_was_chosen(client: TestClient) -> None:
    page = client.get("/integrer?region=93&department=&theme=&stage=aci_signe&height=450")
    code = unescape(page.text.split('rows="3">')[1].split("</textarea>")[0])
    assert 'src="http://testserver/embed/carte?region=93&amp;stage=aci_signe"' in code
    assert 'height="450"' in code
    assert "Provence-Alpes-Côte d'Azur – ACI signé" in code


def test_without_an_outside_address_the_page_is_kept_for_nobody_else(
    client: TestClient,
) -> None:
    assert client.get("/integrer").headers["cache-control"] == "no-store"
    other = client.get("/integrer", headers={"Host": "ailleurs.example"}).text
    assert "http://ailleurs.example/embed/carte" in other
    assert "ailleurs" not in client.get("/integrer").text


def test_the_outside_address_is_that_of_the_setting(settings: Settings) -> None:
    public = settings.model_copy(
        update={"service": ServiceSettings(public_url="https://cpts.example")}
    )
    with TestClient(create_app(public)) as client:
        answer = client.get("/integrer", headers={"Host": "ailleurs.example"})
        assert "https://cpts.example/embed/carte" in answer.text
        assert "ailleurs" not in answer.text
        assert answer.headers["cache-control"] == "public, no-cache"
        feed = client.get("/donnees/changements.atom")
        assert 'href="https://cpts.example/donnees"' in feed.text
        assert feed.headers["cache-control"] == "public, no-cache"
