"""Letters that ask for parts of a divided commune, from deposit to amendment and note."""

import re
from io import BytesIO

import pypdf
import pytest
from starlette.testclient import TestClient

from tests.letters.desk import LILLE, MARCQ, Desk, codes
from tests.quarters import Divide

FIVES, PORT, SOUTH = f"{LILLE}-01", f"{LILLE}-02", f"{LILLE}-03"

pytestmark = pytest.mark.usefixtures("complete_country")


@pytest.fixture(autouse=True)
def divided(divide_commune: Divide) -> None:
    """Lille is divided today."""
    divide_commune(LILLE, ("Fives", "Le Port", "Sud"))


def test_projects_meet_on_a_part_and_share_the_city_out(desk: Desk, client: TestClient) -> None:
    first = desk.deposit("Lille", MARCQ, name="Toute la ville")
    assert codes(first["territory"]["communes"]) == [FIVES, PORT, SOUTH, MARCQ]
    second = desk.deposit("Lille : Sud", name="Le Sud")
    assert second["state"] == "en_conciliation"
    [conciliation] = desk.conciliations(desk.ars)
    assert conciliation["communes"][0]["name"] == "Lille – Sud"
    assert codes(conciliation["communes"]) == [SOUTH]
    closed = desk.close(
        conciliation["id"],
        "territoire_partage",
        territories=[{"letter": first["id"], "communes": [FIVES, "Lille (Port)", MARCQ]}],
    )
    assert closed.status_code == 200, closed.text
    made = [desk.validate(each["id"])["resulting_cpts"]["id"] for each in (first, second)]
    held = [codes(client.get(f"/api/v1/cpts/{each}").json()["communes"]) for each in made]
    assert held == [[FIVES, PORT, MARCQ], [SOUTH]]
    amendment = desk.deposit(
        name="Avenant",
        kind="amendment",
        cpts=made[0],
        withdraw=["Lille – Le Port"],
    )
    assert codes(amendment["territory"]["withdrawn"]) == [PORT]
    desk.validate(amendment["id"])
    left = client.get(f"/api/v1/cpts/{made[0]}").json()
    assert codes(left["communes"]) == [FIVES, MARCQ]


def test_a_note_names_the_parts(client: TestClient) -> None:
    question = {"communes": ["Lille (Fives)", "Lille – Sud"], "name": "CPTS d'essai"}
    note = client.post("/api/v1/letters/notes", json=question)
    assert note.status_code == 201, note.text
    pages = pypdf.PdfReader(BytesIO(client.get(note.json()["pdf_url"]).content)).pages
    told = " ".join(" ".join(page.extract_text() for page in pages).split())
    assert re.search(r"Lille – Fives", told)
    assert FIVES in told
    assert PORT not in told
