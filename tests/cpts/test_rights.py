"""Who may change whose territory: each role, in its own region and in another's."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

# Hauts-de-France (32): Lille is its largest; Provence-Alpes-Côte d'Azur (93): Nice, Gap.
LILLE, MARCQ, MONS, BONDUES = "59350", "59378", "59410", "59090"
NICE, GAP = "06088", "05061"

Bearer = Callable[..., dict[str, str]]
Register = Callable[..., int]


@pytest.fixture
def callers(bearer: Bearer) -> dict[str, dict[str, str]]:
    """Each role, with the headers of one who has it."""
    return {
        "visitor": {},
        "member": bearer("member"),
        "editor": bearer("editor"),
        "assurance_maladie": bearer("assurance_maladie", region="32"),
        "urps": bearer("urps", region="32"),
        "ars 93": bearer("ars", region="93"),
        "ars 32": bearer("ars", region="32"),
        "admin": bearer("admin"),
    }


def statuses(
    callers: dict[str, dict[str, str]], call: Callable[[dict[str, str]], Any]
) -> dict[str, int]:
    return {role: call(headers).status_code for role, headers in callers.items()}


def expected(otherwise: int = 403, **by_role: int) -> dict[str, int]:
    return {
        "visitor": 401,
        "member": otherwise,
        "editor": otherwise,
        "assurance_maladie": otherwise,
        "urps": otherwise,
        "ars 93": otherwise,
        "ars 32": otherwise,
        "admin": otherwise,
    } | {role.replace("_", " ") if "ars" in role else role: s for role, s in by_role.items()}


def put(client: TestClient, cpts: int, *communes: str, **more: Any) -> Callable[..., Any]:
    def call(headers: dict[str, str]) -> Any:
        return client.put(
            f"/api/v1/cpts/{cpts}/territory",
            json={"communes": list(communes), **more},
            headers=headers,
        )

    return call


def communes_of(client: TestClient, cpts: int) -> set[str]:
    return {each["code"] for each in client.get(f"/api/v1/cpts/{cpts}").json()["communes"]}


def test_a_territory_in_one_region_is_its_own_ars_to_change(
    client: TestClient, register: Register, callers: dict[str, dict[str, str]]
) -> None:
    here = register("CPTS du Nord", communes=(MARCQ,))
    told = statuses(callers, put(client, here, MARCQ, MONS))
    assert told == expected(ars_32=200, admin=200)
    assert communes_of(client, here) == {MARCQ, MONS}


def test_a_cpts_led_from_a_region_is_not_given_to_another(
    client: TestClient, register: Register, callers: dict[str, dict[str, str]]
) -> None:
    led = register("CPTS du Nord", communes=(LILLE,))
    assert statuses(callers, put(client, led, NICE)) == expected(admin=200)


def test_a_cpts_led_from_elsewhere_is_not_taken_by_adding_communes_of_ones_own(
    client: TestClient, register: Register, callers: dict[str, dict[str, str]]
) -> None:
    led = register("CPTS des Alpes", communes=(GAP, MONS))
    # Lille has more inhabitants than Gap: its department would lead.
    assert statuses(callers, put(client, led, GAP, MONS, LILLE)) == expected(admin=200)
    first = register("CPTS de la Côte", communes=(NICE,))
    # A commune of its own may be added where the other region goes on leading.
    assert put(client, first, NICE, BONDUES)(callers["ars 32"]).status_code == 200
    assert put(client, first, BONDUES)(callers["ars 32"]).status_code == 403
    assert communes_of(client, first) == {NICE, BONDUES}


def test_a_dynamic_of_another_region_gives_way_to_its_own_region_only(
    client: TestClient, register: Register, callers: dict[str, dict[str, str]]
) -> None:
    dynamic = register("Dynamique de Nice", "dynamique_identifiee", communes=(NICE,))

    def create(headers: dict[str, str]) -> Any:
        body = {
            "name": "CPTS neuve",
            "stage": "aci_signe",
            "communes": [NICE],
            "supersede": [dynamic],
        }
        return client.post("/api/v1/cpts", json=body, headers=headers)

    told = statuses(callers, create)
    assert told == expected(ars_93=201, admin=409)
    assert communes_of(client, dynamic) == set()


def test_a_wide_cpts_does_not_take_the_dynamics_of_the_other_region(
    client: TestClient, register: Register, callers: dict[str, dict[str, str]]
) -> None:
    dynamic = register("Dynamique de Gap", "dynamique_identifiee", communes=(GAP,))
    own = register("CPTS de Lille", communes=(LILLE,))
    widened = put(client, own, LILLE, GAP, supersede=[dynamic])
    # Led from Lille before and after: only the dynamic's own region keeps it from that.
    assert widened(callers["ars 32"]).status_code == 403
    assert widened(callers["ars 93"]).status_code == 200
    straddling = register("Dynamique à cheval", "dynamique_identifiee", communes=(NICE, MONS))
    taken = put(client, own, LILLE, GAP, MONS, supersede=[straddling])
    assert taken(callers["ars 93"]).status_code == 403
    # The commune itself is of the caller's region.
    assert taken(callers["ars 32"]).status_code == 200
    assert communes_of(client, straddling) == {NICE}


def test_the_refusal_to_supersede_names_the_dynamic_and_changes_nothing(
    client: TestClient, register: Register, callers: dict[str, dict[str, str]]
) -> None:
    dynamic = register("Dynamique de Gap", "dynamique_identifiee", communes=(GAP,))
    own = register("CPTS de Lille", communes=(LILLE,))
    refused = put(client, own, LILLE, GAP, supersede=[dynamic])(callers["ars 32"])
    assert refused.json()["code"] == "forbidden"
    assert f"n° {dynamic}" in refused.json()["detail"]
    assert (communes_of(client, dynamic), communes_of(client, own)) == ({GAP}, {LILLE})
