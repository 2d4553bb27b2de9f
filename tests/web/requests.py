"""What a page asks for, and when all of it has come, as Chromium's debugger tells it.

Playwright's `networkidle` follows a count of its own, which stays open now and then where tiles
of another host are refused on a busy machine, although all requests have ended.
"""

from time import monotonic
from typing import Any

from playwright.sync_api import Page

from tests.conftest import PATIENCE_MS

_TURN = "() => new Promise((done) => setTimeout(done))"


class Requests:
    """The requests of a page and of its frames from now on.

    `weight` is what came for them over the network, headers included, in bytes.
    """

    def __init__(self, page: Page) -> None:
        self.weight = 0
        self._page = page
        self._open: dict[str, str] = {}
        debugger = page.context.new_cdp_session(page)
        debugger.on("Network.requestWillBeSent", self._begin)
        debugger.on("Network.loadingFinished", self._finish)
        debugger.on("Network.loadingFailed", self._end)
        debugger.send("Network.enable")

    def _begin(self, message: dict[str, Any]) -> None:
        self._open[message["requestId"]] = message["request"]["url"]

    def _finish(self, message: dict[str, Any]) -> None:
        self.weight += int(message["encodedDataLength"])
        self._end(message)

    def _end(self, message: dict[str, Any]) -> None:
        self._open.pop(message["requestId"], None)

    def wait_for_all(self) -> None:
        """Return once every request that was begun has ended, well or not."""
        until = monotonic() + PATIENCE_MS / 1000
        # Once at least: what the page has just begun is told while the browser answers.
        self._page.evaluate(_TURN)
        while self._open:
            assert monotonic() < until, f"never ended: {sorted(self._open.values())}"
            self._page.evaluate(_TURN)
