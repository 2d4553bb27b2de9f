"""The search by address, with a geocoder of this machine that answers well, late or badly."""

import gzip
import io
import logging
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.database.sessions import Sessions
from app.logs import configure_logs
from app.main import create_app
from app.settings import GeocoderSettings, LogSettings, Settings
from tests.web.conftest import BROWSER, HOSTILE
from tests.web.test_words import slips_of

Register = Callable[..., int]
PAGE = "/recherche/adresse"
ADDRESS = "12 rue Perdue-Secrète, Gap"
GAP, BRIANCON = "05061", "05023"


class Geocoder(ThreadingHTTPServer):
    """Answers every search with `content`, or as `manner` does; keeps what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, dict[str, list[str]], dict[str, str]]] = []
        self.content = b""
        self.manner: Callable[[_Handler], Any] | None = None
        # Whoever lets others wait does so until the test is over.
        self.over = threading.Event()

    def says(self, *addresses: tuple[str, str]) -> None:
        features = [
            {"properties": {"label": label, "citycode": code}} for label, code in addresses
        ]
        self.content = orjson.dumps({"features": features})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Geocoder

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.server.asked.append((parts.path, parse_qs(parts.query), dict(self.headers)))
        if self.server.manner:
            self.server.manner(self)
        else:
            self.give(self.server.content)

    def give(
        self, content: bytes, status: int = 200, header: tuple[str, str] | None = None
    ) -> None:
        self.send_response(status)
        if header:
            self.send_header(*header)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def geocoder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Geocoder]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = Geocoder()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server
    server.over.set()
    server.shutdown()
    server.server_close()
    thread.join(60)


@pytest.fixture
def app(settings: Settings, sessions_of_the_run: Sessions, geocoder: Geocoder) -> FastAPI:
    settings.geocoder = GeocoderSettings(url=geocoder.url, label="la BAN d’essai", seconds=8)
    return create_app(settings, sessions=sessions_of_the_run.afresh())


def ask(client: TestClient, text: str = ADDRESS, **headers: str) -> Any:
    return client.post(PAGE, data={"adresse": text}, headers={**BROWSER, **headers})


@pytest.mark.usefixtures("engine")
def test_an_address_leads_to_its_commune_and_its_cpts(
    client: TestClient, geocoder: Geocoder, register: Register
) -> None:
    register("CPTS du Gapençais", communes=(GAP,), email="contact@gapencais.example")
    geocoder.says(
        ("12 Rue Perdue 05000 Gap", GAP), ("Briançon", BRIANCON), ("Nulle part", "99999")
    )
    answer = ask(client)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert "2 adresses trouvées" in answer.text.replace("\xa0", " ")
    for told in ("12 Rue Perdue 05000 Gap", "/communes/05061", "CPTS du Gapençais",
                 "mailto:contact@gapencais.example", "/communes/05023#contacts"):  # fmt: skip
        assert told in answer.text
    assert slips_of(answer.text) == []
    assert "Nulle part" not in answer.text
    [(path, query, headers)] = geocoder.asked
    assert path == "/search/"
    assert query == {"q": [ADDRESS], "limit": ["5"]}
    # Nothing tells the geocoder who asks.
    assert {name.lower() for name in headers} <= {
        "host", "accept", "accept-encoding", "connection", "user-agent",
    }  # fmt: skip


@pytest.mark.usefixtures("engine")
def test_a_city_a_former_commune_and_an_address_of_nowhere(
    client: TestClient, geocoder: Geocoder
) -> None:
    geocoder.says(("Paris", "75056"), ("Chauffayer", "05039"))
    told = ask(client).text
    assert "La réponse dépend de l’arrondissement" in told
    assert "Aubessagne" in told
    geocoder.says()
    nowhere = ask(client).text
    assert "Aucune adresse ne correspond" in nowhere
    assert slips_of(told) == slips_of(nowhere) == []


@pytest.mark.usefixtures("engine")
def test_only_the_form_of_addresses_asks_anybody_outside(
    client: TestClient, geocoder: Geocoder
) -> None:
    for address in (
        "/", f"/recherche?q={ADDRESS}", f"/recherche/suggestions?q={ADDRESS}", PAGE,
        "/recherche?q=gap", "/donnees-personnelles",
    ):  # fmt: skip
        assert client.get(address, headers=BROWSER).status_code == 200
    assert ask(client, "   ").status_code == 200
    assert ask(client, "Gap\u202e").status_code == 422
    assert ask(client, "x" * 201).status_code == 422
    assert ask(client, Origin="https://ailleurs.example").status_code == 403
    assert geocoder.asked == []
    # What resembles an address is kept by nobody, wherever it is written.
    for address in (f"/recherche?q={ADDRESS}", f"/recherche/suggestions?q={ADDRESS}"):
        assert client.get(address).headers["cache-control"] == "no-store"
    assert client.get("/recherche?q=gap").headers["cache-control"] != "no-store"
    privacy = client.get("/donnees-personnelles").text
    assert "envoyée à la BAN d’essai" in privacy
    assert "envoyée à la BAN d’essai" in client.get(PAGE).text


def _redirects(handler: _Handler) -> None:
    handler.give(b"", 302, ("Location", f"{handler.server.url}/ailleurs"))


def _is_huge(handler: _Handler) -> None:
    handler.send_response(200)
    handler.end_headers()
    try:
        while not handler.server.over.is_set():
            handler.wfile.write(b" " * 65_536)
    except OSError:
        pass


def _unpacks_to_much(handler: _Handler) -> None:
    packed = gzip.compress(b" " * 30_000_000)
    handler.give(packed, 200, ("Content-Encoding", "gzip"))


MANNERS: dict[str, Callable[[_Handler], Any]] = {
    # As the Base Adresse Nationale answers « !! ».
    "a refusal": lambda handler: handler.give(
        b'{"code":400,"message":"Failed parsing query","detail":["q must contain between 3 and '
        b'200 chars and start with a number or a letter"]}',
        400,
    ),
    "an error": lambda handler: handler.give(b"{}", 500),
    "a redirect": _redirects,
    "a page": lambda handler: handler.give(b"<html>bonjour</html>"),
    "nothing": lambda handler: handler.connection.close(),
    "no end": _is_huge,
    "a bomb": _unpacks_to_much,
    "nonsense": lambda handler: handler.wfile.write(b"\x00\x01\x02\r\n\r\n"),
}


_BADLY = [manner for manner in MANNERS if manner != "a refusal"]


@pytest.mark.usefixtures("engine")
def test_a_text_that_a_geocoder_cannot_search_finds_nothing(
    client: TestClient, geocoder: Geocoder
) -> None:
    geocoder.manner = MANNERS["a refusal"]
    for _ in range(2):
        answer = ask(client, "!!")
        assert answer.status_code == 200
        assert "Aucune adresse ne correspond" in answer.text
    assert len(geocoder.asked) == 2, "it is not taken to be away"


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("manner", _BADLY)
def test_a_geocoder_that_answers_badly_is_said_not_to_answer(
    client: TestClient, geocoder: Geocoder, manner: str
) -> None:
    geocoder.manner = MANNERS[manner]
    answer = ask(client)
    assert answer.status_code == 503
    assert "retry-after" in answer.headers
    assert "ne répond pas" in answer.text
    assert slips_of(answer.text) == []
    assert "Perdue" in answer.text, "the form keeps what was written"
    assert [path for path, _, _ in geocoder.asked] == ["/search/"]


@pytest.mark.usefixtures("engine")
def test_what_a_geocoder_says_is_shown_as_text(client: TestClient, geocoder: Geocoder) -> None:
    geocoder.says((HOSTILE, GAP))
    told = ask(client, HOSTILE).text
    assert HOSTILE not in told
    assert told.count("&lt;img src=x") == 2


@pytest.fixture
def hasty(app: FastAPI, settings: Settings, geocoder: Geocoder) -> None:
    settings.geocoder.seconds = 0.2
    app.state.geocoder = type(app.state.geocoder)(settings.geocoder)


def _drips(handler: _Handler) -> None:
    handler.send_response(200)
    handler.end_headers()
    try:
        while not handler.server.over.wait(0.05):
            handler.wfile.write(b" ")
    except OSError:
        pass


@pytest.mark.usefixtures("engine", "hasty")
@pytest.mark.parametrize("manner", [lambda handler: handler.server.over.wait(60), _drips])
def test_nobody_waits_for_a_slow_geocoder_and_then_nobody_asks_it(
    client: TestClient, geocoder: Geocoder, manner: Callable[[_Handler], None]
) -> None:
    geocoder.manner = manner
    assert ask(client).status_code == 503
    assert ask(client).status_code == 503
    assert len(geocoder.asked) == 1
    # All else goes on.
    assert client.get("/recherche?q=gap", headers=BROWSER).status_code in (200, 303)


@pytest.mark.usefixtures("engine")
def test_what_is_searched_stands_in_no_line_of_the_log(
    app: FastAPI, settings: Settings, geocoder: Geocoder
) -> None:
    settings.logs = LogSettings(access_log=True, log_level="debug")
    said = io.StringIO()
    root = logging.getLogger()
    before = root.handlers[:], root.level
    try:
        configure_logs(settings.logs, said)
        with TestClient(create_app(settings, sessions=app.state.sessions)) as client:
            geocoder.says(("12 Rue Perdue-Secrète", GAP))
            assert ask(client).status_code == 200
            geocoder.manner = MANNERS["nothing"]
            assert ask(client).status_code == 503
            client.get(f"/recherche?q={ADDRESS}")
    finally:
        root.handlers[:], root.level = before
        logging.captureWarnings(capture=False)
    assert "The geocoder gives no answer of use" in said.getvalue()
    assert PAGE in said.getvalue()
    assert "Perdue" not in said.getvalue()


@pytest.mark.usefixtures("engine")
def test_without_a_geocoder_there_is_no_search_by_address(
    settings: Settings, sessions_of_the_run: Sessions
) -> None:
    with TestClient(create_app(settings, sessions=sessions_of_the_run.afresh())) as client:
        assert client.get(PAGE, headers=BROWSER).status_code == 404
        assert ask(client).status_code == 404
        for address in ("/", f"/recherche?q={ADDRESS}", "/donnees-personnelles"):
            assert PAGE not in client.get(address, headers=BROWSER).text
