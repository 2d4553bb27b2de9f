"""Redirects that stay on this service, whatever host a client named."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class RootRelativeRedirects:
    """Makes redirects to the host that the client named root-relative.

    Routing corrects a final slash by a full address, made of the `Host` header and of the
    scheme that this process sees: behind a proxy both are often another's.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, and correct the `Location` of the answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_relative(message: Message) -> None:
            if message["type"] == "http.response.start":
                _make_relative(MutableHeaders(scope=message), scope)
            await send(message)

        await self._app(scope, receive, send_relative)


def _make_relative(headers: MutableHeaders, scope: Scope) -> None:
    location = headers.get("location")
    if location is None:
        return
    named = next((value for name, value in scope["headers"] if name == b"host"), b"")
    own = f"{scope['scheme']}://{named.decode('latin-1')}/"
    if named and location.startswith(own):
        # Two slashes at the beginning would name a host.
        headers["location"] = f"/{location.removeprefix(own).lstrip('/')}"
