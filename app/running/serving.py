"""`./cpts serve`: prepare what is missing, then serve until told to end."""

import errno
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress

import uvicorn
from uvicorn.config import STARTUP_FAILURE

from app.cluster.addresses import DatabaseAddress, database_server
from app.failures import Failure
from app.french import number
from app.logs import configure_logs
from app.metrics.own_port import metrics_served
from app.metrics.processes import shared_folder
from app.progress import Progress, terminal_progress
from app.running.protocol import BoundedHttpProtocol
from app.running.supervision import STARTING_S, Supervisor
from app.settings import PROJECT_ROOT, Settings

_MOST_WORKERS_BY_DEFAULT = 4
_GRACE_S = 10
_ANNOUNCEMENT_TIMEOUT_S = 60
# What is left of a service that was killed lets its port go within these times: a worker that
# answers at once, one that has not come so far as to know of it as soon as it does.
_LISTENED_AT_S = 2.0
_RESERVED_S = 10.0


def serve(host: str, port: int, workers: int | None) -> None:
    """Prepare the database, then listen until a signal ends it.

    Parameters: `host` and `port` to listen at; `workers`, one per processor, four at
    most, when None. The port is reserved first, and listened at only when everything is
    ready. Raises `Failure` when the service cannot start; `SystemExit` when preparing
    the database failed and has said why.
    """
    began = time.monotonic()
    settings = Settings()
    configure_logs(settings.logs)
    progress = terminal_progress()
    with (
        _reserved(host, port) as reserved,
        _metrics_port(host, settings) as metrics,
        shared_folder(),
        database_server(settings.database, progress, watch=True) as address,
        ExitStack() as beside,
    ):
        _prepare(settings, address, host)
        if metrics is not None:
            data = settings.database.data_directory
            beside.enter_context(metrics_served(metrics, address.url, data))
        # The workers read their settings from the environment, as anyone's would.
        os.environ["DATABASE_URL"] = address.url
        # They need not know how to alter a table.
        os.environ.pop("CPTS_OWNER_DATABASE_URL", None)
        url = _url(host, reserved)
        os.environ.setdefault("CPTS_LOCAL_URL", url)
        _tell_of_mail(settings, progress)
        threading.Thread(target=_announce, args=(url, progress, began), daemon=True).start()
        _run(reserved, workers or min(os.cpu_count() or 1, _MOST_WORKERS_BY_DEFAULT), settings)


def _tell_of_mail(settings: Settings, progress: Progress) -> None:
    if settings.mail.host is None:
        folder = settings.database.data_directory / "outbox"
        progress.say(f"Sans CPTS_SMTP_HOST, les messages sont écrits dans {folder}.")
    if settings.service.public_url is None:
        progress.say("Sans CPTS_PUBLIC_URL, les liens des messages mènent à cette machine.")


def _prepare(settings: Settings, address: DatabaseAddress, host: str) -> None:
    """Prepare the database in a process of its own.

    A first load takes most of a gigabyte, which this process would keep while it serves.
    """
    demonstration = settings.service.wants_demonstration(private=address.private)
    done = subprocess.run(
        [sys.executable, "-m", "app", "db", "prepare"],
        check=False,
        cwd=PROJECT_ROOT,
        env={
            **os.environ,
            "DATABASE_URL": address.url,
            "CPTS_OWNER_DATABASE_URL": address.owner_url or "",
            "CPTS_DEMO": "1" if demonstration else "0",
            "CPTS_DEMO_ACCOUNTS": str(
                int(demonstration and _is_alone(settings, address, host))
            ),
        },
        stdin=subprocess.DEVNULL,
        # Ctrl-C is this process's to tell, which ends that one.
        start_new_session=True,
    )
    if done.returncode != 0:
        # It has said why.
        sys.exit(1)


def _is_alone(settings: Settings, address: DatabaseAddress, host: str) -> bool:
    """Tell whether nobody but this machine's own people can come."""
    is_loopback = host in ("127.0.0.1", "::1", "localhost")
    return is_loopback and address.private and settings.service.public_url is None


