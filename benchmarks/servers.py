"""The servers that are measured: ours, tipg, nginx; each one worker, on a loopback port."""

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote, urlsplit

from app.failures import Failure
from app.settings import PROJECT_ROOT

_START_TIMEOUT_S = 180
_STOP_TIMEOUT_S = 30

_NGINX = """\
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    sendfile off;
    output_buffers 2 2m;
    keepalive_requests 100000000;
    default_type application/geo+json;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    open_file_cache max=100;
    server {{
        listen 127.0.0.1:{port};
        root {folder}/files;
        add_header Cache-Control "public, no-cache";
        add_header Vary Accept-Encoding;
        location /gzip/ {{ add_header Content-Encoding gzip; }}
        location /br/ {{ add_header Content-Encoding br; }}
    }}
}}
"""


def free_port() -> int:
    """Give a loopback port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def fetch(url: str, coding: str = "identity") -> tuple[int, Mapping[str, str], bytes]:
    """Ask once, without a proxy and without decoding: status, headers, body as sent."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)
    try:
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        connection.request("GET", path, headers={"Accept-Encoding": coding})
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, headers, answer.read()
    finally:
        connection.close()


def own_environment(**settings: str) -> dict[str, str]:
    """Give this environment with no setting of the service but these."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name != "DATABASE_URL" and not name.startswith(("CPTS_", "TIPG_"))
    }
    return kept | settings


@contextmanager
def service(
    port: int, *, settings: Mapping[str, str], workers: int | None = 1
) -> Iterator[str]:
    """Have `./cpts serve` answer while the block runs; gives its base address.

    Parameters: `settings`, environment variables; `workers`, its own choice when None.
    """
    command = [str(PROJECT_ROOT / "cpts"), "serve", "--port", str(port)]
    if workers is not None:
        command += ["--workers", str(workers)]
    with _running(command, own_environment(**settings), f"http://127.0.0.1:{port}", "/readyz"):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def tipg(python: Path, sockets: str, database: str, schema: str) -> Iterator[str]:
    """Have tipg answer for the tables of a schema; gives its base address.

    With uvloop and httptools, as ours, and without its periodic look at the catalogue.
    """
    port = free_port()
    environment = own_environment(
        DATABASE_URL=f"postgresql://cpts@{quote(sockets, safe='')}/{database}",
        TIPG_DB_SCHEMAS=f'["{schema}"]',
        TIPG_CATALOG_TTL="0",
        TIPG_DEFAULT_FEATURES_LIMIT="10000",
    )
    command = [str(python), "-m", "uvicorn", "tipg.main:app", "--workers", "1"]
    command += ["--loop", "uvloop", "--http", "httptools", "--no-access-log"]
    command += ["--log-level", "warning", "--port", str(port)]
    with _running(command, environment, f"http://127.0.0.1:{port}", "/healthz"):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def nginx(program: Path, folder: Path, files: Mapping[str, bytes]) -> Iterator[str]:
    """Have nginx serve files; gives its base address.

    Parameters: `folder`, an empty one for its own; `files`, by path. What lies under
    `gzip/` and `br/` is said to be in that coding.
    """
    port = free_port()
    for path, body in files.items():
        target = folder / "files" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(body)
    configuration = folder / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    configuration.write_text(_NGINX.format(user=user, folder=folder, port=port))
    command = [str(program), "-p", str(folder), "-c", str(configuration)]
    command += ["-e", str(folder / "error.log"), "-g", "daemon off;"]
    first = "/" + next(iter(files))
    with _running(command, own_environment(), f"http://127.0.0.1:{port}", first):
        yield f"http://127.0.0.1:{port}"


def wait_until_answered(url: str, process: subprocess.Popen[bytes]) -> None:
    """Ask until an answer with status 200 comes. Raises `Failure` when none will."""
    until = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < until:
        with suppress(OSError, http.client.HTTPException):
            if fetch(url)[0] == 200:
                return
        if process.poll() is not None:
            break
        time.sleep(0.01)
    raise Failure(f"Le serveur mesuré ne répond pas : {url}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process that we started, with its children."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def _running(
    command: Sequence[str], environment: Mapping[str, str], base: str, path: str
) -> Iterator[None]:
    process = subprocess.Popen(command, env=dict(environment), stdin=subprocess.DEVNULL)
    try:
        wait_until_answered(base + path, process)
        yield
    finally:
        stop(process)
