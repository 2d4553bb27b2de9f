"""HTTP as uvicorn speaks it, with an end to slow headers and to answers that nobody reads.

uvicorn bounds only how long a kept connection stays silent between two requests. How long a
body may take is judged where it is read (`app.http.body`), so that it is answered as a problem.
"""

from asyncio import TimerHandle, Transport

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# From the first byte of a request, or from the connection, to the end of its headers.
HEADERS_S = 10.0
# How long nothing may be taken of an answer that waits for its reader; what the system holds
# for it is taken in lumps.
UNREAD_S = 60.0
# How long what is left of a body may still come after its request was answered.
LINGER_S = 5.0
MOST_HEADER_BYTES = 64 * 1024
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\n\r\n"


class BoundedHttpProtocol(HttpToolsProtocol):
    """Closes connections whose headers do not come, or whose answers are not read."""

    headers_s, unread_s, linger_s = HEADERS_S, UNREAD_S, LINGER_S

    _headers_timer: TimerHandle | None = None
    _unread_timer: TimerHandle | None = None
    _header_bytes = 0
    _reads_body = False

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_expecting_headers()
        self._stop_watching_reader()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if not self._reads_body:
            # Line ends between two requests begin none, and must not keep a connection either.
            self._expect_headers()
            self._header_bytes += len(data)
        super().data_received(data)
        if self._headers_timer is None:
            self._header_bytes = 0
        elif self._header_bytes > MOST_HEADER_BYTES and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self._close()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._expect_headers()

    def on_headers_complete(self) -> None:
        self._stop_expecting_headers()
        self._reads_body = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._reads_body = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._reads_body:
            # Answered before its body came: what comes late would keep the connection for good.
            self._expect_headers(self.linger_s)
        if self._unread_timer is None and self.transport.get_write_buffer_size():
            self._watch_reader()

    def timeout_keep_alive_handler(self) -> None:
        self._close()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._unread_timer is None:
            self._watch_reader()

    def resume_writing(self) -> None:
        self._stop_watching_reader()
        super().resume_writing()

    def _expect_headers(self, within_s: float | None = None) -> None:
        if self._headers_timer is None:
            self._headers_timer = self.loop.call_later(
                within_s or self.headers_s, self._close_for_headers
            )

    def _stop_expecting_headers(self) -> None:
        if self._headers_timer is not None:
            self._headers_timer.cancel()
            self._headers_timer = None

    def _close_for_headers(self) -> None:
        self._headers_timer = None
        if self.cycle is not None and not self.cycle.response_complete:
            # A request before it is still being answered: the next one waits with it.
            self._expect_headers()
            return
        self._close()

    def _close(self) -> None:
        """Close once what was written is read, or is not read for too long."""
        if not self.transport.is_closing():
            self.transport.close()
        if self._unread_timer is None and self.transport.get_write_buffer_size():
            self._watch_reader()

    def _watch_reader(self) -> None:
        self._unread_timer = self.loop.call_later(
            self.unread_s, self._abort_unless_read, self.transport.get_write_buffer_size()
        )

    def _stop_watching_reader(self) -> None:
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None

    def _abort_unless_read(self, unread_before: int) -> None:
        self._unread_timer = None
        unread = self.transport.get_write_buffer_size()
        if unread >= unread_before:
            # Closing would wait for the reader.
            self.transport.abort()
        elif unread:
            self._watch_reader()
