"""The page of a letter: its day of effect, decisions that are confirmed, rivals on one map."""

import re
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.database.calendar import today
from tests.web.accessibility import accessibility_faults_in_light_and_dark
from tests.web.conftest import BROWSER
from tests.web.letters.agents import (
    ARMENTIERES,
    LILLE,
    MARCQ,
    MONS,
    RONCHIN,
    Bearer,
    Register,
    csrf_of,
    send,
    shown,
    words,
)
from tests.web.map_stops import stops_of_maps

Agent = Callable[..., None]
SignIn = Callable[..., Page]


def deposit(client: TestClient, headers: dict[str, str], *communes: str, **more: Any) -> int:
    body = {"name": "Projet des Weppes", "communes": list(communes)} | more
    response = client.post("/api/v1/letters", json=body, headers=headers)
    assert response.status_code == 201, response.text
    return int(response.json()["id"])


def state(client: TestClient, letter: int) -> str:
    return str(client.get(f"/api/v1/letters/{letter}").json()["state"])


def test_a_letter_is_judged_on_its_day_of_effect(
    client: TestClient, bearer: Bearer, register: Register
) -> None:
    admin = bearer("admin")
    holder = register("CPTS qui cède", communes=(LILLE, MARCQ))
    day = today() + timedelta(days=60)
    response = client.put(
        f"/api/v1/cpts/{holder}/territory",
        json={"communes": [MARCQ], "effective_on": day.isoformat()},
        headers=admin,
    )
    assert response.status_code == 200
    # Held today, free on the day from which it is asked for.
    letter = deposit(client, admin, LILLE, effective_on=day.isoformat())
    said = words(shown(client, f"/lettres/{letter}"))
    assert "Vérification pour effet le" in said
    assert "CPTS qui cède tient" not in said
    assert "bloqué" not in said.lower()


@pytest.mark.parametrize(
    ("first", "second", "told", "after"),
    [
        (None, "favorable", "peut être revue", "deposee"),
        ("favorable", "favorable", "est validée", "validee"),
        ("favorable", "defavorable", "est refusée", "refusee"),
        ("defavorable", "favorable", "est refusée", "refusee"),
        (None, "defavorable", "peut être revue", "deposee"),
    ],
)
def test_a_decision_is_told_what_it_leads_to_before_it_is_taken(
    client: TestClient,
    bearer: Bearer,
    agent: Agent,
    *,
    first: str | None,
    second: str,
    told: str,
    after: str,
) -> None:
    letter = deposit(client, bearer("admin"), LILLE)
    if first:
        answer = client.post(
            f"/api/v1/letters/{letter}/decisions",
            json={"decision": first},
            headers=bearer("assurance_maladie", region="32"),
        )
        assert answer.status_code == 200
    agent("ars", region="32")
    page = f"/lettres/{letter}"
    asked = send(client, page, f"{page}/decision", decision=second, note="Vu.")
    assert asked.status_code == 200
    assert told in words(asked.text)
    assert 'name="note" value="Vu."' in asked.text
    assert state(client, letter) == "deposee"
    # A confirmation of another decision than the one sent confirms nothing.
    other = "defavorable" if second == "favorable" else "favorable"
    unsure = send(client, page, f"{page}/decision", decision=second, confirmed=other)
    assert unsure.status_code == 200
    assert state(client, letter) == "deposee"
    done = send(client, page, f"{page}/decision", decision=second, confirmed=second)
    assert done.status_code == 303
    assert state(client, letter) == after


def test_the_rule_of_the_two_decisions_is_told_as_it_is(
    client: TestClient, bearer: Bearer, agent: Agent
) -> None:
    letter = deposit(client, bearer("admin"), LILLE)
    agent("ars", region="32")
    said = words(shown(client, f"/lettres/{letter}"))
    assert "seulement une fois les deux connues" in said
    assert "une seule défavorable la refuse" not in said


def test_the_timeline_has_hours_for_agents_only(
    client: TestClient, bearer: Bearer, agent: Agent
) -> None:
    letter = deposit(client, bearer("admin"), LILLE)
    hour = re.compile(r"\d\s?h\s\d\d")

    def timeline() -> str:
        return words(shown(client, f"/lettres/{letter}")).partition("Suivi")[2]

    assert not hour.search(timeline())
    agent("ars", region="32")
    assert hour.search(timeline())


