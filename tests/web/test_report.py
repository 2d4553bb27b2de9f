"""The report of a day, beside the year before: its figures are those of the API."""

import io
import re
from collections.abc import Callable
from typing import Any

import openpyxl
import pypdf
import pytest
from starlette.testclient import TestClient

from tests.web.conftest import BROWSER

Register = Callable[..., int]
Bearer = Callable[..., dict[str, str]]
GAP, EMBRUN, DIGNE, LILLE = "05061", "05046", "04070", "59350"
DAY = "2024-06-30"


def _words(client: TestClient, address: str) -> str:
    answer = client.get(address, headers=BROWSER)
    assert answer.status_code == 200, answer.text[:300]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text).replace("\u00a0", " "))


def _sheet(client: TestClient, address: str, title: str) -> list[tuple[Any, ...]]:
    book = openpyxl.load_workbook(io.BytesIO(client.get(address).content))
    return list(book[title].iter_rows(values_only=True))[1:]


@pytest.fixture
def years(client: TestClient, register: Register, bearer: Bearer) -> None:
    """Before the year one CPTS; within it one begins, one advances, grows, and one ends."""
    one = register(
        "CPTS qui avance", "lettre_intention_validee", (GAP,), themes=["diabete"],
        effective_on="2022-01-10", stage_since="2022-01-10",
    )  # fmt: skip
    body = {"stage": "aci_signe", "stage_since": "2024-02-01"}
    assert client.patch(f"/api/v1/cpts/{one}", json=body, headers=bearer("admin")).is_success
    grown = {"communes": [GAP, EMBRUN], "effective_on": "2024-03-01"}
    answer = client.put(f"/api/v1/cpts/{one}/territory", json=grown, headers=bearer("admin"))
    assert answer.is_success, answer.text
    register(
        "CPTS du Nord", "lettre_intention_validee", (LILLE,),
        effective_on="2024-01-15", stage_since="2024-01-15",
    )  # fmt: skip


@pytest.mark.usefixtures("years")
def test_the_report_tells_what_stands_and_what_changed(client: TestClient) -> None:
    told = _words(client, f"/bilan?au={DAY}")
    assert "Situation au 30 juin 2024, et ce qui a changé depuis le 30 juin 2023." in told
    assert "Nouvelles CPTS 1 CPTS du Nord – Lettre d’intention validée" in told
    assert "CPTS qui avance – Lettre d’intention validée → ACI signé" in told
    assert "CPTS qui avance – 1 commune en plus" in told
    assert "CPTS qui ont pris fin" not in told
    covered = client.get(f"/api/v1/coverage?at={DAY}").json()["items"][0]
    share = f"{100 * covered['share_covered']:.1f}".replace(".", ",")
    assert f"Population couverte {share}" in told
    # Neither day's share is known where nothing is declared.
    assert re.search(r"05 Hautes-Alpes 1 [\d ]+ non renseigné non renseigné ", told)


@pytest.mark.usefixtures("years", "complete_country")
def test_a_region_counts_its_own_only(client: TestClient) -> None:
    told = _words(client, f"/bilan?au={DAY}&region=32")
    assert "Bilan des CPTS : Hauts-de-France" in told
    assert "CPTS du Nord" in told
    assert "CPTS qui avance" not in told
    departments = _sheet(client, f"/bilan.xlsx?au={DAY}&region=32", "Départements")
    assert {row[0] for row in departments} == {"02", "59", "60", "62", "80"}
    assert "non renseigné" not in told
    assert {(row[2], row[7]) for row in departments} == {("oui", "oui")}


