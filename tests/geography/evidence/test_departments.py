"""Departments as people write them: one, several, or nothing that can be relied on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.geography.evidence.country import department_names, departments

NAMED = department_names()


@pytest.mark.parametrize(("code", "name"), NAMED)
def test_every_department_is_read_by_its_name_however_it_is_joined(
    code: str, name: str
) -> None:
    for text in (name, name.upper(), name.replace("-", " "), f"{code} - {name}", f"({name})"):
        assert departments().read(text) == {code}


def test_the_names_that_hold_et_are_one_department_each() -> None:
    holding = [(code, name) for code, name in NAMED if "-et-" in name]
    assert len(holding) == 10
    for code, name in holding:
        assert departments().read(name.replace("-", " ")) == {code}


@given(
    st.lists(st.sampled_from(NAMED), min_size=2, max_size=4, unique=True),
    st.sampled_from((" / ", ", ", "-", " et ", " ; ", " & ", " ou ", "/", " + ")),
    st.booleans(),
)
def test_each_of_several_departments_counts(
    several: list[tuple[str, str]], join: str, by_name: bool
) -> None:
    if by_name and join.strip() in ("-", "et"):
        join = " / "
    text = join.join(name if by_name else code for code, name in several)
    assert departments().read(text) == {code for code, _ in several}


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("4", {"04"}),
        ("4.0", {"04"}),
        ("004", {"04"}),
        ("2a", {"2A"}),
        ("20", {"2A", "2B"}),
        ("971.0", {"971"}),
        ("var (83)", {"83"}),
        ("la reunion", {"974"}),
        ("Dépt 05", {"05"}),
        ("04²", {"04"}),
        ("04*", {"04"}),
        ("9A", {"971"}),
        ("9b", {"972"}),
        ("9C", {"973"}),
        ("9D", {"974"}),
        ("9F", {"976"}),
        ("97", {"971", "972", "973", "974", "976"}),
        ("Alpes-de-Hte-Provence", {"04"}),
        ("Seine-St-Denis", {"93"}),
        ("Charente-Inférieure", {"17"}),
        ("Seine-et-Oise", {"78", "91", "92", "93", "94", "95"}),
        ("Bretagne", {"22", "29", "35", "56"}),
    ],
)
def test_departments_are_read_as_listings_write_them(text: str, codes: set[str]) -> None:
    assert departments().read(text) == codes


@pytest.mark.parametrize(
    "text", ["", "99", "²", "région Sud", "04 / Vra", "04 ouest", "9E", "0"]
)
def test_what_is_not_wholly_understood_names_no_department(text: str) -> None:
    assert departments().read(text) == frozenset()


@given(st.text(max_size=60))
def test_any_text_is_read_without_an_error(text: str) -> None:
    assert departments().read(text) <= departments().codes
