"""Addresses and markup of a map on another site."""

from html.parser import HTMLParser

from app.cpts.reading.filtering import Filters
from app.cpts.reading.filters import DEPARTMENT, REGION, STAGE, TIER
from app.web.embedding.rules import frame_code, map_address, source_address


def test_a_department_outranks_the_region_it_may_lie_in() -> None:
    choice = Filters({REGION: ("93",), DEPARTMENT: ("04", "05"), STAGE: ("aci_signe",)})
    assert map_address(choice) == "/embed/carte?department=04,05&stage=aci_signe"


def test_a_map_of_everything_has_no_parameter() -> None:
    assert map_address(Filters()) == "/embed/carte"
    assert source_address(Filters()) == "/"


def test_the_way_back_leads_to_the_page_of_the_one_territory_with_its_filters() -> None:
    assert (
        source_address(Filters({REGION: ("93",), TIER: ("1", "2")})) == "/regions/93?tier=1,2"
    )
    assert source_address(Filters({DEPARTMENT: ("2A",)})) == "/departements/2A"
    assert source_address(Filters({DEPARTMENT: ("04", "05")})) == "/"


def test_the_code_holds_its_texts_as_they_are_and_nothing_else() -> None:
    title = 'Carte : « A" onload="x" <b>l\'île</b> & »'
    code = frame_code("https://cpts.example/embed/carte?a=1&b=2", title, 450)
    found: list[tuple[str, dict[str, str | None]]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.append((tag, dict(attrs)))

    Reader().feed(code)
    ((tag, attributes),) = found
    assert tag == "iframe"
    assert attributes["title"] == title
    assert attributes["src"] == "https://cpts.example/embed/carte?a=1&b=2"
    assert attributes["height"] == "450"
    assert "onload" not in attributes
