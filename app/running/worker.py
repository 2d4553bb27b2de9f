"""The application as a worker process of `./cpts serve` runs it."""

import multiprocessing
import os
import sys
import threading

from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError
from uvicorn.config import STARTUP_FAILURE

from app.database.failures import traced
from app.database.sessions import Sessions
from app.letters.check.repository import land_borders, registry_state
from app.main import create_app
from app.problems import Problem


def create_worker() -> FastAPI:
    """Make the application; the process ends when its parent is gone."""
    threading.Thread(target=_end_without_parent, daemon=True).start()
    try:
        app = create_app()
        threading.Thread(target=_read_ahead, args=(app,), daemon=True).start()
        return app
    except Exception as error:
        print(traced(error), file=sys.stderr)  # noqa: T201
        # Tells the parent that another worker would fare no better.
        sys.exit(STARTUP_FAILURE)


def _read_ahead(app: FastAPI) -> None:
    # The land borders, which the first letter check would otherwise wait a second for.
    sessions: Sessions = app.state.sessions
    try:
        with sessions.read() as session:
            land_borders(session, registry_state(session))
    except (Problem, SQLAlchemyError):
        # Without a database, or before its geography is there, the first check reads them.
        return


def _end_without_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    # After a `kill -9` of the service nobody else would free the port. The process may have
    # been killed before this worker came so far: its sentinel tells that as well.
    parent.join()
    os._exit(1)
