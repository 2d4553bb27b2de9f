"""What several places go by is declared in one of them."""

import re
from collections.abc import Iterator

import pytest

from app.letters.record.rules import PENDING
from app.settings import PROJECT_ROOT

APP = PROJECT_ROOT / "app"


def _files_with(pattern: str, *suffixes: str) -> Iterator[str]:
    """Give the files of `app` that hold a pattern, relative to it."""
    for path in sorted(APP.rglob("*")):
        if path.suffix in suffixes and re.search(pattern, path.read_text("utf-8")):
            yield str(path.relative_to(APP))


def test_which_letters_are_pending_is_said_in_one_place() -> None:
    in_conciliation = rf"['\"]{PENDING[1]}['\"]"
    assert list(_files_with(in_conciliation, ".py", ".sql", ".html", ".js")) == [
        # The table's own constraint.
        "letters/record/models.py",
        "letters/record/rules.py",
    ]


def test_half_a_commune_is_said_in_one_place() -> None:
    declared = r"\b(INSIDE|INCLUDED|DOUBTFUL)_SHARES? = "
    assert list(_files_with(declared, ".py")) == ["geography/rules.py"]


def test_cells_are_kept_from_being_formulas_in_one_place() -> None:
    assert list(_files_with(r"\[=\+", ".py")) == ["files/cells.py"]
    # For programs, and for offices in French.
    writing = list(_files_with(r"\bcsv\.writer\(", ".py"))
    assert writing == ["files/cells.py", "files/office_tables.py"]


def test_sql_files_are_read_in_one_place() -> None:
    assert list(_files_with(r"\.sql[\"'{}]", ".py")) == ["database/statements.py"]


def test_limits_by_address_are_declared_in_one_place() -> None:
    assert list(_files_with(r"\bAddressLimit\(", ".py")) == ["http/address_limit.py"]
    assert list(_files_with(r"state\.limits\b", ".py")) == ["http/address_limit.py", "main.py"]
    assert list(_files_with(r"_per_minute\b", ".py")) == [
        "http/address_limit.py",
        "settings.py",
    ]


def test_the_address_of_a_page_is_made_in_one_place() -> None:
    assert list(_files_with(r"\bPageAddress\(", ".py")) == ["http/paging.py"]
    outside = list(_files_with(r"request\.base_url|public_url or", ".py"))
    # Error pages have no request of FastAPI to go by.
    assert outside == ["http/addresses.py", "settings.py", "web/layout/rendering.py"]


def test_content_policies_are_written_in_one_place() -> None:
    for directive in ("default-src", "script-src", "frame-ancestors", "sha256-"):
        assert list(_files_with(directive, ".py", ".html")) == ["http/content_policy.py"]


@pytest.mark.parametrize(
    "name", ["Authority", "Institution", "FreeCommune", "NearestCommune", "Holder", "Reading"]
)
def test_a_name_is_of_one_thing(name: str) -> None:
    assert len(list(_files_with(rf"(?m)^class {name}\b", ".py"))) == 1
