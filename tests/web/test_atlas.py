"""The atlas: a page for each place, made once for a revision, by a process of its own."""

import fcntl
import io
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pypdf
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.testclient import TestClient

from app.database.calendar import today
from app.http.repository import Revision, current_revision
from app.main import create_app
from app.problems import ServiceBusy
from app.settings import PROJECT_ROOT, DatabaseSettings, ServiceSettings, Settings
from app.web.atlas.kept import Atlases, _program
from tests.web.conftest import BROWSER

Register = Callable[..., int]
GAP, LILLE, SAINT_DENIS = "05061", "59350", "97411"
TRICKY = "CPTS #let $x$ @a <b> *gras* 🏥 中"


# For what a machine that is busy with other things does in the end.
IN_THE_END_S = 120.0


def revision_of(app: FastAPI) -> Revision:
    with app.state.sessions.read() as session:
        return current_revision(session)


def name_of(app: FastAPI, day: date | None = None, revision: Revision | None = None) -> str:
    atlases: Atlases = app.state.atlases
    return atlases.name_of(revision or revision_of(app), day or today())


def test_the_link_gives_each_place_a_page_with_its_map_and_its_cpts(
    client: TestClient, app: FastAPI, register: Register, tmp_path: Path, test_database: str
) -> None:
    register(TRICKY, "aci_signe", (GAP,))
    register("CPTS de Lille", "lettre_intention_validee", (LILLE,))
    register("CPTS de Saint-Denis", "aci_signe", (SAINT_DENIS,))
    # As long as a machine that is busy with other things may take.
    app.state.atlases = Atlases(tmp_path, test_database, within_s=110)
    answer = client.get("/atlas.pdf")
    assert answer.status_code == 200, answer.text[:300]
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"] == "public, no-cache"
    reader = pypdf.PdfReader(io.BytesIO(answer.content))
    root: Any = reader.root_object
    assert root["/MarkInfo"]["/Marked"]
    assert "<pdfuaid:part>1<" in root["/Metadata"].get_object().get_data().decode()
    titles = [outline.title for outline in flat(reader.outline)]
    assert len(titles) == len(set(titles)) == 1 + 18 + 101 == len(reader.pages)
    assert titles[:3] == ["France", "Auvergne-Rhône-Alpes", "Ain (01)"]
    pages = dict(zip(titles, reader.pages, strict=True))
    told = " ".join(pages["Hautes-Alpes (05)"].extract_text().split())
    assert "ACI signé (1)" in told
    assert "CPTS #let $x$ @a <b> *gras* � � 2 41 293" in told
    assert "territoire est non renseigné" in told
    assert "CPTS de Lille" in pages["Hauts-de-France"].extract_text()
    assert "CPTS de Lille" not in pages["Oise (60)"].extract_text()
    assert "CPTS de Saint-Denis" in pages["La Réunion (974)"].extract_text()
    assert "2 signes que la police ne contient pas" in pages["France"].extract_text()
    (made,) = tmp_path.glob("*.pdf")
    assert made.name == name_of(app)
    # What is there is given without another process.
    app.state.atlases._database_url = "postgresql://nowhere"
    assert client.get("/atlas.pdf").content == answer.content


def flat(outline: Any) -> list[Any]:
    found: list[Any] = []
    for each in outline:
        found += flat(each) if isinstance(each, list) else [each]
    return found


class Begun(Atlases):
    """Notes what would begin instead."""

    def _begin(self, _path: Path) -> bool:
        (self.folder / "begun").write_text(str(self.begun + 1))
        return True

    @property
    def begun(self) -> int:
        path = self.folder / "begun"
        return int(path.read_text()) if path.exists() else 0


def test_an_atlas_of_another_state_is_never_given(
    client: TestClient, app: FastAPI, register: Register, tmp_path: Path
) -> None:
    app.state.atlases = Begun(tmp_path, "postgresql://nowhere", within_s=0.3)
    (tmp_path / name_of(app)).write_bytes(b"%PDF-this")
    (tmp_path / name_of(app, date(2020, 1, 1))).write_bytes(b"%PDF-old")
    elsewhere = Revision(revision_of(app).number, datetime(2020, 1, 1, tzinfo=UTC))
    (tmp_path / name_of(app, revision=elsewhere)).write_bytes(b"%PDF-of another database")
    given = client.get("/atlas.pdf")
    assert given.content == b"%PDF-this"
    tag = given.headers["etag"]
    kept = client.get("/atlas.pdf", headers={"If-None-Match": f'"other", W/{tag}'})
    assert (kept.status_code, kept.content) == (304, b"")
    assert kept.headers["etag"] == tag
    assert kept.headers["cache-control"] == given.headers["cache-control"]
    register("CPTS nouvelle", "aci_signe", (GAP,))
    waiting = client.get("/atlas.pdf", headers={"If-None-Match": tag})
    assert waiting.status_code == 503
    assert waiting.json()["code"] == "database-unavailable"
    assert 0 < int(waiting.headers["retry-after"]) <= 10
    assert app.state.atlases.begun == 1
    page = client.get("/atlas.pdf", headers=BROWSER)
    assert page.status_code == 503
    assert "en cours de composition" in page.text
    # A browser looks again by itself.
    assert page.headers["refresh"] == "10"


