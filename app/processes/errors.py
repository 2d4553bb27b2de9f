"""How a job that was not done ended, besides the answer of a service that is busy."""

from collections.abc import Mapping
from typing import ClassVar

from app.problems import Problem


class Busy(Problem):
    """More is asked for than this service does at once; it recovers by itself."""

    status, code, title = 503, "busy", "Service occupé"
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "5"}


class JobEnded(Exception):
    """The process of a job ended before it had answered."""


class JobExhausted(JobEnded):
    """It used up its processor time or its memory: the same input will do so again."""
