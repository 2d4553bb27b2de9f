"""A PDF is typeset apart: whatever names hold, however many ask, whoever leaves."""

import os
import socket
import time
import unicodedata
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import anyio
import pypdf
import pytest
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from app.letters.check.file_reading import FileReader
from app.letters.notes.service import Note
from app.processes.bounds import Bounds
from app.processes.errors import JobEnded, JobExhausted
from app.processes.fork_server import ForkServer
from app.processes.pool import Places
from app.web.letters.notes.printing import NotePrinter
from app.web.typesetting.fonts import FONTS, REPLACEMENT, Fitting, covered_signs
from app.web.typesetting.printing import Typesetter
from tests.conftest import Register
from tests.event_loop import run_apart
from tests.exploration import examples

# An upper bound, for a machine that is busy with other things.
SOON_S = 30.0
# The longest that any answer may be waited for.
LONGEST_WAIT_S = 10
SAID = "que la police ne contient pas"


def printer_of_notes() -> NotePrinter:
    return NotePrinter(Typesetter())


def covered() -> frozenset[str]:
    return frozenset.intersection(*map(covered_signs, FONTS))


def note(key: str, drawing: str = "") -> Note:
    return Note("NV-2026-000001", key, *[None] * 4, drawing=drawing)  # type: ignore[arg-type, misc]


def shown(name: str, rows: int = 1) -> dict[str, Any]:
    table = {
        "caption": name,
        "columns": ["Code", name],
        "rows": [[f"{row:05d}", name] for row in range(rows)],
        "figures": [],
        "total": None,
    }
    return {
        "number": "NV-2026-000001",
        "name": name,
        "address": "http://localhost/lettres/notes/essai",
        "made": "25 novembre 2026 à 10 h 00",
        "revision": "12",
        "effective": "25 novembre 2026",
        "verdict": {"headline": "Territoire libre", "text": name, "tone": "success"},
        "figures": [["Communes", "1"]],
        "asked": [["Projet", name]],
        "map_text": "Carte",
        "sections": [{"title": name, "text": [name], "table": table}],
        "definitions": [["Commune tenue", "…"]],
    }


def drawing(name: str) -> str:
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 90 20"><title>'
        f'{name}</title><text x="1" y="9" font-family="RobotoRegular">{name}</text></svg>'
    )


def typeset(printer: NotePrinter, about: Note, view: dict[str, Any]) -> bytes:
    return run_apart(printer.pdf_of(about, view, address="a"))


