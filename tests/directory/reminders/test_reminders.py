"""Reminders: a month before the year is over, when it is, and once whoever sends them."""

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.database.sessions import WritingSession, session_scope
from app.directory.reminders.service import remind
from tests.accounts.people import EMAIL, make_person
from tests.directory.sheets.test_sheet_writing import put

Bearer = Callable[..., dict[str, str]]
Register = Callable[..., int]
Mail = tuple[str, str, str]

BASE = "https://cartographie.example"


@pytest.fixture
def cpts(register: Register, client: TestClient, bearer: Bearer, engine: Engine) -> int:
    number = register("CPTS du Nord", communes=("59378",))
    put(client, number, bearer("admin"))
    make_person(engine, "editor", cpts_id=number)
    confirm(engine, number, "2031-03-02")
    return number


def confirm(engine: Engine, cpts: int, day: str) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE cpts_sheet SET confirmed_on = CAST(:day AS date) WHERE cpts_id = :id"),
            {"day": day, "id": cpts},
        )


def sent_on(engine: Engine, day: str) -> list[Mail]:
    sent: list[Mail] = []

    def send(_session: WritingSession, recipient: str, subject: str, body: str) -> None:
        sent.append((recipient, subject, body))

    with session_scope(engine) as session:
        assert remind(session, send, BASE, date.fromisoformat(day)) == len(sent)
    return sent


def test_the_editor_is_reminded_a_month_before_and_when_it_is_late(
    cpts: int, engine: Engine
) -> None:
    assert sent_on(engine, "2032-01-31") == []
    [(recipient, subject, body)] = sent_on(engine, "2032-02-01")
    assert recipient == EMAIL
    assert subject == "Confirmez la fiche de votre CPTS"
    assert f"{BASE}/membres/cpts/{cpts}/fiche" in body
    assert "au plus tard le 02/03/2032" in body
    assert sent_on(engine, "2032-02-01") == []
    assert sent_on(engine, "2032-03-02") == []
    [(_, subject, _)] = sent_on(engine, "2032-03-03")
    assert subject == "La fiche de votre CPTS n'est plus à jour"
    assert sent_on(engine, "2033-03-03") == []
    confirm(engine, cpts, "2033-03-03")
    assert len(sent_on(engine, "2034-03-04")) == 1


def test_what_was_never_confirmed_has_a_month_and_is_not_said_to_be_a_year_old(
    cpts: int, engine: Engine
) -> None:
    with engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE cpts_sheet SET confirmed_on = NULL, updated_at = '2031-05-01 12:00+00'"
            )
        )
    [(_, subject, body)] = sent_on(engine, "2031-05-02")
    assert subject == "Confirmez la fiche de votre CPTS"
    assert "n'a encore jamais été confirmée" in body
    assert "au plus tard le 31/05/2031" in body
    assert sent_on(engine, "2031-05-31") == []
    [(_, subject, body)] = sent_on(engine, "2031-06-01")
    assert subject == "La fiche de votre CPTS attend d'être confirmée"
    assert "n'a encore jamais été confirmée" in body
    assert "Il y a plus d'un an" not in body


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE person SET suspended_at = now()",
        "UPDATE person SET confirmed_at = NULL",
        "UPDATE person SET role = 'member'",
        "UPDATE cpts SET ended_on = '2031-04-01'",
        "DELETE FROM cpts_sheet",
    ],
)
def test_nobody_else_is_reminded(cpts: int, engine: Engine, change: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(change))
    assert sent_on(engine, "2032-03-03") == []
