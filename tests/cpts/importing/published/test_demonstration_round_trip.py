"""The demonstration data, of the size of the real registry, comes back from every format."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.cpts.demonstration.service import load_demonstration
from app.main import create_app
from app.progress import SilentProgress
from app.settings import Settings
from tests.administration import administration
from tests.cpts.importing.conftest import RunImport
from tests.cpts.importing.published.registries import comparable, stands
from tests.emptying import Emptying

FILES = ("cpts.csv", "compositions.csv", "cpts.geojson", "cpts.gpkg", "cpts.parquet")
Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def published(
    session_engine: Engine,
    emptying: Emptying,
    settings_of_the_run: Settings,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, Rows]:
    """The files of the whole demonstration data, and what stood in the registry."""
    folder = tmp_path_factory.mktemp("donnees")
    load_demonstration(session_engine, SilentProgress())
    with administration(session_engine) as connection:
        # What PostgreSQL does by itself within minutes of such a load.
        connection.execute(text("ANALYZE cpts, cpts_stage, cpts_theme, claim, cpts_territory"))
    patient = settings_of_the_run.model_copy(deep=True)
    # However busy the machine: a 503 would be no file.
    patient.database.database_patience = 300
    with TestClient(create_app(patient)) as client:
        for name in FILES:
            answer = client.get(f"/donnees/{name}")
            assert answer.status_code == 200, answer.text[:500]
            (folder / name).write_bytes(answer.content)
    before = stands(session_engine)
    emptying.empty()
    return folder, before


@pytest.mark.parametrize("kind", ["tables", "compositions", "geojson", "gpkg", "parquet"])
def test_the_demonstration_data_comes_back(
    kind: str, engine: Engine, published: tuple[Path, Rows], run_import: RunImport
) -> None:
    folder, before = published
    assert len(before) > 700
    if kind == "tables":
        done = run_import(folder / "compositions.csv", "--with", str(folder / "cpts.csv"))
    else:
        done = run_import(
            folder / ("compositions.csv" if kind == "compositions" else f"cpts.{kind}")
        )
    assert done.status == 0, done.output
    assert {line["outcome"] for line in done.report} == {"loaded"}
    assert comparable(stands(engine), kind) == comparable(before, kind)
