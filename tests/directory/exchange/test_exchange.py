"""Sheets of many CPTS at once: what a file tells enters, and an export comes back."""

import csv
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import Engine, event, text
from starlette.testclient import TestClient

from app.database.sessions import session_scope, snapshot_scope
from app.directory.exchange import rules
from app.directory.exchange.exporting import exported, write_export
from app.directory.exchange.repository import KnownCpts, LivingCpts
from app.directory.exchange.rules import Line
from app.directory.exchange.service import import_entries, report_csv
from app.directory.exchange.tables import read_entries
from app.directory.sheets.repository import stored_sheets
from app.directory.sheets.schemas import MOST_ACTIONS, MOST_CONTACTS
from app.directory.sheets.service import Terms
from app.failures import Failure
from app.files.sources import open_source
from tests.directory.sheets.test_sheet_writing import ACTION, CAMILLE, SHEET, put

Bearer = Callable[..., dict[str, str]]
Register = Callable[..., int]
NORTH, NICE = "CPTS du Nord", "CPTS de Nice"
TERMS = Terms(timedelta(days=730), timedelta(days=365))


@pytest.fixture
def two(register: Register) -> tuple[int, int]:
    return (
        register("CPTS du Nord", communes=("59378",), finess="590000001", themes=["diabete"]),
        register("CPTS de Nice", communes=("06088",)),
    )


def workbook(path: Path, **sheets: Sequence[Sequence[Any]]) -> Path:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    book.save(path)
    return path


def load(
    engine: Engine, path: Path, *, replace: bool = False, dry_run: bool = False
) -> list[Line]:
    entries = read_entries(open_source(path))
    with session_scope(engine) as session:
        return import_entries(
            session, entries, TERMS, origin=path.name, replace=replace, dry_run=dry_run
        )


def stand(engine: Engine, cpts: int) -> Mapping[str, Any]:
    from app.database.calendar import today  # noqa: PLC0415

    with snapshot_scope(engine) as session:
        return stored_sheets(session, [cpts], today())[cpts].members()


def outcomes(lines: Sequence[Line]) -> list[tuple[int, str, str]]:
    return [(line.row, line.given, str(line.outcome)) for line in lines]


def federation(path: Path) -> Path:
    return workbook(
        path,
        Suivi=[
            ["Suivi des CPTS 2026"],
            [],
            ["CPTS", "N° FINESS", "Thématique", "Avancement", "Année", "Action", "Nom", "Mail"],
            [NORTH, None, "Diabète", "réalisé", 2024, "Un dépistage", "Camille", "c@x.example"],
            ["cpts du nord", 590000001, "Chutes", None, None, None, None, None],
            [NICE, None, None, None, None, None, "Dominique", "d@x.example"],
            ["CPTS de Lyon", None, "Diabète", None, None, None, None, None],
            [NICE, None, "Vol spatial", None, None, None, None, None],
            [NICE, 590000001, "Diabète", None, None, None, None, None],
            [NICE, None, "Diabète", "réalisé", "hier", None, "Camille", "pas une adresse"],
        ],
    )  # fmt: skip


