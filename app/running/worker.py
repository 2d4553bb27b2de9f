"""The application as a worker process of `./cpts serve` runs it."""

import asyncio
import logging
import sys
import threading
from contextlib import suppress

from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError
from uvicorn.config import STARTUP_FAILURE

from app.database.sessions import Sessions
from app.letters.check.repository import land_borders, registry_state
from app.logs import configure_logs
from app.main import create_app
from app.problems import Problem
from app.running.supervision import end_beyond, end_when_stuck
from app.settings import Settings

log = logging.getLogger(__name__)


def create_worker() -> FastAPI:
    """Make the application, and have this process watched from within."""
    try:
        settings = Settings()
        configure_logs(settings.logs)
        app = create_app(settings)
        threading.Thread(target=_read_ahead, args=(app,), daemon=True).start()
        # uvicorn makes the application on the loop that serves it.
        loop = asyncio.get_running_loop()
        threading.Thread(target=end_when_stuck, args=(loop,), daemon=True).start()
        most = settings.service.worker_memory_megabytes
        if most is not None:
            threading.Thread(target=end_beyond, args=(most,), daemon=True).start()
        return app
    except Exception as error:
        _say_why(error)
        # Tells the parent that another worker would fare no better.
        sys.exit(STARTUP_FAILURE)


def _say_why(error: Exception) -> None:
    # Slow to import, and only needed here.
    from app.command_errors import ending_of  # noqa: PLC0415

    log.error("%s", ending_of(error)[1])


def _read_ahead(app: FastAPI) -> None:
    # The land borders, which the first letter check would otherwise wait a second for.
    sessions: Sessions = app.state.sessions
    # Without a database, or before its geography is there, the first check reads them.
    with suppress(Problem, SQLAlchemyError), sessions.read() as session:
        land_borders(session, registry_state(session))
    # And the start of an interpreter, before the first file and the first PDF.
    app.state.typesetter.pool.server.start()
    app.state.file_reader.pool.server.start()
