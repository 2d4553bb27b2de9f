"""Where a form was sent from: another site never acts in a reader's name (raw ASGI)."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from app.http.credentials import bears_credential
from app.http.problem_answers import problem_response
from app.problems import Forbidden

_READING = ("GET", "HEAD", "OPTIONS")


def is_foreign(headers: Mapping[str, str], public_url: str | None) -> bool:
    """Tell whether a request says that it comes from a page of another site.

    Parameters: `headers`, by lower-case name; `public_url`, the outside address of this
    service, if any. Origin and Sec-Fetch-Site must both agree where they are sent; what
    sends neither is no browser of today, and has no cookie that it did not mean to send.
    """
    if headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return True
    origin = headers.get("origin")
    if origin is None:
        return False
    known = {headers.get("host", "").lower()}
    if public_url:
        known.add(urlsplit(public_url).netloc.lower())
    try:
        parts = urlsplit(origin)
    except ValueError:
        return True
    return parts.scheme not in ("http", "https") or parts.netloc.lower() not in known


def same_origin(headers: Mapping[str, str], public_url: str | None) -> bool:
    """Tell whether a form was sent by a browser, from a page of this very host."""
    told = "origin" in headers or "sec-fetch-site" in headers
    return told and not is_foreign(headers, public_url)


class FormOrigin:
    """Refuses whatever changes something and comes from a page of another site.

    That is every form of the pages, sign-in among them, and every write to the API that
    rests on the cookie of a session; a token is sent by whoever means to.
    """

    def __init__(
        self, app: ASGIApp, *, public_url: str | None = None, api_under: str = "/api/"
    ) -> None:
        self.app = app
        self.public_url = public_url
        self.api_under = api_under

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in _READING:
            headers = Headers(scope=scope)
            by_cookie = bears_credential(scope) and "authorization" not in headers
            is_form = not scope["path"].startswith(self.api_under)
            if (is_form or by_cookie) and is_foreign(headers, self.public_url):
                refusal = Forbidden("Ce formulaire ne vient pas d'une page de ce site.")
                await problem_response(refusal)(scope, receive, send)
                return
        await self.app(scope, receive, send)