def test_the_federations_table_enters_and_each_row_is_told(
    engine: Engine, two: tuple[int, int], tmp_path: Path
) -> None:
    north, nice = two
    path = federation(tmp_path / "suivi.xlsx")
    tried = load(engine, path, dry_run=True)
    assert stand(engine, north)["actions"] == []
    lines = load(engine, path)
    assert (
        outcomes(tried)
        == outcomes(lines)
        == [
            (4, "action", "loaded"),
            (4, "contact", "loaded"),
            (5, "action", "loaded"),
            (6, "contact", "loaded"),
            (7, "action", "unknown"),
            (8, "action", "unknown"),
            (9, "action", "ambiguous"),
            (10, "action", "refused"),
            (10, "contact", "refused"),
        ]
    )
    assert [
        (each["theme"], each["state"], each["year"]) for each in stand(engine, north)["actions"]
    ] == [
        ("diabete", "realise", 2024),
        ("chutes", "en_cours", None),
    ]
    assert stand(engine, nice)["contacts"] == [
        {"role": "", "name": "Dominique", "email": "d@x.example", "phone": None}
    ]
    assert {str(line.outcome) for line in load(engine, path)} == {
        "unchanged", "unknown", "ambiguous", "refused",
    }  # fmt: skip
    with engine.connect() as connection:
        told = connection.execute(
            text("SELECT action, actor, version FROM cpts_sheet_change ORDER BY id")
        )
        assert [tuple(row) for row in told] == [
            ("imported", "import de « suivi.xlsx »", 1),
            ("imported", "import de « suivi.xlsx »", 1),
        ]
        confirmed = connection.execute(text("SELECT confirmed_on FROM cpts_sheet")).scalars()
        assert list(confirmed) == [None, None]
        origins = connection.execute(text("SELECT DISTINCT origin FROM cpts_contact")).scalars()
        assert list(origins) == ["import"]


def test_the_report_names_no_person_and_no_formula(
    engine: Engine, two: tuple[int, int], tmp_path: Path
) -> None:
    report = report_csv(load(engine, federation(tmp_path / "suivi.xlsx"))).decode()
    rows = list(csv.DictReader(report.splitlines()))
    assert len(rows) == 9
    assert rows[0] == {
        "sheet": "Suivi", "row": "4", "cpts": "CPTS du Nord", "given": "action",
        "outcome": "loaded", "cpts_id": str(two[0]), "detail": "",
    }  # fmt: skip
    for secret in ("Camille", "Dominique", "x.example"):
        assert secret not in report


def test_what_a_file_does_not_give_stays_unless_it_replaces(
    engine: Engine,
    client: TestClient,
    bearer: Bearer,
    two: tuple[int, int],
    tmp_path: Path,
) -> None:
    north, _ = two
    put(client, north, bearer("admin"))
    table: list[Sequence[Any]] = [
        ["Identifiant", "Thématique", "Action"],
        [north, "Chutes", "Un atelier"],
    ]
    path = workbook(tmp_path / "a.xlsx", Actions=table)
    load(engine, path)
    assert [each["theme"] for each in stand(engine, north)["actions"]] == ["diabete", "chutes"]
    load(engine, path, replace=True)
    replaced = stand(engine, north)
    assert [each["theme"] for each in replaced["actions"]] == ["chutes"]
    # It has no column of persons, and so says nothing of them.
    assert replaced["contacts"] == [CAMILLE]
    assert replaced["presentation"] == SHEET["presentation"]
    faulty = workbook(tmp_path / "b.xlsx", Actions=[*table, [north, "Inconnue", ""]])
    put(client, north, bearer("admin"))
    lines = load(engine, faulty, replace=True)
    assert [str(line.outcome) for line in lines] == ["skipped", "unknown"]
    assert stand(engine, north) == SHEET