def test_an_atlas_is_named_after_the_address_and_the_program_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def name(base: str) -> str:
        atlases = Atlases(tmp_path, "postgresql://a", base=base)
        return atlases.name_of(Revision(1, datetime(2026, 1, 1, tzinfo=UTC)), date(2026, 1, 1))

    here, elsewhere = name("https://cpts.example"), name("https://other.example")
    assert here == name("https://cpts.example") != elsewhere
    service = create_app(
        Settings(
            database=DatabaseSettings(url=SecretStr("postgresql://a")),
            service=ServiceSettings(public_url="https://cpts.example"),
        )
    )
    assert service.state.atlases.edition in here
    program = tmp_path / "app"
    program.mkdir()
    (program / "atlas.typ").write_text("= Atlas")
    monkeypatch.setattr("app.web.atlas.kept.PROJECT_ROOT", tmp_path)
    _program.cache_clear()
    try:
        former = name("https://cpts.example")
        (program / "atlas.typ").write_text("= Other")
        _program.cache_clear()
        assert len({here, former, name("https://cpts.example")}) == 3
    finally:
        _program.cache_clear()


def test_one_process_at_a_time_makes_an_atlas_and_the_thread_that_starts_it_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Any] = []
    starts, ended = threading.Semaphore(0), threading.Event()

    def run(arguments: list[str], **given: Any) -> None:
        started.append((threading.current_thread(), arguments, given))
        starts.release()
        ended.wait(IN_THE_END_S)

    monkeypatch.setattr("app.web.atlas.kept.subprocess", SimpleNamespace(run=run, DEVNULL=0))
    atlases = Atlases(tmp_path, "postgresql://a", base="https://cpts.example")
    path = tmp_path / "wanted.pdf"
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert not atlases._begin(path)
    # Made by another worker between the look for it and the lock.
    path.write_bytes(b"%PDF")
    assert not atlases._begin(path)
    path.unlink()
    assert atlases._begin(path)
    assert starts.acquire(timeout=IN_THE_END_S)
    assert not atlases._begin(path)
    ((thread, arguments, given),) = started
    assert thread is not threading.current_thread()
    assert arguments[-3:] == [str(tmp_path), atlases.edition, "https://cpts.example"]
    assert given["env"]["DATABASE_URL"] == "postgresql://a"
    ended.set()
    thread.join(IN_THE_END_S)
    assert atlases._begin(path)
    assert starts.acquire(timeout=IN_THE_END_S)


@pytest.fixture
def silent_database() -> Iterator[socket.socket]:
    """A server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(IN_THE_END_S)
        yield server


def address_of(server: socket.socket) -> str:
    return f"postgresql://a@127.0.0.1:{server.getsockname()[1]}/a?connect_timeout=600"


@contextmanager
def python(code: str, **given: Any) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", code], cwd=PROJECT_ROOT, **given) as process:
        try:
            yield process
        finally:
            process.kill()


def is_hung_up(connection: socket.socket) -> bool:
    """Wait until the other end is gone."""
    connection.settimeout(IN_THE_END_S)
    try:
        while connection.recv(1024):
            continue
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return True


def test_the_process_ends_with_the_worker_that_started_it(
    tmp_path: Path, silent_database: socket.socket
) -> None:
    code = f"""
import pathlib, sys
from app.web.atlas.kept import Atlases
folder = pathlib.Path({str(tmp_path)!r})
Atlases(folder, {address_of(silent_database)!r})._begin(folder / "a.pdf")
sys.stdin.read()
"""
    with python(code, stdin=subprocess.PIPE) as worker:
        connection, _ = silent_database.accept()
        with connection:
            worker.kill()
            assert is_hung_up(connection)


def test_the_process_ends_by_itself(tmp_path: Path, silent_database: socket.socket) -> None:
    code = f"""
from app.web.atlas import working_process
working_process.MOST_S = 1
working_process.main(__import__("pathlib").Path({str(tmp_path)!r}), "edition", "")
"""
    address = address_of(silent_database)
    with python(code, env={**os.environ, "DATABASE_URL": address}) as process:
        assert process.wait(IN_THE_END_S) == -signal.SIGALRM


def test_without_a_folder_of_the_service_the_workers_share_a_temporary_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "file").write_text("")

    def folder() -> Path:
        return Atlases(tmp_path / "file" / "atlas", "postgresql://a").folder

    shared = folder()
    assert shared == folder() == tmp_path / f"cpts-atlas-{os.getuid()}"
    assert shared.stat().st_mode & 0o777 == 0o700
    # Whoever else may write there could give any file out as the atlas.
    shared.chmod(0o770)
    with pytest.raises(ServiceBusy):
        folder()
    shared.rmdir()
    (tmp_path / "theirs").mkdir(mode=0o700)
    shared.symlink_to(tmp_path / "theirs")
    with pytest.raises(ServiceBusy):
        folder()
    shared.unlink()
    shared.mkdir(mode=0o700)
    monkeypatch.setattr("app.web.atlas.kept.os.getuid", lambda: shared.stat().st_uid + 1)
    (tmp_path / f"cpts-atlas-{os.getuid()}").mkdir(mode=0o700)
    with pytest.raises(ServiceBusy):
        folder()
