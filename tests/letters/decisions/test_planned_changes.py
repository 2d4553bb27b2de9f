"""What a validated letter has planned meets other changes: kept, shown, never dropped."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.cpts.verification.service import verify
from app.database.calendar import today
from app.database.sessions import snapshot_scope
from app.progress import SilentProgress
from tests.letters.desk import (
    ARMENTIERES,
    LILLE,
    MARCQ,
    MONS,
    RONCHIN,
    Desk,
    Register,
    codes,
)

Bearer = Callable[..., dict[str, str]]
# Of another region, and of few inhabitants beside Lille.
MENTON = "06083"


def in_days(days: int) -> str:
    return (today() + timedelta(days=days)).isoformat()


def read(client: TestClient, cpts: int, at: str | None = None) -> dict[str, Any]:
    answer = client.get(f"/api/v1/cpts/{cpts}", params={"at": at} if at else {})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def held(client: TestClient, cpts: int, at: str | None = None) -> list[str]:
    return codes(read(client, cpts, at)["communes"])


def put(client: TestClient, desk: Desk, cpts: int, *communes: str, **more: Any) -> Any:
    return client.put(
        f"/api/v1/cpts/{cpts}/territory",
        json={"communes": list(communes)} | more,
        headers=more.pop("headers", None) or desk.admin,
    )


def amended(desk: Desk, cpts: int, *communes: str, on: str) -> int:
    letter = desk.deposit(*communes, kind="amendment", cpts=cpts, effective_on=on)["id"]
    desk.validate(letter)
    return int(letter)


def merged(desk: Desk, absorbing: int, *absorbed: int, on: str) -> int:
    letter = desk.deposit(
        kind="merger", cpts=absorbing, merged_cpts=list(absorbed), effective_on=on
    )["id"]
    desk.validate(letter)
    return int(letter)


def refused(answer: Any, letter: int) -> dict[str, Any]:
    assert answer.status_code == 409, answer.text
    problem: dict[str, Any] = answer.json()
    assert problem["code"] == "planned-change"
    assert [each["letter"] for each in problem["planned"]] == [letter]
    return problem


@pytest.fixture(autouse=True)
def everything_stays_true(engine: Engine) -> Any:
    yield
    with snapshot_scope(engine) as session:
        assert verify(session, SilentProgress()) == []


def test_what_a_letter_plans_is_shown_until_its_day_has_come(
    desk: Desk, register: Register, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    cpts = register("CPTS amendée", communes=(LILLE, MARCQ))
    on = in_days(30)
    letter = amended(desk, cpts, LILLE, MONS, on=on)
    planned = [{"letter": letter, "effective_on": on, "add": [MONS], "withdraw": [MARCQ]}]
    assert read(client, cpts)["planned"] == planned
    [item] = client.get("/api/v1/cpts").json()["items"]
    assert item["planned"] == planned
    feature = client.get(f"/api/v1/cpts/{cpts}.geojson").json()
    assert feature["properties"]["planned"] == planned
    assert read(client, cpts, at=on)["planned"] == []
    monkeypatch.setenv("CPTS_TODAY", on)
    assert read(client, cpts)["planned"] == []
    assert held(client, cpts) == [LILLE, MONS]


def test_a_territory_put_today_keeps_what_is_planned_for_later(
    desk: Desk, register: Register, client: TestClient
) -> None:
    cpts = register("CPTS amendée", communes=(LILLE, MARCQ))
    on = in_days(30)
    letter = amended(desk, cpts, LILLE, MONS, on=on)
    answer = put(client, desk, cpts, LILLE, MARCQ, RONCHIN)
    assert answer.status_code == 200, answer.text
    assert held(client, cpts) == sorted([LILLE, MARCQ, RONCHIN])
    assert held(client, cpts, on) == sorted([LILLE, MONS, RONCHIN])
    [planned] = read(client, cpts)["planned"]
    assert planned == {
        "letter": letter,
        "effective_on": on,
        "add": [MONS],
        "withdraw": [MARCQ],
    }


def test_a_planned_addition_may_come_sooner_and_a_planned_withdrawal_too(
    desk: Desk, register: Register, client: TestClient
) -> None:
    cpts = register("CPTS amendée", communes=(LILLE, MARCQ))
    on = in_days(30)
    amended(desk, cpts, LILLE, MONS, on=on)
    assert put(client, desk, cpts, LILLE, MONS).status_code == 200
    assert held(client, cpts) == held(client, cpts, on) == [LILLE, MONS]
    # What came sooner may go again, for it comes on its day.
    assert put(client, desk, cpts, LILLE).status_code == 200
    assert held(client, cpts) == [LILLE]
    assert held(client, cpts, on) == [LILLE, MONS]


@pytest.mark.parametrize("days", [30, 31, 400])
@pytest.mark.parametrize("communes", [(LILLE,), (LILLE, MARCQ, MONS)])
def test_a_territory_from_the_planned_day_on_holds_what_is_planned(
    desk: Desk, register: Register, client: TestClient, days: int, communes: tuple[str, ...]
) -> None:
    cpts = register("CPTS amendée", communes=(LILLE, MARCQ))
    letter = amended(desk, cpts, LILLE, MONS, on=in_days(30))
    before = read(client, cpts)
    refused(put(client, desk, cpts, *communes, effective_on=in_days(days)), letter)
    assert read(client, cpts) == before
    answer = put(client, desk, cpts, LILLE, MONS, RONCHIN, effective_on=in_days(days))
    assert answer.status_code == 200, answer.text


def test_a_change_dated_in_the_past_keeps_what_is_planned(
    desk: Desk, register: Register, client: TestClient
) -> None:
    cpts = register("CPTS amendée", communes=(LILLE, MARCQ), effective_on="2024-01-01")
    on = in_days(30)
    amended(desk, cpts, LILLE, MONS, on=on)
    answer = put(client, desk, cpts, LILLE, MARCQ, RONCHIN, effective_on="2025-01-01")
    assert answer.status_code == 200, answer.text
    assert held(client, cpts, "2025-01-01") == sorted([LILLE, MARCQ, RONCHIN])
    assert held(client, cpts, on) == sorted([LILLE, MONS, RONCHIN])


def test_an_amendment_before_a_planned_merger_goes_through_and_the_merger_too(
    desk: Desk, register: Register, client: TestClient
) -> None:
    one = register("CPTS Une", communes=(LILLE,))
    two = register("CPTS Deux", communes=(MARCQ,))
    on = in_days(60)
    merger = merged(desk, one, two, on=on)
    amended(desk, one, LILLE, MONS, on=in_days(10))
    # Whoever gives the territory as it is to be asks for no more than the new commune.
    letter = desk.deposit(
        LILLE, MONS, MARCQ, RONCHIN, kind="amendment", cpts=one, effective_on=in_days(20)
    )
    desk.validate(letter["id"])
    assert held(client, one) == [LILLE]
    assert held(client, one, in_days(20)) == sorted([LILLE, MONS, RONCHIN])
    assert held(client, two, in_days(59)) == [MARCQ]
    assert held(client, one, on) == sorted([LILLE, MARCQ, MONS, RONCHIN])
    assert [each["letter"] for each in read(client, two)["planned"]] == [merger]
    assert read(client, two)["planned"][0]["withdraw"] == [MARCQ]


def test_a_territory_put_before_a_planned_merger_does_not_undo_it(
    desk: Desk, register: Register, client: TestClient
) -> None:
    one = register("CPTS Une", communes=(LILLE,))
    two = register("CPTS Deux", communes=(MARCQ,))
    on = in_days(60)
    merger = merged(desk, one, two, on=on)
    assert put(client, desk, one, LILLE, MONS).status_code == 200
    assert held(client, one, on) == sorted([LILLE, MARCQ, MONS])
    # Of the one that ends, what would become of a change on that day nobody has said.
    refused(put(client, desk, two, MARCQ, RONCHIN), merger)


def test_a_cpts_with_something_planned_is_not_ended(
    desk: Desk, register: Register, client: TestClient
) -> None:
    one = register("CPTS Une", communes=(LILLE,))
    two = register("CPTS Deux", communes=(MARCQ,))
    three = register("CPTS Trois", communes=(MONS,))
    merger = merged(desk, one, two, on=in_days(60))
    amendment = amended(desk, three, MONS, RONCHIN, on=in_days(60))
    for cpts, letter in ((one, merger), (two, merger), (three, amendment)):
        before = read(client, cpts)
        answer = client.delete(f"/api/v1/cpts/{cpts}", headers=desk.admin)
        refused(answer, letter)
        assert read(client, cpts) == before


def test_a_cpts_with_something_planned_is_not_absorbed_meanwhile(
    desk: Desk, register: Register, client: TestClient
) -> None:
    one = register("CPTS Une", communes=(LILLE,))
    two = register("CPTS Deux", communes=(MARCQ,))
    three = register("CPTS Trois", communes=(MONS,))
    merger = merged(desk, one, two, on=in_days(60))
    for days in (0, 60, 90):
        letter = desk.deposit(
            kind="merger", cpts=three, merged_cpts=[one], effective_on=in_days(days)
        )["id"]
        desk.decide(letter, desk.ars)
        refused(desk.decide(letter, desk.am), merger)
        desk.post(f"/letters/{letter}/withdrawal", {})
    answer = desk.post(
        "/letters", {"name": "Fusion", "kind": "merger", "cpts": three, "merged_cpts": [two]}
    )
    refused(answer, merger)


def test_one_that_absorbs_another_keeps_its_own_plans(
    desk: Desk, register: Register, client: TestClient
) -> None:
    one = register("CPTS Une", communes=(LILLE, RONCHIN))
    two = register("CPTS Deux", communes=(MARCQ,))
    amended(desk, one, LILLE, MONS, on=in_days(60))
    merged(desk, one, two, on=in_days(30))
    assert held(client, one, in_days(30)) == sorted([LILLE, MARCQ, RONCHIN])
    assert held(client, one, in_days(60)) == sorted([LILLE, MARCQ, MONS])
    assert [each["effective_on"] for each in read(client, one)["planned"]] == [
        in_days(30),
        in_days(60),
    ]


@pytest.mark.parametrize("days", [30, 50])
def test_an_amendment_may_not_contradict_another_that_lies_ahead(
    desk: Desk, register: Register, client: TestClient, days: int
) -> None:
    cpts = register("CPTS amendée", communes=(LILLE, MARCQ))
    first = amended(desk, cpts, LILLE, MARCQ, MONS, on=in_days(30))
    second = desk.deposit(
        LILLE, MARCQ, kind="amendment", cpts=cpts, effective_on=in_days(days)
    )["id"]
    desk.decide(second, desk.ars)
    refused(desk.decide(second, desk.am), first)
    assert desk.letter(second)["state"] == "deposee"
    assert held(client, cpts, in_days(60)) == sorted([LILLE, MARCQ, MONS])


def test_the_planned_communes_of_another_stay_out_of_reach(
    desk: Desk, register: Register, client: TestClient
) -> None:
    one = register("CPTS Une", communes=(LILLE,))
    two = register("CPTS Deux", communes=(MARCQ,))
    on = in_days(30)
    amended(desk, one, LILLE, MONS, on=on)
    answer = put(client, desk, two, MARCQ, MONS)
    assert answer.json()["code"] == "territory-overlap"
    [conflict] = answer.json()["conflicts"]
    assert (conflict["cpts"]["id"], conflict["held_from"]) == (one, on)


def test_a_commune_passes_from_one_to_another_on_the_planned_day(
    desk: Desk, register: Register, client: TestClient
) -> None:
    giver = register("CPTS qui rend", communes=(LILLE, MONS))
    taker = register("CPTS qui reçoit", communes=(MARCQ,))
    on = in_days(30)
    amended(desk, giver, LILLE, on=on)
    amended(desk, taker, MARCQ, MONS, on=on)
    # The holder's territory of today is put as it stands, and grows.
    assert put(client, desk, giver, LILLE, MONS, RONCHIN).status_code == 200
    assert held(client, giver, in_days(29)) == sorted([LILLE, MONS, RONCHIN])
    assert held(client, giver, on) == sorted([LILLE, RONCHIN])
    assert held(client, taker, on) == sorted([MARCQ, MONS])


def test_a_territory_that_runs_empty_on_a_planned_day_is_refused(
    desk: Desk, register: Register, client: TestClient
) -> None:
    cpts = register("CPTS amendée", communes=(LILLE, MARCQ))
    amended(desk, cpts, LILLE, on=in_days(30))
    answer = put(client, desk, cpts, MARCQ)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["loc"] == ["body", "communes"]
    assert held(client, cpts) == [LILLE, MARCQ]


def test_a_new_cpts_keeps_its_planned_beginning(
    desk: Desk, register: Register, client: TestClient
) -> None:
    letter = desk.deposit(LILLE, MARCQ, effective_on=in_days(30))["id"]
    cpts = desk.validate(letter)["resulting_cpts"]["id"]
    assert read(client, cpts, in_days(0))["commune_count"] == 0
    refused(put(client, desk, cpts, LILLE, effective_on=in_days(30)), letter)
    assert put(client, desk, cpts, RONCHIN).status_code == 200
    assert held(client, cpts) == [RONCHIN]
    assert held(client, cpts, in_days(30)) == sorted([LILLE, MARCQ, RONCHIN])


def test_a_cpts_that_a_merger_will_end_may_still_correct_its_sheet(
    desk: Desk, register: Register, client: TestClient
) -> None:
    one = register("CPTS Une", communes=(LILLE,))
    two = register("CPTS Deux", communes=(MARCQ,))
    merged(desk, one, two, on=in_days(60))
    answer = client.patch(
        f"/api/v1/cpts/{two}", json={"phone": "03 20 00 00 01"}, headers=desk.admin
    )
    assert answer.status_code == 200, answer.text


def test_a_recognised_cpts_is_not_made_a_dynamic_again_while_a_letter_binds_it(
    desk: Desk, register: Register, client: TestClient
) -> None:
    cpts = register("CPTS amendée", "lettre_intention_validee", (LILLE,))
    letter = amended(desk, cpts, LILLE, MONS, on=in_days(30))
    body = {"stage": "dynamique_identifiee", "reason": "erreur de saisie"}
    refused(client.patch(f"/api/v1/cpts/{cpts}", json=body, headers=desk.admin), letter)
    advanced = client.patch(
        f"/api/v1/cpts/{cpts}", json={"stage": "aci_signe"}, headers=desk.admin
    )
    assert advanced.status_code == 200


def test_rights_are_judged_on_what_changes_not_on_what_stays_planned(
    desk: Desk, register: Register, client: TestClient, bearer: Bearer
) -> None:
    cpts = register("CPTS des deux régions", communes=(LILLE, MARCQ, MENTON))
    desk_elsewhere = bearer("ars", region="93")
    amended(desk, cpts, LILLE, MARCQ, on=in_days(30))
    url = f"/api/v1/cpts/{cpts}/territory"
    # Restating what a letter gives back later touches nothing of that region.
    answer = client.put(url, json={"communes": [LILLE, MENTON]}, headers=desk_elsewhere)
    assert answer.status_code == 403
    answer = client.put(url, json={"communes": [LILLE, MARCQ, MENTON, MONS]}, headers=desk.ars)
    assert answer.status_code == 200, answer.text
    answer = client.put(url, json={"communes": [LILLE, MARCQ, MONS]}, headers=desk_elsewhere)
    assert answer.status_code == 200, answer.text
    assert held(client, cpts, in_days(30)) == sorted([LILLE, MARCQ, MONS])


def test_the_history_tells_by_which_letter_and_when(
    desk: Desk, register: Register, client: TestClient
) -> None:
    cpts = register("CPTS amendée", communes=(LILLE,))
    on = in_days(30)
    letter = amended(desk, cpts, LILLE, MONS, on=on)
    put(client, desk, cpts, LILLE, MARCQ)
    entries = client.get(f"/api/v1/cpts/{cpts}/history", headers=desk.admin).json()["items"]
    by_letter, by_hand = entries[-2:]
    assert by_letter["actor"].endswith(f"lettre n° {letter}")
    for entry in (by_letter, by_hand):
        later = [each for each in entry["after"]["claims"] if each["from"] == on]
        assert [each["communes"] for each in later] == [[MONS]]


def test_a_planned_change_that_plain_sql_broke_is_told_and_hinders_nothing_else(
    desk: Desk, register: Register, client: TestClient, engine: Engine
) -> None:
    cpts = register("CPTS amendée", communes=(LILLE,))
    letter = amended(desk, cpts, LILLE, MONS, on=in_days(30))
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM claim WHERE commune_code = :c"), {"c": MONS})
    with snapshot_scope(engine) as session:
        [drift] = verify(session, SilentProgress())
    assert f"lettre n° {letter}" in drift
    assert put(client, desk, cpts, LILLE, ARMENTIERES).status_code == 200
    assert held(client, cpts, in_days(30)) == sorted([LILLE, ARMENTIERES, MONS])


def test_a_sheet_shows_what_is_planned(
    desk: Desk, register: Register, client: TestClient
) -> None:
    cpts = register("CPTS amendée", communes=(LILLE, MARCQ))
    assert "Ce qui est prévu" not in client.get(f"/cpts/{cpts}").text
    letter = amended(desk, cpts, LILLE, MONS, on=in_days(30))
    page = client.get(f"/cpts/{cpts}").text
    assert "Ce qui est prévu" in page
    assert f"/lettres/{letter}" in page
    planned = page[page.index("Ce qui est prévu") :].split("</ul>")[0]
    assert "Mons-en-Barœul" in planned
    assert "Marcq-en-Barœul" in planned


DECIDED = date(2026, 2, 2)


def test_a_decision_dated_before_the_dynamic_was_noted_is_recorded(
    desk: Desk, register: Register, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CPTS_TODAY", "2026-03-10")
    dynamic = register("Dynamique", "dynamique_identifiee", (LILLE,))
    letter = desk.deposit(LILLE, MARCQ, cpts=dynamic, deposited_on="2026-01-05")["id"]
    for agent, day in ((desk.ars, "2026-02-02"), (desk.am, "2026-02-20")):
        answer = desk.decide(letter, agent, decided_on=day)
        assert answer.status_code == 200, answer.text
    told = desk.letter(letter)
    assert told["state"] == "validee"
    assert told["closed_on"] == "2026-02-20"
    assert told["in_effect_from"] == "2026-03-10"
    assert read(client, dynamic)["stage"] == "lettre_intention_validee"
    assert held(client, dynamic) == [LILLE, MARCQ]


@pytest.mark.parametrize("effective_on", ["2026-01-20", "2026-02-10", "2026-06-01", None])
def test_a_letter_decided_on_two_days_of_the_past_takes_effect_after_both(
    desk: Desk,
    register: Register,
    client: TestClient,
    monkeypatch: pytest.MonkeyPatch,
    effective_on: str | None,
) -> None:
    monkeypatch.setenv("CPTS_TODAY", "2026-03-10")
    cpts = register("CPTS amendée", communes=(LILLE,), effective_on="2025-01-01")
    wish: dict[str, Any] = {"effective_on": effective_on} if effective_on else {}
    letter = desk.deposit(
        LILLE, MARCQ, kind="amendment", cpts=cpts, deposited_on="2026-01-05", **wish
    )["id"]
    assert desk.decide(letter, desk.am, decided_on="2026-02-20").status_code == 200
    assert desk.decide(letter, desk.ars, decided_on="2026-02-02").status_code == 200
    day = max("2026-02-20", effective_on or "")
    assert desk.letter(letter)["in_effect_from"] == day
    eve = (date.fromisoformat(day) - timedelta(days=1)).isoformat()
    assert held(client, cpts, eve) == [LILLE]
    assert held(client, cpts, day) == [LILLE, MARCQ]
    assert bool(read(client, cpts)["planned"]) == (day > "2026-03-10")


def test_what_is_wrong_with_a_decision_names_its_own_fields(
    desk: Desk, register: Register, client: TestClient
) -> None:
    one = register("CPTS Une", communes=(LILLE,))
    two = register("CPTS Deux", communes=(MARCQ,))
    dynamic = register("Dynamique", "dynamique_identifiee", (MONS,))
    amendment = desk.deposit(LILLE, RONCHIN, kind="amendment", cpts=one)["id"]
    merger = desk.deposit(kind="merger", cpts=two, merged_cpts=[one])["id"]
    advance = desk.deposit(MONS, cpts=dynamic)["id"]
    client.delete(f"/api/v1/cpts/{one}", headers=desk.admin)
    client.patch(f"/api/v1/cpts/{dynamic}", json={"stage": "aci_signe"}, headers=desk.admin)
    for letter in (amendment, merger, advance):
        assert desk.decide(letter, desk.ars).status_code == 200
        answer = desk.decide(letter, desk.am)
        assert answer.status_code == 422, answer.text
        fields = {"decision", "decided_on", "authority", "note"}
        for error in answer.json()["errors"]:
            assert error["loc"][0] == "body"
            assert error["loc"][1] in fields
        assert desk.letter(letter)["state"] == "deposee"