@pytest.fixture(params=["xlsx", "csv"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / f"fiches.{request.param}"


def test_an_export_comes_back_as_it_is(
    engine: Engine, client: TestClient, bearer: Bearer, two: tuple[int, int], path: Path
) -> None:
    north, nice = two
    awkward = {
        "presentation": "=1+1\n« Guillemets ; points-virgules, virgules »\n\n  en retrait",
        "members_count": 0,
        "actions": [
            ACTION,
            ACTION | {"text": "+33 est un indicatif", "links": [], "year": None},
            ACTION | {"theme": "chutes", "state": "en_projet", "text": ""},
        ],
        "contacts": [
            CAMILLE | {"phone": "+33 4 99 00 00 01"},
            CAMILLE | {"name": "@Camille", "email": None},
        ],
    }
    put(client, north, bearer("admin"), **awkward)
    put(client, nice, bearer("admin"), actions=[], contacts=[])
    before = {each: stand(engine, each) for each in two}
    with snapshot_scope(engine) as session:
        write_export(path, exported(session))
    assert path.stat().st_mode & 0o077 == 0
    if path.suffix == ".xlsx":
        for sheet in openpyxl.load_workbook(path):
            assert all(cell.data_type != "f" for row in sheet for cell in row)
    lines = load(engine, path, replace=True)
    assert len(lines) == 7
    assert {str(line.outcome) for line in lines} == {"unchanged"}
    assert {each: stand(engine, each) for each in two} == before
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM cpts_sheet"))
        connection.execute(text("DELETE FROM cpts_action"))
        connection.execute(text("DELETE FROM cpts_contact"))
        connection.execute(text("DELETE FROM cpts_theme"))
    assert {str(line.outcome) for line in load(engine, path)} == {"loaded"}
    after = stand(engine, north)
    assert after["actions"] == before[north]["actions"]
    assert after["contacts"] == before[north]["contacts"]
    assert after["presentation"].split() == before[north]["presentation"].split()
    assert client.get(f"/api/v1/cpts/{north}").json()["themes"][0]["slug"] == "diabete"


def test_a_table_without_sheets_and_a_foreign_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("Commune;Habitants\nCroix;21000\n")
    with pytest.raises(Failure) as refused:
        read_entries(open_source(path))
    assert refused.value.exit_status == 2
    assert "aucun en-tête" in refused.value.message
    with pytest.raises(Failure):
        write_export(tmp_path / "x.txt", [])


@pytest.mark.parametrize(
    ("headings", "most", "cell"),
    [
        (("Thématique", "Action"), MOST_ACTIONS, "Diabète"),
        (("Nom", "Fonction"), MOST_CONTACTS, "Personne {}"),
    ],
)
def test_more_rows_of_a_cpts_than_a_sheet_takes_are_refused_before_they_are_compared(
    engine: Engine,
    two: tuple[int, int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    headings: tuple[str, str],
    most: int,
    cell: str,
) -> None:
    north, nice = two
    rows = [[NORTH, cell.format(at), f"Texte {at}"] for at in range(most + 1)]
    table = [["CPTS", *headings], *rows, [NICE, cell.format(0), "Un texte"]]
    path = workbook(tmp_path / "long.xlsx", Suivi=table)
    compared: list[object] = []

    def same_action(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
        compared.append((one, other))
        return False

    monkeypatch.setattr(rules, "_same_action", same_action)
    monkeypatch.setattr(rules, "_same_person", same_action)
    lines = load(engine, path)
    assert compared == []
    *refused, taken = lines
    assert {str(line.outcome) for line in refused} == {"refused"}
    assert f"au plus {most} " in refused[0].detail
    assert str(taken.outcome) == "loaded"
    assert stand(engine, north)["actions"] == stand(engine, north)["contacts"] == []
    assert stand(engine, nice)["actions"] or stand(engine, nice)["contacts"]


def test_a_row_means_the_cpts_that_all_it_says_fits() -> None:
    one, other = (
        LivingCpts(1, "Une", "590000001", "une"),
        LivingCpts(2, "Une", None, "une"),
    )
    known = KnownCpts([one, other])
    assert known.meant("", "", "une") == [one, other]
    assert known.meant("2", "", "une") == [other]
    assert known.meant("", "590000001", "") == [one]
    assert known.meant("2", "590000001", "") == []
    assert known.meant("1", "590000001", "autre") == []
    assert known.meant("01", "", "") == []


def test_an_export_asks_as_often_for_two_cpts_as_for_one(
    engine: Engine, client: TestClient, bearer: Bearer, two: tuple[int, int]
) -> None:
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    def statements() -> int:
        asked.clear()
        event.listen(engine, "before_cursor_execute", note)
        try:
            with snapshot_scope(engine) as session:
                exported(session)
        finally:
            event.remove(engine, "before_cursor_execute", note)
        return len(asked)

    headers = bearer("admin")
    put(client, two[0], headers)
    of_one = statements()
    put(client, two[1], headers)
    assert statements() == of_one
