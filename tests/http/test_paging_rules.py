"""The links of a page."""

from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from app.http.paging import PageAddress


class Asked(NamedTuple):
    limit: int
    offset: int


@settings(deadline=None)
@given(
    matched=st.integers(0, 50),
    limit=st.integers(1, 20),
    offset=st.integers(0, 60),
)
def test_a_next_page_is_linked_exactly_when_more_remain(
    matched: int, limit: int, offset: int
) -> None:
    returned = max(0, min(limit, matched - offset))
    address = PageAddress("", "/l", (("q", "a b&c"),))
    links = {
        link["rel"]: link["href"]
        for link in address.links(Asked(limit, offset), matched, returned)
    }
    assert ("next" in links) == (offset + limit < matched)
    assert ("prev" in links) == (offset > 0)
    if "next" in links:
        assert links["next"] == f"/l?limit={limit}&offset={offset + limit}&q=a+b%26c"


def test_links_bear_the_outside_address_when_there_is_one() -> None:
    (link,) = PageAddress("https://carte.example", "/l", ()).links(Asked(10, 0), 1, 1)
    assert link == {"rel": "self", "href": "https://carte.example/l"}
