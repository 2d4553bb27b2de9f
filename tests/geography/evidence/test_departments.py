"""Departments as people write them: one, several, or nothing that can be relied on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.geography.evidence.departments import (
    NAMES,
    NAMES_OF_COMMUNES,
    heading,
    of_sheet,
)
from app.geography.naming import spelling
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


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("AHP", {"04"}),
        ("ahp", {"04"}),
        ("A.H.P.", {"04"}),
        ("BdR", {"13"}),
        ("B-d-R", {"13"}),
        ("SSD", {"93"}),
        ("I&V", {"35"}),
        ("M et L", {"49"}),
        ("HS", {"70", "74", "92"}),
        ("PACA", {"04", "05", "06", "13", "83", "84"}),
        ("QQQ", set()),
        ("Var et autres", set()),
    ],
)
def test_initials_in_a_column_are_every_department_that_has_them(
    text: str, codes: set[str]
) -> None:
    assert departments().abbreviated(text) == codes


@pytest.mark.parametrize("text", ["PACA", "paca", "(PACA)", "PACA - 83"])
def test_the_abbreviation_of_a_region_is_its_departments(text: str) -> None:
    assert departments().read(text) == {"04", "05", "06", "13", "83", "84"}


@pytest.mark.parametrize("text", ["AHP", "MEL", "CA", "SSD"])
def test_initials_within_a_text_are_no_department(text: str) -> None:
    assert departments().read(text) == set()


def test_the_names_that_files_are_read_by_are_those_of_the_country() -> None:
    known = {spelling(name) for _, name in NAMED}
    assert known == NAMES - {"reunion"}
    assert NAMES_OF_COMMUNES < NAMES


@pytest.mark.parametrize(
    "line",
    ["Var", "Var :", "VAR (83)", "83 - Var", "Département du Var", "Dpt 83", "83 :", "Marne :",
     "Département du Nord", "Nord (59)"],
)  # fmt: skip
def test_a_department_alone_is_a_heading(line: str) -> None:
    assert heading(line)
    assert departments().read(heading(line))


@pytest.mark.parametrize(
    "line", ["Paris", "Mayenne (53)", "83", "Nord", "Nord :", "Var et Gard", "CPTS du Var", ""]
)
def test_what_may_be_something_else_is_no_heading(line: str) -> None:
    assert heading(line) == ""


@pytest.mark.parametrize(
    ("name", "department"), [("Dpt 04", "Dpt 04"), ("83", "83"), ("Nord", "")]
)
def test_a_sheet_may_be_called_by_its_department(name: str, department: str) -> None:
    assert of_sheet(name) == department
