"""A relay between the service and its database that can fall silent, as a network does."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import Future

from sqlalchemy.engine import URL


class Relay:
    """Listens on a loopback port and passes everything on to a server's unix socket.

    While it is silent it still acknowledges and accepts, and passes nothing on, in either
    direction; connections that it was silent on stay dead afterwards.
    """

    def __init__(self, server: URL) -> None:
        folder = server.query["host"]
        assert isinstance(folder, str)
        self._socket = f"{folder}/.s.PGSQL.{server.port or 5432}"
        self._server = server
        self._epoch = 0
        self._silent = False
        self._loop = asyncio.new_event_loop()
        self._port: Future[int] = Future()
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def address(self) -> str:
        """The database's address through the relay."""
        through = self._server.set(host="127.0.0.1", port=self._port.result(10), query={})
        return through.set(drivername="postgresql").render_as_string(hide_password=False)

    @contextlib.contextmanager
    def silence(self) -> Iterator[None]:
        """Pass nothing on while the block runs."""
        self._silent = True
        self._epoch += 1
        try:
            yield
        finally:
            self._silent = False

    @contextlib.contextmanager
    def running(self) -> Iterator["Relay"]:
        """Listen while the block runs."""
        self._thread.start()
        try:
            yield self
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        listening = self._loop.run_until_complete(
            asyncio.start_server(self._serve, "127.0.0.1", 0)
        )
        self._port.set_result(listening.sockets[0].getsockname()[1])
        self._loop.run_forever()
        listening.close()
        for task in self._tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*self._tasks, return_exceptions=True))
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        writers = [writer]
        try:
            if self._silent:
                await reader.read()
                return
            there, back = await asyncio.open_unix_connection(self._socket)
            writers.append(back)
            epoch = self._epoch
            await asyncio.gather(
                self._pump(reader, back, epoch), self._pump(there, writer, epoch)
            )
        except OSError:
            return
        finally:
            for each in writers:
                each.close()
            self._tasks.discard(task)

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, epoch: int
    ) -> None:
        while data := await source.read(65536):
            if epoch == self._epoch:
                sink.write(data)
                await sink.drain()
        sink.close()
