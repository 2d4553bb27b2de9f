"""Whether the process lives, and whether it can do its work."""

from functools import lru_cache

from fastapi import APIRouter, Request
from pydantic import BaseModel
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import Response

from app.http.repository import geography_is_loaded
from app.problems import DatabaseUnavailable, declared

router = APIRouter(tags=["Service"])


class Health(BaseModel):
    """The service's word on itself."""

    status: str


@lru_cache(maxsize=1)
def _newest_revision() -> str:
    # Alembic is slow to import, and only this question needs it.
    from app.database.migration import newest_revision  # noqa: PLC0415

    return newest_revision()


def _why_not_ready(engine: Engine) -> str | None:
    from app.database.migration import current_revision  # noqa: PLC0415

    try:
        with engine.connect() as connection:
            if current_revision(connection) != _newest_revision():
                return "Le schéma de la base de données n'est pas à jour."
            if not geography_is_loaded(connection):
                return "La géographie de référence n'est pas chargée."
    except SQLAlchemyError:
        return "La base de données ne répond pas."
    return None


@router.get("/healthz", summary="Le processus est vivant")
async def healthz(response: Response) -> Health:
    """Répond sans consulter la base de données."""
    response.headers["Cache-Control"] = "no-store"
    return Health(status="ok")


@router.get(
    "/readyz", summary="Le service peut répondre", responses=declared(DatabaseUnavailable)
)
def readyz(request: Request, response: Response) -> Health:
    """Vérifie que la base répond, que son schéma est à jour et la géographie chargée."""
    reason = _why_not_ready(request.app.state.engine)
    if reason is not None:
        raise DatabaseUnavailable(reason)
    response.headers["Cache-Control"] = "no-store"
    return Health(status="ready")