@pytest.mark.usefixtures("years")
def test_the_workbook_holds_the_same_figures(client: TestClient) -> None:
    address = f"/bilan.xlsx?au={DAY}"
    stages = {row[0]: row[1:] for row in _sheet(client, address, "Stades")}
    assert stages["ACI signé"] == (1, 0, 1)
    assert stages["Lettre d'intention validée"] == (1, 1, 0)
    themes = {row[0]: row[1:] for row in _sheet(client, address, "Thèmes")}
    assert themes["Diabète"] == (1, 1, 0)
    assert [row[0] for row in _sheet(client, address, "ACI signés")] == ["CPTS qui avance"]
    departments = _sheet(client, address, "Départements")
    assert len(departments) == 101
    assert {(row[2], row[7]) for row in departments} == {("non", "non")}
    changed = _sheet(client, address, "Changements")
    assert ("Territoire", "CPTS qui avance", "+1, −0 communes") in changed
    assert (
        client.get(address).headers["content-disposition"].endswith('"bilan-2024-06-30.xlsx"')
    )


def test_a_change_shows_in_the_next_report(client: TestClient, register: Register) -> None:
    assert "CPTS nouvelle" not in _words(client, "/bilan")
    register("CPTS nouvelle", "aci_signe", (DIGNE,))
    assert "CPTS nouvelle" in _words(client, "/bilan")


@pytest.mark.parametrize("query", ["region=00", "au=hier", "au=2024-13-01", "couleur=bleu"])
def test_what_is_not_understood_is_said(client: TestClient, query: str) -> None:
    for address in (f"/bilan?{query}", f"/bilan.xlsx?{query}"):
        assert client.get(address, headers=BROWSER).status_code == 422


@pytest.mark.parametrize("day", ["1900-01-01", "2024-02-29", "9999-12-31", "0001-01-01"])
def test_any_day_has_its_report(client: TestClient, day: str) -> None:
    assert client.get(f"/bilan?au={day}", headers=BROWSER).status_code == 200


def _pdf(client: TestClient, address: str) -> pypdf.PdfReader:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text[:300]
    assert answer.headers["content-type"] == "application/pdf"
    return pypdf.PdfReader(io.BytesIO(answer.content))


def _printed(reader: pypdf.PdfReader) -> str:
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


@pytest.mark.usefixtures("years")
def test_the_document_says_what_the_page_says_and_is_tagged(client: TestClient) -> None:
    reader = _pdf(client, f"/bilan.pdf?au={DAY}")
    told = _printed(reader)
    root: Any = reader.root_object
    assert root["/MarkInfo"]["/Marked"]
    assert "<pdfuaid:part>1<" in root["/Metadata"].get_object().get_data().decode()
    assert "Situation au 30 juin 2024, et ce qui a changé depuis le 30 juin 2023." in told
    assert "que la police ne contient pas" not in told
    for said in (
        "CPTS du Nord – Lettre d’intention validée",
        "CPTS qui avance – Lettre d’intention validée, puis ACI signé",
        "CPTS qui avance – 1 commune en plus",
        "Diabète 1 1 0",
        "05 Hautes-Alpes 1",
        "non renseigné non renseigné",
        "Ces chiffres reposent sur 0 département renseigné sur 101",
        "Est couverte une commune",
        "IGN, ADMIN EXPRESS",
    ):
        assert said in told, said
    assert (
        client.get(f"/bilan.pdf?au={DAY}")
        .headers["content-disposition"]
        .endswith('"bilan-2024-06-30.pdf"')
    )


def test_a_document_of_a_region_takes_names_of_any_sign_and_no_more(
    client: TestClient, register: Register
) -> None:
    register("CPTS #let $x$ @a <b> *gras* 🏥 中", "aci_signe", (LILLE,))
    register("CPTS de Gap", "aci_signe", (GAP,))
    told = _printed(_pdf(client, "/bilan.pdf?region=32"))
    assert "CPTS #let $x$ @a <b> *gras* � �" in told
    assert "2 signes que la police ne contient pas (U+1F3E5, U+4E2D)" in told
    assert "CPTS de Gap" not in told
    for query in ("region=00", "au=hier", "couleur=bleu"):
        assert client.get(f"/bilan.pdf?{query}").status_code == 422
