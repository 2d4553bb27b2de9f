"""How often one address may ask for something in a minute, whichever worker answers."""

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from ipaddress import IPv6Address, ip_address
from typing import Any, Literal, NamedTuple

from fastapi import Depends, Request

from app.database.sessions import Sessions
from app.http.repository import address_secret, count_request, forget_addresses
from app.problems import TooManyRequests, refuses
from app.settings import Settings

# A subscriber is given at least this many bits of IPv6 to itself.
_IPV6_PREFIX_BITS = 64
_SECRET_BYTES = 32
# How long a worker goes by the secret that it has read, in seconds.
_SECRET_KEPT_S = 60


class AddressLimit:
    """Counts requests by address in the database, so that all workers share one count.

    A minute begins with an address's first request. Parameters: `per_minute`, what one
    address may ask for in a minute; `what` it is called in the refusal, a French plural,
    which also keeps the counts of different things apart; `minutes`, five at most, when a
    count lasts longer than one.
    """

    def __init__(
        self, per_minute: int, *, what: str, sessions: Sessions, minutes: int = 1
    ) -> None:
        self._what = what
        self._per_minute = per_minute
        self._minutes = minutes
        self._sessions = sessions
        self._lock = threading.Lock()
        self._secret = b""
        self._secret_until = 0.0

    async def count_aside(self, request: Request) -> None:
        """Count one request of its client, without a thread until its turn has come.

        Raises `TooManyRequests` as `count` does. For dependencies; an endpoint that is in
        a thread already calls `count_client`.
        """
        await self._sessions.aside(lambda: self.count_client(request))

    def count_client(self, request: Request) -> None:
        """Count one request of its client; raises `TooManyRequests` as `count` does."""
        self.count(request.client.host if request.client else None)

    def count(self, address: str | None) -> None:
        """Count one request; raises `TooManyRequests` when it is one too many.

        Parameters: `address`, of the client, None when it is not known (all such share
        one count). Addresses of IPv6 count by their /64 network.
        """
        digest = hmac.digest(self._current_secret(), _network(address).encode(), hashlib.sha256)
        with self._sessions.aside_write() as session, session.begin():
            asked, wait_s = count_request(
                session, self._what, digest, timedelta(minutes=self._minutes)
            )
        if asked <= self._per_minute:
            return
        within = "par minute" if self._minutes == 1 else f"en {self._minutes} minutes"
        refusal = TooManyRequests(
            f"Au plus {self._per_minute} {self._what} {within} et par adresse : "
            f"réessayez dans {wait_s} s."
        )
        refusal.headers = {"Retry-After": str(wait_s)}  # type: ignore[misc]
        raise refusal

    def _current_secret(self) -> bytes:
        now = time.monotonic()
        with self._lock:
            if now < self._secret_until:
                return self._secret
        with self._sessions.aside_write() as session, session.begin():
            secret = address_secret(session, secrets.token_bytes(_SECRET_BYTES))
        with self._lock:
            self._secret, self._secret_until = secret, now + _SECRET_KEPT_S
        return secret


LimitName = Literal[
    "check",
    "file_check",
    "note",
    "note_pdf",
    "workbook",
    "filter",
    "archive",
    "image",
    "document",
    "sign_in",
    "account",
    "code",
    "mail",
    "account_mail",
    "report",
    "address",
]


class LimitDeclaration(NamedTuple):
    """`most`, by the settings; `what` and `minutes`, as for `AddressLimit`."""

    most: Callable[[Settings], int]
    what: str
    minutes: int = 1


LIMITS: Mapping[LimitName, LimitDeclaration] = {
    "check": LimitDeclaration(lambda given: given.service.checks_per_minute, "vérifications"),
    "file_check": LimitDeclaration(
        lambda given: given.service.file_checks_per_minute, "vérifications de fichier"
    ),
    "note": LimitDeclaration(
        lambda given: given.service.notes_per_minute, "notes de vérification"
    ),
    # Typesetting costs more than a check, and a note is printed more often than made.
    "note_pdf": LimitDeclaration(
        lambda given: 3 * given.service.notes_per_minute, "notes en PDF"
    ),
    "workbook": LimitDeclaration(lambda given: given.service.workbooks_per_minute, "classeurs"),
    "filter": LimitDeclaration(lambda given: given.service.filters_per_minute, "filtres"),
    # Ten seconds of work for whoever asks first after a change; what is kept is not counted.
    "archive": LimitDeclaration(lambda _: 2, "archives de tuiles"),
    # Typeset as notes are, and kept for all once made.
    "image": LimitDeclaration(lambda given: given.service.figures_per_minute, "images"),
    "document": LimitDeclaration(lambda given: given.service.figures_per_minute, "documents"),
    "sign_in": LimitDeclaration(lambda given: given.service.sign_ins_per_minute, "connexions"),
    # By mailbox, whichever address the attempts come from; and whether anybody has it or not.
    "account": LimitDeclaration(
        lambda given: given.accounts.account_attempts,
        "essais de connexion à un compte",
        minutes=5,
    ),
    # Of a million codes three are right at any time.
    "code": LimitDeclaration(lambda _: 5, "codes d'un second facteur", minutes=5),
    "mail": LimitDeclaration(
        lambda given: given.service.sign_ins_per_minute, "messages demandés"
    ),
    "account_mail": LimitDeclaration(
        lambda _: 3, "messages demandés pour un compte", minutes=5
    ),
    "report": LimitDeclaration(lambda given: given.service.reports_per_minute, "signalements"),
    "address": LimitDeclaration(
        lambda given: given.service.addresses_per_minute, "recherches d'adresse"
    ),
}


def open_limits(settings: Settings, sessions: Sessions) -> dict[LimitName, AddressLimit]:
    """Make the limits of an application; kept as `app.state.limits`."""
    return {
        name: AddressLimit(
            limit.most(settings), what=limit.what, sessions=sessions, minutes=limit.minutes
        )
        for name, limit in LIMITS.items()
    }


def limit_of(request: Request, name: LimitName) -> AddressLimit:
    """Give a limit of the application that answers a request."""
    limits: Mapping[LimitName, AddressLimit] = request.app.state.limits
    return limits[name]


def limited(name: LimitName) -> Any:
    """Make the dependency of a route whose requests count: `dependencies=[limited("check")]`.

    A request too many is refused whatever else is wrong with it.
    """

    @refuses(TooManyRequests)
    async def within_limit(request: Request) -> None:
        await limit_of(request, name).count_aside(request)

    return Depends(within_limit)


def purge(sessions: Sessions) -> None:
    """Forget what is older than ten minutes, in a transaction that waits for no other."""
    with sessions.aside_write() as session, session.begin():
        forget_addresses(session)


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
