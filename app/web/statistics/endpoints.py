"""`/statistiques`, its maps as SVG and its figures as CSV."""

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from app.database.request_sessions import ReadSession
from app.database.sessions import ReadingSession
from app.http.caching import keep_until_change
from app.http.parameters import Day
from app.http.repository import current_revision
from app.web.layout.rendering import render
from app.web.statistics import service
from app.web.statistics.drawings import coverage_map, deployment_map

router = APIRouter(prefix="/statistiques")


@router.get("", response_class=HTMLResponse)
def statistics(request: Request, session: ReadSession, at: Day = None) -> HTMLResponse:
    """The page."""
    return render(
        request,
        "statistics/statistics.html",
        session=session,
        section="statistiques",
        **service.statistics(session, at),
    )


@router.get("/carte.svg", response_class=Response)
def map_of_deployment(request: Request, session: ReadSession, at: Day = None) -> Response:
    """The national map of a day by stage."""
    return _kept(request, session, deployment_map(session, at), "image/svg+xml")


@router.get("/couverture.svg", response_class=Response)
def map_of_coverage(request: Request, session: ReadSession, at: Day = None) -> Response:
    """The national map of a day by the share of the population that is covered."""
    return _kept(request, session, coverage_map(session, at), "image/svg+xml")


@router.get("/regions.csv", response_class=Response)
def figures_of_regions(request: Request, session: ReadSession, at: Day = None) -> Response:
    """The figures of the regions."""
    return _table(request, session, service.territory_csv(session, "region", at), "regions")


@router.get("/departements.csv", response_class=Response)
def figures_of_departments(request: Request, session: ReadSession, at: Day = None) -> Response:
    """The figures of the departments."""
    text = service.territory_csv(session, "department", at)
    return _table(request, session, text, "departements")


@router.get("/evolution.csv", response_class=Response)
def figures_over_time(request: Request, session: ReadSession, at: Day = None) -> Response:
    """The figures month by month."""
    return _table(request, session, service.evolution_csv(session, at), "evolution")


def _table(request: Request, session: ReadingSession, text: str, name: str) -> Response:
    response = _kept(request, session, text, "text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="cpts-{name}.csv"'
    return response


def _kept(request: Request, session: ReadingSession, text: str, media_type: str) -> Response:
    keep_until_change(request, current_revision(session))
    return Response(text, media_type=media_type)
