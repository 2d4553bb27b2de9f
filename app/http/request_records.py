"""Each request by an id, in the log and in the metrics, and errors that nobody expected.

Raw ASGI. The id stands in every line that the request causes and in its answer; neither a
line nor a label holds more of the address than the template of its route.
"""

import logging
import os
import re
import time
from collections import OrderedDict
from functools import lru_cache

import structlog
from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.exception_texts import traced
from app.http.problem_answers import problem_response
from app.instruments import (
    REQUEST_SECONDS,
    REQUESTS,
    known_method,
)
from app.problems import Problem

log = logging.getLogger(__name__)
access = structlog.stdlib.get_logger("app.access")

HEADER = b"x-request-id"
UNROUTED = "-"
_SCOPE_KEY = "cpts.request"
# What proxies give: UUIDs, hexadecimal, base64url. Nothing that a name would fit.
_WELL_FORMED = re.compile(rb"[0-9A-Za-z_-]{16,64}")
_REMEMBERED_PATHS = 4_096


class _Record:
    """What became of a request."""

    __slots__ = ("bytes", "route", "status")

    def __init__(self) -> None:
        self.route: str | None = None
        self.status = 0
        self.bytes = 0


class RequestRecords:
    """Gives each request its id, counts it, times it, and writes its line of access.

    To be the first that a request meets. Parameters: `access_log`, whether a line is
    written for every request; `addresses`, whether it holds the client's address.
    """

    def __init__(
        self, app: ASGIApp, *, access_log: bool = False, addresses: bool = False
    ) -> None:
        self.app = app
        self.access_log = access_log
        self.addresses = addresses
        # Answers that are kept leave before they are routed; their paths were routed once.
        self._routes: OrderedDict[str, str] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _request_id(scope)
        record = scope[_SCOPE_KEY] = _Record()
        began = time.perf_counter()

        async def recorded(message: Message) -> None:
            if message["type"] == "http.response.start":
                record.status = message["status"]
                headers = [pair for pair in message["headers"] if pair[0] != HEADER]
                message = {**message, "headers": [*headers, (HEADER, request_id.encode())]}
            else:
                record.bytes += len(message.get("body", b""))
            await send(message)

        bound = structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            await self.app(scope, receive, recorded)
        finally:
            self._note(scope, record, time.perf_counter() - began)
            structlog.contextvars.reset_contextvars(**bound)

    def _note(self, scope: Scope, record: _Record, seconds: float) -> None:
        route = self._route(scope["path"], record)
        method = known_method(scope["method"])
        # 499: the client has left before there was an answer.
        status = record.status or 499
        counter, histogram = _measures(method, route, status)
        counter.inc()
        histogram.observe(seconds)
        if not self.access_log:
            return
        fields = {
            "method": method,
            "route": route,
            "status": status,
            "duration_ms": round(1000 * seconds, 1),
            "bytes": record.bytes,
        }
        if self.addresses and scope.get("client"):
            fields["address"] = scope["client"][0]
        access.info("request", **fields)

    def _route(self, path: str, record: _Record) -> str:
        if record.route is not None:
            self._routes[path] = record.route
            if len(self._routes) > _REMEMBERED_PATHS:
                self._routes.popitem(last=False)
            return record.route
        return self._routes.get(path, UNROUTED)


class UnexpectedErrors:
    """Answers an error that nobody expected, and logs it by its type and place.

    To be the last that a request meets before its route, so that the answer passes
    whatever other answers pass.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = False

        async def noted(message: Message) -> None:
            nonlocal began
            began = True
            await send(message)

        try:
            await self.app(scope, receive, noted)
        except Exception as error:
            log.error(
                "unexpected error on %s %s: %s",
                known_method(scope["method"]),
                route_of(scope),
                traced(error),
            )
            if began:
                raise
            problem = Problem("Une erreur inattendue s'est produite.")
            await problem_response(problem)(scope, receive, send)
        finally:
            record = scope.get(_SCOPE_KEY)
            if isinstance(record, _Record) and "route" in scope:
                record.route = route_of(scope)


@lru_cache(maxsize=4_096)
def _measures(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    # Found once: looking a label up costs more than counting.
    return REQUESTS.labels(method, route, str(status)), REQUEST_SECONDS.labels(method, route)


def route_of(scope: Scope) -> str:
    """Give the template of a request's route, such as `/api/v1/cpts/{cpts_id}`."""
    return getattr(scope.get("route"), "path", None) or UNROUTED


def _request_id(scope: Scope) -> str:
    given = [value for name, value in scope["headers"] if name == HEADER]
    if len(given) == 1 and _WELL_FORMED.fullmatch(given[0]):
        return bytes(given[0]).decode("ascii")
    return os.urandom(16).hex()
