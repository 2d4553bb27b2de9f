"""The register kept from the browser: every change is shown first, recorded, and undone."""

import re
import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.cpts.claims.service import RegistryChange
from app.cpts.verification.service import verify
from app.cpts.writing.repository import update_cpts_columns
from app.database.calendar import today
from app.database.sessions import WritingSession, session_scope
from app.progress import SilentProgress
from app.web.administration.changes.service import rehearsed
from tests.administration import superuser
from tests.quarters import Divide
from tests.web.administration.desk import change, confirm, page, shown, sign_in_as

Register = Callable[..., int]
GAP, AUBESSAGNE, CHORGES, LILLE = "05061", "05039", "05040", "59350"


def history(client: TestClient, bearer: Callable[..., dict[str, str]], cpts: int) -> Any:
    answer = client.get(f"/api/v1/cpts/{cpts}/history", headers=bearer("admin"))
    return answer.json()["items"]


def read(client: TestClient, cpts: int) -> Any:
    return client.get(f"/api/v1/cpts/{cpts}").json()


def numbers_of(engine: Engine, cpts: int) -> list[int]:
    with engine.connect() as connection:
        rows = connection.execute(
            text("SELECT id FROM cpts_change WHERE cpts_id = :id ORDER BY id"), {"id": cpts}
        )
        return [row.id for row in rows]


def undo(client: TestClient, engine: Engine, cpts: int, number: int | None = None) -> Any:
    last = number or numbers_of(engine, cpts)[-1]
    at = f"/administration/cpts/{cpts}"
    return shown(client, f"{at}/annulation/{last}", {"reason": "erreur de saisie"}, at)


@pytest.fixture
def gap(register: Register) -> int:
    return register(
        "CPTS du Gapençais",
        "lettre_intention_validee",
        (GAP, AUBESSAGNE),
        stage_since="2024-03-01",
        phone="04 99 00 00 01",
    )


def test_a_cpts_is_found_by_its_name_and_only_in_ones_region(
    client: TestClient, engine: Engine, gap: int, register: Register
) -> None:
    register("CPTS de Lille", communes=(LILLE,))
    sign_in_as(client, engine, "ars")
    found = page(client, "/administration/cpts?q=gapen")
    assert f'href="/administration/cpts/{gap}"' in found
    assert "Connecté : <strong>Personne ars</strong>" in found
    assert "CPTS de Lille" not in page(client, "/administration/cpts")
    sign_in_as(client, engine, "admin")
    assert "CPTS de Lille" in page(client, "/administration/cpts?q=")


def test_a_sheet_is_changed_only_once_it_was_shown(
    client: TestClient, engine: Engine, gap: int, bearer: Callable[..., dict[str, str]]
) -> None:
    sign_in_as(client, engine, "ars")
    at = f"/administration/cpts/{gap}"
    fields = {"name": "CPTS du Gapençais", "phone": "", "email": "contact@gap.example"}
    answer = shown(client, f"{at}/fiche", fields, at)
    assert "04 99 00 00 01" in answer.text
    assert "contact@gap.example" in answer.text
    assert read(client, gap)["email"] is None
    assert confirm(client, answer, at).status_code == 303
    assert (read(client, gap)["email"], read(client, gap)["phone"]) == (
        "contact@gap.example",
        None,
    )
    last = history(client, bearer, gap)[-1]
    assert last["before"] == {"email": None, "phone": "04 99 00 00 01"}
    assert last["after"] == {"email": "contact@gap.example", "phone": None}


def test_what_changed_since_it_was_shown_is_shown_again(
    client: TestClient, engine: Engine, gap: int
) -> None:
    sign_in_as(client, engine, "admin")
    at = f"/administration/cpts/{gap}"
    answer = shown(client, f"{at}/exclusion", {"communes": GAP, "reason": "erreur"}, at)
    change(client, f"{at}/exclusion", {"communes": AUBESSAGNE, "reason": "autre"}, at)
    again = confirm(client, answer, at)
    # Without its last commune it would hold nothing.
    assert again.status_code == 422
    assert [each["code"] for each in read(client, gap)["communes"]] == [GAP]


