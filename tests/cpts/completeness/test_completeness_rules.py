"""How departments are named on the command line."""

from app.cpts.completeness.rules import department_codes


def test_departments_are_read_between_commas_each_once() -> None:
    assert department_codes("4, 05;2a 974,04") == ["04", "05", "2A", "974"]
    assert department_codes(" , ") == []
