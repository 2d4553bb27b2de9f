"""Progress as bars on a terminal."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.progress import Progress as RichProgress

from app.progress import Step, shown_seconds


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
        self.say(f"✓ {label} ({shown_seconds(time.monotonic() - began)})")


class _BarStep:
    def __init__(self, bars: RichProgress, label: str, total: float | None) -> None:
        self._bars = bars
        self._task = bars.add_task(label, total=total)

    def advance(self, count: float = 1) -> None:
        self._bars.advance(self._task, count)
