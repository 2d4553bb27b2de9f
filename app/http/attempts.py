"""How often one address may try something, such as signing in."""

import math
import time
from ipaddress import IPv6Address, ip_address
from typing import ClassVar

from fastapi import Request
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from app.problems import TooManyRequests

# A subscriber is given at least this many bits of IPv6 to itself.
_IPV6_PREFIX_BITS = 64


class AttemptLimit:
    """Counts attempts by address, in the memory of one worker.

    Parameters: `per_minute`, attempts that one address has in a minute, which begins
    with its first one. Addresses of IPv6 count by their /64 network.
    """

    _unknown: ClassVar[str] = "unknown"

    def __init__(self, per_minute: int) -> None:
        self._item = RateLimitItemPerMinute(per_minute)
        self._counter = FixedWindowRateLimiter(MemoryStorage())

    def count(self, request: Request) -> None:
        """Count one attempt of a client; raises `TooManyRequests` when it is one too many."""
        key = _network(request.client.host if request.client else self._unknown)
        if self._counter.hit(self._item, key):
            return
        end = self._counter.get_window_stats(self._item, key).reset_time
        wait_s = max(1, math.ceil(end - time.time()))
        problem = TooManyRequests(
            f"Trop de tentatives depuis votre adresse : réessayez dans {wait_s} secondes."
        )
        problem.headers = {"Retry-After": str(wait_s)}  # type: ignore[misc]
        raise problem


def _network(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(int(parsed) >> (128 - _IPV6_PREFIX_BITS))
    return str(parsed)