def pdf_text(content: bytes) -> str:
    pages = pypdf.PdfReader(BytesIO(content)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def is_tagged(content: bytes) -> bool:
    root: Any = pypdf.PdfReader(BytesIO(content)).root_object
    about = root["/Metadata"].get_object().get_data().decode()
    return bool(root["/MarkInfo"]["/Marked"]) and "<pdfuaid:part>1<" in about


# Of every plane, unassigned and private signs, surrogates and noncharacters as well.
HOSTILE = st.text(st.characters(codec=None, exclude_characters="&<"), min_size=1, max_size=30)
SAMPLES = (
    "Santé 🏥", "中", "a\ufffeb", "\U0001ffff", "👩\u200d⚕️", "🇫🇷", "e\u0301", "שָׁלוֹם",
    "\ud800", "\ufdd0", "\x01\x1f\x7f\x85", "\u202eabc", "\u0301", "क\u094dष", "ﷺ",
    "\u2028", "\U000f0000", "1\ufe0f\u20e3",
)  # fmt: skip


@pytest.mark.parametrize("name", SAMPLES, ids=ascii)
def test_a_name_of_any_sign_gives_a_pdf(name: str) -> None:
    content = typeset(printer_of_notes(), note(name, drawing(name)), shown(name))
    assert is_tagged(content)
    assert ("�" in pdf_text(content)) == (SAID in pdf_text(content))


@given(HOSTILE)
@settings(max_examples=examples(15, many=300), deadline=None)
def test_every_name_gives_a_pdf(name: str) -> None:
    content = typeset(printer_of_notes(), note("k", drawing(name)), shown(name))
    assert is_tagged(content)


def test_every_sign_said_to_be_covered_is_shown() -> None:
    signs = sorted(sign for sign in covered() if unicodedata.category(sign)[0] in "LNPS")
    assert len(signs) > 800
    text = " ".join(signs)
    content = typeset(printer_of_notes(), note("k", ""), shown(text))
    assert is_tagged(content)
    assert SAID not in pdf_text(content)
    spaces = "a\u00a0b\u2009c\u202fd\u2003e\u3000f\u2007g\u205fh"
    spaced = typeset(printer_of_notes(), note("k"), shown(spaces))
    assert is_tagged(spaced)
    assert SAID not in pdf_text(spaced)
    assert {*"éœŒÉçàŸ€’« »–…ŁŠßΩЖ"} - {" "} <= covered()


def test_a_sign_that_no_font_holds_is_replaced_and_that_is_said() -> None:
    replaced = typeset(printer_of_notes(), note("k"), shown("Pôle 🏥 santé"))
    assert "Pôle � santé" in pdf_text(replaced)
    said = " ".join(pdf_text(replaced).split())
    assert "1 signe que la police ne contient pas (U+1F3E5) est remplacé par « � »" in said
    plain = typeset(printer_of_notes(), note("k"), shown("Pôle santé"))
    assert SAID not in pdf_text(plain)


@pytest.mark.parametrize(
    ("given_", "fitted"),
    [
        ("Été", "Été"),
        ("e\u0301", "é"),
        ("中国", REPLACEMENT * 2),
        ("שָׁ", REPLACEMENT),
        ("a\u2066b", "ab"),
        ("a\ufe0f", "a"),
        ("a\nb\tc", f"a\nb{REPLACEMENT}c"),
    ],
)
def test_texts_are_fitted_to_what_there_is(given_: str, fitted: str) -> None:
    fitting = Fitting(covered())
    assert fitting.fit({"a": [given_]}) == {"a": [fitted]}
    assert bool(fitting.replaced) == (REPLACEMENT in fitted)


def test_the_signs_that_are_replaced_are_counted_once_each_and_named() -> None:
    # The map, which repeats names, counts for nothing more.
    name = "中🏥国 中🏥"
    printed = typeset(printer_of_notes(), note("k", drawing(name)), shown(name))
    said = " ".join(pdf_text(printed).split())
    signs = "U+4E2D, U+1F3E5, U+56FD"
    assert f"3 signes que la police ne contient pas ({signs}) sont remplacés" in said
    many = "".join(map(chr, range(0x4E00, 0x4E10)))
    said = " ".join(pdf_text(typeset(printer_of_notes(), note("k"), shown(many))).split())
    assert "16 signes que la police ne contient pas (U+4E00, U+4E01" in said
    assert "U+4E07, …)" in said
    assert "U+4E08" not in said


def test_tables_without_end_are_cut_and_that_is_said() -> None:
    view = shown("Un", rows=35_000)
    view["sections"] *= 3
    text = pdf_text(typeset(printer_of_notes(), note("k"), view))
    unspaced = "".join(text.split())
    assert "2500lignessur35000sontimprimées" in unspaced
    assert unspaced.count("0lignessur35000sontimprimées") == 3
    assert "02499" in text
    assert "02500" not in text
    assert "lignes sur" not in pdf_text(
        typeset(printer_of_notes(), note("k"), shown("Un", 2_500))
    )


def resident_megabytes() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="measured through /proc")
def test_the_memory_of_the_worker_does_not_grow_with_its_pdfs() -> None:
    printer = printer_of_notes()
    view = shown("Saint-Exemple-sur-Fiction", rows=900)
    typeset(printer, note("first"), view)
    before = resident_megabytes()
    for number in range(8):
        assert len(typeset(printer, note(f"k{number}"), view)) > 10_000
    # Typeset in the worker itself, each kept 100 MB and more.
    assert resident_megabytes() - before < 80


def test_a_pdf_that_was_typeset_is_kept() -> None:
    printer = printer_of_notes()
    first = typeset(printer, note("k"), shown("Un"))
    # No place at all: only what is kept can be given.
    printer.typesetter = Typesetter(Places(at_once=0, waiting=0))
    assert typeset(printer, note("k"), shown("Un")) == first
    elsewhere = shown("Un") | {"address": "http://ailleurs/lettres/notes/essai"}
    with pytest.raises(Exception, match="en cours"):
        typeset(printer, note("k"), elsewhere)


@pytest.fixture
def endless(tmp_path: Path) -> Iterator[ForkServer]:
    """A fork server whose jobs never end; each writes its number into `tmp_path/pid`."""
    server = ForkServer("tests.processes.endless", {"FOLDER": str(tmp_path)})
    yield server
    server.close()


def made_note(client: TestClient, name: str = "CPTS d'essai") -> str:
    response = client.post("/api/v1/letters/notes", json={"communes": ["Gap"], "name": name})
    assert response.status_code == 201, response.text
    return str(response.json()["pdf_url"])


