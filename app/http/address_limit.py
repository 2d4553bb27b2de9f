"""How often one address may ask for something in a minute, whichever worker answers."""

import hashlib
from ipaddress import IPv6Address, ip_address

from fastapi import Request

from app.database.sessions import Sessions
from app.http.repository import count_request
from app.problems import TooManyRequests

# A subscriber is given at least this many bits of IPv6 to itself.
_IPV6_PREFIX_BITS = 64


class AddressLimit:
    """Counts requests by address in the database, so that all workers share one count.

    A minute begins with an address's first request. Parameters: `per_minute`, what one
    address may ask for in a minute; `what` it is called in the refusal, a French plural,
    which also keeps the counts of different things apart.
    """

    def __init__(self, per_minute: int, *, what: str, sessions: Sessions) -> None:
        self._what = what
        self._per_minute = per_minute
        self._sessions = sessions

    def count_client(self, request: Request) -> None:
        """Count one request of its client; raises `TooManyRequests` as `count` does."""
        self.count(request.client.host if request.client else None)

    def count(self, address: str | None) -> None:
        """Count one request; raises `TooManyRequests` when it is one too many.

        Parameters: `address`, of the client, None when it is not known (all such share
        one count). Addresses of IPv6 count by their /64 network.
        """
        digest = hashlib.sha256(_network(address).encode()).digest()
        with self._sessions.write() as session, session.begin():
            asked, wait_s = count_request(session, self._what, digest)
        if asked <= self._per_minute:
            return
        refusal = TooManyRequests(
            f"Au plus {self._per_minute} {self._what} par minute et par adresse : "
            f"réessayez dans {wait_s} s."
        )
        refusal.headers = {"Retry-After": str(wait_s)}  # type: ignore[misc]
        raise refusal


def client_network(request: Request) -> str:
    """Name the client's address, or its /64 network of IPv6, as one party."""
    return _network(request.client.host if request.client else None)


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
