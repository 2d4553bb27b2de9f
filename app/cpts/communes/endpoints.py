"""Routes that tell which CPTS holds which commune."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from app.cpts.communes import service
from app.cpts.communes.schemas import CommunePage, RequestedCommunes, SingleCommune
from app.database.request_sessions import ReadSession
from app.database.sessions import ReadingSession
from app.http.caching import keep_until_change
from app.http.dependence import standing_of
from app.http.paging import PageAddress
from app.http.parameters import Day

router = APIRouter(prefix="/api/v1/communes", tags=["communes"])

CommuneCode = Annotated[
    str,
    Path(max_length=20, description="Code INSEE, d'aujourd'hui ou d'hier.", examples=["42218"]),
]


def _answer(request: Request, session: ReadingSession, body: dict[str, Any]) -> Response:
    keep_until_change(request, standing_of(request, session))
    return Response(orjson.dumps(body), media_type="application/json")


@router.get("", response_model=CommunePage, summary="Les communes, et qui les tient")
def list_communes(
    request: Request, session: ReadSession, filters: RequestedCommunes
) -> Response:
    """La meilleure réponse d'abord avec `q` ; par code sinon."""
    return _answer(
        request, session, service.commune_page(session, filters, PageAddress.of(request))
    )


@router.get(
    "/{code}",
    response_model=SingleCommune,
    response_model_exclude_none=True,
    summary="Une commune, et qui la tient",
)
def read_commune(
    request: Request, session: ReadSession, code: CommuneCode, at: Day = None
) -> Response:
    """Un ancien code répond par la commune d'aujourd'hui, avec `former_code`."""
    return _answer(request, session, service.single_commune(session, code, at))