def test_nothing_is_confirmed_where_nothing_would_change(
    client: TestClient, engine: Engine, gap: int
) -> None:
    sign_in_as(client, engine, "admin")
    at = f"/administration/cpts/{gap}"
    answer = shown(
        client, f"{at}/fiche", {"name": "CPTS du Gapençais", "phone": "04 99 00 00 01"}, at
    )
    assert "Rien ne changerait" in answer.text


@pytest.mark.parametrize(
    ("fields", "since"),
    [
        ({"stage": "aci_signe", "dated": "known", "stage_since": "2025-05-02"}, "2025-05-02"),
        ({"stage": "aci_signe", "dated": "unknown"}, None),
    ],
)
def test_an_agent_advances_a_stage_and_an_administrator_takes_it_back(
    client: TestClient, engine: Engine, gap: int, fields: dict[str, str], since: str | None
) -> None:
    at = f"/administration/cpts/{gap}"
    sign_in_as(client, engine, "ars")
    change(client, f"{at}/stade", fields, at)
    advanced = read(client, gap)
    assert (advanced["stage"], advanced["stage_since"]) == ("aci_signe", since)
    assert undo(client, engine, gap).status_code == 403
    back = {"stage": "lettre_intention_validee", "reason": "erreur"}
    assert shown(client, f"{at}/stade", back, at).status_code == 409
    sign_in_as(client, engine, "admin")
    confirm(client, undo(client, engine, gap), at)
    restored = read(client, gap)
    assert restored["stage"] == "lettre_intention_validee"
    assert restored["stage_since"] == "2024-03-01"
    # An undo is a change of its own, which can be undone too.
    confirm(client, undo(client, engine, gap), at)
    assert read(client, gap)["stage"] == "aci_signe"


def test_a_corrected_stage_needs_a_reason_and_comes_back_with_its_date(
    client: TestClient, engine: Engine, gap: int
) -> None:
    at = f"/administration/cpts/{gap}"
    sign_in_as(client, engine, "admin")
    refused = shown(client, f"{at}/stade", {"stage": "dynamique_identifiee"}, at)
    assert refused.status_code == 409
    assert "Retour à un stade antérieur" in refused.text
    change(client, f"{at}/stade", {"stage": "dynamique_identifiee", "reason": "erreur"}, at)
    assert read(client, gap)["stage"] == "dynamique_identifiee"
    confirm(client, undo(client, engine, gap), at)
    assert read(client, gap)["stage_since"] == "2024-03-01"


def test_a_wrong_claim_is_excluded_for_all_days_and_comes_back(
    client: TestClient, engine: Engine, gap: int
) -> None:
    at = f"/administration/cpts/{gap}"
    sign_in_as(client, engine, "ars")
    fields = {"communes": AUBESSAGNE, "reason": "jamais demandée"}
    shown_first = change(client, f"{at}/exclusion", fields, at)
    told = shown_first.text.replace("\xa0", " ").replace("\u202f", " ")
    assert '<td data-label="Avant">2 communes</td>' in told
    assert '<td data-label="Après">1 commune</td>' in told
    with engine.connect() as connection:
        left = connection.execute(text("SELECT commune_code FROM claim")).scalars().all()
    assert left == [GAP]
    confirm(client, undo(client, engine, gap), at)
    assert len(read(client, gap)["communes"]) == 2


def test_a_commune_that_others_hold_by_now_does_not_come_back(
    client: TestClient, engine: Engine, gap: int, register: Register
) -> None:
    at = f"/administration/cpts/{gap}"
    sign_in_as(client, engine, "admin")
    change(client, f"{at}/exclusion", {"communes": AUBESSAGNE, "reason": "erreur"}, at)
    other = register("CPTS du Champsaur", communes=(AUBESSAGNE,))
    refused = undo(client, engine, gap)
    assert refused.status_code == 409
    assert f'<a href="/administration/cpts/{other}">CPTS du Champsaur</a>' in refused.text


