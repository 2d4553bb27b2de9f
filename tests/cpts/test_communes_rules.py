"""How the text of a search for communes is understood, without a database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cpts.communes.rules import Search, searches
from app.geography.evidence.departments import Departments

DEPARTMENTS = Departments(
    [
        ("83", "Var", "Provence-Alpes-Côte d'Azur"),
        ("974", "La Réunion", "La Réunion"),
        ("42", "Loire", "Auvergne-Rhône-Alpes"),
        ("69", "Rhône", "Auvergne-Rhône-Alpes"),
        ("75", "Paris", "Île-de-France"),
    ]
)


@pytest.mark.parametrize(
    ("q", "search"),
    [
        ("St-Étienne", Search("saint etienne", ("saint", "etienne"))),
        ("Lyon 3e", Search("lyon 3", ("lyon", "3"))),
        ("420", Search(digits="420")),
        ("42 000", Search(digits="42000", code="42000")),
        ("2a004", Search(code="2A004")),
        ("75013", Search(digits="75013")),
        ("69003", Search(digits="69003")),
    ],
)
def test_the_first_reading_is_the_literal_one(q: str, search: Search) -> None:
    assert searches(q, DEPARTMENTS)[0] == search


def test_a_department_in_the_text_is_tried_apart() -> None:
    assert Search("saint denis", ("saint", "denis"), departments=("974",)) in searches(
        "saint-denis (974)", DEPARTMENTS
    )


@pytest.mark.parametrize(("q", "key"), [("75013 PARIS", "paris 13"), ("Lyon 69003", "lyon 3")])
def test_a_postal_code_beside_its_city_means_the_arrondissement(q: str, key: str) -> None:
    found = searches(q, DEPARTMENTS)
    assert key in [search.key for search in found]
    assert not any(search.key in ("paris", "lyon") for search in found)


@given(st.text(max_size=40))
def test_every_search_asks_for_something(q: str) -> None:
    for search in searches(q, DEPARTMENTS):
        assert search.key or search.digits or search.code
        assert bool(search.words) == bool(search.key)
