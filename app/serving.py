"""`./cpts serve`: prepare what is missing, then serve until told to end."""

import errno
import os
import socket
import sys
import threading
import time
import traceback
import urllib.error
import urllib.request

import uvicorn
from fastapi import FastAPI
from sqlalchemy import Engine
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from app.database.cluster import DatabaseAddress, database_server
from app.database.command_database import migrate, preparation_lock
from app.database.engine import create_database_engine
from app.failures import Failure
from app.progress import Progress, terminal_progress
from app.settings import Settings

_MOST_WORKERS_BY_DEFAULT = 4
_GRACE_S = 10
_WORKER_SILENCE_S = 30
_ANNOUNCEMENT_TIMEOUT_S = 60


def serve(host: str, port: int, workers: int | None) -> None:
    """Prepare the database, then listen until a signal ends it.

    Parameters: `host` and `port` to listen at; `workers`, one per processor, four at
    most, when None. The port is reserved first, and listened at only when everything is
    ready. Raises `Failure` when the service cannot start.
    """
    began = time.monotonic()
    settings = Settings()
    progress = terminal_progress()
    with (
        _reserved(host, port) as reserved,
        database_server(settings.database, progress, watch=True) as address,
    ):
        prepare(settings, address, progress)
        # The workers read their settings from the environment, as anyone's would.
        os.environ["DATABASE_URL"] = address.url
        url = _url(host, reserved)
        threading.Thread(target=_announce, args=(url, progress, began), daemon=True).start()
        _run(reserved, workers or min(os.cpu_count() or 1, _MOST_WORKERS_BY_DEFAULT), settings)


def prepare(settings: Settings, address: DatabaseAddress, progress: Progress) -> None:
    """Bring schema, reference geography and demonstration data to where they must be.

    Look-ups only when all is there already. Commands that start at once wait for each
    other.
    """
    engine = create_database_engine(address.url, application_name="cpts-prepare")
    try:
        with preparation_lock(engine):
            migrate(engine, progress)
            _load_geography(engine, progress)
            wanted = settings.service.demo
            if wanted or (wanted is None and address.private):
                _load_demonstration(engine, progress)
    finally:
        engine.dispose()


def _load_geography(engine: Engine, progress: Progress) -> None:
    from app.geography.loading import load_geography

    load_geography(engine, progress)


def _load_demonstration(engine: Engine, progress: Progress) -> None:
    from app.cpts.demonstration.service import load_on_first_start

    load_on_first_start(engine, progress)


def create_worker() -> FastAPI:
    """Make the application of one worker process, which ends when its parent is gone."""
    from app.main import create_app

    threading.Thread(target=_end_without_parent, args=(os.getppid(),), daemon=True).start()
    try:
        return create_app()
    except Exception:
        traceback.print_exc()
        # Tells the parent that another worker would fare no better.
        sys.exit(STARTUP_FAILURE)


def _run(reserved: socket.socket, workers: int, settings: Settings) -> None:
    config = uvicorn.Config(
        "app.serving:create_worker",
        factory=True,
        workers=workers,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=settings.service.trusted_proxies,
        timeout_graceful_shutdown=_GRACE_S,
        timeout_worker_healthcheck=_WORKER_SILENCE_S,
    )
    supervisor = Multiprocess(config, sockets=[reserved])
    supervisor.run()
    if any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes):
        raise Failure("Le service n'a pas démarré : la raison est au-dessus.")


def _url(host: str, reserved: socket.socket) -> str:
    port = reserved.getsockname()[1]
    if host in ("0.0.0.0", "::", ""):  # noqa: S104  (compared, not listened at)
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _announce(url: str, progress: Progress, began: float) -> None:
    # Without the environment's proxies: the service is on this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    until = time.monotonic() + _ANNOUNCEMENT_TIMEOUT_S
    while time.monotonic() < until:
        try:
            opener.open(url + "/healthz", timeout=5).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
            continue
        seconds = f"{time.monotonic() - began:.1f}".replace(".", ",")
        progress.say(
            f"Cartographie des CPTS : {url}  (prête en {seconds} s, Ctrl-C pour arrêter)"
        )
        return


def _end_without_parent(parent: int) -> None:
    # After a `kill -9` of the service nobody else would free the port.
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


def _reserved(host: str, port: int) -> socket.socket:
    """Bind without listening: others are refused until the workers listen."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    except socket.gaierror:
        raise Failure(f"L'adresse d'écoute « {host} » est inconnue.") from None
    reserved = socket.socket(family, socket.SOCK_STREAM)
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        reserved.bind((host, port))
    except OSError as refused:
        reserved.close()
        raise Failure(_refusal(host, port, refused)) from None
    reserved.set_inheritable(True)
    return reserved


def _refusal(host: str, port: int, refused: OSError) -> str:
    if isinstance(refused, PermissionError):
        return f"Ce compte ne peut pas écouter sur le port {port} : choisissez-en un autre."
    if refused.errno == errno.EADDRINUSE:
        return f"Le port {port} est déjà utilisé : choisissez-en un autre avec --port."
    return f"Impossible d'écouter sur {host}:{port} ({refused.strerror})."
