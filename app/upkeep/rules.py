"""What a task is that the service does by itself."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from app.database.sessions import WritingSession


@dataclass(frozen=True)
class Task:
    """Something done once in a while; `act` tells how much it did.

    `afterwards`, what is left to do outside the database once it is committed.
    """

    name: str
    label: str
    every: timedelta
    act: Callable[[WritingSession], int]
    afterwards: Callable[[], int] = lambda: 0
