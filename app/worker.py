"""The application as a worker process of `./cpts serve` runs it."""

import os
import sys
import threading
import time
import traceback

from fastapi import FastAPI
from uvicorn.config import STARTUP_FAILURE

from app.main import create_app

_WATCH_INTERVAL_S = 1.0


def create_worker() -> FastAPI:
    """Make the application; the process ends when its parent is gone."""
    threading.Thread(target=_end_without_parent, args=(os.getppid(),), daemon=True).start()
    try:
        return create_app()
    except Exception:
        traceback.print_exc()
        # Tells the parent that another worker would fare no better.
        sys.exit(STARTUP_FAILURE)


def _end_without_parent(parent: int) -> None:
    # After a `kill -9` of the service nobody else would free the port.
    while os.getppid() == parent:
        time.sleep(_WATCH_INTERVAL_S)
    os._exit(1)
