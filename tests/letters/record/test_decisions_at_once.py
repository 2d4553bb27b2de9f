"""Agents at once, each on a connection of its own: one wins, and nothing is half done."""

import asyncio
import threading
from collections import Counter
from datetime import timedelta
from typing import Any

import httpx2 as httpx
import pytest
from sqlalchemy import Engine, text

from app.database.calendar import today
from app.database.sessions import WritingSession
from app.letters.decisions.service import decide
from app.letters.record import schemas
from app.letters.record.errors import LetterClosed
from tests.event_loop import run_apart
from tests.letters.record.conftest import LILLE, MARCQ, MONS, Desk, Register, codes


class Administrator:
    """Decides for everybody, under no token."""

    token_id: Any = None
    role = "admin"
    region: str | None = None
    cpts_id: int | None = None
    name = "essai"

    def reach(self, permission: Any) -> str:
        del permission
        return "everywhere"


def counted(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


async def ask_at_once(
    base_url: str, headers: dict[str, str], requests: list[tuple[str, dict[str, Any]]]
) -> list[httpx.Response]:
    async with httpx.AsyncClient(base_url=base_url, timeout=60) as client:
        calls = [client.post(path, json=body, headers=headers) for path, body in requests]
        return list(await asyncio.gather(*calls))


def test_of_many_validations_of_a_letter_exactly_one_makes_the_cpts(
    live_server: str, desk: Desk, engine: Engine
) -> None:
    letter = desk.deposit(LILLE, MARCQ)["id"]
    desk.decide(letter, desk.ars)
    request = (
        f"/api/v1/letters/{letter}/decisions",
        {"decision": "favorable", "authority": "assurance_maladie"},
    )
    answers = run_apart(ask_at_once(live_server, desk.admin, [request] * 20))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 19}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {
        "letter-closed"
    }
    assert counted(engine, "cpts") == 1
    assert counted(engine, "claim") == 2


def test_a_validation_and_a_registration_at_once_never_both_take_a_commune(
    live_server: str, desk: Desk, engine: Engine
) -> None:
    letter = desk.deposit(LILLE, MARCQ)["id"]
    desk.decide(letter, desk.ars)
    requests: list[tuple[str, dict[str, Any]]] = [
        (
            f"/api/v1/letters/{letter}/decisions",
            {"decision": "favorable", "authority": "assurance_maladie"},
        ),
        ("/api/v1/cpts", {"name": "Rivale", "stage": "aci_signe", "communes": [MARCQ]}),
    ]
    decided, registered = run_apart(ask_at_once(live_server, desk.admin, requests))
    statuses = {decided.status_code, registered.status_code}
    assert statuses in ({200, 409}, {409, 201})
    assert counted(engine, "cpts") == 1
    state = desk.letter(letter)["state"]
    assert state == ("validee" if decided.status_code == 200 else "deposee")


def test_letters_deposited_at_once_on_a_commune_meet_in_one_conciliation(
    live_server: str, desk: Desk, engine: Engine
) -> None:
    requests: list[tuple[str, dict[str, Any]]] = [
        ("/api/v1/letters", {"name": f"Projet {number}", "communes": [LILLE]})
        for number in range(10)
    ]
    answers = run_apart(ask_at_once(live_server, desk.admin, requests))
    assert {answer.status_code for answer in answers} == {201}
    [conciliation] = desk.conciliations(desk.admin)
    assert len(conciliation["letters"]) == 10


def test_the_second_of_two_connections_sees_what_the_first_decided(
    desk: Desk, engine: Engine
) -> None:
    letter = desk.deposit(LILLE)["id"]
    desk.decide(letter, desk.ars)
    decision = schemas.Decision(decision="favorable", authority="assurance_maladie")
    said: list[str] = []

    def second() -> None:
        with WritingSession(engine) as session, session.begin():
            try:
                decide(session, letter, decision, Administrator())
                said.append("decided")
            except LetterClosed:
                said.append("closed")

    with WritingSession(engine) as session, session.begin():
        decide(session, letter, decision, Administrator())
        thread = threading.Thread(target=second)
        thread.start()
        # It waits for the registry's lock, having decided nothing.
        thread.join(0.5)
        assert thread.is_alive()
    thread.join(10)
    assert said == ["closed"]
    assert counted(engine, "cpts") == 1


def test_two_mergers_of_the_same_cpts_at_once_end_it_once(
    live_server: str, desk: Desk, register: Register, engine: Engine
) -> None:
    one = register("CPTS Une", communes=(LILLE,))
    two = register("CPTS Deux", communes=(MARCQ,))
    there = desk.deposit(kind="merger", cpts=one, merged_cpts=[two])["id"]
    back = desk.deposit(kind="merger", cpts=two, merged_cpts=[one])["id"]
    for letter in (there, back):
        desk.decide(letter, desk.ars)
    body = {"decision": "favorable", "authority": "assurance_maladie"}
    answers = run_apart(
        ask_at_once(
            live_server,
            desk.admin,
            [(f"/api/v1/letters/{letter}/decisions", body) for letter in (there, back)],
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 422]
    with engine.connect() as connection:
        living = connection.execute(
            text("SELECT count(*) FROM cpts WHERE ended_on IS NULL")
        ).scalar_one()
    assert living == 1


@pytest.mark.parametrize("attempt", range(3))
def test_a_territory_put_while_an_amendment_is_decided_never_undoes_it(
    live_server: str, desk: Desk, register: Register, attempt: int
) -> None:
    cpts = register("CPTS amendée", communes=(LILLE,))
    later = (today() + timedelta(days=30)).isoformat()
    letter = desk.deposit(LILLE, MARCQ, kind="amendment", cpts=cpts, effective_on=later)["id"]
    assert desk.decide(letter, desk.ars).status_code == 200

    async def at_once() -> list[int]:
        async with httpx.AsyncClient(base_url=live_server, timeout=30) as client:
            answers = await asyncio.gather(
                client.post(
                    f"/api/v1/letters/{letter}/decisions",
                    json={"decision": "favorable"},
                    headers=desk.am,
                ),
                *(
                    client.put(
                        f"/api/v1/cpts/{cpts}/territory",
                        json={"communes": [LILLE, MONS]},
                        headers=desk.admin,
                    )
                    for _ in range(5)
                ),
            )
            return [answer.status_code for answer in answers]

    assert set(run_apart(at_once())) == {200}
    now, then = (
        codes(httpx.get(f"{live_server}/api/v1/cpts/{cpts}?at={day}").json()["communes"])
        for day in (today().isoformat(), later)
    )
    assert now == sorted([LILLE, MONS])
    assert then == sorted([LILLE, MARCQ, MONS])
