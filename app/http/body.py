"""Limits on what a request may carry, kept before anything is parsed (raw ASGI)."""

import re
from collections.abc import Mapping
from typing import ClassVar

import anyio
import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.http.problem_answers import problem_response
from app.http.texts import refusal_at_the_door, refusal_of_query, strings_of
from app.problems import Invalid, Problem, TooLarge, UnsupportedMediaType

MAXIMUM_BODY_BYTES = 8 * 1024 * 1024
# A body may take so long, and a second more for each so many bytes that have come.
BODY_S = 10.0
SLOWEST_BYTES_PER_S = 32 * 1024
# Half of a pair may be the sign of a lone surrogate, which no database text can hold.
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_FORM_EXPECTED = "Un corps « multipart/form-data » est attendu."
# An escape, or the first bytes of what may be refused: the rest need not be read twice.
_SUSPECT = re.compile(
    rb"\\u(?:0000|061[cC]|20[0-2]|206[6-9]|[dD][89a-fA-F]|[fF][dDfF])"
    rb"|\xd8\x9c|\xe2\x80[\x8e\x8f\xaa-\xae]|\xe2\x81[\xa6-\xa9]"
    rb"|\xef\xb7[\x90-\xaf]|\xef\xbf[\xbe\xbf]|[\xf0-\xf4][\x80-\xbf]\xbf[\xbe\xbf]"
)


class SlowBody(Problem):
    """The body of the request did not come in time."""

    status, code, title = 408, "request-timeout", "Requête trop lente"
    headers: ClassVar[Mapping[str, str]] = {"Connection": "close"}


class RequestLimits:
    """Refuses bodies that are too large or slow, of another type than JSON, or no text.

    Parameters: `maximum`, in bytes; `json_under`, the prefix of the addresses that read
    JSON only; `uploads`, the addresses below that read forms with a file instead, and the
    largest body of each; `body_s`, what a body may take besides a second for each
    `SLOWEST_BYTES_PER_S` bytes. The body is read here as a whole, so that what is inside never
    waits for a slow client while it holds a database session.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        maximum: int = MAXIMUM_BODY_BYTES,
        json_under: str = "/api/",
        uploads: Mapping[str, int] | None = None,
        body_s: float = BODY_S,
    ) -> None:
        self.app = app
        self.body_s = body_s
        self.maximum = maximum
        self.json_under = json_under
        self.uploads = uploads or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        unread = refusal_at_the_door(scope["path"]) or refusal_of_query(scope["query_string"])
        if unread:
            await problem_response(Invalid.at("query", message=unread))(scope, receive, send)
            return
        if scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self.app(scope, receive, send)
            return
        body = await self._read(scope, receive)
        if body is None:  # The client has gone.
            return
        if isinstance(body, bytes):
            problem = self._refusal(scope, body)
            if problem is None:
                await self.app(scope, _replayed(body, receive), send)
                return
        else:
            problem = body
        await problem_response(problem)(scope, receive, send)

    async def _read(self, scope: Scope, receive: Receive) -> bytes | Problem | None:
        maximum = self.uploads.get(scope["path"], self.maximum)
        too_large = TooLarge(f"Le corps de la requête dépasse {maximum // 1024} kilo-octets.")
        announced = _header(scope, b"content-length")
        if announced.isdigit() and int(announced) > maximum:
            return too_large
        parts: list[bytes] = []
        size = 0
        began = anyio.current_time()
        while True:
            within = began + self.body_s + size / SLOWEST_BYTES_PER_S
            message: Message | None = None
            with anyio.CancelScope(deadline=within):
                message = await receive()
            if message is None:
                return SlowBody("Le corps de la requête n'est pas arrivé à temps.")
            if message["type"] == "http.disconnect":
                return None
            part = message.get("body", b"")
            size += len(part)
            if size > maximum:
                return too_large
            parts.append(part)
            if not message.get("more_body"):
                return b"".join(parts)

    def _refusal(self, scope: Scope, body: bytes) -> Problem | None:
        if not body or not scope["path"].startswith(self.json_under):
            return None
        media_type = _header(scope, b"content-type").split(b";")[0].strip().lower()
        if scope["path"] in self.uploads:
            is_form = media_type == b"multipart/form-data"
            return None if is_form else UnsupportedMediaType(_FORM_EXPECTED)
        if media_type != b"application/json" and not media_type.endswith(b"+json"):
            return UnsupportedMediaType("Un corps « application/json » est attendu.")
        return _unacceptable_text(body)


def _unacceptable_text(body: bytes) -> Invalid | None:
    if not _SUSPECT.search(body):
        return None
    try:
        sent = orjson.loads(body)
    except orjson.JSONDecodeError:
        # A lone surrogate; or no JSON at all, which the endpoint says better.
        if _SURROGATE.search(body):
            return Invalid.at("body", message="Le texte n'est pas de l'Unicode valide.")
        return None
    for way, text in strings_of(sent):
        refusal = refusal_at_the_door(text)
        if refusal:
            return Invalid.at("body", *way, message=refusal)
    return None


def _header(scope: Scope, name: bytes) -> bytes:
    return next((value for key, value in scope["headers"] if key == name), b"")


def _replayed(body: bytes, receive: Receive) -> Receive:
    replayed = False

    async def give() -> Message:
        nonlocal replayed
        if replayed:
            return await receive()
        replayed = True
        return {"type": "http.request", "body": body, "more_body": False}

    return give
