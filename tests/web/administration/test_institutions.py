"""Whom to call: kept by whose region it is, brought by a table, shown where no CPTS answers."""

import csv
import io
import re
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine
from starlette.testclient import TestClient

from tests.accounts.people import csrf, send
from tests.web.administration.desk import page, sign_in_as
from tests.web.conftest import BROWSER, HOSTILE
from tests.web.test_words import slips_of

Register = Callable[..., int]
HOME = "/administration/institutions"
GAP, LILLE = "05061", "59350"
CPAM = {
    "place": "department-05",
    "institution": "assurance_maladie",
    "organisation": "CPAM des Hautes-Alpes",
    "email": "pro@cpam05.example",
    "phone": "04 92 00 00 01",
}
ARS = {
    "place": "region-93",
    "institution": "ars",
    "organisation": "ARS Paca",
    "service": "Offre de soins",
    "website": "https://ars.example/cpts",
}


def bring(client: TestClient, table: str, **options: str) -> Any:
    """Bring a table to the page."""
    return client.post(
        f"{HOME}/import",
        data={"csrf": csrf(client, HOME), **options},
        files={"file": ("contacts.csv", table.encode(), "text/csv")},
        headers=BROWSER,
    )


def test_whoever_is_in_no_cpts_is_told_whom_to_call(
    client: TestClient, engine: Engine, register: Register
) -> None:
    assert "CPAM" not in page(client, "/departements/05").split("Qui appeler")[-1]
    sign_in_as(client, engine, "ars")
    for contact in (ARS, CPAM):
        assert send(client, HOME, contact).status_code == 303
    client.cookies.clear()
    addresses = ("/communes/05101", "/departements/05", "/regions/93", "/recherche?q=vallouise")
    for address in addresses:
        told = page(client, address)
        assert "CPAM des Hautes-Alpes" in told, address
        assert 'href="mailto:pro@cpam05.example"' in told, address
        assert 'href="tel:0492000001"' in told, address
    told = page(client, "/communes/05101")
    assert told.index("CPAM des Hautes-Alpes") < told.index("ARS Paca</strong>, Offre de soins")
    assert "ARS Paca" in page(client, "/departements/83")
    assert "CPAM des Hautes-Alpes" not in page(client, "/departements/83")
    assert "ARS Paca" not in page(client, f"/communes/{LILLE}")
    register("CPTS du Gapençais", communes=(GAP,))
    assert "CPAM des Hautes-Alpes" not in page(client, f"/communes/{GAP}")


def test_contacts_are_changed_and_taken_out_and_the_journal_tells(
    client: TestClient, engine: Engine
) -> None:
    sign_in_as(client, engine, "admin")
    assert send(client, HOME, CPAM).status_code == 303
    number = page(client, HOME).split(f'href="{HOME}/')[1].partition('"')[0]
    twice = send(client, HOME, {**CPAM, "organisation": "cpam des hautes alpes"})
    assert twice.status_code == 422
    assert "y est déjà" in twice.text
    changed = {**CPAM, "email": "autre@cpam05.example", "phone": ""}
    at = f"{HOME}/{number}"
    assert send(client, at, changed | version_of(client, at)).status_code == 303
    assert "autre@cpam05.example" in page(client, "/departements/05")
    assert "04 92 00 00 01" not in page(client, "/departements/05")
    assert send(client, f"{at}/retrait", {}, at).status_code == 303
    assert "CPAM" not in page(client, "/departements/05")
    assert client.get(at).status_code == 404
    told = page(client, "/administration/journal?nature=act")
    for said in ("ajouté", "modifié", "retiré"):
        assert told.count(f"Contact d’institution {said}") == 1
    assert "pro@cpam05.example" in told


