"""A verification note keeps question and answer as they were, and tells them to its holder."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pypdf
import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.database.sessions import session_scope
from app.http.address_limit import AddressLimit
from app.letters.notes.repository import delete_notes
from tests.conftest import Register

pytestmark = pytest.mark.usefixtures("complete_country")

NOTES = "/api/v1/letters/notes"
Make = Callable[..., dict[str, Any]]


@pytest.fixture
def make(client: TestClient) -> Make:
    """Make a note that must be made: `make(communes=["Gap"])`."""

    def made(**question: Any) -> dict[str, Any]:
        response = client.post(NOTES, json=question)
        assert response.status_code == 201, response.text
        note: dict[str, Any] = response.json()
        return note

    return made


def _pdf_text(content: bytes) -> str:
    pages = pypdf.PdfReader(BytesIO(content)).pages
    # Spaces of every width count as one.
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_a_note_has_a_number_and_an_address_that_nobody_guesses(make: Make) -> None:
    first, second = make(communes=["Gap"]), make(communes=["Gap"])
    year = datetime.now(UTC).year
    assert re.fullmatch(rf"NV-({year}|{year + 1})-\d{{6}}", first["number"])
    assert first["number"] != second["number"]
    keys = {note["url"].rpartition("/")[2] for note in (first, second)}
    assert len(keys) == 2
    assert all(len(key) >= 24 for key in keys)
    assert first["pdf_url"] == f"{first['url']}.pdf"


def test_a_note_answers_what_the_check_answers(
    client: TestClient, make: Make, register: Register
) -> None:
    register("CPTS du Champsaur fictif", "aci_signe", ("05132",))
    question = {"communes": ["Gap", "05132", "Nulle-Part"], "name": "CPTS d'essai"}
    note = make(**question)
    answer = client.post("/api/v1/letters/check", json=question).json()
    del answer["checked_at"], note["answer"]["checked_at"]
    assert note["answer"] == answer
    assert note["answer"]["verdict"] == "blocked"


def test_a_note_stays_as_it_was_when_the_registry_changes(
    client: TestClient, make: Make, register: Register, bearer: Callable[..., dict[str, str]]
) -> None:
    holder = register("CPTS du Champsaur fictif", "dynamique_identifiee", ("05132",))
    note = make(communes=["Gap", "05132"], name="CPTS d'essai")
    page, pdf = (client.get(note[name]) for name in ("url", "pdf_url"))
    headers = bearer("admin")
    assert client.delete(f"/api/v1/cpts/{holder}", headers=headers).status_code == 204
    register("CPTS de Gap fictive", "aci_signe", ("05061",))
    now = client.post("/api/v1/letters/check", json={"communes": ["Gap", "05132"]}).json()
    assert now["verdict"] == "blocked"
    stored = client.get(f"{NOTES}/{note['url'].rpartition('/')[2]}").json()
    assert stored == note
    assert stored["answer"]["verdict"] == "contested"
    assert client.get(note["url"]).text == page.text
    assert _pdf_text(client.get(note["pdf_url"]).content) == _pdf_text(pdf.content)
    assert "CPTS du Champsaur fictif" in page.text
    assert "CPTS de Gap fictive" not in page.text


def test_the_pdf_tells_number_verdict_and_communes(
    client: TestClient, make: Make, register: Register
) -> None:
    register(
        "CPTS du Champsaur fictif", "aci_signe", ("05132",), email="contact@champsaur.example"
    )
    note = make(communes=["Gap", "La Saulce", "05132"], name='Projet <b>"gras"</b> #v(1em) $x$')
    response = client.get(note["pdf_url"])
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/pdf"
    reader = pypdf.PdfReader(BytesIO(response.content))
    assert reader.metadata is not None
    assert note["number"] in str(reader.metadata.title)
    said = _pdf_text(response.content)
    for expected in (
        note["number"], "Territoire bloqué", "Gap", "La Saulce", "Saint-Bonnet-en-Champsaur",
        "CPTS du Champsaur fictif", "ACI signé", "Définitions", 'Projet <b>"gras"</b> #v(1em)',
    ):  # fmt: skip
        assert expected in said, expected
    # Tagged, so that a screen reader finds its way.
    root: Any = reader.trailer["/Root"]
    assert "/StructTreeRoot" in root
    assert root["/Lang"].startswith("fr")


@pytest.mark.parametrize(
    ("asked", "headline"),
    [
        (["La Saulce"], "Territoire libre"),
        (["Gap"], "Territoire disputé"),
        (["La Saulce", "Nulle-Part"], "Demande incomplète"),
        (["05132"], "Territoire bloqué"),
        (["Nulle-Part"], "Demande incomplète"),
    ],
)
def test_every_verdict_is_told_on_page_and_pdf(
    client: TestClient, make: Make, register: Register, asked: list[str], headline: str
) -> None:
    register("CPTS du Champsaur fictif", "aci_signe", ("05132",))
    register("CPTS de Gap fictive", "dynamique_identifiee", ("05061",))
    note = make(communes=asked)
    assert headline in client.get(note["url"]).text
    assert headline in _pdf_text(client.get(note["pdf_url"]).content)


def test_an_amendment_is_told_before_and_after(
    client: TestClient, make: Make, register: Register
) -> None:
    own = register("CPTS du Gapençais fictif", "aci_signe", ("05061", "05132"))
    note = make(communes=["05061", "La Saulce"], exclude_cpts=own)
    amendment = note["answer"]["amendment"]
    assert [c["code"] for c in amendment["added"]] == ["05162"]
    assert [c["code"] for c in amendment["withdrawn"]] == ["05132"]
    assert amendment["before"]["commune_count"] == amendment["after"]["commune_count"] == 2
    page = client.get(note["url"]).text
    assert "Communes ajoutées\u00a0: La Saulce (05162)." in page
    assert "Communes retirées\u00a0: Saint-Bonnet-en-Champsaur (05132)." in page


def test_the_map_shows_the_territory_and_needs_nothing_else(
    client: TestClient, make: Make, register: Register
) -> None:
    register("CPTS du Champsaur fictif", "aci_signe", ("05132",))
    page = client.get(make(communes=["Gap", "05132"])["url"]).text
    drawing = re.search(r"<svg.*</svg>", page, re.DOTALL)
    assert drawing
    assert "<title>Gap</title>" in drawing[0]
    assert "CPTS reconnue (bloquante)" in drawing[0]
    assert " km</text>" in drawing[0]
    assert "href" not in drawing[0]
    assert "style=" not in drawing[0]


@pytest.mark.parametrize("communes", [["97411", "97415"], ["97120"], ["2A004"], ["75113"]])
def test_a_map_is_drawn_wherever_the_territory_lies(
    client: TestClient, make: Make, communes: list[str]
) -> None:
    page = client.get(make(communes=communes)["url"]).text
    assert page.count("<title>") >= 1 + len(communes)
    widths = [float(n) for n in re.findall(r'<path d="M (-?[\d.]+)', page)]
    assert any(0 <= x <= 720 for x in widths)


def test_names_are_shown_as_text(client: TestClient, make: Make, register: Register) -> None:
    hostile = "<script>alert(1)</script>"
    register(f"CPTS {hostile}", "aci_signe", ("05061",))
    page = client.get(make(communes=["Gap"], name=hostile)["url"]).text
    assert hostile not in page
    assert "&lt;script&gt;" in page


def test_a_polygon_that_was_asked_is_kept(client: TestClient, make: Make) -> None:
    ring = [[5.9, 44.4], [6.3, 44.4], [6.3, 44.7], [5.9, 44.7], [5.9, 44.4]]
    note = make(geometry={"type": "Polygon", "coordinates": [ring]})
    stored = client.get(f"{NOTES}/{note['url'].rpartition('/')[2]}").json()
    assert stored["question"]["geometry"]["coordinates"] == [ring]
    assert client.get(note["pdf_url"]).status_code == 200


def test_an_unknown_note_is_not_found(client: TestClient, make: Make) -> None:
    make(communes=["Gap"])
    for address in (f"{NOTES}/1", f"{NOTES}/NV-2026-000001", "/lettres/notes/x.pdf"):
        assert client.get(address).status_code == 404
    assert client.get("/lettres/notes/inconnue").status_code == 404


def test_a_wrong_question_makes_no_note(client: TestClient, engine: Engine) -> None:
    wrong: list[dict[str, Any]] = [
        {}, {"communes": []}, {"communes": ["Gap"], "exclude_cpts": 99},
    ]  # fmt: skip
    for question in wrong:
        assert client.post(NOTES, json=question).status_code == 422
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM verification_note")).scalar() == 0


def test_a_note_does_not_change_the_registry(client: TestClient, make: Make) -> None:
    before = make(communes=["Gap"])["answer"]["registry_revision"]
    assert make(communes=["Gap"])["answer"]["registry_revision"] == before


def test_a_note_holds_nothing_about_who_asked(make: Make, engine: Engine) -> None:
    make(communes=["Gap"], name="CPTS d'essai")
    with engine.connect() as connection:
        row = connection.execute(text("SELECT * FROM verification_note")).mappings().one()
    assert set(row) == {
        "id", "key", "created_at", "question", "answer", "wordings", "drawing",
    }  # fmt: skip
    assert "testclient" not in json.dumps(dict(row), default=str)


def test_old_notes_are_neither_shown_nor_kept(
    client: TestClient, make: Make, engine: Engine
) -> None:
    old, fresh = make(communes=["Gap"]), make(communes=["Tallard"])
    with engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE verification_note SET created_at = now() - interval '1096 days' "
                "WHERE key = :key"
            ),
            {"key": old["url"].rpartition("/")[2]},
        )
    assert client.get(old["url"]).status_code == 404
    assert client.get(fresh["url"]).status_code == 200
    with session_scope(engine) as session:
        assert delete_notes(session, datetime.now(UTC) - timedelta(days=1095)) == 1
    assert client.get(fresh["url"]).status_code == 200


def test_an_address_may_make_so_many_notes_a_minute(client: TestClient) -> None:
    state = client.app.state  # type: ignore[attr-defined]
    state.limits["note"] = AddressLimit(
        1, what="notes de vérification", sessions=state.sessions
    )
    assert client.post(NOTES, json={"communes": ["Gap"]}).status_code == 201
    refused = client.post(NOTES, json={"communes": ["Gap"]})
    assert refused.status_code == 429
    assert "notes de vérification" in refused.json()["detail"]


def test_an_address_may_print_so_many_notes_a_minute(client: TestClient, make: Make) -> None:
    address = make(communes=["Gap"])["pdf_url"]
    state = client.app.state  # type: ignore[attr-defined]
    state.limits["note_pdf"] = AddressLimit(1, what="notes en PDF", sessions=state.sessions)
    assert client.get(address).status_code == 200
    assert client.get(address).status_code == 429


@pytest.mark.parametrize("role", ["member", "ars", "admin"])
def test_any_caller_may_make_a_note(
    client: TestClient, bearer: Callable[..., dict[str, str]], role: str
) -> None:
    headers = bearer(role, **({"region": "93"} if role == "ars" else {}))
    response = client.post(NOTES, json={"communes": ["Gap"]}, headers=headers)
    assert response.status_code == 201
