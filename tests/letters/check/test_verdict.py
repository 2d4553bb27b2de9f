"""The verdict of a letter on the real geography, and what the registry says against it."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.database.calendar import today
from app.settings import Settings
from tests.administration import administration
from tests.letters.conftest import Check, codes

Register = Callable[..., int]
Bearer = Callable[..., dict[str, str]]

# Croix, Roubaix, Wasquehal, Hem: neighbours of one another near Lille.
CROIX, ROUBAIX, WASQUEHAL, HEM = "59163", "59512", "59646", "59299"
CONTRACT = {
    "verdict",
    "territory",
    "conflicts",
    "competing_letters",
    "unresolved",
    "free_territory",
    "enclaves",
    "neighbours",
    "funding",
    "registry_revision",
    "checked_at",
}


def test_a_free_territory_is_clear_and_every_key_of_the_contract_is_there(
    check: Check,
) -> None:
    answer = check([CROIX, ROUBAIX])
    assert answer["verdict"] == "clear"
    assert answer.keys() >= CONTRACT
    assert answer["conflicts"] == answer["unresolved"] == answer["competing_letters"] == []
    assert answer["neighbours"] == []
    territory = answer["territory"]
    assert codes(territory["communes"]) == codes(answer["free_territory"]["communes"])
    assert codes(territory["communes"]) == {CROIX, ROUBAIX}
    assert territory["population"] == sum(c["population"] for c in territory["communes"])
    assert territory["population"] == answer["free_territory"]["population"]
    assert territory["population_year"] == 2023
    assert territory["departments"] == ["59"]
    assert territory["regions"] == ["32"]
    assert territory["parts"] == 1
    assert answer["effective_on"] == today().isoformat()


@pytest.mark.parametrize(
    "stage",
    ["lettre_intention_validee", "association_creee", "projet_sante_valide", "aci_signe"],
)
def test_a_recognised_holder_blocks(check: Check, register: Register, stage: str) -> None:
    holder = register("CPTS des Essais", stage=stage, communes=(CROIX, HEM))
    answer = check([CROIX, ROUBAIX])
    assert answer["verdict"] == "blocked"
    (conflict,) = answer["conflicts"]
    assert conflict["commune"]["code"] == CROIX
    assert conflict["commune"]["name"] == "Croix"
    assert conflict["commune"]["population"] > 0
    assert conflict["cpts"] == {
        "id": holder,
        "name": "CPTS des Essais",
        "stage": stage,
        "demonstration": False,
    }
    assert conflict["severity"] == "blocking"
    assert conflict["held_from"] == today().isoformat()
    assert conflict["held_until"] is None
    assert codes(answer["free_territory"]["communes"]) == {ROUBAIX}
    assert answer["free_territory"]["population"] < answer["territory"]["population"]


def test_a_dynamic_only_contests(check: Check, register: Register) -> None:
    register("Groupe des Essais", stage="dynamique_identifiee", communes=(CROIX,))
    answer = check([CROIX, ROUBAIX])
    assert answer["verdict"] == "contested"
    assert [c["severity"] for c in answer["conflicts"]] == ["contested"]
    assert codes(answer["free_territory"]["communes"]) == {ROUBAIX}


def test_every_conflicting_commune_is_listed_with_its_own_holder(
    check: Check, register: Register
) -> None:
    first = register("CPTS Première", communes=(CROIX, HEM))
    second = register("CPTS Seconde", stage="dynamique_identifiee", communes=(ROUBAIX,))
    answer = check([ROUBAIX, CROIX, HEM, WASQUEHAL])
    assert {(c["commune"]["code"], c["cpts"]["id"]) for c in answer["conflicts"]} == {
        (CROIX, first),
        (HEM, first),
        (ROUBAIX, second),
    }
    assert answer["verdict"] == "blocked"


def test_blocked_comes_before_incomplete_and_incomplete_before_contested(
    check: Check, register: Register
) -> None:
    register("Groupe des Essais", stage="dynamique_identifiee", communes=(CROIX,))
    assert check([CROIX, "Nulle-Part-sur-Rien"])["verdict"] == "incomplete"
    register("CPTS des Essais", communes=(ROUBAIX,))
    assert check([CROIX, ROUBAIX, "Nulle-Part-sur-Rien"])["verdict"] == "blocked"


def test_nothing_resolved_is_incomplete_with_an_empty_territory(check: Check) -> None:
    answer = check(["Nulle-Part-sur-Rien", "00000"])
    assert answer["verdict"] == "incomplete"
    assert [entry["given"] for entry in answer["unresolved"]] == [
        "Nulle-Part-sur-Rien",
        "00000",
    ]
    assert {entry["reason"] for entry in answer["unresolved"]} == {"unknown"}
    territory = answer["territory"]
    assert (territory["communes"], territory["population"], territory["parts"]) == ([], 0, 0)
    assert territory["tier"] is None
    assert answer["funding"] is None
    assert answer["free_territory"] == {"communes": [], "population": 0, "tier": None}


def test_an_amendment_does_not_meet_its_own_cpts(check: Check, register: Register) -> None:
    own = register("CPTS des Essais", communes=(CROIX, HEM))
    register("CPTS Voisine", communes=(ROUBAIX,))
    answer = check([CROIX, WASQUEHAL], exclude_cpts=own)
    assert answer["verdict"] == "clear"
    # It holds Hem beside the new territory, which is no neighbour but its own past.
    assert [n["cpts"]["name"] for n in answer["neighbours"]] == ["CPTS Voisine"]
    assert check([CROIX, ROUBAIX], exclude_cpts=own)["verdict"] == "blocked"


def test_an_unknown_cpts_cannot_be_amended(client: TestClient) -> None:
    response = client.post(
        "/api/v1/letters/check", json={"communes": [CROIX], "exclude_cpts": 987654}
    )
    assert response.status_code == 422
    assert response.json()["errors"][0]["loc"] == ["body", "exclude_cpts"]


def test_a_future_claim_counts_today_and_says_from_when(
    check: Check, register: Register
) -> None:
    later = today() + timedelta(days=90)
    register("CPTS à venir", communes=(CROIX,), effective_on=later.isoformat())
    for day in (today(), later, later + timedelta(days=400)):
        answer = check([CROIX], effective_on=day.isoformat())
        assert answer["verdict"] == "blocked"
        assert answer["conflicts"][0]["held_from"] == later.isoformat()
    # Held from later on, it is no neighbour today.
    assert check([ROUBAIX])["neighbours"] == []
    assert len(check([ROUBAIX], effective_on=later.isoformat())["neighbours"]) == 1


def test_a_claim_that_ends_before_the_effective_day_does_not_count(
    check: Check, register: Register, client: TestClient, bearer: Bearer
) -> None:
    holder = register("CPTS des Essais", communes=(CROIX, HEM))
    leaving = today() + timedelta(days=30)
    amended = client.put(
        f"/api/v1/cpts/{holder}/territory",
        json={"communes": [HEM], "effective_on": leaving.isoformat()},
        headers=bearer("admin"),
    )
    assert amended.status_code == 200, amended.text
    before = check([CROIX], effective_on=(leaving - timedelta(days=1)).isoformat())
    assert before["conflicts"][0]["held_until"] == leaving.isoformat()
    assert check([CROIX], effective_on=leaving.isoformat())["verdict"] == "clear"


def test_the_communes_of_an_ended_cpts_are_free(
    check: Check, register: Register, client: TestClient, bearer: Bearer
) -> None:
    holder = register(
        "CPTS des Essais",
        communes=(CROIX,),
        effective_on=date(2024, 1, 1).isoformat(),
    )
    assert check([CROIX])["verdict"] == "blocked"
    ended = client.delete(f"/api/v1/cpts/{holder}", headers=bearer("admin"))
    assert ended.status_code == 204
    assert check([CROIX])["verdict"] == "clear"


def test_a_demonstration_cpts_conflicts_and_says_what_it_is(
    check: Check, register: Register, engine: Engine
) -> None:
    holder = register("Démo CPTS", communes=(CROIX,))
    with administration(engine) as connection:
        connection.execute(
            text("UPDATE cpts SET demonstration = true WHERE id = :id"), {"id": holder}
        )
    answer = check([CROIX])
    assert answer["verdict"] == "blocked"
    assert answer["conflicts"][0]["cpts"]["demonstration"] is True


def test_a_neighbour_is_told_with_the_length_of_the_shared_border(
    check: Check, register: Register
) -> None:
    register("CPTS Voisine", communes=(ROUBAIX, WASQUEHAL))
    register("CPTS Lointaine", communes=("13201",))
    (neighbour,) = check([CROIX])["neighbours"]
    assert neighbour["cpts"]["name"] == "CPTS Voisine"
    # Croix has some 5 km with Roubaix and 3 km with Wasquehal.
    assert neighbour["shared_border_km"] == pytest.approx(8.0, abs=1.5)


def test_the_funding_is_that_of_the_tier(check: Check) -> None:
    answer = check([CROIX])
    assert answer["territory"]["tier"] == 1
    margin = answer["territory"]["tier_margin"]
    assert margin["to_next"] == 40_000 - answer["territory"]["population"]
    assert margin["to_previous"] is None
    funding = answer["funding"]
    assert funding["tier"] == 1
    assert funding["functioning"] == 50_000
    assert funding["year_1"]["without_optional"] == 142_500
    assert funding["year_1"]["with_optional"] == 151_875
    assert funding["year_2"]["without_optional"] == 140_000
    assert funding["total_possible"]["with_optional"] == 287_500
    assert [m["slug"] for m in funding["missions"]][:2] == ["acces_soins", "parcours"]
    assert check(["97411"])["funding"]["tier"] == 3


@pytest.mark.parametrize("role", [None, "member", "editor", "ars", "admin"])
def test_everyone_gets_the_same_answer(
    client: TestClient, register: Register, bearer: Bearer, role: str | None
) -> None:
    register("CPTS des Essais", communes=(CROIX,))
    headers: dict[str, str] = {}
    if role is not None:
        headers = bearer(role, region="32") if role == "ars" else bearer(role)
    response = client.post("/api/v1/letters/check", json={"communes": [CROIX]}, headers=headers)
    assert response.status_code == 200
    assert response.json()["verdict"] == "blocked"


def test_a_check_writes_nothing(
    check: Check, register: Register, engine: Engine, settings: Settings
) -> None:
    register("CPTS des Essais", communes=(CROIX,))

    def state() -> Any:
        with engine.connect() as connection:
            return connection.execute(
                text(
                    "SELECT r.revision, r.changed_at, (SELECT count(*) FROM claim),"
                    " (SELECT count(*) FROM cpts), (SELECT count(*) FROM cpts_change)"
                    " FROM registry_revision r"
                )
            ).one()

    before = state()
    answer = check([CROIX, ROUBAIX], name="CPTS du Projet")
    assert answer["name"] == "CPTS du Projet"
    assert state() == before
    assert answer["registry_revision"] == before.revision


def test_the_revision_advances_with_the_registry(check: Check, register: Register) -> None:
    first = check([CROIX])["registry_revision"]
    register("CPTS des Essais", communes=(HEM,))
    assert check([CROIX])["registry_revision"] > first
