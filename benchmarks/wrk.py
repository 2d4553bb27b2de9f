"""Requests per second, counted by wrk."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from app.failures import Failure

CONNECTIONS = 8
_RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
_MEDIAN = re.compile(r"\s50%\s+([\d.]+)(us|ms|s|m)\b")
_TAIL = re.compile(r"\s99%\s+([\d.]+)(us|ms|s|m)\b")
_ERRORS = re.compile(r"Non-2xx or 3xx responses: (\d+)|Socket errors: (.+)")
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}


@dataclass(frozen=True)
class Load:
    """What wrk counted: answers per second, and seconds for half and 99 % of them."""

    rate: float
    median_s: float
    tail_s: float


def read_output(text: str) -> Load:
    """Read what wrk prints. Raises `Failure` when not every answer was a success."""
    errors = _ERRORS.search(text)
    if errors:
        raise Failure(f"wrk : {errors.group(0)}")
    rate, median, tail = (pattern.search(text) for pattern in (_RATE, _MEDIAN, _TAIL))
    if rate is None or median is None or tail is None or float(rate[1]) == 0:
        raise Failure("wrk n'a compté aucune réponse.")
    return Load(
        float(rate[1]),
        float(median[1]) * _SECONDS[median[2]],
        float(tail[1]) * _SECONDS[tail[2]],
    )


def load(program: Path, url: str, coding: str, seconds: int) -> Load:
    """Ask for one address again and again over `CONNECTIONS` connections.

    Parameters: `coding`, the only one accepted (`identity`, `gzip`, `br`).
    """
    command = [str(program), "--threads", "1", "--connections", str(CONNECTIONS)]
    command += ["--duration", f"{seconds}s", "--timeout", "60s", "--latency"]
    command += ["--header", f"Accept-Encoding: {coding}", url]
    return read_output(
        subprocess.run(command, check=True, capture_output=True, text=True).stdout
    )