def test_what_something_stands_on_is_not_undone(
    client: TestClient, engine: Engine, gap: int
) -> None:
    at = f"/administration/cpts/{gap}"
    sign_in_as(client, engine, "admin")
    change(client, f"{at}/fiche", {"name": "CPTS du Gapençais", "phone": ""}, at)
    first = numbers_of(engine, gap)[-1]
    change(client, f"{at}/fiche", {"name": "CPTS du Gapençais", "phone": "04 99 00 00 02"}, at)
    refused = undo(client, engine, gap, first)
    assert refused.status_code == 409
    assert "a changé depuis" in refused.text
    # What followed is undone first.
    confirm(client, undo(client, engine, gap), at)
    assert undo(client, engine, gap, first).status_code == 200


def test_a_merger_hands_everything_over_and_is_undone_as_a_whole(
    client: TestClient, engine: Engine, gap: int, register: Register
) -> None:
    other = register("CPTS de Chorges", communes=(CHORGES,))
    at = f"/administration/cpts/{gap}"
    sign_in_as(client, engine, "admin")
    assert f'value="{other}"' in page(client, f"{at}?absorbee=chorges")
    answer = change(client, f"{at}/fusion", {"absorbed": str(other), "reason": "accord"}, at)
    assert "2 CPTS changent" in answer.text.replace("\u202f", " ").replace("\xa0", " ")
    assert {each["code"] for each in read(client, gap)["communes"]} == {
        GAP,
        AUBESSAGNE,
        CHORGES,
    }
    assert read(client, other)["ended_on"]
    confirm(client, undo(client, engine, other), at)
    assert read(client, other).get("ended_on") is None
    assert [each["code"] for each in read(client, other)["communes"]] == [CHORGES]
    assert len(read(client, gap)["communes"]) == 2


def test_an_end_asks_why_and_is_undone(client: TestClient, engine: Engine, gap: int) -> None:
    at = f"/administration/cpts/{gap}"
    sign_in_as(client, engine, "admin")
    assert "pourquoi" in shown(client, f"{at}/fin", {"reason": ""}, at).text
    change(client, f"{at}/fin", {"reason": "contrat résilié"}, at)
    assert read(client, gap)["ended_on"]
    assert "Corriger la fiche" not in page(client, at)
    confirm(client, undo(client, engine, gap), at)
    assert len(read(client, gap)["communes"]) == 2
    with session_scope(engine) as session:
        assert verify(session, SilentProgress()) == []


def test_what_was_registered_is_undone_as_if_it_never_was(
    client: TestClient, engine: Engine, gap: int
) -> None:
    at = f"/administration/cpts/{gap}"
    sign_in_as(client, engine, "admin")
    confirm(client, undo(client, engine, gap), at)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM claim")).scalar_one() == 0
    assert client.get("/api/v1/cpts?at=2026-01-01").json()["items"] == []
    assert "Annulation" in page(client, at)


def test_what_a_letter_brought_is_not_undone_alone(
    client: TestClient, engine: Engine, bearer: Callable[..., dict[str, str]]
) -> None:
    body = {"name": "Projet de Chorges", "communes": [CHORGES], "contact": {"name": "X"}}
    letter = client.post("/api/v1/letters", json=body, headers=bearer("admin")).json()["id"]
    for authority in ("ars", "assurance_maladie"):
        decided = client.post(
            f"/api/v1/letters/{letter}/decisions",
            json={"decision": "favorable", "authority": authority},
            headers=bearer("admin"),
        ).json()
    cpts = decided["resulting_cpts"]["id"]
    sign_in_as(client, engine, "admin")
    refused = undo(client, engine, cpts)
    assert refused.status_code == 409
    assert f"n° {letter}" in refused.text.replace("\xa0", " ")


