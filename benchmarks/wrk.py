"""Requests per second, counted by wrk."""

import math
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from app.failures import Failure
from benchmarks.servers import fetch

CONNECTIONS = 8
# wrk leaves out what is under way at its end: of a slow server it must see that many
# answers per connection, within a bound.
_ROUNDS = 6
_LONGEST_S = 40
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


def duration(seconds: int, one_answer_s: float) -> int:
    """Give how many seconds a server is asked: at least `seconds`, longer for a slow one.

    Parameters: `one_answer_s`, what one answer takes when nothing else is asked.
    """
    wanted = math.ceil(_ROUNDS * CONNECTIONS * one_answer_s)
    return max(seconds, min(wanted, _LONGEST_S))


def load(
    program: Path, url: str, coding: str, seconds: int, connections: int = CONNECTIONS
) -> Load:
    """Ask for one address again and again over some connections.

    Parameters: `coding`, the only one accepted (`identity`, `gzip`, `br`); `seconds`, the
    shortest time. Raises `Failure` when the server does not answer in this coding.
    """
    fetch(url, coding)
    began = time.perf_counter()
    status, headers, _ = fetch(url, coding)
    lasting = duration(seconds, time.perf_counter() - began)
    if status != 200 or headers.get("content-encoding", "identity") != coding:
        raise Failure(f"{url} ne répond pas en {coding}.")
    command = [str(program), "--threads", "1", "--connections", str(connections)]
    command += ["--duration", f"{lasting}s", "--timeout", "60s", "--latency"]
    command += ["--header", f"Accept-Encoding: {coding}", url]
    return read_output(
        subprocess.run(command, check=True, capture_output=True, text=True).stdout
    )
