"""Progress of long steps: a bar on a terminal, plain lines elsewhere.

Everything goes to standard error, so that standard output holds results only.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.progress import Progress as RichProgress


class Step(Protocol):
    """One step under way."""

    def advance(self, count: float = 1) -> None:
        """Say that `count` more of the step's total is done."""


class Progress(Protocol):
    """Where long work tells how far it is."""

    def say(self, line: str) -> None:
        """Show one line."""

    @contextmanager
    def step(self, label: str, total: float | None = None) -> Iterator[Step]:
        """Show a step while the block runs; `total` None when it cannot be counted."""


class SilentProgress:
    """Shows nothing: for tests and for work inside a request."""

    def say(self, line: str) -> None:
        """Show nothing."""

    @contextmanager
    def step(self, label: str, total: float | None = None) -> Iterator[Step]:
        """Show nothing."""
        yield _SilentStep()


class _SilentStep:
    def advance(self, count: float = 1) -> None:
        pass


class LineProgress:
    """One line at the end of each step, for logs."""

    def say(self, line: str) -> None:
        """Write the line at once."""
        sys.stderr.write(line + "\n")
        sys.stderr.flush()

    @contextmanager
    def step(self, label: str, total: float | None = None) -> Iterator[Step]:
        """Write a line when the step begins, and one with its time when it ended."""
        self.say(f"{label}…")
        began = time.monotonic()
        yield _SilentStep()
        self.say(f"{label} : fait en {_seconds(time.monotonic() - began)}")


class BarProgress:
    """A live bar for each step, on a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def say(self, line: str) -> None:
        """Show the line as it is, without markup."""
        self._console.print(line, markup=False, highlight=False)

    @contextmanager
    def step(self, label: str, total: float | None = None) -> Iterator[Step]:
        """Show a bar, or a spinner without a total, and leave one line behind."""
        began = time.monotonic()
        counted = [BarColumn(), MofNCompleteColumn()] if total is not None else []
        bars = RichProgress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            *counted,
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
        )
        with bars:
            yield _BarStep(bars, label, total)
        self.say(f"✓ {label} ({_seconds(time.monotonic() - began)})")


class _BarStep:
    def __init__(self, bars: RichProgress, label: str, total: float | None) -> None:
        self._bars = bars
        self._task = bars.add_task(label, total=total)

    def advance(self, count: float = 1) -> None:
        self._bars.advance(self._task, count)


def terminal_progress() -> Progress:
    """Give the progress that suits standard error: events when the log is in JSON."""
    if os.environ.get("CPTS_LOG_FORMAT") == "json":
        from app.logs import LogProgress, configure_logs  # noqa: PLC0415
        from app.settings import LogSettings  # noqa: PLC0415

        configure_logs(LogSettings())
        return LogProgress()
    console = Console(stderr=True)
    return BarProgress(console) if console.is_terminal else LineProgress()


def _seconds(duration: float) -> str:
    # After the step: a start imports nothing for it.
    from app.french import number  # noqa: PLC0415

    return f"{number(duration, 1)} s"
