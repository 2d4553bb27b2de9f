"""Columns that say which part of a commune a row is about."""

import pytest

from app.cpts.importing.columns import find_header
from app.cpts.importing.drafts.rules import (
    LEFT_OUT,
    corrected,
    correction_key,
    decisions,
    keys_of,
)
from app.cpts.importing.entries import Entry, table_entries
from app.files.tables import Row, Table


def entries(*lines: str) -> list[Entry]:
    rows = [Row(number, tuple(line.split(";"))) for number, line in enumerate(lines, start=1)]
    header = find_header(rows)
    assert header is not None
    return list(table_entries(Table("", tuple(rows)), header))


@pytest.mark.parametrize("header", ["IRIS", "Code IRIS", "code_iris", "DCOMIRIS"])
def test_an_iris_code_names_a_place_by_itself(header: str) -> None:
    (entry,) = entries(f"CPTS;{header}", "CPTS Nice Est;060880101")
    assert entry.given == "060880101"
    assert entry.place is not None
    assert (entry.place.text, entry.place.quarter) == ("", "060880101")


@pytest.mark.parametrize("header", ["Quartier", "Nom du quartier", "nom_iris", "Libellé IRIS"])
def test_the_name_of_a_quarter_stands_beside_its_commune(header: str) -> None:
    (entry,) = entries(f"CPTS;Commune;{header}", "CPTS Nice Est;Nice;Cimiez")
    assert entry.given == "Nice"
    assert entry.place is not None
    assert entry.place.quarter == "Cimiez"
    # Alone it is the quarter of no city.
    assert find_header([Row(1, ("CPTS", header)), Row(2, ("CPTS Est", "Centre"))]) is None


def test_a_code_goes_before_a_name_and_a_priority_quarter_is_neither() -> None:
    (entry,) = entries(
        "CPTS;Commune;Nom IRIS;Code IRIS;Quartier prioritaire", "A;Nice;Cimiez;060880101;oui"
    )
    assert entry.quarter == "060880101"
    (entry,) = entries("CPTS;Commune;Quartier prioritaire", "A;Nice;oui")
    assert entry.quarter == ""


def test_rows_of_two_quarters_are_decided_on_one_by_one() -> None:
    one, other = entries("CPTS;Commune;Quartier", "A;Nice;Cimiez", "A;Nice;Riquier")
    assert correction_key(one) != correction_key(other)
    # Rows without a quarter are known by what they were known by before.
    assert correction_key(Entry(1, "A", "Nice")) == "a | nice |  |  |  |  | "


def test_a_row_may_mean_several_parts() -> None:
    row = Entry(1, "A", "Nice (Nord)")
    left, kept = Entry(2, "A", "Nice"), Entry(3, "A", "Cannes")
    several = keys_of(correction_key(row), ("06088-02", "06088-01"))
    found = decisions([*several, *keys_of(correction_key(left), LEFT_OUT)])
    assert found == {
        correction_key(row): ("06088-02", "06088-01"),
        correction_key(left): LEFT_OUT,
    }
    told, count = corrected([row, left, kept], found)
    assert count == 2
    assert (told[0].commune, told[0].code) == ("06088-02 ; 06088-01", "")
    assert told[1].is_unclaimed
    assert told[2] is kept
