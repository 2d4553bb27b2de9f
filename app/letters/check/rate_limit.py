"""How often one address may ask for a check."""

import math
import time
from ipaddress import IPv6Address, ip_address

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from app.letters.check.errors import TooManyChecks

# A subscriber is given at least this many bits of IPv6 to itself.
_IPV6_PREFIX_BITS = 64


class CheckLimit:
    """Counts checks by address, in the memory of one worker.

    A minute begins with an address's first check. With several workers each counts for
    itself, so that the service as a whole may answer up to as many times more.
    Parameters: `per_minute`, checks that one address may ask for in a minute; `what` they
    are called in the refusal, a French plural.
    """

    def __init__(self, per_minute: int, *, what: str = "vérifications") -> None:
        self._what = what
        self._per_minute = per_minute
        self._item = RateLimitItemPerMinute(per_minute)
        self._counter = FixedWindowRateLimiter(MemoryStorage())

    def count(self, address: str | None) -> None:
        """Count one check; raises `TooManyChecks` when it is one too many.

        Parameters: `address`, of the client, None when it is not known (all such share
        one count). Addresses of IPv6 count by their /64 network.
        """
        key = _network(address)
        if not self._counter.hit(self._item, key):
            end = self._counter.get_window_stats(self._item, key).reset_time
            raise TooManyChecks(
                per_minute=self._per_minute,
                what=self._what,
                retry_after_s=max(1, math.ceil(end - time.time())),
            )


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
