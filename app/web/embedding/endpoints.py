"""`/integrer`, and `/embed/carte`, the one page that any site may frame."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse

from app.cpts.reading.schemas import Filters, RequestedFilters
from app.database.request_sessions import ReadSession
from app.http.addresses import outside_address
from app.http.caching import keep_until_change
from app.http.parameters import (
    DepartmentCodes,
    RegionCodes,
    StageSlugs,
    ThemeSlugs,
    Tiers,
    WholeNumber,
)
from app.http.repository import current_revision
from app.maps.policy import page_policy, tile_origin
from app.maps.service import map_page
from app.settings import Settings
from app.web.embedding import service
from app.web.embedding.rules import DEFAULT_HEIGHT_PX, MAP_ADDRESS
from app.web.layout.rendering import render

router = APIRouter()


@router.get("/integrer", response_class=HTMLResponse)
def embedding(  # noqa: PLR0917  (FastAPI passes them by name)
    request: Request,
    session: ReadSession,
    region: RegionCodes = [],  # noqa: B006  (FastAPI copies defaults)
    department: DepartmentCodes = [],  # noqa: B006
    stage: StageSlugs = [],  # noqa: B006
    theme: ThemeSlugs = [],  # noqa: B006
    tier: Tiers = [],  # noqa: B006
    height: Annotated[WholeNumber, Query(ge=300, le=1200)] = DEFAULT_HEIGHT_PX,
) -> HTMLResponse:
    """The form that writes the code of a map for another site."""
    base, is_settled = outside_address(request)
    filters = Filters(
        regions=tuple(region),
        departments=tuple(department),
        stages=tuple(stage),
        themes=tuple(theme),
        tiers=tuple(tier),
    )
    return render(
        request,
        "embedding/embedding.html",
        session=session,
        keep=is_settled,
        **service.page_values(session, service.choice_of(filters), height_px=height, base=base),
    )


@router.get(MAP_ADDRESS, response_class=HTMLResponse)
def embedded_map(
    request: Request, session: ReadSession, filters: RequestedFilters
) -> HTMLResponse:
    """The map of the filters, with its source and the way back to it."""
    settings: Settings = request.app.state.settings
    body = map_page(
        session,
        filters,
        request.query_params.multi_items(),
        settings.maps,
        source=service.choice_of(filters).source_address(),
    )
    keep_until_change(request, current_revision(session))
    origin = tile_origin(settings.maps.basemap_url)
    policy = page_policy(body, [origin] if origin else [], frame_ancestors="*")
    headers = {"Content-Security-Policy": policy, "X-Robots-Tag": "noindex"}
    return HTMLResponse(body, headers=headers)
