"""`/integrer`, and `/embed/carte`, the one page that any site may frame."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import HTMLResponse

from app.cpts.reading.filtering import Filters, requested
from app.cpts.reading.filters import OFFERED, RequestedFilters
from app.database.request_sessions import ReadSession
from app.http.addresses import outside_address
from app.http.caching import keep_until_change
from app.http.content_policy import ANY_SITE, OWN
from app.http.dependence import standing_of
from app.http.parameters import WholeNumber
from app.maps.policy import page_policy, tile_origin
from app.maps.service import map_page
from app.maps.subjects import RequestedSubject
from app.settings import Settings
from app.web.embedding import service
from app.web.embedding.rules import DEFAULT_HEIGHT_PX, MAP_ADDRESS, source_address
from app.web.layout.rendering import render

router = APIRouter()


@router.get("/integrer", response_class=HTMLResponse)
def embedding(
    request: Request,
    session: ReadSession,
    filters: Annotated[Filters, Depends(requested(OFFERED, paged=False))],
    height: Annotated[WholeNumber, Query(ge=300, le=1200)] = DEFAULT_HEIGHT_PX,
) -> HTMLResponse:
    """The form that writes the code of a map for another site."""
    base, is_settled = outside_address(request)
    return render(
        request,
        "embedding/embedding.html",
        session=session,
        keep=is_settled,
        **service.page_values(session, filters, height_px=height, base=base),
    )


@router.get(MAP_ADDRESS, response_class=HTMLResponse)
def embedded_map(
    request: Request,
    session: ReadSession,
    filters: RequestedFilters,
    subject: RequestedSubject,
) -> HTMLResponse:
    """The map of the filters, with its source and the way back to it."""
    settings: Settings = request.app.state.settings
    body = map_page(
        session,
        filters,
        request.query_params.multi_items(),
        settings.maps,
        subject=subject,
        source=source_address(filters, subject),
        searched_at=MAP_ADDRESS,
    )
    keep_until_change(request, standing_of(request, session))
    origin = tile_origin(settings.maps.basemap_url)
    policy = page_policy(
        body, [origin] if origin else [], frame_ancestors=ANY_SITE, form_action=OWN
    )
    headers = {"Content-Security-Policy": policy, "X-Robots-Tag": "noindex"}
    return HTMLResponse(body, headers=headers)
