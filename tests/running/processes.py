"""The processes of a service, found by the system's own list."""

from contextlib import suppress
from pathlib import Path


def children_of(pid: int) -> list[int]:
    """Give the processes that a process started, by number."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parent = int(status.read_text().rpartition(")")[2].split()[1])
            if parent == pid:
                found.append(int(status.parent.name))
    return found


def workers_of(service: int) -> list[int]:
    """Give the processes that answer requests: forked from one that the service started."""
    return [pid for parent in workers_parents_of(service) for pid in children_of(parent)]


def workers_parents_of(service: int) -> list[int]:
    """Give the process that workers are forked from; none before the first of them."""
    return [
        pid for pid in children_of(service) if "multiprocessing.forkserver" in _command(pid)
    ]


def _command(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""