def test_a_merger_is_called_one_and_what_it_ends_is_shown_ended(
    client: TestClient, bearer: Bearer, agent: Agent, register: Register
) -> None:
    admin = bearer("admin")
    stays = register("CPTS qui reste", communes=(LILLE,))
    goes = register("CPTS qui part", communes=(MARCQ,))
    letter = deposit(client, admin, kind="merger", cpts=stays, merged_cpts=[goes])
    agent("ars", region="32")
    page = f"/lettres/{letter}"
    said = words(shown(client, page))
    assert "CPTS qui absorbe" in said
    assert "Communes réunies" in said
    assert "terminée" not in said
    for role in ("ars", "assurance_maladie"):
        client.post(
            f"/api/v1/letters/{letter}/decisions",
            json={"decision": "favorable"},
            headers=bearer(role, region="32"),
        )
    said = words(shown(client, page))
    assert "Fusion validée" in said
    assert re.search(r"CPTS qui part\s+terminée le", said)


@pytest.fixture
def rivals(client: TestClient, bearer: Bearer, register: Register) -> tuple[int, int, int]:
    admin = bearer("admin")
    dynamic = register("CPTS pressentie", "dynamique_identifiee", (RONCHIN,))
    one = deposit(client, admin, LILLE, MARCQ, RONCHIN)
    two = deposit(client, admin, MARCQ, MONS, name="Projet voisin")
    return one, two, dynamic


def territory(client: TestClient, headers: dict[str, str], letter: int) -> list[str]:
    told = client.get(f"/api/v1/letters/{letter}", headers=headers).json()
    return [each["code"] for each in told["territory"]["communes"]]


def test_a_conciliation_is_closed_by_who_gets_what(
    client: TestClient, bearer: Bearer, agent: Agent, rivals: tuple[int, int, int]
) -> None:
    one, two, dynamic = rivals
    admin = bearer("admin")
    number = client.get("/api/v1/conciliations").json()["items"][0]["id"]
    page = f"/lettres/conciliations/{number}"
    agent("ars", region="32")
    listed = re.findall(r'name="share_(\d+)" value="([a-z]+-\d+)"', shown(client, page))
    assert set(listed) == {
        (MARCQ, f"letter-{one}"),
        (MARCQ, f"letter-{two}"),
        (RONCHIN, f"letter-{one}"),
        (RONCHIN, f"cpts-{dynamic}"),
    }
    half = {"sharing": "1", f"share_{MARCQ}": f"letter-{two}"}
    refused = send(client, page, f"{page}/cloture", **half)
    assert refused.status_code == 422
    assert "À qui revient Ronchin ?" in words(refused.text).replace("\u202f", " ")
    assert f'value="letter-{two}" data-party="2" required checked' in refused.text
    done = send(
        client, page, f"{page}/cloture", **half, **{f"share_{RONCHIN}": f"letter-{one}"}
    )
    assert done.status_code == 303
    assert territory(client, admin, one) == [LILLE, RONCHIN]
    assert territory(client, admin, two) == [MARCQ, MONS]
    assert state(client, one) == state(client, two) == "deposee"


