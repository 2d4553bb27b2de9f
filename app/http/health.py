"""Whether the process lives, and whether it can do its work."""

import threading
import time
from functools import lru_cache

from fastapi import APIRouter, Request
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import Response

from app.database.failures import CANNOT_RECORD, Trouble, trouble_of
from app.database.migration import current_revision, newest_revision
from app.database.sessions import Sessions
from app.french import short_date
from app.http.problem_answers import unavailable
from app.http.repository import geography_is_loaded, refused_geography, write_something
from app.problems import DatabaseUnavailable

# How often a process tries whether it can write, in seconds: as long as it can, and
# once it could not.
_TRIED_EVERY_S = 15.0
_TRIED_AGAIN_EVERY_S = 2.0

router = APIRouter(tags=["Service"])


class Health(BaseModel):
    """The service's word on itself; `geography` tells of a release that was not loaded."""

    status: str
    geography: str | None = None


_newest_revision = lru_cache(maxsize=1)(newest_revision)


class Readiness:
    """Whether this process can do its work; kept as `app.state.readiness`."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._lock = threading.Lock()
        self._tried_at = float("-inf")

    def problem(self) -> DatabaseUnavailable | None:
        """Give what is in the way, None when nothing is. Asks the database each time."""
        try:
            with self._sessions.aside_read() as session:
                connection = session.connection()
                if current_revision(connection) != _newest_revision():
                    return DatabaseUnavailable(
                        "Le schéma de la base de données n'est pas à jour."
                    )
                if not geography_is_loaded(connection):
                    return DatabaseUnavailable("La géographie de référence n'est pas chargée.")
            trouble = self._recording_trouble()
        except SQLAlchemyError as error:
            return unavailable(trouble_of(error) or Trouble.UNREACHABLE)
        return unavailable(trouble) if trouble else None

    def remark(self) -> str | None:
        """Tell which release of the geography could not be loaded, None without one."""
        with self._sessions.aside_read() as session:
            day = refused_geography(session.connection())
        if day is None:
            return None
        return (
            f"La géographie du {short_date(day)} n'est pas chargée : des communes qui changent "
            "sont tenues par plusieurs CPTS, ou n'ont pas de suite. La précédente reste."
        )

    def _recording_trouble(self) -> Trouble | None:
        """Tell what keeps the process from recording, by trying it now and then.

        A request that could not record counts at once, and until a try succeeds.
        """
        recording = self._sessions.recording
        now = time.monotonic()
        with self._lock:
            wait_s = _TRIED_EVERY_S if recording.trouble is None else _TRIED_AGAIN_EVERY_S
            if now < self._tried_at + wait_s:
                return recording.trouble
            self._tried_at = now
        try:
            with self._sessions.aside_write() as session, session.begin():
                write_something(session)
        except SQLAlchemyError as error:
            trouble = trouble_of(error)
            if trouble is not None and trouble not in CANNOT_RECORD:
                raise
            # A role that may not make temporary tables can only wait for a write to fail.
            recording.trouble = trouble or recording.trouble
        else:
            recording.trouble = None
        return recording.trouble


@router.get("/healthz", summary="Le processus est vivant", response_model_exclude_none=True)
async def healthz(response: Response) -> Health:
    """Répond sans consulter la base de données."""
    response.headers["Cache-Control"] = "no-store"
    return Health(status="ok")


@router.get(
    "/readyz",
    summary="Le service peut répondre",
    response_model_exclude_none=True,
)
async def readyz(request: Request, response: Response) -> Health:
    """Vérifie que la base répond et enregistre, schéma à jour et géographie chargée."""
    readiness: Readiness = request.app.state.readiness
    sessions: Sessions = request.app.state.sessions
    problem = await sessions.aside(readiness.problem)
    if problem is not None:
        raise problem
    response.headers["Cache-Control"] = "no-store"
    return Health(status="ready", geography=await sessions.aside(readiness.remark))
