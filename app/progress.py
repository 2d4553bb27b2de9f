"""Progress of long steps: a bar on a terminal, plain lines elsewhere.

Everything goes to standard error, so that standard output holds results only.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


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
        self.say(f"{label} : fait en {shown_seconds(time.monotonic() - began)}")


def terminal_progress() -> Progress:
    """Give the progress that suits standard error: events when the log is in JSON."""
    if os.environ.get("CPTS_LOG_FORMAT") == "json":
        from app.logs import LogProgress, configure_logs  # noqa: PLC0415
        from app.settings import LogSettings  # noqa: PLC0415

        configure_logs(LogSettings())
        return LogProgress()
    if not sys.stderr.isatty():
        return LineProgress()
    # Slow to import, and of use on a terminal only.
    from rich.console import Console  # noqa: PLC0415

    from app.progress_bars import BarProgress  # noqa: PLC0415

    return BarProgress(Console(stderr=True))


def shown_seconds(duration: float) -> str:
    """Write a duration as lines of progress end with it."""
    # After the step: a start imports nothing for it.
    from app.french import number  # noqa: PLC0415

    return f"{number(duration, 1)} s"
