"""Routes of conciliations."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, Request
from starlette.responses import Response

from app.accounts.dependencies import ConciliatingCaller, OptionalCaller
from app.cpts.errors import TerritoryOverlap
from app.cpts.reading.filtering import Filters
from app.cpts.reading.filters import DEPARTMENT, REGION
from app.cpts.reading.rules import suitable_detail
from app.cpts.reading.schemas import Detail
from app.database.request_sessions import ReadSession, WriteSession
from app.http.caching import keep_until_change
from app.http.geojson import GeoJsonResponse
from app.http.parameters import DepartmentCodes, RegionCodes, RowId
from app.http.repository import current_revision
from app.letters.conciliations import closure as service
from app.letters.conciliations.schemas import Closure
from app.letters.reading import service as reading
from app.letters.reading.schemas import (
    ConciliationFeatures,
    ConciliationList,
    ConciliationTold,
)
from app.letters.record.endpoints import answer, json_of, personal_answer, tell_regions
from app.letters.record.errors import ConciliationClosed, ConciliationUnsettled
from app.problems import declared

router = APIRouter(prefix="/api/v1", tags=["Conciliations"])

ConciliationId = Annotated[RowId, Path(description="Numéro de la conciliation")]


@router.get(
    "/conciliations",
    response_model=ConciliationList,
    summary="Les conciliations et leurs communes disputées",
)
def list_conciliations(
    request: Request,
    session: ReadSession,
    caller: OptionalCaller,
    *,
    region: RegionCodes = [],  # noqa: B006  (FastAPI copies defaults)
    department: DepartmentCodes = [],  # noqa: B006
    is_open: Annotated[
        bool | None,
        Query(alias="open", description="Ouvertes, ou closes ; sinon toutes."),
    ] = None,
) -> Response:
    """Les parties ne sont nommées qu'aux ARS, à l'Assurance Maladie et à l'administration."""
    told = reading.conciliations(
        session, caller, is_open=is_open, regions=region, departments=department
    )
    return answer(request, session, caller, json_of(told))


@router.get(
    "/conciliations.geojson",
    response_model=ConciliationFeatures,
    response_class=GeoJsonResponse,
    summary="Les zones en conciliation (GeoJSON)",
)
def list_conciliation_zones(
    request: Request,
    session: ReadSession,
    region: RegionCodes = [],  # noqa: B006
    department: DepartmentCodes = [],  # noqa: B006
    detail: Annotated[
        Detail | None,
        Query(description="Finesse du tracé ; par défaut celle qui convient au filtre."),
    ] = None,
) -> Response:
    """FeatureCollection (RFC 7946) : les communes disputées, fondues, sans aucune partie."""
    places = {REGION: tuple(region), DEPARTMENT: tuple(department)}
    chosen = Filters({key: codes for key, codes in places.items() if codes})
    body = reading.conciliation_zones(
        session, detail or suitable_detail(chosen), regions=region, departments=department
    )
    keep_until_change(request, current_revision(session))
    return GeoJsonResponse(body)


@router.get(
    "/conciliations/{conciliation_id}",
    response_model=ConciliationTold,
    summary="Une conciliation",
)
def read_conciliation(
    request: Request,
    session: ReadSession,
    caller: OptionalCaller,
    conciliation_id: ConciliationId,
) -> Response:
    """Dans la mesure de ce que l'appelant peut voir, comme la liste."""
    told = reading.conciliation_detail(session, caller, conciliation_id)
    return answer(request, session, caller, json_of(told))


@router.post(
    "/conciliations/{conciliation_id}/closure",
    response_model=ConciliationTold,
    responses=declared(TerritoryOverlap, ConciliationClosed, ConciliationUnsettled),
    summary="Clore une conciliation par son issue",
)
def close_conciliation(
    conciliation_id: ConciliationId,
    closure: Annotated[Closure, Body()],
    session: WriteSession,
    caller: ConciliatingCaller,
) -> Response:
    """Rights: `ars` of a region concerned, `admin`. Nothing may stay in dispute."""
    service.close(session, conciliation_id, closure, caller)
    session.flush()
    told = reading.conciliation_detail(session, caller, conciliation_id)
    for letter in told["letters"]:
        tell_regions(session, caller, letter["id"])
    return personal_answer(json_of(told))
