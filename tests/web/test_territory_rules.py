"""The order of the table, the addresses of its heads, and where signing in leads to."""

import pytest

from app.web.accounts.signing_in.rules import safe_return
from app.web.territories.rules import columns, counts_of_choices, in_order

CPTS = [
    {"name": "A", "rank": 5, "population": 10, "tier": 1, "commune_count": 3},
    {"name": "B", "rank": 1, "population": 30, "tier": None, "commune_count": 1},
    {"name": "C", "rank": 5, "population": 20, "tier": 1, "commune_count": 2},
]


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("name", "ABC"),
        ("-name", "CBA"),
        ("population", "ACB"),
        ("-population", "BCA"),
        ("stage", "BAC"),
        ("-stage", "ACB"),
        ("tier", "BAC"),
        ("communes", "BCA"),
    ],
)
def test_a_table_is_sorted_and_equals_stay_by_name(sort: str, names: str) -> None:
    assert "".join(cpts["name"] for cpts in in_order(CPTS, sort)) == names


def test_a_head_sorts_by_the_largest_first_then_turns_and_keeps_the_filters() -> None:
    labels = {"name": "CPTS", "population": "Habitants"}
    chosen = [("stage", "aci_signe")]
    name, population = columns("/regions/93", chosen, "name", labels)
    assert (name.sorted_as, population.sorted_as) == ("ascending", None)
    assert population.address == "/regions/93?stage=aci_signe&sort=-population#liste"
    name, population = columns("/regions/93", chosen, "-population", labels)
    assert population.sorted_as == "descending"
    assert population.address == "/regions/93?stage=aci_signe&sort=population#liste"
    assert name.address == "/regions/93?stage=aci_signe#liste"


@pytest.mark.parametrize(
    "asked",
    [
        "//example.org",
        "https://example.org",
        "/\\example.org",
        "/a\\b",
        "/a\r\nSet-Cookie: a=b",
        "lettres",
        "",
        "javascript:alert(1)",
        "/é",
    ],
)
def test_signing_in_never_leads_to_another_site(asked: str) -> None:
    assert safe_return(asked, "/lettres") == "/lettres"


@pytest.mark.parametrize("asked", ["/", "/lettres/12", "/lettres?etat=deposee&page=2"])
def test_signing_in_leads_back_to_a_page_of_the_site(asked: str) -> None:
    assert safe_return(asked, "/lettres") == asked


HELD = {"stage": lambda cpts: [cpts["stage"]], "theme": lambda cpts: cpts["themes"]}
SOME = [
    {"stage": "aci_signe", "themes": ["diabete", "chutes"]},
    {"stage": "aci_signe", "themes": []},
    {"stage": "association_creee", "themes": ["diabete"]},
]


@pytest.mark.parametrize(
    ("asked", "stages", "themes"),
    [
        ({}, {"aci_signe": 2, "association_creee": 1}, {"diabete": 2, "chutes": 1}),
        (
            {"stage": ["aci_signe"]},
            {"aci_signe": 2, "association_creee": 1},
            {"diabete": 1, "chutes": 1},
        ),
        (
            {"stage": ["association_creee"], "theme": ["chutes", "diabete"]},
            {"aci_signe": 1, "association_creee": 1},
            {"diabete": 1},
        ),
        ({"stage": ["projet_sante_valide"], "theme": ["sommeil"]}, {}, {}),
    ],
)
def test_a_choice_counts_what_it_would_leave_in_place_of_those_of_its_own_filter(
    asked: dict[str, list[str]], stages: dict[str, int], themes: dict[str, int]
) -> None:
    assert counts_of_choices(SOME, HELD, asked) == {"stage": stages, "theme": themes}