def test_names_of_a_note_and_of_its_neighbours_may_hold_any_sign(
    client: TestClient, register: Register
) -> None:
    register("CPTS 中 🏥 fictive", "aci_signe", ("05132", "05061"))
    response = client.get(made_note(client, "Projet 🏥 中"))
    assert response.status_code == 200
    assert is_tagged(response.content)
    assert SAID in pdf_text(response.content)


def test_nothing_that_the_service_itself_writes_needs_to_be_replaced(
    client: TestClient, register: Register
) -> None:
    register("CPTS de l’Œuvre fictive – Champsaur", "aci_signe", ("05132", "05061"))
    response = client.post(
        "/api/v1/letters/notes",
        json={"communes": ["Gap", "La Saulce", "Nulle-Part"], "members": 40},
    )
    text = pdf_text(client.get(response.json()["pdf_url"]).content)
    assert "Territoire bloqué" in text
    assert SAID not in text
    assert REPLACEMENT not in text


def send_file(client: TestClient) -> Any:
    return client.post("/api/v1/letters/check/file", files={"file": ("l.kml", b"<kml/>")})


@pytest.mark.parametrize("what", ["pdf", "file"])
def test_without_place_or_time_the_service_says_that_it_is_busy(
    client: TestClient, app: FastAPI, endless: ForkServer, what: str
) -> None:
    address = made_note(client)
    pool = (app.state.typesetter if what == "pdf" else app.state.file_reader).pool
    pool.server = endless
    for places in (Places(within_s=0.2), Places(at_once=0, wait_s=0.1), Places(0, waiting=0)):
        pool._places = places
        response = client.get(address) if what == "pdf" else send_file(client)
        assert response.status_code == 503
        assert response.json()["code"] == "database-unavailable"
        assert 0 < int(response.headers["retry-after"]) <= LONGEST_WAIT_S
        assert "endommagé" not in response.text


@pytest.mark.parametrize("ended", [JobEnded, JobExhausted])
def test_what_could_not_be_typeset_is_told_as_busy(
    client: TestClient, app: FastAPI, ended: type[JobEnded]
) -> None:
    class Ended(ForkServer):
        async def run(self, _request: bytes, _bounds: Bounds) -> bytes:
            raise ended

    app.state.typesetter.pool.server = Ended("no job")
    response = client.get(made_note(client))
    assert response.status_code == 503
    assert "n’a pas pu être composé" in response.json()["detail"]
    assert response.headers["retry-after"]


def test_by_default_nobody_waits_longer_than_ten_seconds() -> None:
    for pool in (Typesetter().pool, FileReader().pool):
        assert pool._places.wait_s <= pool._places.within_s < LONGEST_WAIT_S
        assert pool._places.at_once_per_address < pool._places.at_once
        assert pool._places.waiting_per_address < pool._places.waiting


@pytest.mark.parametrize("what", ["pdf", "file"])
def test_the_process_is_killed_when_its_client_leaves(
    client: TestClient, live_server: str, endless: ForkServer, tmp_path: Path, what: str
) -> None:
    app = cast(FastAPI, client.app)
    address = urlsplit(made_note(client)).path
    app.state.typesetter.pool.server = app.state.file_reader.pool.server = endless
    server = urlsplit(live_server)
    assert server.port
    form = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="l.kml"\r\n\r\n'
        b"<kml/>\r\n--x--\r\n"
    )
    request = {
        "pdf": f"GET {address} HTTP/1.1\r\nHost: a\r\n\r\n".encode(),
        "file": b"POST /api/v1/letters/check/file HTTP/1.1\r\nHost: a\r\n"
        b"Content-Type: multipart/form-data; boundary=x\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (len(form), form),
    }[what]
    path = tmp_path / "pid"
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(request)
        deadline = time.monotonic() + SOON_S
        while not (path.exists() and path.read_text()):
            assert time.monotonic() < deadline, "the job did not begin"
            time.sleep(0.02)
        pid = int(path.read_text())
    began = time.monotonic()
    # Well before its time is over: it has 600 seconds of sleep, and the pool 9.5.
    while _is_running(pid):
        assert time.monotonic() - began < 5, "the process goes on for nobody"
        time.sleep(0.02)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_others_are_answered_while_a_pdf_is_typeset(
    client: TestClient, app: FastAPI, endless: ForkServer, tmp_path: Path
) -> None:
    app.state.typesetter.pool.server = endless

    async def ask() -> bool:
        printer: NotePrinter = app.state.note_printer
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: printer.pdf_of(note("k"), shown("a"), address="a"))
            while not (tmp_path / "pid").exists():
                await anyio.sleep(0.01)  # the loop turns all the time
            tasks.cancel_scope.cancel()
        return True

    assert run_apart(ask())
