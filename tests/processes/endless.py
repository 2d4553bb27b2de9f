"""A job without end, which says in a folder that it runs."""

import os
import time
from pathlib import Path


def prepare() -> None:
    """Nothing to import."""


def run(request: bytes) -> bytes:
    """Write this process's number, and stay."""
    (Path(os.environ["FOLDER"]) / "pid").write_text(str(os.getpid()))
    time.sleep(600)
    return request
