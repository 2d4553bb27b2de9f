"""The pages of the directory: what members and visitors find, and take with them."""

import csv
import io
import re
from typing import Any

import pytest
import vobject
from openpyxl import load_workbook
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from tests.accounts.people import make_person, session_of
from tests.web.conftest import BROWSER, HOSTILE

North = dict[str, int]
PERSONS = ("Camille Exemple", "camille@lille.example", "0320000001", "Dominique Modèle")


@pytest.fixture
def member(client: TestClient, engine: Engine, north: North) -> TestClient:
    """A client signed in as the member of the CPTS of Lille."""
    make_person(engine, "member", cpts_id=north["CPTS de Lille"])
    client.cookies.set("cpts-agent", session_of(engine), domain="testserver.local")
    return client


def get(client: TestClient, address: str, **more: Any) -> Any:
    return client.get(address, headers=BROWSER, **more)


def table(client: TestClient, chosen: str) -> list[list[str]]:
    """Read the file of a selection."""
    told = get(client, f"/membres/selection.csv?{chosen}").content.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(told), delimiter=";"))


def test_a_visitor_is_sent_to_sign_in_and_back(client: TestClient, north: North) -> None:
    for path in (
        "/membres", "/membres/carte", "/membres/cpts.geojson", "/membres/selection",
        "/membres/selection.csv", "/membres/comparables", "/membres/consultations",
    ):  # fmt: skip
        answer = get(client, path, follow_redirects=False)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/connexion?retour=")


def test_members_see_what_was_done_and_whom_to_call(member: TestClient) -> None:
    page = get(member, "/membres?theme=diabete&sort=name")
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-store"
    assert "2\N{NO-BREAK SPACE}CPTS" in page.text
    for told in (*PERSONS, "Dépistages dans les pharmacies", "Action réalisée", "120 membres"):
        assert told in page.text, told
    assert 'value="diabete" checked' in page.text
    # Each choice says how many it would leave.
    assert re.search(r'value="en_projet"> En projet <span class="count">1<', page.text)


def test_everyone_sees_public_data_only(client: TestClient, north: North) -> None:
    page = get(client, "/annuaire")
    assert page.status_code == 200
    assert "4\N{NO-BREAK SPACE}CPTS" in page.text
    assert "Diabète" in page.text
    for hidden in (
        *PERSONS,
        "Dépistages",
        "Équipe de coordination",
        "120 membres",
        "action_state",
    ):
        assert hidden not in page.text, hidden
    # What only an action tells is not searched either.
    assert "Aucune CPTS" in get(client, "/annuaire?q=pharmacies").text
    assert "Aucune CPTS" in get(client, "/annuaire?theme=insuffisance_cardiaque").text
    assert get(client, "/annuaire?action_state=realise").status_code == 422
    assert get(client, "/annuaire?members_min=1").status_code == 422
    assert get(client, "/annuaire?q=lille").text.count('class="card directory-item"') == 1


def test_a_form_without_its_empty_fields_is_the_address(member: TestClient) -> None:
    answer = get(
        member,
        "/membres?q=&theme=diabete&near=&sort=&within_km=&members_min=&region=",
        follow_redirects=False,
    )
    assert answer.status_code == 303
    assert answer.headers["location"] == "/membres?theme=diabete"


def test_the_map_shows_what_the_list_does(member: TestClient) -> None:
    page = get(member, "/membres?theme=diabete&action_state=realise").text
    [address] = re.findall(r'<iframe src="([^"]+)"', page)
    shown = get(member, address.replace("&amp;", "&"))
    assert shown.status_code == 200
    assert "/membres/cpts.geojson?" in shown.text
    found = get(member, "/membres/cpts.geojson?theme=diabete&action_state=realise").json()
    assert [each["properties"]["name"] for each in found["features"]] == ["CPTS de Lille"]
    assert found["numberMatched"] == 1
    assert "Camille" not in str(found)


