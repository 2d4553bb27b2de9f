import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.files.cells import csv_cell, csv_table, spreadsheet_safe, without_guard


@pytest.mark.parametrize("value", ["=1+1", "+33", "-1", "@A1", "\t=1", "\r=1"])
def test_a_cell_is_never_a_formula(value: str) -> None:
    assert spreadsheet_safe(value) == csv_cell(value) == "'" + value


@pytest.mark.parametrize("value", ["CPTS =1", "", "05061", " =1", "'a", "l'="])
def test_a_text_that_no_spreadsheet_would_run_stays_as_it_is(value: str) -> None:
    assert spreadsheet_safe(value) == csv_cell(value) == value


@given(text=st.text(st.sampled_from("'=+-@\t\ra ")))
def test_a_guarded_text_comes_back(text: str) -> None:
    assert without_guard(spreadsheet_safe(text)) == text


@pytest.mark.parametrize(
    ("value", "cell"), [(True, "true"), (False, "false"), (-1, -1), (0, 0), (None, None)]
)
def test_figures_stay_figures_and_what_is_true_or_false_is_said_so(
    value: object, cell: object
) -> None:
    assert csv_cell(value) == cell
    assert type(csv_cell(value)) is type(cell)


def test_a_table_is_written_with_its_columns_first_and_quotes_what_must_be() -> None:
    told = csv_table(("a", "b"), [["x, y", None], ["=1", True]])
    assert told.decode().splitlines() == ["a,b", '"x, y",', "'=1,true"]
