"""Commands that run beside each other share one server; the last one out stops it."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from app.failures import Failure


@contextmanager
def shared_server(
    locks: Path, start: Callable[[], None], stop: Callable[[], None]
) -> Iterator[None]:
    """Have the server run while the block runs.

    Each user holds a shared lock that the kernel drops with its process, `kill -9`
    included. Whoever comes or leaves does so under a second, exclusive lock, so that
    nobody joins a server that is being stopped.

    Parameters: `locks`, path of the lock files without their endings; `start`, called
    under the exclusive lock, must leave a running server as it is; `stop`, called under
    the same lock when nobody else uses the server.
    """
    with locks.with_name(locks.name + ".users").open("a") as users:
        with coming_or_going(locks):
            fcntl.flock(users, fcntl.LOCK_SH)
            try:
                start()
            except BaseException:
                _stop_if_last(users.fileno(), stop)
                raise
        try:
            yield
        finally:
            with coming_or_going(locks):
                _stop_if_last(users.fileno(), stop)


@contextmanager
def sole_user(locks: Path) -> Iterator[None]:
    """Keep everybody else away from the server while the block runs.

    Parameters: `locks` as for `shared_server`. Raises `Failure` when somebody uses it.
    """
    with locks.with_name(locks.name + ".users").open("a") as users, coming_or_going(locks):
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failure(
                "Le service, ou une autre commande, utilise la base : arrêtez-le d'abord."
            ) from None
        yield


@contextmanager
def coming_or_going(locks: Path) -> Iterator[None]:
    """Hold the lock under which a server is started and stopped."""
    with locks.with_name(locks.name + ".lock").open("a") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        yield


def _stop_if_last(users: int, stop: Callable[[], None]) -> None:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    stop()


def is_alive(pid: int) -> bool:
    """Tell whether a process of that number exists, whoever owns it."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
