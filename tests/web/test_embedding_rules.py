"""Addresses and markup of a map on another site."""

from html.parser import HTMLParser

from app.web.embedding.rules import Choice, frame_code


def test_a_department_outranks_the_region_it_may_lie_in() -> None:
    choice = Choice(regions=("93",), departments=("04", "05"), stages=("aci_signe",))
    assert choice.map_address() == "/embed/carte?department=04,05&stage=aci_signe"


def test_a_map_of_everything_has_no_parameter() -> None:
    assert Choice().map_address() == "/embed/carte"
    assert Choice().source_address() == "/"


def test_the_way_back_leads_to_the_page_of_the_one_territory_with_its_filters() -> None:
    assert Choice(regions=("93",), tiers=("1", "2")).source_address() == "/regions/93?tier=1,2"
    assert Choice(departments=("2A",)).source_address() == "/departements/2A"
    assert Choice(departments=("04", "05")).source_address() == "/"


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