def test_a_selection_is_addresses_a_message_and_files(
    member: TestClient,
    north: North,
) -> None:
    chosen = f"cpts={north['CPTS de Lille']}&cpts={north['CPTS du Mélantois']}"
    page = get(member, f"/membres/selection?{chosen}").text
    assert "camille@lille.example, dominique@melantois.example" in page
    assert 'href="mailto:?bcc=camille@lille.example,dominique@melantois.example"' in page
    rows = table(member, chosen)
    assert rows[1][:5] == [
        "CPTS de Lille", "Coordination", "Camille Exemple", "camille@lille.example",
        "0320000001",
    ]  # fmt: skip
    sheet = load_workbook(io.BytesIO(get(member, f"/membres/selection.xlsx?{chosen}").content))
    assert sheet.active is not None
    assert [cell.value for cell in sheet.active["C"]] == [
        "Nom", "Camille Exemple", "Dominique Modèle",
    ]  # fmt: skip
    cards = list(vobject.readComponents(get(member, f"/membres/selection.vcf?{chosen}").text))
    assert [card.fn.value for card in cards] == ["Camille Exemple", "Dominique Modèle"]
    assert cards[0].email.value == "camille@lille.example"


def test_hostile_texts_of_sheets_are_texts(
    member: TestClient,
    engine: Engine,
    north: North,
) -> None:
    number = north["CPTS de Roubaix"]
    evil = "a@b.example?subject=x&bcc=c@d.example\r\nBcc: e@f.example"
    with engine.begin() as connection:
        values = {"id": number, "told": HOSTILE, "evil": evil, "name": "=1+1\r\nEND:VCARD"}
        for statement in (
            "INSERT INTO cpts_sheet (cpts_id, presentation) VALUES (:id, :told)",
            (
                "INSERT INTO cpts_action (cpts_id, theme_slug, state, text, links)"
                " VALUES (:id, 'chutes', 'realise', :told,"
                " ARRAY['javascript:alert(1)', :told])"
            ),
            (
                "INSERT INTO cpts_contact (cpts_id, role, name, email, kept_until)"
                " VALUES (:id, :told, :name, :evil, "
                "(now() AT TIME ZONE 'Europe/Paris')::date + 9)"
            ),
        ):
            connection.execute(text(statement), values)
    for address in (
        "/membres",
        "/membres?q=onerror",
        f"/membres/comparables?cpts={north['CPTS de Nice']}",
        f"/membres/selection?cpts={number}",
    ):
        page = get(member, address).text
        assert "<img src=x" not in page
        assert "javascript:alert" not in page
        assert "mailto:?bcc=a@b.example?subject" not in page
    assert "mailto:" not in get(member, f"/membres/selection?cpts={number}").text
    [row] = table(member, f"cpts={number}")[1:]
    assert row[2].startswith("'=1+1")
    [card] = vobject.readComponents(get(member, f"/membres/selection.vcf?cpts={number}").text)
    assert card.fn.value == "=1+1 END:VCARD"
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM cpts")).scalar_one() == 4


def test_comparable_ones_are_shown_with_reasons(member: TestClient) -> None:
    page = get(member, "/membres/comparables").text
    assert "CPTS comparables à la mienne" in page
    assert "Un thème en commun" in page
    assert "Territoire voisin" in page


def test_one_sees_who_saw_ones_contacts(
    member: TestClient,
    engine: Engine,
    north: North,
) -> None:
    assert "Personne ne les a encore vus" in get(member, "/membres/consultations").text
    get(member, "/membres")  # one's own are no view
    assert "Personne ne les a encore vus" in get(member, "/membres/consultations").text
    make_person(engine, "urps", email="autre@exemple.example", name="Alix Autre", region="32")
    other = {"Cookie": f"cpts-agent={session_of(engine, 'autre@exemple.example')}", **BROWSER}
    member.cookies.clear()
    assert "Camille Exemple" in member.get("/membres", headers=other).text
    member.cookies.set("cpts-agent", session_of(engine), domain="testserver.local")
    assert "Alix Autre" in get(member, "/membres/consultations").text
