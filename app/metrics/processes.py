"""The folder in which the workers of one service keep what they measure.

Each worker writes files of its own, and whoever is asked adds them up. What a worker that
has ended had counted is kept, or the sums would fall; what it showed as present is not.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.metrics_core import Metric
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_PREFIX = "cpts-metrics"
# Stands where a file's name has the number of its process.
_ENDED = "0"


@contextmanager
def shared_folder() -> Iterator[Path]:
    """Give this service a private folder while the block runs, and clear those left behind.

    The workers find it by an environment variable, which has to be set before they are
    started.
    """
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}-*"):
        pid = left.name.split("-")[2]
        if pid == str(os.getpid()) or not _is_alive(pid):
            # Another account's stays.
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f"{_PREFIX}-{os.getpid()}-") as made:
        os.environ[VARIABLE] = made
        try:
            yield Path(made)
        finally:
            del os.environ[VARIABLE]


def instruments() -> CollectorRegistry:
    """Give what is measured: by all workers, or by this process when it is alone."""
    folder = os.environ.get(VARIABLE)
    if folder is None:
        return REGISTRY
    registry = CollectorRegistry()
    registry.register(_SummedUp(Path(folder)))
    return registry


class _SummedUp(Collector):
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterator[Metric]:
        with _alone(self._folder):
            _settle_ended(self._folder)
            yield from MultiProcessCollector(None, str(self._folder)).collect()


def _settle_ended(folder: Path) -> None:
    """Add the counts of workers that have ended to one file, and remove their own."""
    for path in sorted(folder.glob("*.db")):
        *kind, pid = path.stem.split("_")
        if pid == _ENDED or _is_alive(pid):
            continue
        if kind[0] in ("counter", "histogram", "summary"):
            total = MmapedDict(str(folder / f"{kind[0]}_{_ENDED}.db"))
            for key, value, timestamp, _ in MmapedDict.read_all_values_from_file(str(path)):
                total.write_value(key, total.read_value(key)[0] + value, timestamp)
            total.close()
        path.unlink()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    # Nobody reads while counts are in two files, or in none.
    with (folder / "reading.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_alive(pid: str) -> bool:
    if not pid.isdecimal():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
