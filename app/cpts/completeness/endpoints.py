"""`GET /api/v1/completeness`."""

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from app.cpts.completeness import service
from app.cpts.completeness.schemas import Completeness
from app.database.request_sessions import ReadSession
from app.http.caching import keep_until_change
from app.http.dependence import standing_of
from app.http.parameters import Day

router = APIRouter(prefix="/api/v1", tags=["Lecture"])


@router.get(
    "/completeness",
    response_model=Completeness,
    summary="Les départements dont le contenu est déclaré complet",
)
def read_completeness(request: Request, session: ReadSession, at: Day = None) -> Response:
    """Ailleurs, une commune sans CPTS est une commune dont le registre ne sait rien."""
    keep_until_change(request, standing_of(request, session))
    items = [
        {
            "department": state.department,
            "complete": state.complete,
            "completed_on": state.completed_on,
        }
        for state in service.completeness(session, at)
    ]
    return Response(orjson.dumps({"items": items}), media_type="application/json")
