"""CPTS that change their territory or become one, by two agreements."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Engine
from starlette.testclient import TestClient

from app.cpts.verification.service import verify
from app.database.calendar import today
from app.database.sessions import snapshot_scope
from app.progress import SilentProgress
from tests.letters.desk import (
    LILLE,
    MARCQ,
    MONS,
    RONCHIN,
    Desk,
    Register,
    codes,
)


def history(client: TestClient, desk: Desk, cpts: int) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get(
        f"/api/v1/cpts/{cpts}/history", headers=desk.admin
    ).json()["items"]
    return items


def test_an_amendment_adds_and_withdraws_communes_from_its_day_on(
    desk: Desk, register: Register, client: TestClient
) -> None:
    cpts = register("CPTS amendée", communes=(LILLE, MARCQ))
    later = today() + timedelta(days=30)
    letter = desk.deposit(
        LILLE, MONS, kind="amendment", cpts=cpts, effective_on=later.isoformat()
    )
    assert codes(letter["territory"]["communes"]) == [LILLE, MONS]
    assert codes(letter["territory"]["withdrawn"]) == [MARCQ]
    desk.validate(letter["id"])
    url = f"/api/v1/cpts/{cpts}"
    assert codes(client.get(url).json()["communes"]) == [LILLE, MARCQ]
    after = client.get(url, params={"at": later.isoformat()}).json()
    assert codes(after["communes"]) == [LILLE, MONS]
    change = history(client, desk, cpts)[-1]
    assert change["action"] == "territory"
    assert change["actor"] == f"essai assurance_maladie, lettre n° {letter['id']}"


def test_two_amendments_of_one_cpts_add_up(
    desk: Desk, register: Register, client: TestClient
) -> None:
    cpts = register("CPTS amendée", communes=(LILLE,))
    one = desk.deposit(LILLE, MARCQ, kind="amendment", cpts=cpts)["id"]
    two = desk.deposit(LILLE, MONS, kind="amendment", cpts=cpts)["id"]
    desk.validate(one)
    desk.validate(two)
    assert codes(client.get(f"/api/v1/cpts/{cpts}").json()["communes"]) == sorted(
        [LILLE, MARCQ, MONS]
    )


def test_an_amendment_that_changes_nothing_or_names_nobody_is_refused(
    desk: Desk, register: Register
) -> None:
    cpts = register("CPTS en place", communes=(LILLE,))
    dynamic = register("Dynamique", "dynamique_identifiee", (MONS,))
    for more in (
        {"communes": [LILLE], "cpts": cpts},
        {"communes": [LILLE, MARCQ]},
        {"communes": [MONS, MARCQ], "cpts": dynamic},
        {"communes": [LILLE, MARCQ], "cpts": 4_000_000},
        {"communes": [LILLE, MARCQ], "cpts": cpts, "merged_cpts": [dynamic]},
        {"communes": [], "cpts": cpts},
    ):
        response = desk.post("/letters", {"name": "Avenant", "kind": "amendment"} | more)
        assert response.status_code == 422, more


def test_merged_cpts_become_one_and_keep_their_history(
    desk: Desk, register: Register, client: TestClient, engine: Engine
) -> None:
    one = register("CPTS Une", communes=(LILLE,))
    two = register("CPTS Deux", communes=(MARCQ, MONS))
    three = register("CPTS Trois", communes=(RONCHIN,))
    letter = desk.deposit(kind="merger", cpts=one, merged_cpts=[two, three])
    assert codes(letter["territory"]["communes"]) == sorted([LILLE, MARCQ, MONS, RONCHIN])
    validated = desk.validate(letter["id"])
    assert validated["resulting_cpts"]["id"] == one
    merged = client.get(f"/api/v1/cpts/{one}").json()
    assert codes(merged["communes"]) == sorted([LILLE, MARCQ, MONS, RONCHIN])
    for ended in (two, three):
        assert client.get(f"/api/v1/cpts/{ended}").json()["ended_on"] == today().isoformat()
        last = history(client, desk, ended)[-1]
        assert last["action"] == "ended"
        assert last["reason"].startswith("fusion")
    with snapshot_scope(engine) as session:
        assert verify(session, SilentProgress()) == []


def test_a_future_merger_ends_the_others_on_its_day(
    desk: Desk, register: Register, client: TestClient
) -> None:
    one = register("CPTS Une", communes=(LILLE,))
    two = register("CPTS Deux", communes=(MARCQ,))
    later = (today() + timedelta(days=60)).isoformat()
    letter = desk.deposit(kind="merger", cpts=one, merged_cpts=[two], effective_on=later)
    desk.validate(letter["id"])
    now = client.get("/api/v1/cpts").json()["items"]
    then = client.get("/api/v1/cpts", params={"at": later}).json()["items"]
    assert {each["id"]: each["commune_count"] for each in now} == {one: 1, two: 1}
    assert {each["id"]: each["commune_count"] for each in then} == {one: 2}


def test_a_merger_takes_no_other_commune_and_at_least_two_cpts(
    desk: Desk, register: Register
) -> None:
    one = register("CPTS Une", communes=(LILLE,))
    two = register("CPTS Deux", communes=(MARCQ,))
    for more in (
        {"cpts": one},
        {"cpts": one, "merged_cpts": [one]},
        {"merged_cpts": [two]},
        {"cpts": one, "merged_cpts": [two], "communes": [MONS]},
        {"cpts": one, "merged_cpts": [4_000_000]},
    ):
        response = desk.post("/letters", {"name": "Fusion", "kind": "merger"} | more)
        assert response.status_code == 422, more


def test_of_two_mergers_of_one_cpts_the_first_decided_wins(
    desk: Desk, register: Register, client: TestClient
) -> None:
    one = register("CPTS Une", communes=(LILLE,))
    two = register("CPTS Deux", communes=(MARCQ,))
    three = register("CPTS Trois", communes=(MONS,))
    first = desk.deposit(kind="merger", cpts=one, merged_cpts=[two])["id"]
    second = desk.deposit(kind="merger", cpts=three, merged_cpts=[two])["id"]
    desk.validate(first)
    desk.decide(second, desk.ars)
    assert desk.decide(second, desk.am).status_code == 422
    assert desk.letter(second)["state"] == "deposee"
    assert client.get(f"/api/v1/cpts/{three}").json()["commune_count"] == 1
