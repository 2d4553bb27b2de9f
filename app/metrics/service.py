"""The page that Prometheus reads: instruments, and the state of registry, backup and disk."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from app.letters.record.rules import State
from app.metrics.processes import instruments
from app.metrics.repository import RegistryState, registry_state

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True)
class LastBackup:
    """When the last backup ended, and whether it succeeded."""

    finished_at: datetime
    ok: bool


def page(engine: Engine, data_directory: Path) -> bytes:
    """Write all metrics in Prometheus's text format.

    Parameters: `engine`, whose database may be away (`cpts_database_up` then says so);
    `data_directory`, where free disk is measured and `backup/last.json` is read.
    """
    state = CollectorRegistry()
    state.register(_State(engine, data_directory))
    return generate_latest(instruments()) + generate_latest(state)


def last_backup(data_directory: Path) -> LastBackup | None:
    """Read what the last backup left: `backup/last.json`, `{"finished_at": …, "ok": …}`.

    `finished_at` is an ISO 8601 time with its offset. None without a readable file.
    """
    try:
        told = json.loads((data_directory / "backup" / "last.json").read_text("utf-8"))
        return LastBackup(datetime.fromisoformat(told["finished_at"]), told["ok"] is True)
    except (OSError, ValueError, KeyError, TypeError):
        return None


class _State(Collector):
    def __init__(self, engine: Engine, data_directory: Path) -> None:
        self._engine = engine
        self._data_directory = data_directory

    def collect(self) -> Iterator[Metric]:
        try:
            state = registry_state(self._engine)
        except SQLAlchemyError:
            state = None
        yield _gauge("database_up", "Whether the database answers.", state is not None)
        if state is not None:
            yield from _of_registry(state)
        yield from _of_disk(self._data_directory)
        backup = last_backup(self._data_directory)
        if backup is not None:
            finished = backup.finished_at.timestamp()
            yield _gauge(
                "backup_last_finished_timestamp_seconds", "End of the last backup.", finished
            )
            yield _gauge("backup_last_ok", "Whether the last backup succeeded.", backup.ok)


def _of_registry(state: RegistryState) -> Iterator[Metric]:
    yield _gauge("registry_revision", "Revision of the registry.", state.revision)
    yield _gauge(
        "registry_changed_timestamp_seconds",
        "Last change of the registry.",
        state.changed_at.timestamp(),
    )
    imports = CounterMetricFamily("cpts_imports", "Imports that changed the registry.")
    imports.add_metric((), state.imports)
    yield imports
    if state.imported_at is not None:
        yield _gauge(
            "import_last_timestamp_seconds",
            "Last import that changed the registry.",
            state.imported_at.timestamp(),
        )
    letters = GaugeMetricFamily("cpts_letters", "Letters by state.", labels=("state",))
    # Every state is shown, at 0 too: an alert cannot tell "none" from "not measured".
    for name in State:
        letters.add_metric((name,), state.letters.get(name, 0))
    yield letters
    yield _gauge("error_reports_waiting", "Reports of errors to handle.", state.reports_waiting)
    yield _gauge("database_size_bytes", "Size of the database.", state.database_bytes)
    yield _gauge("database_lock_waits", "Sessions of the database that wait.", state.lock_waits)
    yield _gauge(
        "database_lock_wait_longest_seconds",
        "Longest wait for a lock at this moment.",
        state.longest_lock_wait_s,
    )


def _of_disk(data_directory: Path) -> Iterator[Metric]:
    try:
        usage = shutil.disk_usage(data_directory)
    except OSError:
        return
    yield _gauge("data_directory_free_bytes", "Free disk of the data directory.", usage.free)
    yield _gauge("data_directory_total_bytes", "Size of that disk.", usage.total)


def _gauge(name: str, said: str, value: float) -> Metric:
    return GaugeMetricFamily(f"cpts_{name}", said, value=float(value))
