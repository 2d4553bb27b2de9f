"""Stages are named in one module, in the order of the table."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from app.cpts.stages import (
    FIRST_STAGE,
    RECOGNISED_STAGES,
    SIGNED_STAGE,
    STAGES,
    is_recognised,
    order_of,
)
from app.database.sessions import session_scope
from app.settings import PROJECT_ROOT

APP = PROJECT_ROOT / "app"
# An example that a client is shown is no rule.
SHOWN_AS_EXAMPLES = {
    "app/cpts/communes/schemas.py",
    "app/cpts/reading/filters.py",
    "app/cpts/reading/schemas.py",
    "app/cpts/writing/schemas.py",
    "app/http/parameters.py",
    "app/ogc/parameters.py",
    "app/web/opendata/columns.py",
    "app/web/opendata/templates/data.html",
}


def test_the_stages_of_the_code_are_those_of_the_table(engine: Engine) -> None:
    with session_scope(engine) as session:
        rows = session.execute(text("SELECT slug FROM stage ORDER BY rank"))
        assert tuple(rows.scalars()) == STAGES


def test_every_stage_but_the_first_is_recognised() -> None:
    assert STAGES[0] == FIRST_STAGE
    assert not is_recognised(FIRST_STAGE)
    assert all(is_recognised(slug) for slug in STAGES[1:])
    assert STAGES[1:] == RECOGNISED_STAGES


def test_stages_follow_each_other() -> None:
    backwards = list(reversed(STAGES))
    assert sorted(backwards, key=order_of) == list(STAGES)
    assert order_of(SIGNED_STAGE) == len(STAGES) - 1
    with pytest.raises(ValueError, match="not in tuple"):
        order_of("no_stage")


def _sources() -> Iterator[Path]:
    for path in sorted(APP.rglob("*")):
        if path.suffix in (".py", ".sql", ".html", ".js", ".css") and path.is_file():
            yield path


def _names_a_stage(path: Path) -> bool:
    source = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        return any(re.search(rf"\b{slug}\b", source) for slug in STAGES)
    docstrings = re.compile(r"`[a-z_]+`")
    return any(
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and any(re.search(rf"\b{slug}\b", docstrings.sub("", node.value)) for slug in STAGES)
        for node in ast.walk(ast.parse(source))
    )


def test_no_other_module_names_a_stage() -> None:
    naming = {
        str(path.relative_to(PROJECT_ROOT)) for path in _sources() if _names_a_stage(path)
    }
    assert naming == {"app/cpts/stages.py"} | SHOWN_AS_EXAMPLES


def test_no_rule_stands_on_a_bare_rank() -> None:
    bare = re.compile(r"\brank\s*(=|==|<|>|<=|>=)\s*\d|coalesce\(\w+\.rank, *\d")
    places = [
        f"{path.relative_to(PROJECT_ROOT)}: {found[0]}"
        for path in _sources()
        if path.parent.name != "evidence"  # the rank of a reading of a name is another thing
        for found in bare.finditer(path.read_text(encoding="utf-8"))
    ]
    assert places == []