def test_what_is_written_meanwhile_outlasts_a_sharing_out(
    client: TestClient,
    bearer: Bearer,
    agent: Agent,
    rivals: tuple[int, int, int],
    engine: Engine,
) -> None:
    one, two, _ = rivals
    number = client.get("/api/v1/conciliations").json()["items"][0]["id"]
    page = f"/lettres/conciliations/{number}"
    agent("ars", region="32")
    answers: list[int] = []
    sent = {
        "csrf": csrf_of(shown(client, page)),
        "sharing": "1",
        f"share_{MARCQ}": f"letter-{two}",
        f"share_{RONCHIN}": f"letter-{one}",
    }

    def share_out() -> None:
        done = client.post(
            f"{page}/cloture", data=sent, headers=BROWSER, follow_redirects=False
        )
        answers.append(done.status_code)

    sharing = threading.Thread(target=share_out)
    with engine.begin() as other:
        other.execute(text("SELECT FROM registry_revision FOR UPDATE"))
        sharing.start()
        waiting = text(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        until = time.monotonic() + 5
        while time.monotonic() < until:
            with engine.connect() as watching:
                if watching.execute(waiting).scalar_one():
                    break
            time.sleep(0.02)
        other.execute(
            text("INSERT INTO letter_commune VALUES (:letter, :code, 'asked')"),
            {"letter": one, "code": ARMENTIERES},
        )
    sharing.join(10)
    assert answers == [303]
    assert territory(client, bearer("admin"), one) == [ARMENTIERES, LILLE, RONCHIN]


def test_who_may_not_see_the_parties_sees_no_rivals(
    client: TestClient, agent: Agent, rivals: tuple[int, int, int]
) -> None:
    number = client.get("/api/v1/conciliations").json()["items"][0]["id"]
    for page in (f"/lettres/conciliations/{number}", f"/lettres/{rivals[0]}"):
        assert "party-" not in shown(client, page)
        assert "Projet" not in words(shown(client, page))
    agent("assurance_maladie", region="32")
    page = shown(client, f"/lettres/conciliations/{number}")
    assert "party-2" in page
    assert "share_" not in page.partition("Partager les communes")[2]


def test_communes_are_given_by_a_click_or_by_the_list(
    sign_in: SignIn, client: TestClient, rivals: tuple[int, int, int]
) -> None:
    one, two, _ = rivals
    ars, insurance = sign_in("ars"), sign_in("assurance_maladie")
    insurance.goto(f"/lettres/{one}")
    expect(insurance.locator(".rivals path.disputed")).to_have_count(2)
    # The list says the same to the keyboard, which passes by the drawing.
    assert stops_of_maps(insurance) == [0]
    insurance.get_by_role("link", name="Les partager").click()
    expect(insurance.get_by_role("heading", name="Communes disputées")).to_be_visible()
    expect(insurance.get_by_role("button", name="Enregistrer ce partage")).to_have_count(0)

    ars.goto(insurance.url)
    # Lille is asked for by one project only, and has its colour.
    expect(ars.locator(".rivals path.party-1").first).to_have_css("fill", "rgb(42, 120, 184)")
    marcq = ars.locator(f'.rivals path[data-code="{MARCQ}"]')
    group = ars.get_by_role("group", name="Marcq-en-Barœul")
    marcq.dispatch_event("click")
    expect(group.get_by_label("Projet des Weppes")).to_be_checked()
    marcq.dispatch_event("click")
    expect(group.get_by_label("Projet voisin")).to_be_checked()
    expect(marcq).to_have_class(re.compile("party-2"))
    expect(ars.locator("#said")).to_contain_text("Projet voisin")
    assert accessibility_faults_in_light_and_dark(ars) == []
    # The list does the same, with the keyboard alone.
    ars.get_by_role("group", name="Ronchin").get_by_label("Projet des Weppes").focus()
    ars.keyboard.press("Space")
    expect(ars.locator(f'.rivals path[data-code="{RONCHIN}"]')).to_have_class(
        re.compile("party-1")
    )
    ars.get_by_role("button", name="Enregistrer ce partage").focus()
    ars.keyboard.press("Enter")
    expect(ars.locator(".lead")).to_contain_text("close le")

    ars.goto(f"/lettres/{two}")
    ars.get_by_label("Décision", exact=True).select_option(label="Favorable")
    ars.get_by_role("button", name="Enregistrer la décision").click()
    expect(ars.get_by_role("heading", name="Confirmer la décision")).to_be_visible()
    assert accessibility_faults_in_light_and_dark(ars) == []
    ars.get_by_role("button", name="Confirmer la décision").click()
    insurance.goto(f"/lettres/{two}")
    insurance.get_by_label("Décision", exact=True).select_option(label="Favorable")
    insurance.get_by_role("button", name="Enregistrer la décision").click()
    expect(insurance.get_by_role("alert")).to_contain_text("est validée")
    insurance.get_by_role("button", name="Confirmer la décision").click()
    expect(insurance.locator(".letter-state").first).to_have_text("Validée")


@pytest.mark.parametrize("script", [True, False], ids=["script", "without script"])
def test_sharing_out_needs_no_wide_screen_and_no_script(
    sign_in: SignIn, client: TestClient, rivals: tuple[int, int, int], *, script: bool
) -> None:
    number = client.get("/api/v1/conciliations").json()["items"][0]["id"]
    ars = sign_in("ars", script=script, width=360)
    ars.goto(f"/lettres/conciliations/{number}")
    assert ars.evaluate("document.documentElement.scrollWidth") <= 360
    ars.get_by_role("group", name="Marcq-en-Barœul").get_by_label("Projet voisin").check()
    ars.get_by_role("group", name="Ronchin").get_by_label("CPTS pressentie").check()
    ars.get_by_role("button", name="Enregistrer ce partage").click()
    expect(ars.locator(".lead")).to_contain_text("close le")


def test_an_unheld_commune_stays_out_of_the_rivals(
    client: TestClient, bearer: Bearer, agent: Agent, rivals: tuple[int, int, int]
) -> None:
    deposit(client, bearer("admin"), ARMENTIERES, name="Projet à part")
    number = client.get("/api/v1/conciliations").json()["items"][0]["id"]
    agent("ars", region="32")
    assert "Projet à part" not in shown(client, f"/lettres/conciliations/{number}")
