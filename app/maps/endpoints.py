"""The map as a page, and the outlines that lie over it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse, Response

from app.cpts.reading.filters import RequestedFilters
from app.database.request_sessions import ReadSession
from app.http.caching import keep_until_change
from app.http.content_policy import OWN
from app.http.dependence import standing_of
from app.http.geojson import GeoJsonResponse
from app.http.parameters import BboxFilter, Day, DepartmentCodes, RegionCodes, RowId
from app.maps import around, service
from app.maps.addresses import MAP_ADDRESS
from app.maps.page import warm
from app.maps.picture import first_picture
from app.maps.policy import page_policy, tile_origin
from app.maps.subjects import RequestedSubject
from app.problems import NotFound, declared
from app.settings import Settings


@asynccontextmanager
async def _warmed(_app: Any) -> AsyncIterator[None]:
    warm()
    yield


AskedScale = Annotated[
    Literal["national", "region", "department"],
    Query(description="Finesse du tracé.", examples=["national"]),
]

router = APIRouter(prefix="/maps", tags=["cartes"], lifespan=_warmed)


@router.get(
    "/cpts",
    response_class=HTMLResponse,
    summary="La carte des CPTS, filtrées comme dans l'API",
)
def map_of_cpts(
    request: Request,
    session: ReadSession,
    filters: RequestedFilters,
    subject: RequestedSubject,
) -> HTMLResponse:
    """Page HTML ; les données viennent de `/api/v1/cpts.geojson` avec les mêmes filtres."""
    settings: Settings = request.app.state.settings
    body = service.map_page(
        session,
        filters,
        request.query_params.multi_items(),
        settings.maps,
        subject=subject,
        searched_at=MAP_ADDRESS,
    )
    keep_until_change(request, standing_of(request, session))
    origin = tile_origin(settings.maps.basemap_url)
    policy = page_policy(body, [origin] if origin else [], form_action=OWN)
    return HTMLResponse(body, headers={"Content-Security-Policy": policy})


@router.get(
    "/first.svg",
    response_class=Response,
    responses={200: {"content": {"image/svg+xml": {"schema": {"type": "string"}}}}},
    summary="Ce que la carte du pays montre d’abord (SVG)",
)
def picture(request: Request, session: ReadSession, at: Day = None) -> Response:
    """La métropole et ses CPTS selon leur stade, dans la projection de la carte."""
    body = first_picture(session, at)
    keep_until_change(request, standing_of(request, session))
    return Response(body, media_type="image/svg+xml")


@router.get(
    "/departments.geojson",
    response_class=GeoJsonResponse,
    summary="Les contours des départements (GeoJSON)",
)
def department_outlines(
    request: Request,
    session: ReadSession,
    detail: AskedScale = "national",
    bbox: BboxFilter = None,
) -> Response:
    """FeatureCollection (RFC 7946) des contours, au tracé des territoires des CPTS."""
    body = service.department_outlines(session, detail, bbox)
    keep_until_change(request, standing_of(request, session))
    return GeoJsonResponse(body)


@router.get(
    "/around.geojson",
    response_class=GeoJsonResponse,
    summary="Les CPTS autour de ce que montre une carte, en retrait (GeoJSON)",
)
def cpts_around(
    request: Request,
    session: ReadSession,
    *,
    detail: AskedScale = "national",
    bbox: BboxFilter = None,
    region: RegionCodes = [],  # noqa: B006  (FastAPI copies defaults)
    department: DepartmentCodes = [],  # noqa: B006
    within: BboxFilter = None,
    cpts: RowId | None = None,
    at: Day = None,
) -> Response:
    """Nom, stade, taille et contour de celles de `bbox` qui n'ont rien dans le lieu montré.

    Ce lieu : `region`, `department`, `within` (un rectangle), ou la CPTS `cpts`.
    """
    shown = around.ShownPlace(tuple(region), tuple(department), within, cpts)
    body = around.cpts_around(session, shown, bbox, detail, at)
    keep_until_change(request, standing_of(request, session))
    return GeoJsonResponse(body)


@router.get(
    "/communes.geojson",
    response_class=GeoJsonResponse,
    responses=declared(NotFound),
    summary="Les contours des communes d'une CPTS, ou d'une commune (GeoJSON)",
)
def commune_outlines(
    request: Request, session: ReadSession, subject: RequestedSubject, at: Day = None
) -> Response:
    """FeatureCollection (RFC 7946) des communes de `cpts`, ou de `commune` seule."""
    body = service.commune_outlines(session, subject, at)
    keep_until_change(request, standing_of(request, session))
    return GeoJsonResponse(body)