def test_another_regions_cpts_is_not_an_agents(
    client: TestClient, engine: Engine, register: Register
) -> None:
    lille = register("CPTS de Lille", communes=(LILLE,))
    sign_in_as(client, engine, "ars")
    at = f"/administration/cpts/{lille}"
    assert client.get(at).status_code == 403
    for form in ("fiche", "stade", "exclusion"):
        fields = {"name": "Autre", "stage": "aci_signe", "reason": "x", "communes": LILLE}
        refused = shown(client, f"{at}/{form}", fields, "/administration/cpts")
        assert refused.status_code == 403, form
    assert read(client, lille)["name"] == "CPTS de Lille"


def test_a_wrong_demand_is_dismissed_and_told_in_the_journal(
    client: TestClient, engine: Engine, gap: int
) -> None:
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO refused_claim (commune_code, claimant_name, refused_on)"
                " VALUES (:gap, 'CPTS Fantôme', '2026-01-01')"
            ),
            {"gap": GAP},
        )
    sign_in_as(client, engine, "ars")
    at = f"/administration/cpts/{gap}"
    shown_page = page(client, at)
    number = re.search(rf"{at}/demande/(\d+)", shown_page)
    assert number
    assert "CPTS Fantôme" in shown_page
    assert shown(client, number.group(0), {}, at).status_code == 303
    assert "CPTS Fantôme" not in page(client, at)
    with engine.connect() as connection:
        act = connection.execute(text("SELECT kind, subject FROM administrative_act")).one()
    assert tuple(act) == ("refusal-dismissed", GAP)


def test_a_refused_demand_on_a_city_is_settled_part_by_part(
    client: TestClient, engine: Engine, register: Register, divide_commune: Divide
) -> None:
    held = register("CPTS de Lille", communes=(LILLE,))
    east = register("CPTS Lille Est", communes=("59360",))
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO refused_claim (commune_code, cpts_id, claimant_name, refused_on)"
                " VALUES (:lille, :east, 'CPTS Lille Est', :day)"
            ),
            {"lille": LILLE, "east": east, "day": today()},
        )
    divide_commune(LILLE, ("Fives", "Le Port"))
    sign_in_as(client, engine, "admin")
    at = f"/administration/cpts/{held}"
    shown_page = page(client, at)
    assert "Attribuer Lille – Le Port à CPTS Lille Est" in shown_page
    [granted] = re.findall(rf'action="({at}/demande/\d+/attribution)".*– Fives', shown_page)
    assert shown(client, granted, {}, at).status_code == 303
    assert [each["code"] for each in read(client, held)["communes"]] == [f"{LILLE}-02"]
    assert [each["code"] for each in read(client, east)["communes"]] == [
        f"{LILLE}-01",
        "59360",
    ]
    left = page(client, at)
    assert "Attribuer Lille – Le Port" in left
    assert "Attribuer Lille – Fives" not in left
    # The last part of a CPTS is not taken away from it.
    [last] = re.findall(rf'action="({at}/demande/\d+/attribution)"', left)
    assert shown(client, last, {}, at).status_code == 422


def test_what_others_commit_meanwhile_is_not_shown_as_ones_own(
    engine: Engine, gap: int, register: Register
) -> None:
    lille = register("CPTS de Lille", communes=(LILLE,))
    theirs_is_made = threading.Event()
    found: list[tuple[int, str]] = []

    def phone(session: WritingSession, cpts: int, number: str) -> Callable[[], object]:
        def act() -> None:
            signed = RegistryChange(session, actor="essai", token_id=None)
            signed.watch([cpts], "updated")
            update_cpts_columns(session, cpts, {"phone": number})
            signed.record()

        return act

    def mine() -> None:
        theirs_is_made.wait(10)
        with session_scope(engine) as session:
            recorded = rehearsed(session, phone(session, gap, "04 99 00 00 09"))
            found.extend((each.cpts_id, each.action) for each in recorded)

    thread = threading.Thread(target=mine)
    thread.start()
    with session_scope(engine) as session:
        assert len(rehearsed(session, phone(session, lille, "03 99 00 00 01"))) == 1
        theirs_is_made.set()
        # It waits for the registry's lock.
        thread.join(0.5)
        assert thread.is_alive()
    thread.join(10)
    assert found == [(gap, "updated")]


