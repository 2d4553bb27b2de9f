"""The route of the history."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Response

from app.accounts.dependencies import HistoryCaller
from app.cpts.history import schemas, service
from app.database.sessions import ReadSession
from app.http.parameters import RowId

router = APIRouter(prefix="/api/v1/cpts", tags=["Registre"])

Id = Annotated[RowId, Path(description="Identifiant de la CPTS")]


@router.get(
    "/{cpts_id}/history",
    response_model=schemas.History,
    summary="Lire l'historique d'une CPTS",
)
def history(
    cpts_id: Id, session: ReadSession, caller: HistoryCaller, response: Response
) -> dict[str, Any]:
    """Every change, oldest first. Rights: `editor`, `ars`, `admin`."""
    del caller  # being let in is all that its role is for
    response.headers["Cache-Control"] = "no-store"
    items = service.read_history(session, cpts_id)
    return {"items": items, "number_matched": len(items)}
