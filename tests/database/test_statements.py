from pathlib import Path

import pytest

from app.database.statements import script, statement

APP = Path(__file__).parents[2] / "app"


def test_a_statement_is_the_file_beside_the_module_and_read_once(tmp_path: Path) -> None:
    module_file = str(tmp_path / "repository.py")
    written = tmp_path / "held.sql"
    written.write_text("SELECT 'forêt' WHERE :day IS NULL", "utf-8")
    assert script(module_file, "held") == "SELECT 'forêt' WHERE :day IS NULL"
    assert statement(module_file, "held").text == "SELECT 'forêt' WHERE :day IS NULL"
    written.unlink()
    assert statement(module_file, "held") is statement(module_file, "held")


def test_types_bound_by_one_caller_are_not_those_of_another(tmp_path: Path) -> None:
    module_file = str(tmp_path / "repository.py")
    (tmp_path / "held.sql").write_text("SELECT :day", "utf-8")
    bound = statement(module_file, "held").bindparams(day=3)
    assert bound.compile().params == {"day": 3}
    assert statement(module_file, "held").compile().params == {"day": None}


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        statement(str(tmp_path / "repository.py"), "absent")


def test_files_of_sql_have_one_reader() -> None:
    readers = {
        path.relative_to(APP).as_posix()
        for path in APP.rglob("*.py")
        if '.sql"' in (text := path.read_text("utf-8")) and "read_text" in text
    }
    assert readers == {"database/statements.py"}
