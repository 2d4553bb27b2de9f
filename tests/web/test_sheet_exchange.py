"""`/membres/fiches`: an administrator loads a table, reads what became of it, takes all out."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from tests.accounts.people import csrf, make_person, session_of
from tests.directory.exchange.test_exchange import federation
from tests.directory.sheets.test_sheet_writing import CAMILLE, put
from tests.web.conftest import BROWSER, HOSTILE

Bearer = Callable[..., dict[str, str]]
Register = Callable[..., int]


@pytest.fixture
def admin(client: TestClient, engine: Engine) -> TestClient:
    make_person(engine, "admin")
    client.cookies.set("cpts-agent", session_of(engine), domain="testserver.local")
    return client


def upload(client: TestClient, content: bytes, name: str = "suivi.xlsx", **fields: str) -> Any:
    return client.post(
        "/membres/fiches",
        data={"csrf": csrf(client, "/membres/fiches"), **fields},
        files={"file": (name, content)},
        headers=BROWSER,
    )


def test_a_table_is_tried_then_loaded_with_a_line_for_each_row(
    admin: TestClient, register: Register, engine: Engine, tmp_path: Path
) -> None:
    register("CPTS du Nord", communes=("59378",), finess="590000001")
    register("CPTS de Nice", communes=("06088",))
    content = federation(tmp_path / "suivi.xlsx").read_bytes()
    tried = upload(admin, content, dry_run="oui")
    assert tried.status_code == 200, tried.text
    assert "rien n’est écrit" in tried.text
    counted = text("SELECT count(*) FROM cpts_contact")
    with engine.connect() as connection:
        assert connection.execute(counted).scalar_one() == 0
    loaded = upload(admin, content)
    assert "« suivi.xlsx » est chargé".replace("« ", "«\u00a0").replace(" »", "\u00a0»") in (
        loaded.text
    )
    assert loaded.text.count("<td>chargée</td>") == 4
    assert loaded.text.count("<td>refusée</td>") == 2
    assert loaded.headers["cache-control"] == "no-store"
    with engine.connect() as connection:
        assert connection.execute(counted).scalar_one() == 2


def test_what_is_loaded_is_signed_by_whoever_brings_it(
    admin: TestClient, register: Register, engine: Engine, tmp_path: Path
) -> None:
    register("CPTS du Nord", communes=("59378",), finess="590000001")
    register("CPTS de Nice", communes=("06088",))
    upload(admin, federation(tmp_path / "suivi.xlsx").read_bytes())
    upload(admin, "CPTS;Thématiques déclarées\nCPTS de Nice;Diabète\n".encode(), "themes.csv")
    with engine.connect() as connection:
        token = connection.execute(
            text("SELECT identity_id FROM person WHERE role = 'admin'")
        ).scalar_one()
        signed = connection.execute(
            text(
                "SELECT actor, actor_token_id, reason FROM cpts_sheet_change"
                " UNION SELECT actor, actor_token_id, reason FROM cpts_change"
                " WHERE action = 'imported'"
            )
        ).all()
    assert {tuple(row) for row in signed} == {
        (f"personne n° {token} (admin)", token, "import de « suivi.xlsx »"),
        (f"personne n° {token} (admin)", token, "import de « themes.csv »"),
    }


def test_the_journal_tells_of_sheets_and_imports_and_of_no_person(
    admin: TestClient, register: Register, bearer: Bearer, tmp_path: Path
) -> None:
    nord = register("CPTS du Nord", communes=("59378",), finess="590000001")
    put(admin, nord, bearer("admin"))
    upload(admin, federation(tmp_path / "suivi.xlsx").read_bytes())
    upload(admin, b"CPTS;Membres\nCPTS du Nord;77\n", "essai.csv", dry_run="oui")
    journal = admin.get("/administration/journal.csv").content.decode("utf-8-sig")
    rows = [
        (row["Nature"], row["Action"], row["Objet"], row["Ce qui change"])
        for row in csv.DictReader(io.StringIO(journal, newline=""), delimiter=";")
        if row["Nature"] != "CPTS"
    ]
    parts = "Actions, Personnes à joindre"
    assert rows == [
        ("Administration", "Fiches importées", "", "fichier : suivi.xlsx ; fiches écrites : 1"),
        ("Fiches de l’annuaire", "Fiche importée", "CPTS du Nord", parts),
        (
            "Fiches de l’annuaire",
            "Fiche modifiée",
            "CPTS du Nord",
            f"Présentation, Nombre de membres, {parts}",
        ),
    ]
    shown = admin.get("/administration/journal?nature=sheet&q=suivi").text
    assert "Fiche importée" in shown
    assert "Fiche modifiée" not in shown
    assert CAMILLE["name"] not in journal


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"PK\x03\x04 faux", "faux.xlsx", "endommagé"),
        (b"Commune;Habitants\nCroix;21000\n", "x.csv", "aucun en-tête"),
        (b"", "vide.csv", "est vide"),
        (f"CPTS;Nom\n{HOSTILE};x\n".encode(), HOSTILE, "inconnue"),
    ],
)
def test_what_cannot_be_used_is_said_and_stays_text(
    admin: TestClient, content: bytes, name: str, said: str
) -> None:
    answer = upload(admin, content, name)
    assert answer.status_code in (200, 422)
    assert said in answer.text
    assert "<img src=x" not in answer.text


def test_without_a_file_one_is_asked_for(admin: TestClient) -> None:
    sent = {"csrf": csrf(admin, "/membres/fiches")}
    answer = admin.post("/membres/fiches", data=sent, headers=BROWSER)
    assert answer.status_code == 422
    assert "Choisissez un fichier" in answer.text


def test_all_sheets_go_out_and_their_cpts_are_told(
    admin: TestClient, register: Register, bearer: Bearer, engine: Engine
) -> None:
    cpts = register("CPTS du Nord", communes=("59378",))
    put(admin, cpts, bearer("admin"))
    sent = {"csrf": csrf(admin, "/membres/fiches")}
    answer = admin.post("/membres/fiches/export.xlsx", data=sent, headers=BROWSER)
    assert answer.status_code == 200
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert [row[4].value for row in book["Contacts"]] == ["Nom", CAMILLE["name"]]
    with engine.connect() as connection:
        seen = connection.execute(
            text(
                "SELECT v.cpts_id, p.role FROM contact_view v"
                " JOIN person p ON p.identity_id = v.viewer_id"
            )
        ).all()
    assert [tuple(row) for row in seen] == [(cpts, "admin")]
    refused = admin.post("/membres/fiches/export.xlsx", headers=BROWSER)
    assert refused.status_code == 403
