"""Jobs that misbehave, for the tests: the request names one."""

import json
import os
import signal
import socket
import sys
import tempfile
import time
from pathlib import Path


def prepare() -> None:
    """Nothing to import."""


def run(request: bytes) -> bytes:
    """Do what the request names."""
    name, _, rest = request.partition(b" ")
    if name == b"echo":
        return rest
    if name == b"sleep":
        (Path(rest.decode()) / "pid").write_text(str(os.getpid()))
        time.sleep(600)
    while name == b"spin":
        pass
    if name == b"memory":
        return bytes(bytearray(2**30))[:1]
    if name == b"crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if name == b"raise":
        raise ValueError(rest.decode())
    if name == b"chatter":
        os.write(2, b"said by a library\n")
    if name == b"write":
        Path(tempfile.gettempdir(), "left").write_bytes(b"x" * int(rest))
        return tempfile.gettempdir().encode()
    if name == b"connect":
        return _connected(int(rest))
    return json.dumps({"environment": dict(os.environ), "argv": sys.argv}).encode()


def _connected(port: int) -> bytes:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError:
        return b"refused"
    return b"connected"