def test_a_change_that_did_not_see_the_last_one_is_shown_it_first(
    client: TestClient, engine: Engine
) -> None:
    sign_in_as(client, engine, "admin")
    assert send(client, HOME, CPAM).status_code == 303
    at = f"{HOME}/" + page(client, HOME).split(f'href="{HOME}/')[1].partition('"')[0]
    read_by_both = version_of(client, at)
    first = {**CPAM, "email": "premier@cpam05.example", "phone": ""}
    assert send(client, at, first | read_by_both).status_code == 303
    second = {**CPAM, "email": "", "phone": "04 92 00 00 02"}
    for version in (read_by_both, {}):
        refused = send(client, at, second | version)
        assert refused.status_code == 412
        assert "Modification concurrente" in refused.text
        assert slips_of(refused.text) == []
        standing = refused.text.split('id="enregistre"')[1].partition("</dl>")[0]
        assert "premier@cpam05.example" in standing
        assert 'value="04 92 00 00 02"' in refused.text
    assert "premier@cpam05.example" in page(client, "/departements/05")
    # What cannot be read is told first, and does not make the form's version a newer one.
    wrong = send(client, at, {**second, "organisation": ""} | read_by_both)
    assert wrong.status_code == 422
    assert f'name="version" value="{read_by_both["version"]}"' in wrong.text
    # They have seen it now.
    [seen] = re.findall(r'name="version" value="([^"]+)"', refused.text)
    assert send(client, at, {**second, "version": seen}).status_code == 303
    assert "premier@cpam05.example" not in page(client, "/departements/05")


def version_of(client: TestClient, at: str) -> dict[str, str]:
    """Give the hidden field of the form of a contact."""
    [version] = re.findall(r'name="version" value="([^"]+)"', page(client, at))
    return {"version": version}


def test_what_is_not_public_material_is_refused_and_the_form_keeps_it(
    client: TestClient, engine: Engine
) -> None:
    sign_in_as(client, engine, "admin")
    wrong: tuple[dict[str, str], ...] = (
        {"email": "pas une adresse"},
        {"email": "", "phone": ""},
        {"website": "javascript:alert(1)"},
        {"organisation": ""},
        {"place": "department-99"},
        {"institution": "mairie"},
        {"organisation": "CPAM\u202e"},
    )
    for each in wrong:
        answer = send(client, HOME, {**CPAM, "service": "Service gardé", **each})
        assert answer.status_code == 422, each
        assert slips_of(answer.text) == []
        if "organisation" not in each:
            assert "Service gardé" in answer.text
    assert "Aucun contact" in page(client, HOME)
    assert send(client, HOME, {**CPAM, "organisation": HOSTILE}).status_code == 303
    for address in ("/departements/05", HOME):
        assert HOSTILE not in client.get(address).text
        assert "&lt;img src=x" in client.get(address).text


def test_an_agent_keeps_the_contacts_of_the_region_only(
    client: TestClient, engine: Engine
) -> None:
    sign_in_as(client, engine, "admin")
    nord = {**CPAM, "place": "department-59", "organisation": "CPAM du Nord"}
    assert send(client, HOME, nord).status_code == 303
    number = page(client, HOME).split(f'href="{HOME}/')[1].partition('"')[0]
    sign_in_as(client, engine, "ars")
    shown = page(client, HOME)
    assert "CPAM du Nord" not in shown
    assert "Nord (59)" not in shown
    assert client.get(f"{HOME}/{number}", headers=BROWSER).status_code == 403
    assert send(client, HOME, nord).status_code == 403
    assert send(client, f"{HOME}/{number}", CPAM, HOME).status_code == 403
    assert send(client, f"{HOME}/{number}/retrait", {}, HOME).status_code == 403
    assert send(client, HOME, CPAM).status_code == 303
    moved = page(client, HOME).split(f'href="{HOME}/')[1].partition('"')[0]
    assert send(client, f"{HOME}/{moved}", nord, HOME).status_code == 403
    refused = bring(client, "Département;Organisme;Courriel\nNord;CPAM du Nord;a@cpam.example")
    assert refused.status_code == 422
    assert "autre région" in refused.text
    assert "CPAM du Nord" not in client.get(f"{HOME}.csv").text
    client.cookies.clear()
    assert "pro@cpam05.example" in page(client, "/departements/59")