def _run(reserved: socket.socket, workers: int, settings: Settings) -> None:
    config = uvicorn.Config(
        "app.running.worker:create_worker",
        factory=True,
        workers=workers,
        # One formatter for all (app.logs), and one line of access of our own.
        log_config=None,
        log_level="debug" if settings.logs.log_level == "debug" else "warning",
        access_log=False,
        server_header=False,
        http=BoundedHttpProtocol,
        proxy_headers=True,
        forwarded_allow_ips=settings.service.trusted_proxies,
        timeout_graceful_shutdown=_GRACE_S,
        timeout_worker_healthcheck=STARTING_S,
    )
    survives_terminal = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    supervisor = Supervisor(config, sockets=[reserved], preload=["app.running.worker"])
    # For uvicorn a lost terminal means new workers; here it means the end, but for nohup.
    signal.signal(
        signal.SIGHUP,
        signal.SIG_IGN
        if survives_terminal
        else lambda _number, _frame: supervisor.signal_queue.append(signal.SIGTERM),
    )
    supervisor.run()
    if any(process.exitcode == STARTUP_FAILURE for process in supervisor.processes):
        raise Failure("Le service n'a pas démarré : la raison est au-dessus.")


def _metrics_port(
    host: str, settings: Settings
) -> AbstractContextManager[socket.socket | None]:
    port = settings.monitoring.metrics_port
    return nullcontext() if port is None else _reserved(host, port)


def _url(host: str, reserved: socket.socket) -> str:
    port = reserved.getsockname()[1]
    if host in ("0.0.0.0", "::", ""):  # noqa: S104  (compared, not listened at)
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _announce(url: str, progress: Progress, began: float) -> None:
    if _answers(f"{url}/healthz"):
        seconds = number(time.monotonic() - began, 1)
        progress.say(
            f"Cartographie des CPTS : {url}  (prête en {seconds} s, Ctrl-C pour arrêter)"
        )


def _answers(address: str) -> bool:
    """Wait for a worker to answer; False when none has after a minute."""
    # Beside the workers, which would start later if it came before them.
    import httpx2  # noqa: PLC0415

    until = time.monotonic() + _ANNOUNCEMENT_TIMEOUT_S
    # Without the environment's proxies: the service is on this machine.
    with httpx2.Client(timeout=5, trust_env=False) as client:
        while time.monotonic() < until:
            with suppress(httpx2.HTTPError):
                if client.get(address).is_success:
                    return True
            time.sleep(0.05)
    return False


def _reserved(host: str, port: int) -> socket.socket:
    """Bind without listening: others are refused until the workers listen.

    A port that is taken is asked for again for a while, for a service that was killed just
    now. Raises `Failure` when it stays so, or cannot be had at all.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    except socket.gaierror:
        raise Failure(f"L'adresse d'écoute « {host} » est inconnue.") from None
    reserved = socket.socket(family, socket.SOCK_STREAM)
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    began = time.monotonic()
    while True:
        try:
            reserved.bind((host, port))
        except OSError as refused:
            if _may_be_let_go(family, host, port, refused, time.monotonic() - began):
                time.sleep(0.1)
                continue
            reserved.close()
            raise Failure(_refusal(host, port, refused)) from None
        reserved.set_inheritable(True)
        return reserved


def _may_be_let_go(
    family: int, host: str, port: int, refused: OSError, waited_s: float
) -> bool:
    """Whether a port that is taken may only be so until a killed service's last worker ends."""
    if refused.errno != errno.EADDRINUSE:
        return False
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        # An address that means all of them leads to this machine.
        is_listened_at = probe.connect_ex((host, port)) == 0
    return waited_s < (_LISTENED_AT_S if is_listened_at else _RESERVED_S)


def _refusal(host: str, port: int, refused: OSError) -> str:
    if isinstance(refused, PermissionError):
        return f"Ce compte ne peut pas écouter sur le port {port} : choisissez-en un autre."
    if refused.errno == errno.EADDRINUSE:
        return f"Le port {port} est déjà utilisé : choisissez-en un autre avec --port."
    return f"Impossible d'écouter sur {host}:{port} ({refused.strerror})."
