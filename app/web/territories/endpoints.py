"""`/`, `/recherche`, `/regions…` and `/departements/…`."""

from dataclasses import replace
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.cpts.reading.filtering import Filters, requested
from app.cpts.reading.filters import DEPARTMENT, OFFERED_WITHIN_A_PLACE, REGION
from app.database.request_sessions import ReadSession
from app.geography.geocoding.rules import resembles_address
from app.http.caching import keep_until_change
from app.http.parameters import MAXIMUM_LIMIT, WholeNumber
from app.http.repository import current_revision
from app.settings import Settings
from app.web.layout.rendering import render
from app.web.territories import searching, service

router = APIRouter()

Code = Annotated[str, Path(max_length=10)]
Sought = Annotated[str, Query(max_length=200)]
Number = Annotated[WholeNumber, Query(ge=1, le=1000)]
Sort = Literal[
    "name", "-name", "stage", "-stage", "population", "-population",
    "tier", "-tier", "communes", "-communes",
]  # fmt: skip


_chosen = requested(OFFERED_WITHIN_A_PLACE, paged=False)


async def _whole(filters: Annotated[Filters, Depends(_chosen)]) -> Filters:
    return replace(filters, limit=MAXIMUM_LIMIT)


ChosenFilters = Annotated[Filters, Depends(_whole)]


@router.get("/", response_class=HTMLResponse)
def home(request: Request, session: ReadSession) -> HTMLResponse:
    """Search, the country's map and figures, and the way to regions and departments."""
    return render(
        request,
        "territories/home.html",
        session=session,
        section="accueil",
        geocoder=_geocoder_label(request),
        **service.home(session),
    )


@router.get("/recherche", response_class=HTMLResponse)
def search(request: Request, session: ReadSession, q: Sought = "") -> Response:
    """The communes and CPTS that a text leads to; a single one is shown at once."""
    sought = q.strip()
    found = searching.search(session, sought) if sought else None
    only = searching.only_answer(found) if found else None
    if only:
        return RedirectResponse(only, status_code=303, headers={"Cache-Control": "no-cache"})
    return render(
        request,
        "territories/search.html",
        session=session,
        # What may be where somebody lives is kept by nobody.
        keep=not resembles_address(sought),
        robots="noindex",
        geocoder=_geocoder_label(request),
        sought=sought,
        found=found,
        whom_to_call=searching.whom_to_call(session, found["communes"]) if found else {},
    )


def _geocoder_label(request: Request) -> str | None:
    settings: Settings = request.app.state.settings
    return settings.geocoder.label if settings.geocoder.url else None


@router.get("/recherche/suggestions")
def suggest(request: Request, session: ReadSession, q: Sought = "") -> Response:
    """The first answers to a text that is being typed, as JSON."""
    body = searching.suggestions(session, q.strip())
    if resembles_address(q):
        return Response(
            body, media_type="application/json", headers={"Cache-Control": "no-store"}
        )
    keep_until_change(request, current_revision(session))
    return Response(body, media_type="application/json")


@router.get("/regions", response_class=HTMLResponse)
def regions(request: Request, session: ReadSession) -> HTMLResponse:
    """Every region with its departments."""
    return render(
        request,
        "territories/regions.html",
        session=session,
        section="regions",
        regions=service.regions(session),
    )


@router.get("/regions/{code}", response_class=HTMLResponse)
def region(
    request: Request,
    session: ReadSession,
    code: Code,
    filters: ChosenFilters,
    sort: Sort = "name",
) -> Response:
    """A region: map, figures, table, what is free."""
    return _territory(request, session, "region", code, filters=filters, sort=sort)


@router.get("/departements/{code}", response_class=HTMLResponse)
def department(
    request: Request,
    session: ReadSession,
    code: Code,
    filters: ChosenFilters,
    sort: Sort = "name",
) -> Response:
    """A department: map, figures, table, what is free."""
    return _territory(request, session, "department", code, filters=filters, sort=sort)


@router.get("/regions/{code}/communes-sans-cpts", response_class=HTMLResponse)
def free_in_region(
    request: Request, session: ReadSession, code: Code, page: Number = 1
) -> HTMLResponse:
    """The communes of a region that nobody holds."""
    return _free(request, session, service.free_page(session, "region", code, page))


@router.get("/departements/{code}/communes-sans-cpts", response_class=HTMLResponse)
def free_in_department(
    request: Request, session: ReadSession, code: Code, page: Number = 1
) -> HTMLResponse:
    """The communes of a department that nobody holds."""
    return _free(request, session, service.free_page(session, "department", code, page))


def _free(request: Request, session: ReadSession, shown: dict[str, Any]) -> HTMLResponse:
    return render(request, "territories/free.html", session=session, section="regions", **shown)


def _territory(
    request: Request,
    session: ReadSession,
    level: Literal["region", "department"],
    code: str,
    *,
    filters: Filters,
    sort: str,
) -> Response:
    given = request.query_params.multi_items()
    filled = [(name, value) for name, value in given if value]
    if len(filled) < len(given):
        # A form sends the field that nobody filled in; addresses that people copy lack it.
        query = f"?{urlencode(filled, safe=',:')}" if filled else ""
        return RedirectResponse(f"{request.url.path}{query}", status_code=303)
    usual = code.strip().upper().zfill(2)
    if usual != code:
        # Codes as people write them, such as 2a or 4.
        query = f"?{request.url.query}" if request.url.query else ""
        path = request.url.path.rpartition("/")[0]
        return RedirectResponse(f"{path}/{quote(usual)}{query}", status_code=308)
    if level == "region":
        page = service.region_page(session, code, filters.narrowed(REGION, (code,)), sort)
    else:
        narrowed = filters.narrowed(DEPARTMENT, (code,))
        page = service.department_page(session, code, narrowed, sort)
    group = "regions" if level == "region" else "departements"
    return render(
        request,
        "territories/territory.html",
        session=session,
        section="regions",
        social_image=f"/apercu/{group}/{code}.png",
        page=page,
    )
