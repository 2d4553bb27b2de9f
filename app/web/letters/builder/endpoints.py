"""The page of the builder, its data, and its plain form."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Form, Query, Request
from starlette.responses import HTMLResponse, Response

from app.accounts.dependencies import OptionalPageCaller, page_form_token
from app.accounts.rules import Caller
from app.database.request_sessions import ReadSession
from app.database.sessions import ReadingSession
from app.http.address_limit import limited
from app.http.caching import keep_until_change
from app.http.geojson import GeoJsonResponse
from app.http.repository import current_revision
from app.maps.assets import LEAFLET, MAPS
from app.maps.policy import tile_origin
from app.problems import Invalid
from app.settings import Settings
from app.web.layout.rendering import render
from app.web.letters.builder import repository, service
from app.web.letters.builder.schemas import NearbyQuestion

PATH = "/lettres/verification"
LONGEST_FORM = 1_000_000

router = APIRouter(prefix=PATH, include_in_schema=False)


def _page(
    request: Request,
    session: ReadingSession,
    caller: Caller | None,
    *,
    keep: bool = True,
    status: int = 200,
    error: str | None = None,
    pasted: str = "",
) -> HTMLResponse:
    settings: Settings = request.app.state.settings
    origin = tile_origin(settings.maps.basemap_url)
    return render(
        request,
        "builder/page.html",
        session=session,
        keep=keep,
        status=status,
        image_origins=[origin] if origin else [],
        section="lettres",
        page_settings=service.page_settings(session, settings.maps),
        error=error,
        pasted=pasted,
        leaflet=LEAFLET.address,
        map_tools=MAPS.address("toolbar.js"),
        **_of_caller(request, caller),
    )


def _of_caller(request: Request, caller: Caller | None) -> dict[str, Any]:
    return {
        "caller": caller,
        "csrf": page_form_token(request),
        "may_deposit": caller is not None and caller.may("letters.deposit"),
    }


@router.get("", response_class=HTMLResponse)
def builder(request: Request, session: ReadSession, caller: OptionalPageCaller) -> HTMLResponse:
    """Show the builder; the draft is in the fragment, which never reaches the service."""
    return _page(request, session, caller)


@router.post("", response_class=HTMLResponse, dependencies=[limited("check")])
def verdict(
    request: Request,
    session: ReadSession,
    caller: OptionalPageCaller,
    communes: Annotated[str, Form(max_length=LONGEST_FORM)] = "",
) -> HTMLResponse:
    """Judge what the plain form sent, without any script; nothing is stored."""
    try:
        answer = service.answer_form(session, communes)
    except Invalid as problem:
        return _page(
            request,
            session,
            caller,
            keep=False,
            status=422,
            error=problem.detail,
            pasted=communes,
        )
    return render(
        request,
        "builder/verdict.html",
        session=session,
        keep=False,
        section="lettres",
        robots="noindex",
        **_of_caller(request, caller),
        **answer,
    )


@router.get("/communes.geojson")
def communes(
    request: Request,
    session: ReadSession,
    department: Annotated[str, Query(max_length=3, examples=["62"])],
) -> Response:
    """Give the communes of a department, with who holds them and who asks for them."""
    body = service.communes_of_department(session, department)
    keep_until_change(request, current_revision(session))
    return GeoJsonResponse(body)


@router.get("/epci.json")
def epci(request: Request, session: ReadSession) -> Response:
    """Give every EPCI with the number of its communes."""
    body = repository.every_epci(session)
    keep_until_change(request, current_revision(session))
    return Response(body, media_type="application/json")


@router.post("/proches", dependencies=[limited("check")])
def nearby(session: ReadSession, asked: Annotated[NearbyQuestion, Body()]) -> Response:
    """Find the uncovered communes next to a territory."""
    return Response(
        service.nearby(session, asked).model_dump_json(),
        media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