@pytest.fixture
def of_two_regions(
    client: TestClient, engine: Engine, register: Register
) -> tuple[int, int, str]:
    """Give a CPTS led from another region, a change of its sheet, and its page."""
    cpts = register("CPTS du Nord", communes=(LILLE, GAP), stage_since="2024-03-01")
    at = f"/administration/cpts/{cpts}"
    sign_in_as(client, engine, "admin")
    change(client, f"{at}/fiche", {"name": "CPTS du Nord", "phone": "03 99 00 00 01"}, at)
    number = numbers_of(engine, cpts)[-1]
    with superuser(engine) as connection:
        # As if it had been registered a month ago: what ends on its first day held nothing.
        connection.execute(
            text("UPDATE cpts SET started_on = (now() AT TIME ZONE 'Europe/Paris')::date - 30")
        )
        connection.execute(
            text(
                "UPDATE claim SET held = daterange("
                "(now() AT TIME ZONE 'Europe/Paris')::date - 30, NULL)"
            )
        )
    return cpts, number, at


def test_an_ended_cpts_of_another_region_stays_that_regions(
    client: TestClient, engine: Engine, of_two_regions: tuple[int, int, str]
) -> None:
    cpts, number, at = of_two_regions
    change(client, f"{at}/fin", {"reason": "contrat résilié"}, at)
    sign_in_as(client, engine, "ars")
    refused = undo(client, engine, cpts, number)
    assert refused.status_code == 403
    assert "autre région" in refused.text
    sign_in_as(client, engine, "ars", region="32")
    confirm(client, undo(client, engine, cpts, number), at)
    assert read(client, cpts)["phone"] is None


def test_a_cpts_whose_end_is_planned_stays_its_regions(
    client: TestClient, engine: Engine, of_two_regions: tuple[int, int, str]
) -> None:
    cpts, number, _ = of_two_regions
    with superuser(engine) as connection:
        connection.execute(
            text(
                "UPDATE claim SET held = daterange(lower(held), "
                "(now() AT TIME ZONE 'Europe/Paris')::date + 30)"
            )
        )
    sign_in_as(client, engine, "ars")
    assert undo(client, engine, cpts, number).status_code == 403
    sign_in_as(client, engine, "ars", region="32")
    assert undo(client, engine, cpts, number).status_code == 200


def test_a_change_is_undone_only_at_the_address_of_its_cpts(
    client: TestClient, engine: Engine, gap: int, register: Register
) -> None:
    lille = register("CPTS de Lille", communes=(LILLE,))
    at = f"/administration/cpts/{lille}"
    sign_in_as(client, engine, "admin")
    change(client, f"{at}/fiche", {"name": "CPTS de Lille", "phone": "03 99 00 00 01"}, at)
    number = numbers_of(engine, lille)[-1]
    assert undo(client, engine, gap, number).status_code == 404
    sign_in_as(client, engine, "ars")
    assert undo(client, engine, gap, number).status_code == 404
    assert read(client, lille)["phone"] == "03 99 00 00 01"


def test_what_has_no_commune_at_all_only_an_administrator_undoes(
    client: TestClient, engine: Engine, register: Register
) -> None:
    cpts = register("CPTS sans commune", "dynamique_identifiee", ())
    at = f"/administration/cpts/{cpts}"
    sign_in_as(client, engine, "admin")
    change(client, f"{at}/fiche", {"name": "CPTS sans commune", "phone": "0499000001"}, at)
    assert undo(client, engine, cpts).status_code == 200
    sign_in_as(client, engine, "ars")
    assert undo(client, engine, cpts).status_code == 403
