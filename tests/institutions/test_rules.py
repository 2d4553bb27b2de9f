"""Which place a row means, which institution, and what an import is told as."""

import re

import pytest

from app.files.tables import Row
from app.institutions.reporting import report_text, summary
from app.institutions.rules import (
    Column,
    Line,
    Outcome,
    Place,
    PlaceBook,
    Report,
    entries_of,
    key_of,
    kind_in,
    kind_of,
)

PACA = Place("region", "93", "Provence-Alpes-Côte d'Azur", "93")
VAR = Place("department", "83", "Var", "93")
AISNE = Place("department", "02", "Aisne", "32")
SEINE = Place("department", "93", "Seine-Saint-Denis", "11")
BOOK = PlaceBook([PACA, VAR, AISNE, SEINE])


@pytest.mark.parametrize(
    ("region", "department", "place"),
    [
        ("93", "", PACA),
        ("", "93", SEINE),
        ("provence alpes cote d’azur", "", PACA),
        ("", "var", VAR),
        ("93", "Var", VAR),
        ("", "2", AISNE),
    ],
)
def test_a_place_is_meant_by_its_code_or_name(
    region: str, department: str, place: Place
) -> None:
    assert BOOK.meant(region, department) == place


@pytest.mark.parametrize(
    ("region", "department", "why"),
    [
        ("", "", "manque"),
        ("", "Atlantide", "Département inconnu : Atlantide."),
        ("Atlantide", "Var", "Région inconnue"),
        ("93", "Aisne", "Aisne (02) n'est pas de la région Provence"),
    ],
)
def test_a_place_that_is_unknown_or_contradicts_itself_is_none(
    region: str, department: str, why: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        BOOK.meant(region, department)


def test_places_are_told_apart_by_their_keys() -> None:
    assert BOOK.sent(PACA.key) == PACA
    assert BOOK.sent(SEINE.key) == SEINE
    assert BOOK.sent("department") is None
    assert BOOK.sent("commune-83001") is None


def test_institutions_are_known_by_what_people_call_them() -> None:
    assert kind_of("CPAM") == kind_of("Assurance maladie") == "assurance_maladie"
    assert kind_of("A.R.S.") == "A.R.S."
    assert kind_in("CPAM du Var") == "assurance_maladie"
    assert kind_in("ARS Paca, délégation du Var") == "ars"
    assert kind_in("Délégation départementale") == "other"


def test_a_service_is_the_same_however_it_is_spelled() -> None:
    assert key_of(VAR, "CPAM du Var", "Offre de soins") == key_of(
        VAR, "C.P.A.M. du VAR".replace(".", ""), "offre de  SOINS"
    )
    assert key_of(VAR, "CPAM", "") != key_of(AISNE, "CPAM", "")


def test_rows_are_read_below_the_heading_wherever_it_stands() -> None:
    rows = [
        Row(1, ("Contacts 2026",)),
        Row(3, ("Dpt", "Nom de l'organisme", "E-mail", "Remarque")),
        Row(4, ("83", "CPAM", "", "appeler le matin")),
        Row(6, ("02", "CPAM")),
    ]
    entries = entries_of(rows)
    assert entries is not None
    assert [(each.row, dict(each.cells)) for each in entries] == [
        (4, {Column.DEPARTMENT: "83", Column.ORGANISATION: "CPAM"}),
        (6, {Column.DEPARTMENT: "02", Column.ORGANISATION: "CPAM"}),
    ]
    assert {each.columns for each in entries} == {
        frozenset({Column.DEPARTMENT, Column.ORGANISATION, Column.EMAIL})
    }
    assert entries_of(rows[:1]) is None
    assert entries_of([Row(1, ("Organisme", "Courriel"))]) is None


def test_a_report_says_that_one_row_kept_everything_out() -> None:
    lines = [
        Line(2, "Var (83)", "CPAM", Outcome.ADDED),
        Line(3, "Var (83)", "=ARS", Outcome.UNCHANGED),
        Line(4, "Var (83)", "URPS", Outcome.UNCHANGED),
        Line(5, "Atlantide", "CPAM", Outcome.REFUSED, "Département inconnu : Atlantide."),
    ]
    assert summary(Report(lines)) == [
        "4 lignes : 1 ajoutée, 2 déjà telles, 1 refusée.",
        "Rien n'a été écrit : corrigez les lignes refusées, puis recommencez.",
        "Ligne 5 : Département inconnu : Atlantide.",
    ]
    tried = summary(Report(lines[:1], removed=["x"], tried=True))
    assert tried[1:] == [
        "Contacts qui seraient retirés : 1.",
        "Essai seulement : rien n'a été écrit.",
    ]
    assert summary(Report(lines[:1], removed=["x"]))[1:] == ["Contacts retirés : 1."]
    assert "3,Var (83),'=ARS,unchanged," in report_text(Report(lines))
