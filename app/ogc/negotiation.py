"""Which form of an answer a client prefers, told by `Accept`, as the parameter `f` (raw ASGI).

What is kept is kept by address: so that a page and a document of one address are two, the
preference becomes a part of the question before anything else reads it.
"""

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.ogc.addresses import ROOT

# What has one form only.
_OF_ONE_FORM = re.compile(
    rf"{ROOT}/(?:collections/[^/]+/tiles|tileMatrixSets|styles)(?:/.*)?|.*\.pmtiles"
)
_FORM = re.compile(rb"(?:^|&)f=")


class Negotiation:
    """Asks for HTML on behalf of those whose `Accept` prefers it to JSON."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _has_forms(scope["path"]):
            await self.app(scope, receive, send)
            return
        query: bytes = scope["query_string"]
        if not _FORM.search(query) and prefers_html(Headers(scope=scope).get("accept", "")):
            scope = {**scope, "query_string": query + (b"&" if query else b"") + b"f=html"}

        async def send_varying(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": list(message["headers"])}
                MutableHeaders(scope=message).add_vary_header("Accept")
            await send(message)

        await self.app(scope, receive, send_varying)


def _has_forms(path: str) -> bool:
    return (path == ROOT or path.startswith(f"{ROOT}/")) and not _OF_ONE_FORM.fullmatch(path)


def prefers_html(accept: str) -> bool:
    """Tell whether an `Accept` header gives HTML more weight than any JSON (RFC 9110)."""
    weights = {"html": 0.0, "json": 0.0}
    for part in accept.lower().split(","):
        name, *parameters = (each.strip() for each in part.split(";"))
        weight = next((_weight(each) for each in parameters if each.startswith("q=")), 1.0)
        if name == "text/html":
            weights["html"] = max(weights["html"], weight)
        elif name.endswith(("/json", "+json")):
            weights["json"] = max(weights["json"], weight)
    return weights["html"] > weights["json"]


def _weight(parameter: str) -> float:
    try:
        return float(parameter.removeprefix("q="))
    except ValueError:
        return 0.0
