"""`/statistiques`, its maps as SVG and its figures as CSV."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import HTMLResponse, Response

from app.database.calendar import today
from app.database.request_sessions import ReadSession
from app.database.sessions import ReadingSession
from app.files.cells import CSV_MEDIA_TYPE
from app.http.address_limit import limited
from app.http.caching import keep_until_change
from app.http.parameters import Day
from app.http.repository import current_revision
from app.problems import NotFound
from app.web.figures.answers import Form, figure_to_keep
from app.web.layout.downloads import csv_to_keep, file_to_keep, workbook_to_keep
from app.web.layout.rendering import render
from app.web.statistics import service, tables
from app.web.statistics.drawings import coverage_map, deployment_map
from app.web.statistics.figures import CHARTS

router = APIRouter(prefix="/statistiques")

_TABLES: Mapping[str, Callable[[ReadingSession, date | None], tables.Table]] = {
    "regions": lambda session, at: tables.territories(session, "region", at),
    "departements": lambda session, at: tables.territories(session, "department", at),
    "tailles": tables.by_size,
    "themes": tables.by_theme,
    "evolution": tables.course,
}


def _table(session: ReadSession, name: str, at: Day = None) -> tables.Table:
    if name not in _TABLES:
        raise NotFound("Ce tableau n’existe pas.")
    return _TABLES[name](session, at)


ChartName = Annotated[str, Path(max_length=20)]
AskedTable = Annotated[tables.Table, Depends(_table)]


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


@router.get("/graphiques/{chart}.svg", response_class=Response)
async def chart_as_svg(request: Request, chart: ChartName, at: Day = None) -> Response:
    """A chart of the page with its title, date, legend and source, as SVG."""
    return await _chart(request, chart, at, "svg")


@router.get("/graphiques/{chart}.png", response_class=Response, dependencies=[limited("image")])
async def chart_as_png(request: Request, chart: ChartName, at: Day = None) -> Response:
    """The same as PNG."""
    return await _chart(request, chart, at, "png")


@router.get("/{name}-excel.csv", response_class=Response)
def figures_for_excel(
    request: Request, session: ReadSession, name: str, table: AskedTable
) -> Response:
    """The figures as Excel in French opens them."""
    sheet = table.for_offices()
    return csv_to_keep(request, session, sheet, f"cpts-{name}-excel.csv")


@router.get("/{name}.csv", response_class=Response)
def figures(request: Request, session: ReadSession, name: str, table: AskedTable) -> Response:
    """The figures of the regions, of the departments, or month by month."""
    body = table.as_csv()
    return file_to_keep(request, session, body, CSV_MEDIA_TYPE, f"cpts-{name}.csv")


@router.get("/{name}.xlsx", response_class=Response, dependencies=[limited("workbook")])
def figures_as_workbook(
    request: Request, session: ReadSession, name: str, table: AskedTable, at: Day = None
) -> Response:
    """The figures as a workbook."""
    sheet = table.for_offices()
    return workbook_to_keep(request, session, [sheet], f"cpts-{name}.xlsx", day=at or today())


async def _chart(request: Request, chart: str, at: Day, form: Form) -> Response:
    if chart not in CHARTS:
        raise NotFound("Ce graphique n’existe pas.")
    return await figure_to_keep(request, lambda session: CHARTS[chart](session, at), form)


def _kept(request: Request, session: ReadingSession, text: str, media_type: str) -> Response:
    keep_until_change(request, current_revision(session))
    return Response(text, media_type=media_type)
