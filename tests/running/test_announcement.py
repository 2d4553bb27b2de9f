"""When the service says that it is ready: when it answers, whatever proxies there are."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from app.progress import SilentProgress
from app.running import serving


class Listener(SilentProgress):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)


class Starting(BaseHTTPRequestHandler):
    """A service that is not ready at first."""

    refused = 0

    def do_GET(self) -> None:
        ready = self.path == "/healthz" and type(self).refused == 2
        if not ready:
            type(self).refused += 1
        self.send_response(200 if ready else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(Starting, "refused", 0)
    with HTTPServer(("127.0.0.1", 0), Starting) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("proxy", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_it_is_announced_once_it_answers_and_no_proxy_is_asked(
    address: str, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv(proxy, "http://127.0.0.1:9")
    listener = Listener()
    serving._announce(address, listener, 0)
    assert Starting.refused == 2
    assert [line.partition("  (")[0] for line in listener.lines] == [
        f"Cartographie des CPTS : {address}"
    ]


def test_what_does_not_answer_in_time_is_not_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "_ANNOUNCEMENT_TIMEOUT_S", 0.1)
    listener = Listener()
    serving._announce("http://127.0.0.1:9", listener, 0)
    assert listener.lines == []