def test_a_table_enters_whole_or_not_at_all(client: TestClient, engine: Engine) -> None:
    sign_in_as(client, engine, "admin")
    assert send(client, HOME, CPAM).status_code == 303
    heading = "Département;Organisme;Courriel;Téléphone\n"
    good = (
        "Hautes-Alpes;CPAM des HAUTES ALPES;nouveau@cpam05.example;04 92 00 00 01\n"
        "83;URPS médecins;urps@urps.example;\n"
    )
    # It names Hautes-Alpes without the service that is there.
    wrong = (
        "05;ARS;ars@ars.example;\n"
        + good.partition("\n")[2]
        + "83;Sans moyen;;\n83;urps MEDECINS;autre@urps.example;\n"
    )
    refused = bring(client, heading + wrong, replace="oui")
    assert refused.status_code == 422
    assert "retirés" not in refused.text.casefold()
    assert "Un courriel, un téléphone ou un site est attendu." in refused.text
    assert "Une autre ligne dit déjà ce service." in refused.text
    assert "pro@cpam05.example" in page(client, HOME)
    assert "urps@urps.example" not in page(client, HOME)
    tried = bring(client, heading + good, dry_run="oui")
    assert tried.status_code == 200
    assert "1 ajoutée, 1 modifiée" in tried.text
    assert "pro@cpam05.example" in page(client, HOME)
    assert bring(client, heading + good).status_code == 200
    assert "nouveau@cpam05.example" in page(client, HOME)
    assert "pro@cpam05.example" not in page(client, HOME)
    # What the table does not name stays, unless it is said to go, where the table speaks.
    other = heading + "83;CPAM du Var;cpam@var.example;\n"
    assert bring(client, other).status_code == 200
    assert "urps@urps.example" in page(client, HOME)
    tried = bring(client, other, replace="oui", dry_run="oui").text.replace("\xa0", " ")
    assert "Contacts qui seraient retirés : 1." in tried
    assert "<p>Seraient retirés : URPS médecins." in tried
    assert bring(client, other, replace="oui").status_code == 200
    assert "urps@urps.example" not in page(client, HOME)
    assert "nouveau@cpam05.example" in page(client, HOME)


def test_what_a_table_has_no_column_for_stays(client: TestClient, engine: Engine) -> None:
    sign_in_as(client, engine, "admin")
    # An institution that its name does not tell.
    own = {**CPAM, "institution": "urps", "website": "https://cpam05.example"}
    assert send(client, HOME, own).status_code == 303
    assert bring(
        client, "Département;Organisme;Courriel\n05;CPAM des Hautes-Alpes;b@cpam.example"
    ).is_success
    assert _exported(client) == [
        ("URPS", "b@cpam.example", CPAM["phone"], "https://cpam05.example")
    ]
    # An empty cell empties; an institution there always is.
    emptied = "Département;Institution;Organisme;Téléphone;Site\n05;;CPAM des Hautes-Alpes;;\n"
    assert bring(client, emptied).is_success
    assert _exported(client) == [("URPS", "b@cpam.example", "", "")]
    unreachable = bring(client, "Département;Organisme;Courriel\n05;CPAM des Hautes-Alpes;\n")
    assert unreachable.status_code == 422


def _exported(client: TestClient) -> list[tuple[str, str, str, str]]:
    text = client.get(f"{HOME}.csv").content.decode("utf-8-sig")
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=";")
    return [
        (each["Institution"], each["Courriel"], each["Téléphone"], each["Site"])
        for each in rows
    ]


def test_what_is_exported_is_read_again_as_it_stands(
    client: TestClient, engine: Engine
) -> None:
    sign_in_as(client, engine, "admin")
    for contact in (ARS, {**CPAM, "organisation": "=CPAM", "phone": "+33 4 92 00 00 01"}):
        assert send(client, HOME, contact).status_code == 303
    exported = client.get(f"{HOME}.csv")
    assert exported.headers["cache-control"] == "no-store"
    text = exported.content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))
    assert [(each["Département"], each["Organisme"]) for each in rows] == [
        ("", "ARS Paca"),
        ("Hautes-Alpes", "'=CPAM"),
    ]
    again = bring(client, text, replace="oui")
    assert "2 lignes : 2 déjà telles." in again.text.replace("\xa0", " ")
    assert slips_of(again.text) == slips_of(client.get("/departements/05").text) == []
    assert "Contacts retirés" not in again.text


def test_what_is_no_table_of_contacts_is_said_to_be_none(
    client: TestClient, engine: Engine
) -> None:
    sign_in_as(client, engine, "admin")
    tables = ("", "Commune;Habitants\nGap;40000", "PK\x03\x04\x00\x00", "x" * 600_000)
    for table in tables:
        answer = bring(client, table)
        assert answer.status_code == 422, table[:20]
        assert "Le fichier" in answer.text
    without = send(client, f"{HOME}/import", {}, HOME)
    assert without.status_code == 422
    assert "Choisissez un fichier." in without.text
