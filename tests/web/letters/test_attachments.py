"""Files of a letter: who hands in, reads and takes out, and what is refused."""

import hashlib
import io
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.settings import Settings
from tests.web.accessibility import accessibility_faults_in_light_and_dark
from tests.web.conftest import BROWSER, HOSTILE
from tests.web.letters.agents import LILLE, NICE, Bearer, csrf_of, send, shown, words

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
Agent = Callable[..., None]
SignIn = Callable[..., Page]


@pytest.fixture
def letter(client: TestClient, bearer: Bearer) -> int:
    body = {"name": "Projet des Weppes", "communes": [LILLE]}
    told = client.post("/api/v1/letters", json=body, headers=bearer("admin"))
    return int(told.json()["id"])


def hand_in(
    client: TestClient, letter: int, content: bytes = PDF, name: str = "lettre.pdf", **more: str
) -> Any:
    page = f"/lettres/{letter}"
    values = {"kind": "letter"} | more
    return send(
        client, page, f"{page}/pieces", **values, file=(name, content, "application/x-odd")
    )


def listed(client: TestClient, headers: dict[str, str], letter: int) -> list[dict[str, Any]]:
    told = client.get(f"/api/v1/letters/{letter}", headers=headers).json()
    found: list[dict[str, Any]] = told["attachments"]
    return found


def test_a_file_comes_back_as_it_was_handed_in(
    client: TestClient, agent: Agent, bearer: Bearer, letter: int
) -> None:
    agent("ars", region="32")
    assert hand_in(client, letter, name="Lettre signée.docx").status_code == 303
    [told] = listed(client, bearer("admin"), letter)
    assert told["name"] == "Lettre signée.pdf"
    assert told["media_type"] == "application/pdf"
    assert told["size"] == len(PDF)
    assert told["sha256"] == hashlib.sha256(PDF).hexdigest()
    given = client.get(f"/lettres/{letter}/pieces/{told['id']}", headers=BROWSER)
    assert given.content == PDF
    assert given.headers["content-type"] == "application/pdf"
    assert given.headers["content-disposition"] == (
        "attachment; filename*=UTF-8''Lettre%20sign%C3%A9e.pdf"
    )
    assert given.headers["x-content-type-options"] == "nosniff"
    assert given.headers["cache-control"] == "no-store"


def test_only_who_may_read_the_letter_reads_its_files(
    client: TestClient, agent: Agent, bearer: Bearer, letter: int
) -> None:
    agent("ars", region="32")
    hand_in(client, letter)
    [told] = listed(client, bearer("admin"), letter)
    address = f"/lettres/{letter}/pieces/{told['id']}"
    for role, limits, status in (
        ("assurance_maladie", {"region": "32"}, 200),
        ("urps", {"region": "32"}, 200),
        ("admin", {}, 200),
        ("ars", {"region": "93"}, 403),
        ("assurance_maladie", {"region": "93"}, 403),
        ("urps", {"region": "93"}, 403),
        ("member", {}, 403),
    ):
        agent(role, **limits)
        assert client.get(address, headers=BROWSER).status_code == status, role
        page = shown(client, f"/lettres/{letter}")
        assert (address in page) is (status == 200), role
        told_to = client.get(f"/api/v1/letters/{letter}", headers=bearer(role, **limits)).json()
        assert ("attachments" in told_to) is (status == 200), role
    client.cookies.clear()
    visitor = client.get(address, headers=BROWSER, follow_redirects=False)
    assert visitor.status_code == 303
    assert "attachments" not in client.get(f"/api/v1/letters/{letter}").json()
    assert "lettre.pdf" not in shown(client, f"/lettres/{letter}")


def test_a_file_is_found_under_its_own_letter_only(
    client: TestClient, agent: Agent, bearer: Bearer, letter: int
) -> None:
    elsewhere = {"name": "Projet de Nice", "communes": [NICE]}
    other = client.post("/api/v1/letters", json=elsewhere, headers=bearer("admin")).json()["id"]
    agent("admin")
    assert hand_in(client, other).status_code == 303
    [told] = listed(client, bearer("admin"), other)
    agent("ars", region="32")
    # The number of another's file under one's own letter opens nothing.
    stolen = client.get(f"/lettres/{letter}/pieces/{told['id']}", headers=BROWSER)
    assert stolen.status_code == 404


@pytest.mark.parametrize(
    ("content", "name", "status"),
    [
        (b"<script>alert(1)</script>", "lettre.pdf", 422),
        (b"%PDF-1.7 and nothing more", "lettre.pdf", 422),
        (b"", "lettre.pdf", 422),
        (PDF + b" " * (7 * 2**20), "lettre.pdf", 413),
    ],
)
def test_what_is_no_file_of_its_kind_is_refused(
    client: TestClient,
    agent: Agent,
    bearer: Bearer,
    *,
    letter: int,
    content: bytes,
    name: str,
    status: int,
) -> None:
    agent("ars", region="32")
    answer = hand_in(client, letter, content, name)
    assert answer.status_code == status
    assert "Pièces" in words(answer.text)
    assert listed(client, bearer("admin"), letter) == []


def test_the_same_file_twice_an_unknown_kind_and_one_too_many_are_refused(
    client: TestClient, agent: Agent, bearer: Bearer, letter: int, settings: Settings
) -> None:
    settings.attachments.per_letter = 2
    agent("ars", region="32")
    assert hand_in(client, letter).status_code == 303
    assert hand_in(client, letter).status_code == 422
    assert hand_in(client, letter, PDF + b"\n", kind="virus").status_code == 422
    assert hand_in(client, letter, PDF + b"\n").status_code == 303
    assert hand_in(client, letter, PDF + b"\n\n").status_code == 422
    assert len(listed(client, bearer("admin"), letter)) == 2


