"""An import meets what validated letters have planned."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.cpts.demonstration.service import remove_demonstration
from app.cpts.verification.service import verify
from app.database.calendar import today
from app.database.sessions import session_scope, snapshot_scope
from app.failures import Failure
from app.progress import SilentProgress
from tests.administration import administration
from tests.cpts.importing.conftest import RunImport
from tests.letters.desk import LILLE, MARCQ, MONS, RONCHIN, Desk, Register, codes

HEADER = ("Nom CPTS", "Code commune", "Stade")
NAME = "CPTS amendée"

WriteCsv = Callable[..., Path]


@pytest.fixture
def desk(client: TestClient, bearer: Callable[..., dict[str, str]]) -> Desk:
    return Desk(client, bearer)


@pytest.fixture
def planned(desk: Desk, register: Register) -> tuple[int, int]:
    """A CPTS of Lille and Marcq that gives up Marcq for Mons in thirty days, by a letter."""
    cpts = register(NAME, communes=(LILLE, MARCQ))
    letter = desk.deposit(LILLE, MONS, kind="amendment", cpts=cpts, effective_on=in_days(30))[
        "id"
    ]
    desk.validate(letter)
    return cpts, letter


def in_days(days: int) -> str:
    return (today() + timedelta(days=days)).isoformat()


def held(client: TestClient, cpts: int, at: str) -> list[str]:
    answer: dict[str, Any] = client.get(f"/api/v1/cpts/{cpts}", params={"at": at}).json()
    return codes(answer["communes"])


def listing(write_csv: WriteCsv, name: str, *communes: str) -> Path:
    return write_csv([HEADER, *((name, code, "ACI signé") for code in communes)])


def test_the_territory_of_today_is_imported_and_what_is_planned_stays(
    planned: tuple[int, int],
    write_csv: WriteCsv,
    run_import: RunImport,
    client: TestClient,
    engine: Engine,
) -> None:
    cpts, _ = planned
    done = run_import(listing(write_csv, NAME, LILLE, MARCQ, RONCHIN))
    assert done.status == 0, done.output
    assert held(client, cpts, in_days(0)) == sorted([LILLE, MARCQ, RONCHIN])
    assert held(client, cpts, in_days(30)) == sorted([LILLE, MONS, RONCHIN])
    with snapshot_scope(engine) as session:
        assert verify(session, SilentProgress()) == []


def test_the_territory_as_it_stands_changes_nothing(
    planned: tuple[int, int], write_csv: WriteCsv, run_import: RunImport, engine: Engine
) -> None:
    def revision() -> int:
        with engine.connect() as connection:
            return int(
                connection.execute(text("SELECT count(*) FROM cpts_change")).scalar_one()
            )

    before = revision()
    done = run_import(listing(write_csv, NAME, LILLE, MARCQ))
    assert done.status == 0, done.output
    assert planned
    assert revision() == before


def test_a_territory_that_contradicts_what_is_planned_by_its_day_stays_out(
    planned: tuple[int, int], write_csv: WriteCsv, run_import: RunImport, client: TestClient
) -> None:
    cpts, letter = planned
    done = run_import(listing(write_csv, NAME, LILLE, MARCQ), "--as-of", in_days(31))
    assert done.status == 1
    assert {line["outcome"] for line in done.report} == {"skipped"}
    assert all(f"lettre n° {letter}" in line["detail"] for line in done.report)
    assert held(client, cpts, in_days(30)) == [LILLE, MONS]
    done = run_import(listing(write_csv, NAME, LILLE, MONS), "--as-of", in_days(31))
    assert done.status == 0, done.output


def test_who_takes_over_a_commune_later_does_not_keep_its_holder_of_today_out(
    *,
    desk: Desk,
    planned: tuple[int, int],
    register: Register,
    write_csv: WriteCsv,
    run_import: RunImport,
    client: TestClient,
) -> None:
    cpts, _ = planned
    taker = register("CPTS qui reçoit", communes=(RONCHIN,))
    letter = desk.deposit(
        RONCHIN, MARCQ, kind="amendment", cpts=taker, effective_on=in_days(30)
    )["id"]
    desk.validate(letter)
    done = run_import(listing(write_csv, NAME, LILLE, MARCQ))
    assert done.status == 0, done.output
    assert held(client, cpts, in_days(0)) == [LILLE, MARCQ]
    assert held(client, taker, in_days(30)) == sorted([MARCQ, RONCHIN])


def test_fictitious_cpts_that_a_letter_binds_to_real_ones_are_not_removed(
    desk: Desk, register: Register, engine: Engine
) -> None:
    one, two = register("CPTS Une", communes=(LILLE,)), register("Démo", communes=(MARCQ,))
    with administration(engine) as connection:
        connection.execute(
            text("UPDATE cpts SET demonstration = true WHERE id = :id"), {"id": two}
        )
    letter = desk.deposit(kind="merger", cpts=one, merged_cpts=[two], effective_on=in_days(30))[
        "id"
    ]
    desk.validate(letter)
    with pytest.raises(Failure, match=f"lettre n° {letter}"), session_scope(engine) as session:
        remove_demonstration(session)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM claim")).scalar_one() > 1
