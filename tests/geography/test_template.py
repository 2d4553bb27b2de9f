"""The template database is made again when, and only when, what made it has changed."""

from pathlib import Path

import grimp
from sqlalchemy import Engine, text

from tests.conftest import ROOT, TEMPLATE_SOURCES


def test_the_template_depends_on_all_that_loading_imports_of_the_geography() -> None:
    graph = grimp.build_graph("app")
    imported = graph.find_upstream_modules("app.geography.loading", as_package=True)
    needed = {name for name in imported if name.startswith("app.geography.")}
    assert needed
    counted = {
        path.relative_to(ROOT)
        for folder, pattern in TEMPLATE_SOURCES
        for path in (ROOT / folder).glob(pattern)
    }
    assert {name for name in needed if _source(name) not in counted} == set()


def _source(module: str) -> Path:
    path = Path(*module.split("."))
    return path / "__init__.py" if (ROOT / path).is_dir() else path.with_suffix(".py")


def test_every_source_of_the_template_is_there() -> None:
    for folder, pattern in TEMPLATE_SOURCES:
        assert any((ROOT / folder).glob(pattern)), (folder, pattern)


def test_nobody_can_change_the_template(template: str, maintenance: Engine) -> None:
    # `.ci/run` has it made by this test, while it does what needs no database.
    question = "SELECT datallowconn FROM pg_database WHERE datname = :name"
    with maintenance.connect() as connection:
        found = connection.execute(text(question), {"name": template}).scalars().all()
    assert found == [False]
