"""Writers at once: one wins, the others get the 409, and nobody else anything worse."""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable

import httpx2 as httpx
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from tests.event_loop import run_apart

LILLE, MARCQ = "59350", "59378"

Bearer = Callable[..., dict[str, str]]
Register = Callable[..., int]


def claims(engine: Engine) -> list[tuple[str, int]]:
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT commune_code, cpts_id FROM claim ORDER BY 1"))
        return [(row.commune_code, row.cpts_id) for row in rows]


async def ask_at_once(
    base_url: str, headers: dict[str, str], bodies: list[dict[str, object]]
) -> list[httpx.Response]:
    limits = httpx.Limits(max_connections=100)
    async with httpx.AsyncClient(base_url=base_url, timeout=120, limits=limits) as client:
        requests = [client.post("/api/v1/cpts", json=body, headers=headers) for body in bodies]
        return list(await asyncio.gather(*requests))


def test_of_400_clients_that_ask_for_the_same_communes_exactly_one_wins(
    live_server: str, bearer: Bearer, engine: Engine
) -> None:
    orders = ([LILLE, MARCQ], [MARCQ, LILLE])
    bodies: list[dict[str, object]] = [
        {"name": f"CPTS {number}", "stage": "aci_signe", "communes": orders[number % 2]}
        for number in range(400)
    ]
    answers = run_apart(ask_at_once(live_server, bearer("admin"), bodies))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 399}
    winner = next(answer.json()["id"] for answer in answers if answer.status_code == 201)
    assert claims(engine) == [(LILLE, winner), (MARCQ, winner)]
    for answer in answers:
        if answer.status_code == 409:
            problem = answer.json()
            assert problem["code"] == "territory-overlap"
            held = {c["commune"]["code"]: c["cpts"]["id"] for c in problem["conflicts"]}
            assert held == {LILLE: winner, MARCQ: winner}


def held_by_the_first_of_two(register: Register, engine: Engine, one: str, other: str) -> None:
    """Let two writers of plain SQL hold two units in opposite orders."""
    first = register("CPTS Une", "dynamique_identifiee")
    second = register("CPTS Deux", "dynamique_identifiee")
    insertion = text(
        "INSERT INTO claim (cpts_id, commune_code, held)"
        " VALUES (:cpts, :unit, daterange((now() AT TIME ZONE 'Europe/Paris')::date, NULL))"
    )
    first_inserted = threading.Event()
    outcome: list[str] = []

    def second_writer() -> None:
        first_inserted.wait(60)
        try:
            with engine.begin() as connection:
                connection.execute(insertion, {"cpts": second, "unit": other})
                connection.execute(insertion, {"cpts": second, "unit": one})
            outcome.append("committed")
        except IntegrityError as error:
            outcome.append(type(error.orig).__name__)

    thread = threading.Thread(target=second_writer)
    thread.start()
    with engine.begin() as connection:
        connection.execute(insertion, {"cpts": first, "unit": one})
        first_inserted.set()
        # The second writer waits for the registry's lock, whatever unit it begins with.
        thread.join(0.5)
        assert thread.is_alive()
        connection.execute(insertion, {"cpts": first, "unit": other})
    thread.join(60)
    assert outcome == ["ExclusionViolation"]
    assert claims(engine) == [(one, first), (other, first)]


def test_two_sessions_of_plain_sql_queue_instead_of_deadlocking(
    register: Register, engine: Engine
) -> None:
    held_by_the_first_of_two(register, engine, LILLE, MARCQ)


def test_of_two_cpts_that_ask_for_the_parts_of_a_city_at_once_one_has_them(
    register: Register, divide_commune: Callable[..., object], engine: Engine
) -> None:
    divide_commune(LILLE, ["Ouest", "Est"])
    held_by_the_first_of_two(register, engine, f"{LILLE}-01", f"{LILLE}-02")


def test_two_territories_may_be_exchanged_only_once_each_commune_is_free(
    live_server: str, bearer: Bearer, register: Register, engine: Engine
) -> None:
    one = register("CPTS Une", communes=(LILLE,))
    two = register("CPTS Deux", communes=(MARCQ,))

    async def exchange() -> list[int]:
        async with httpx.AsyncClient(base_url=live_server, timeout=30) as client:
            calls = [
                client.put(
                    f"/api/v1/cpts/{cpts}/territory",
                    json={"communes": [commune]},
                    headers=headers,
                )
                for cpts, commune in ((one, MARCQ), (two, LILLE)) * 20
            ]
            return [answer.status_code for answer in await asyncio.gather(*calls)]

    headers = bearer("admin")
    assert set(run_apart(exchange())) == {409}
    assert claims(engine) == [(LILLE, one), (MARCQ, two)]


@pytest.mark.parametrize("attempt", range(3))
def test_a_stage_and_a_territory_changed_at_once_are_both_kept(
    live_server: str, bearer: Bearer, register: Register, attempt: int
) -> None:
    cpts = register("CPTS Une", "lettre_intention_validee", communes=(LILLE,))
    headers = bearer("admin")
    url = f"/api/v1/cpts/{cpts}"

    async def change() -> None:
        async with httpx.AsyncClient(base_url=live_server, timeout=30) as client:
            answers = await asyncio.gather(
                client.patch(url, json={"stage": "aci_signe"}, headers=headers),
                client.put(
                    f"{url}/territory", json={"communes": [LILLE, MARCQ]}, headers=headers
                ),
            )
            assert [answer.status_code for answer in answers] == [200, 200]

    run_apart(change())
    after = httpx.get(f"{live_server}{url}").json()
    assert after["stage"] == "aci_signe"
    assert after["commune_count"] == 2
