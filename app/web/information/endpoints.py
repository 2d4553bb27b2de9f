"""Information pages, and what robots, browsers and social networks ask for by themselves."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import HTMLResponse, Response

from app.database.request_sessions import ReadSession
from app.database.sessions import ReadingSession
from app.http.addresses import outside_address
from app.http.caching import keep_for_good, keep_until_change, keep_where_settled
from app.http.parameters import WholeNumber
from app.http.repository import current_revision
from app.problems import NotFound
from app.settings import Settings
from app.web.information import icons, previews, service
from app.web.layout.assets import static
from app.web.layout.rendering import SITE_NAME, render

router = APIRouter()

Code = Annotated[str, Path(max_length=10)]
XML = "application/xml; charset=utf-8"
PNG = "image/png"
_PART = re.compile(r"(cpts|communes)-([1-9][0-9]{0,3})", re.ASCII)


def _page(request: Request, session: ReadingSession, name: str, **values: Any) -> HTMLResponse:
    settings: Settings = request.app.state.settings
    return render(
        request,
        f"information/{name}.html",
        session=session,
        operator=settings.operator,
        has_basemap=bool(settings.maps.basemap_url),
        geocoder=settings.geocoder.label if settings.geocoder.url else None,
        **values,
    )


@router.get("/mentions-legales", response_class=HTMLResponse)
def legal_notice(request: Request, session: ReadSession) -> HTMLResponse:
    """Who publishes and hosts the site, and the licence of what is on it."""
    return _page(request, session, "legal")


@router.get("/donnees-personnelles", response_class=HTMLResponse)
def personal_data(request: Request, session: ReadSession) -> HTMLResponse:
    """What is kept about people, and what is not."""
    settings: Settings = request.app.state.settings
    return _page(
        request,
        session,
        "privacy",
        notes_kept_days=settings.service.notes_kept_days,
        accounts=settings.accounts,
        sheets=settings.sheets,
    )


@router.get("/accessibilite", response_class=HTMLResponse)
def accessibility(request: Request, session: ReadSession) -> HTMLResponse:
    """The declaration of accessibility."""
    return _page(request, session, "accessibility")


@router.get("/aide", response_class=HTMLResponse)
def site_help(request: Request, session: ReadSession) -> HTMLResponse:
    """Definitions, and answers to what is often asked."""
    return _page(request, session, "help", section="aide", **service.help_values(session))


@router.get("/robots.txt")
def robots(request: Request) -> Response:
    """What robots may read, and where the sitemaps are."""
    refused = ("/connexion", "/deconnexion", "/recherche", "/embed/")
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in refused), ""]
    lines.append(f"Sitemap: {outside_address(request).base}/sitemap.xml")
    return Response("\n".join(lines) + "\n", media_type="text/plain; charset=utf-8")


@router.get("/sitemap.xml")
def sitemap_index(request: Request, session: ReadSession) -> Response:
    """The index of the sitemaps."""
    base = outside_address(request).base
    return _xml(request, session, service.sitemap_index(session, base))


@router.get("/sitemaps/{name}.xml")
def sitemap(
    request: Request, session: ReadSession, name: Annotated[str, Path(max_length=40)]
) -> Response:
    """One sitemap: `pages`, `cpts-1`, `communes-1`…"""
    base = outside_address(request).base
    body = None
    if name == "pages":
        body = service.sitemap_of_pages(session, base)
    elif found := _PART.fullmatch(name):
        body = service.sitemap_part(session, base, found[1], int(found[2]))
    if body is None:
        raise NotFound("Ce plan de site n'existe pas.")
    return _xml(request, session, body)


def _xml(request: Request, session: ReadingSession, body: bytes) -> Response:
    keep_where_settled(request, current_revision(session))
    return Response(body, media_type=XML)


@router.get("/apercu/accueil.png")
def preview_of_country(request: Request, session: ReadSession) -> Response:
    """The social preview of the country."""
    return _preview(request, session, previews.of_country(session))


@router.get("/apercu/regions/{code}.png")
def preview_of_region(request: Request, session: ReadSession, code: Code) -> Response:
    """The social preview of a region."""
    return _preview(request, session, previews.of_region(session, code))


@router.get("/apercu/departements/{code}.png")
def preview_of_department(request: Request, session: ReadSession, code: Code) -> Response:
    """The social preview of a department."""
    return _preview(request, session, previews.of_department(session, code))


def _preview(request: Request, session: ReadingSession, body: bytes | None) -> Response:
    if body is None:
        raise NotFound("Ce territoire n'existe pas.")
    keep_until_change(request, current_revision(session))
    return Response(body, media_type=PNG)


@router.get("/favicon.ico")
def favicon(request: Request) -> Response:
    """The icon for browsers that ask for no other."""
    keep_for_good(request)
    return Response(icons.ico(), media_type="image/x-icon")


@router.get("/icone-{size}.png")
def icon(request: Request, size: WholeNumber) -> Response:
    """The icon in one of the sizes that home screens want."""
    if size not in icons.SIZES:
        raise NotFound("Cette icône n'existe pas.")
    keep_for_good(request)
    return Response(icons.png(size), media_type=PNG)


@router.get("/site.webmanifest")
def manifest(request: Request) -> Response:
    """Name, colours and icons for a home screen."""
    keep_for_good(request)
    body = icons.manifest(SITE_NAME, static("layout/icon.svg"))
    return Response(body, media_type="application/manifest+json")
