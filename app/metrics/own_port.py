"""`/metrics` on a port of its own, without a token, beside the workers."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import socket
from typing import Any

from sqlalchemy import Engine

from app.database.engine import create_database_engine
from app.metrics.service import CONTENT_TYPE, page

_CLIENT_TIMEOUT_S = 10


@contextmanager
def metrics_served(reserved: socket, database: str, data_directory: Path) -> Iterator[None]:
    """Answer `GET /metrics` while the block runs.

    Parameters: `reserved`, a bound socket; `database`, its address.
    """
    engine = create_database_engine(database, connections=2, application_name="cpts-metrics")
    reserved.listen(8)
    server = _Server(reserved, partial(_Handler, engine, data_directory))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        engine.dispose()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, bound: socket, handler: Any) -> None:
        self.address_family = bound.family
        self.address_family = bound.family
        super().__init__(bound.getsockname()[:2], handler, bind_and_activate=False)
        self.socket.close()
        self.socket = bound

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: the client has left."""


class _Handler(BaseHTTPRequestHandler):
    timeout = _CLIENT_TIMEOUT_S
    server_version = "cpts"
    sys_version = ""

    def __init__(self, engine: Engine, data_directory: Path, *given: Any) -> None:
        self._engine = engine
        self._data_directory = data_directory
        super().__init__(*given)

    def do_GET(self) -> None:
        """Answer the one address there is."""
        if self.path.partition("?")[0] != "/metrics":
            self.send_error(404)
            return
        body = page(self._engine, self._data_directory)
        self.send_response(200)
        for name, value in (
            ("Content-Type", CONTENT_TYPE),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (its name there)
        """Write no line: whoever asks does so every few seconds."""
