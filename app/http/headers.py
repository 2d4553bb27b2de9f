"""Headers of every answer, HEAD, and requests from other origins (raw ASGI)."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.http.content_policy import BARE_POLICY
from app.http.credentials import bears_credential

_DEFAULTS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    # For JSON and the like; a page states its own policy.
    (b"content-security-policy", BARE_POLICY.encode()),
    (b"cross-origin-resource-policy", b"cross-origin"),
    # Reading is for everyone, and no answer depends on cookies.
    (b"access-control-allow-origin", b"*"),
    (
        b"access-control-expose-headers",
        b"Content-Crs, ETag, Link, Location, Retry-After, X-Request-ID",
    ),
)
_STRICT_TRANSPORT = ((b"strict-transport-security", b"max-age=31536000"),)
_PREFLIGHT: tuple[tuple[bytes, bytes], ...] = (
    (b"access-control-allow-methods", b"GET, HEAD"),
    (b"access-control-allow-headers", b"Accept, Accept-Language, If-None-Match"),
    (b"access-control-max-age", b"86400"),
    (b"content-length", b"0"),
)


class ResponseHeaders:
    """Adds the headers that an answer does not set itself; answers HEAD and preflights.

    Only reading is offered to pages of other origins: a preflight never allows another
    method than GET or HEAD, nor the Authorization header. Parameters:
    `strict_transport`, whether browsers are told to keep to HTTPS from now on;
    `framed_under`, the prefix of the addresses that any site may frame.
    """

    def __init__(
        self, app: ASGIApp, *, strict_transport: bool = False, framed_under: str = "/embed/"
    ) -> None:
        self.app = app
        self.framed_under = framed_under
        self.defaults = _DEFAULTS + (_STRICT_TRANSPORT if strict_transport else ())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        method = scope["method"]
        if method == "OPTIONS" and _is_preflight(scope):
            await send(
                {
                    "type": "http.response.start",
                    "status": 204,
                    "headers": [*self.defaults, *_PREFLIGHT],
                }
            )
            await send({"type": "http.response.body", "body": b""})
            return
        if method == "HEAD":
            scope = {**scope, "method": "GET"}
            send = _without_body(send)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message["headers"])
                present = {name for name, _ in headers}
                if scope["path"].startswith(self.framed_under):
                    # Older than the policy of the page, it knows no "any site".
                    present.add(b"x-frame-options")
                if message["status"] == 304:
                    # A browser replaces the headers that it has kept by those of a 304.
                    present.add(b"content-security-policy")
                if b"cache-control" not in present and bears_credential(scope):
                    headers.append((b"cache-control", b"no-store"))
                headers.extend(pair for pair in self.defaults if pair[0] not in present)
                message["headers"] = headers
            await send(message)

        await self.app(scope, receive, send_with_headers)


def _is_preflight(scope: Scope) -> bool:
    names = {name for name, _ in scope["headers"]}
    return b"origin" in names and b"access-control-request-method" in names


def _without_body(send: Send) -> Send:
    async def send_head(message: Message) -> None:
        if message["type"] == "http.response.body":
            if message.get("more_body"):
                return
            message = {"type": "http.response.body", "body": b""}
        await send(message)

    return send_head
