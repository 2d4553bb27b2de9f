"""How often one address may ask for something in a minute."""

import math
import time
from ipaddress import IPv6Address, ip_address

from fastapi import Request
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from app.problems import TooManyRequests

# A subscriber is given at least this many bits of IPv6 to itself.
_IPV6_PREFIX_BITS = 64


class AddressLimit:
    """Counts requests by address, in the memory of one worker.

    A minute begins with an address's first request. With several workers each counts for
    itself, so that the service as a whole may answer up to as many times more.
    Parameters: `per_minute`, what one address may ask for in a minute; `what` it is called
    in the refusal, a French plural.
    """

    def __init__(self, per_minute: int, *, what: str) -> None:
        self._what = what
        self._per_minute = per_minute
        self._item = RateLimitItemPerMinute(per_minute)
        self._counter = FixedWindowRateLimiter(MemoryStorage())

    def count_client(self, request: Request) -> None:
        """Count one request of its client; raises `TooManyRequests` as `count` does."""
        self.count(request.client.host if request.client else None)

    def count(self, address: str | None) -> None:
        """Count one request; raises `TooManyRequests` when it is one too many.

        Parameters: `address`, of the client, None when it is not known (all such share
        one count). Addresses of IPv6 count by their /64 network.
        """
        key = _network(address)
        if self._counter.hit(self._item, key):
            return
        end = self._counter.get_window_stats(self._item, key).reset_time
        wait_s = max(1, math.ceil(end - time.time()))
        refusal = TooManyRequests(
            f"Au plus {self._per_minute} {self._what} par minute et par adresse : "
            f"réessayez dans {wait_s} s."
        )
        refusal.headers = {"Retry-After": str(wait_s)}  # type: ignore[misc]
        raise refusal


def _network(address: str | None) -> str:
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return address or "unknown"
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(int(parsed) >> (128 - _IPV6_PREFIX_BITS))
    return str(parsed)
