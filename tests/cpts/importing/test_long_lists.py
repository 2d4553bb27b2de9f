"""A long list costs as many statements as a short one, whatever becomes of its rows."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from app.cpts.importing import service
from app.cpts.importing.plan import Options, Plan
from app.cpts.importing.rules import Outcome
from app.database.sessions import ReadingSession, snapshot_scope
from app.files.sources import open_source
from app.progress import SilentProgress
from tests.conftest import Register

SHORT, LONG = 30, 3_000
# One row of each kind, by its number.
KINDS: dict[str, tuple[Callable[[int], str], Outcome]] = {
    "ambiguous": (lambda _: "La Garde (04 / 83)", Outcome.AMBIGUOUS),
    "corrected": (lambda _: "Commune de GAP (05)", Outcome.CORRECTED),
    "damaged": (lambda _: "Barr\ufffdme (04)", Outcome.CORRECTED),
    "unknown": (lambda number: f"Zzkville-{number:05d}", Outcome.UNKNOWN),
    "unknown and damaged": (lambda number: f"Zz\ufffdv?lle-{number:05d}", Outcome.UNKNOWN),
    "unknown lists": (lambda number: f"Zzk{number}, Yyb et Wwc{number}", Outcome.UNKNOWN),
    "conflict": (lambda number: "VEYNES" if number % 2 else "Veynes", Outcome.CONFLICT),
}


@pytest.fixture
def session(engine: Engine, register: Register) -> Iterator[ReadingSession]:
    register("CPTS Buëch", "aci_signe", ("05179",))
    with snapshot_scope(engine) as session:
        yield session


@pytest.mark.parametrize("kind", KINDS)
def test_a_long_list_ends_with_its_report_in_as_many_statements(
    session: ReadingSession, engine: Engine, tmp_path: Path, kind: str
) -> None:
    row, outcome = KINDS[kind]
    short, _ = _planned(session, engine, tmp_path, [row(number) for number in range(SHORT)])
    long, plan = _planned(session, engine, tmp_path, [row(number) for number in range(LONG)])
    assert long <= short
    assert {line.outcome for line in plan.lines} == {outcome}


def _planned(
    session: ReadingSession, engine: Engine, folder: Path, rows: list[str]
) -> tuple[int, Plan]:
    path = folder / "list.csv"
    lines = [f'CPTS A;"{row}";ACI signé' for row in rows]
    path.write_text("\n".join(["Nom CPTS;Commune;Stade", *lines]), encoding="utf-8")
    listing = service.read_listing(open_source(path), {})
    statements: list[str] = []

    def note(*arguments: object) -> None:
        statements.append(str(arguments[2]))

    event.listen(engine, "before_cursor_execute", note)
    try:
        plan = service.plan_import(
            session, listing, Options(date(2026, 11, 25)), SilentProgress()
        )
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(statements), plan
