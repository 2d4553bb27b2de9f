"""Connections that give or take nothing are closed; all others are served as before."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from app.running.protocol import MOST_HEADER_BYTES, BoundedHttpProtocol

SHORT_S = 0.4
# An upper bound, for a machine that is busy with other things.
SOON_S = 20.0
LARGE = b"x" * (32 * 2**20)
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


class Protocol(BoundedHttpProtocol):
    """The same with little patience."""

    headers_s = unread_s = linger_s = SHORT_S


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] != "http":
        return
    body = b"ok"
    if scope["path"] == "/large":
        body = LARGE
    elif scope["path"] == "/slow":
        await asyncio.sleep(4 * SHORT_S)
    elif scope["method"] == "POST":
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture(scope="module")
def server() -> Iterator[uvicorn.Server]:
    config = uvicorn.Config(
        application, port=0, http=Protocol, lifespan="off", log_level="error"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + SOON_S
    while not server.started:
        assert time.monotonic() < deadline, "the server did not start"
        time.sleep(0.02)
    yield server
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def connection(server: uvicorn.Server) -> Iterator[socket.socket]:
    port = server.servers[0].sockets[0].getsockname()[1]
    with socket.create_connection(("127.0.0.1", port), timeout=SOON_S) as connection:
        yield connection


def rest(connection: socket.socket) -> bytes:
    """Give all that comes until the server closes; a reset counts as that."""
    parts = b""
    try:
        while part := connection.recv(65536):
            parts += part
    except ConnectionResetError:
        pass
    return parts


def trickle(connection: socket.socket, piece: bytes) -> None:
    """Send a piece again and again, well within each silence allowed, until it is cut."""
    deadline = time.monotonic() + SOON_S
    connection.settimeout(SHORT_S / 8)
    while True:
        assert time.monotonic() < deadline, "the connection is kept for good"
        try:
            connection.sendall(piece)
            if not connection.recv(1):
                return
        except TimeoutError:
            continue
        except OSError:
            return


def test_a_connection_that_says_nothing_is_closed(connection: socket.socket) -> None:
    assert rest(connection) == b""


@pytest.mark.parametrize("begun", [b"", b"GET / HTTP/1.1\r\nHost: a\r\n"])
@pytest.mark.parametrize("piece", [b"X-A: b\r\n", b"\r\n"])
def test_headers_that_come_by_drops_are_cut(
    connection: socket.socket, begun: bytes, piece: bytes
) -> None:
    if begun and piece == b"\r\n":
        begun = b""  # they would end the headers
    connection.sendall(begun or b"\r\n")
    trickle(connection, piece if begun else b"\r\n")


def test_line_ends_after_an_answer_do_not_keep_the_connection(
    connection: socket.socket,
) -> None:
    connection.sendall(GET)
    assert connection.recv(65536).endswith(b"ok")
    trickle(connection, b"\r\n")


def test_requests_follow_one_another_on_a_connection(connection: socket.socket) -> None:
    for _ in range(3):
        connection.sendall(GET[:20])
        time.sleep(SHORT_S / 4)
        connection.sendall(GET[20:])
        assert connection.recv(65536).endswith(b"ok")
        time.sleep(SHORT_S / 4)
    connection.sendall(GET + GET)
    answered = b""
    while answered.count(b"ok") < 2:
        answered += connection.recv(65536)


def test_a_long_answer_and_the_beginning_of_a_next_request_are_not_cut(
    connection: socket.socket,
) -> None:
    connection.sendall(GET.replace(b"/", b"/slow", 1) + GET[:20])
    assert connection.recv(65536).endswith(b"ok")


def test_a_body_that_takes_longer_than_headers_may_is_not_cut_here(
    connection: socket.socket,
) -> None:
    connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n")
    for _ in range(6):
        time.sleep(SHORT_S / 2)
        connection.sendall(b"x")
    assert connection.recv(65536).endswith(b"xxxxxx")


def test_a_body_that_nobody_waits_for_does_not_keep_the_connection(
    connection: socket.socket,
) -> None:
    connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
    assert connection.recv(65536).endswith(b"ok")
    trickle(connection, b"x")


def test_headers_without_end_are_refused(connection: socket.socket) -> None:
    connection.sendall(b"GET / HTTP/1.1\r\n")
    try:
        for _ in range(MOST_HEADER_BYTES // 1000 + 10):
            connection.sendall(b"X-A: " + b"b" * 1000 + b"\r\n")
    except OSError:
        return
    assert rest(connection).startswith((b"HTTP/1.1 431", b""))


def test_an_answer_that_nobody_reads_is_given_up(
    server: uvicorn.Server, connection: socket.socket
) -> None:
    connection.sendall(GET.replace(b"/", b"/large", 1))
    connection.recv(1)
    deadline = time.monotonic() + SOON_S
    own = connection.getsockname()
    while any(
        getattr(held, "client", None) == own for held in list(server.server_state.connections)
    ):
        assert time.monotonic() < deadline, "the answer waits for good"
        time.sleep(0.02)


def test_an_answer_that_is_read_slowly_is_read_whole(connection: socket.socket) -> None:
    connection.sendall(GET.replace(b"/", b"/large", 1))
    size = paused_at = 0
    while size < len(LARGE):
        part = connection.recv(65536)
        assert part, "cut while it was read"
        size += len(part)
        if size - paused_at > 2**20:
            paused_at = size
            time.sleep(SHORT_S / 16)
