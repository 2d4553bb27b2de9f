"""What the service publishes, read into an empty registry, is the same registry."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.cpts.writing.rules import StageRecord
from app.database.calendar import today
from tests.cpts.importing.conftest import RunImport
from tests.cpts.importing.published.registries import Cpts, comparable, put, registries, stands
from tests.emptying import Emptying
from tests.exploration import examples

FORMATS = ("tables", "compositions", "geojson", "gpkg", "parquet")
DAY = timedelta(days=1)
Download = Callable[[str], list[Path | str]]

VAL = Cpts(
    {"name": "CPTS du Val", "acronym": "CV", "address": "1 place du Marché, 05000 Gap",
     "email": "contact@cpts.example"},
    [StageRecord("lettre_intention_validee", date(2021, 3, 4), date(2022, 1, 1)),
     StageRecord("aci_signe", None, date(2024, 5, 6))],
    ["diabete", "vaccination"],
    {"05061": (date(2021, 3, 4), None), "75113": (date(2023, 1, 1), None),
     "05046": (date(2022, 1, 1), today() + 30 * DAY)},
)  # fmt: skip
NORTH = Cpts(
    {"name": '=CPTS « Nord », dite "N"'},
    [StageRecord("projet_sante_valide", date(2022, 2, 2), date(2022, 2, 2))],
    (),
    {"59350": (date(2022, 2, 2), None)},
)
ALPS = Cpts(
    {"name": "CPTS des Alpes"},
    [StageRecord("aci_signe", date(2021, 3, 4), date(2021, 3, 4))],
    ["diabete"],
    {"05061": (date(2021, 3, 4), None), "04019": (date(2021, 3, 4), None),
     "05046": (date(2022, 1, 1), None)},
)  # fmt: skip
IDEA = Cpts(
    {"name": "CPTS sans commune"},
    [StageRecord("dynamique_identifiee", None, date(2025, 1, 1))],
    ["chutes"],
)


@pytest.fixture
def download(client: TestClient, tmp_path: Path) -> Download:
    """Download what is published in a format, and give the arguments of the import."""

    def get(name: str, query: str = "") -> Path:
        answer = client.get(f"/donnees/{name}{query}")
        assert answer.status_code == 200, answer.text
        path = tmp_path / name
        path.write_bytes(answer.content)
        return path

    def files(kind: str) -> list[Path | str]:
        if kind == "tables":
            return [get("cpts.csv"), "--with", str(get("compositions.csv"))]
        if kind.startswith("compositions-") or kind.endswith(".xlsx"):
            return [get(kind)]
        return [get("compositions.csv" if kind == "compositions" else f"cpts.{kind}")]

    return files


@settings(
    max_examples=examples(4, many=40),
    deadline=None,
    # An example is a download and an import: making a failing one smaller takes minutes.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(wanted=registries())
@pytest.mark.parametrize("kind", FORMATS)
def test_any_registry_comes_back_from_any_format(  # noqa: PLR0917 (fixtures)
    kind: str,
    wanted: list[Cpts],
    engine: Engine,
    emptying: Emptying,
    download: Download,
    run_import: RunImport,
) -> None:
    emptying.empty()
    put(engine, wanted)
    before = comparable(stands(engine), kind)
    if not before:
        return
    arguments = download(kind)
    emptying.empty()
    assert stands(engine) == []
    done = run_import(*arguments)
    assert done.status == 0, done.output + str(done.report)
    assert comparable(stands(engine), kind) == before


@pytest.mark.parametrize("kind", FORMATS)
def test_what_is_there_already_is_left_as_it_is(
    kind: str, engine: Engine, download: Download, run_import: RunImport
) -> None:
    put(engine, [VAL, NORTH, IDEA])
    before = stands(engine)
    assert before
    revision = _revision(engine)
    done = run_import(*download(kind))
    assert done.status == 0, done.output + str(done.report)
    assert stands(engine) == before
    assert _revision(engine) == revision


def _revision(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(
            connection.execute(text("SELECT revision FROM registry_revision")).scalar_one()
        )


@pytest.mark.parametrize("file", ["compositions-excel.csv", "compositions.xlsx"])
def test_a_table_for_offices_comes_back_with_its_claims_and_stages(
    engine: Engine, download: Download, emptying: Emptying, run_import: RunImport, file: str
) -> None:
    put(engine, [NORTH, ALPS])
    (path,) = download(file)
    before = _held(engine)
    assert len(before) == 4
    emptying.empty()
    imported = run_import(path)
    assert imported.status == 0, imported.output
    assert _held(engine) == before


def _held(engine: Engine) -> set[tuple[str, str, str]]:
    with engine.connect() as connection:
        rows = connection.execute(
            text("""
                SELECT c.name, h.commune_code, s.slug
                FROM claim h JOIN cpts c ON c.id = h.cpts_id
                CROSS JOIN LATERAL cpts_stage_on(c.id,
                  (now() AT TIME ZONE 'Europe/Paris')::date) s
                WHERE h.held @> (now() AT TIME ZONE 'Europe/Paris')::date
            """)
        )
        return {(row.name, row.commune_code, row.slug) for row in rows}
