"""Listings at an address, served from this machine."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from app.failures import Failure
from app.files import fetching
from app.files.fetching import fetched


class _Handler(BaseHTTPRequestHandler):
    content = b""

    def do_GET(self) -> None:
        if self.path.startswith("/loop"):
            self.send_response(302)
            self.send_header("Location", "/loop")
            self.end_headers()
        elif self.path.startswith("/file"):
            self.send_response(302)
            self.send_header("Location", "file:///etc/hostname")
            self.end_headers()
        elif self.path.startswith("/absent"):
            self.send_error(404)
        else:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(self.content)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Base address of a small server that serves `_Handler.content`."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(5)


def test_a_file_is_fetched_under_the_name_of_its_address(address: str) -> None:
    _Handler.content = b"CPTS;Commune\n"
    with fetched(f"{address}/listes/cpts.csv?jour=1") as (path, name):
        assert path.read_bytes() == b"CPTS;Commune\n"
        assert name == "cpts.csv"


@pytest.mark.parametrize("path", ["/absent", "/loop", "/file"])
def test_an_address_that_gives_nothing_is_told_in_one_line(address: str, path: str) -> None:
    with pytest.raises(Failure) as refused, fetched(address + path):
        pass
    assert refused.value.exit_status == 2
    assert "\n" not in refused.value.message


def test_a_server_that_is_not_there_is_told(address: str) -> None:
    with pytest.raises(Failure, match="joint"), fetched("http://127.0.0.1:9/liste.csv"):
        pass


def test_a_download_beyond_the_bound_stops(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _Handler.content = b"x" * 5000
    monkeypatch.setattr(fetching, "LARGEST_FILE", 1000)
    with pytest.raises(Failure, match="dépasse"), fetched(f"{address}/gros.csv"):
        pass
