"""Errors of the site as pages that help; the API keeps its problem documents (raw ASGI)."""

import logging
import re
from typing import Any

import orjson
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.exception_texts import traced
from app.http.content_policy import ANY_SITE, NOTHING, OWN
from app.problems import MEDIA_TYPE, Problem
from app.settings import Settings
from app.web.layout.rendering import page_text, site_policy

log = logging.getLogger(__name__)

# Addresses of programs: their errors stay documents whoever asks.
_FOR_PROGRAMS = (
    "/api/",
    "/static/",
    "/openapi.json",
    "/healthz",
    "/readyz",
    "/metrics",
)
# Who may frame the errors of what stands in frames; those of other pages nobody may.
_FRAMED = {"/embed/": ANY_SITE, "/maps/": OWN}
# What social networks and newsletters add to a link, and no page reads.
_TRACKING = re.compile(
    rb"(?:utm_\w+|mtm_\w+|pk_\w+|at_(?:medium|campaign)|fbclid|gclid|msclkid|mc_[ce]id)=[^&]*"
)


class ErrorPages:
    """Turns problem documents into pages for those who read HTML.

    Also forgets the parameters by which others follow the readers of a link: the page is
    found all the same, and kept once. Parameters: `settings`, of the service.
    """

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self.app = app
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(_FOR_PROGRAMS):
            await self.app(scope, receive, send)
            return
        scope = {**scope, "query_string": without_tracking(scope["query_string"])}
        if not _reads_html(scope):
            await self.app(scope, receive, send)
            return
        start: Message | None = None
        held: Message | None = None
        parts: list[bytes] = []

        async def send_page(message: Message) -> None:
            nonlocal start, held
            if message["type"] == "http.response.start":
                start = message
                if _is_problem(message):
                    held = message
                    return
            if held is None:
                await send(message)
                return
            parts.append(message.get("body", b""))
            if not message.get("more_body"):
                await self._answer(scope, held, orjson.loads(b"".join(parts)), send)

        try:
            await self.app(scope, receive, send_page)
        except Exception as error:
            if start is not None:
                raise
            log.error("unexpected error before a page was found: %s", traced(error))
            problem = Problem("Une erreur inattendue s'est produite.")
            empty: Message = {"type": "http.response.start", "status": 500, "headers": []}
            await self._answer(scope, empty, problem.body(), send)

    async def _answer(
        self, scope: Scope, start: Message, problem: dict[str, Any], send: Send
    ) -> None:
        ancestors = next(
            (who for start, who in _FRAMED.items() if scope["path"].startswith(start)), NOTHING
        )
        text = page_text(
            self.settings,
            scope["path"],
            "layout/error.html",
            demonstration=False,
            robots="noindex",
            status=start["status"],
            problem=problem,
            asked=bool(scope["query_string"]),
        )
        body = text.encode()
        message: Message = {**start, "headers": list(start["headers"])}
        headers = MutableHeaders(scope=message)
        headers["content-type"] = "text/html; charset=utf-8"
        headers["content-length"] = str(len(body))
        headers["cache-control"] = "no-store"
        headers["content-security-policy"] = site_policy((), ancestors)
        if ancestors != ANY_SITE:
            headers["x-frame-options"] = "SAMEORIGIN" if ancestors == OWN else "DENY"
        await send(message)
        await send({"type": "http.response.body", "body": body})


def without_tracking(query: bytes) -> bytes:
    """Drop the parameters that follow readers around from a query string."""
    return b"&".join(part for part in query.split(b"&") if not _TRACKING.fullmatch(part))


def _reads_html(scope: Scope) -> bool:
    return any(
        name == b"accept" and b"text/html" in value.lower() for name, value in scope["headers"]
    )


def _is_problem(start: Message) -> bool:
    return start["status"] >= 400 and any(
        name == b"content-type" and value.startswith(MEDIA_TYPE.encode())
        for name, value in start["headers"]
    )