def test_a_file_is_taken_out_for_good_of_a_closed_letter_too(
    client: TestClient, agent: Agent, bearer: Bearer, letter: int, engine: Engine
) -> None:
    admin = bearer("admin")
    agent("ars", region="32")
    hand_in(client, letter)
    client.post(f"/api/v1/letters/{letter}/withdrawal", json={}, headers=admin)
    page = f"/lettres/{letter}"
    [told] = listed(client, admin, letter)
    address = f"{page}/pieces/{told['id']}"
    agent("assurance_maladie", region="32")
    token = csrf_of(shown(client, page))
    refused = client.post(f"{address}/retrait", data={"csrf": token}, headers=BROWSER)
    assert refused.status_code == 403
    agent("ars", region="32")
    assert send(client, page, f"{address}/retrait").status_code == 303
    assert client.get(address, headers=BROWSER).status_code == 404
    assert send(client, page, f"{address}/retrait").status_code == 404
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM letter_attachment")) == 0
    timeline = client.get(f"/api/v1/letters/{letter}", headers=admin).json()["timeline"]
    actions = [event["action"] for event in timeline]
    assert actions == ["deposited", "attached", "withdrawn", "detached"]
    # Of what may be personal data the timeline keeps that it was there, never what it said.
    assert "lettre.pdf" not in str(timeline)
    assert timeline[1]["details"]["sha256"] == hashlib.sha256(PDF).hexdigest()
    public = client.get(f"/api/v1/letters/{letter}").json()["timeline"]
    assert [event["action"] for event in public] == ["deposited", "withdrawn"]


def test_a_hostile_name_stays_a_text(
    client: TestClient, agent: Agent, bearer: Bearer, letter: int
) -> None:
    agent("ars", region="32")
    hand_in(client, letter, name=f"{HOSTILE}\r\nX-Evil: 1.pdf")
    [told] = listed(client, bearer("admin"), letter)
    page = shown(client, f"/lettres/{letter}")
    assert "<img src=x" not in page
    given = client.get(f"/lettres/{letter}/pieces/{told['id']}", headers=BROWSER)
    assert "x-evil" not in given.headers
    assert "\n" not in given.headers["content-disposition"]


def script(folder: Path, body: str) -> str:
    path = folder / "antivirus"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ('grep -q Catalog "$1"', 303),
        ('test "$2" = "" && ! grep -q Catalog "$1"', 422),
        ("exit 1", 422),
        ("exit 77", 422),
        ("exec sleep 20", 503),
        ('test -z "$DATABASE_URL$CPTS_TEST_DATABASE_URL"', 303),
    ],
    ids=["clean", "found", "one", "other", "slow", "knows nothing of the service"],
)
def test_an_antivirus_decides_by_its_exit_status(
    client: TestClient,
    agent: Agent,
    bearer: Bearer,
    *,
    letter: int,
    settings: Settings,
    tmp_path: Path,
    body: str,
    status: int,
) -> None:
    settings.attachments.antivirus = script(tmp_path, body)
    settings.attachments.antivirus_seconds = 2
    agent("ars", region="32")
    assert hand_in(client, letter).status_code == status
    assert len(listed(client, bearer("admin"), letter)) == (1 if status == 303 else 0)


def test_an_antivirus_that_is_not_there_lets_nothing_in(
    client: TestClient, agent: Agent, bearer: Bearer, letter: int, settings: Settings
) -> None:
    settings.attachments.antivirus = "/nowhere/antivirus --quiet"
    agent("ars", region="32")
    assert hand_in(client, letter).status_code == 503
    assert listed(client, bearer("admin"), letter) == []


def test_the_database_refuses_a_content_that_is_not_its_digest(
    engine: Engine, letter: int
) -> None:
    statement = text(
        "INSERT INTO letter_attachment (letter_id, kind, name, media_type, content, sha256,"
        " actor) VALUES (:letter, 'map', 'a.pdf', 'application/pdf', 'a', sha256('b'), 'x')"
    )
    with engine.connect() as connection, pytest.raises(Exception, match="sha256_check"):
        connection.execute(statement, {"letter": letter})


def test_two_roles_meet_over_a_file(sign_in: SignIn, letter: int, tmp_path: Path) -> None:
    path = tmp_path / "carte.png"
    file = io.BytesIO()
    Image.new("RGB", (40, 40), "blue").save(file, "PNG")
    path.write_bytes(file.getvalue())
    ars, insurance = sign_in("ars", width=360), sign_in("assurance_maladie")
    ars.goto(f"/lettres/{letter}")
    ars.get_by_label("Fichier").set_input_files(path)
    ars.locator("#p-kind").select_option(label="Carte")
    ars.get_by_role("button", name="Ajouter la pièce").click()
    expect(ars.get_by_role("link", name="carte.png")).to_be_visible()
    ars.wait_for_load_state()
    assert ars.evaluate("document.documentElement.scrollWidth") <= 360
    assert accessibility_faults_in_light_and_dark(ars) == []
    insurance.goto(f"/lettres/{letter}")
    expect(insurance.get_by_role("button", name="Ajouter la pièce")).to_have_count(0)
    with insurance.expect_download() as waiting:
        insurance.get_by_role("link", name="carte.png").click()
    assert Path(waiting.value.path()).read_bytes() == path.read_bytes()
    assert waiting.value.suggested_filename == "carte.png"
    ars.get_by_role("button", name="Retirer carte.png").focus()
    ars.keyboard.press("Enter")
    expect(ars.get_by_role("link", name="carte.png")).to_have_count(0)
