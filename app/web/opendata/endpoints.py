"""`/donnees` and everything below it."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import HTMLResponse, Response

from app.cpts.reading.filtering import Filters
from app.cpts.reading.filters import RequestedFilters
from app.cpts.reading.schemas import Detail
from app.cpts.reading.service import compositions_csv, cpts_collection
from app.database.calendar import today
from app.database.request_sessions import ReadSession
from app.files.cells import CSV_MEDIA_TYPE
from app.http.address_limit import limited
from app.http.addresses import outside_address
from app.http.caching import keep_until_change, keep_where_settled
from app.http.paging import PageAddress
from app.http.parameters import MAXIMUM_LIMIT, DepartmentCodes, RegionCodes, RowId
from app.http.repository import current_revision
from app.problems import NotFound
from app.web.layout.downloads import csv_to_keep, file_to_keep, workbook_to_keep
from app.web.layout.rendering import render
from app.web.opendata import service

router = APIRouter(prefix="/donnees")

# A workbook of the whole country takes seconds to write.
A_WORKBOOK = [limited("workbook")]


async def _whole(request: Request, filters: RequestedFilters) -> Filters:
    """A file holds everything that passes the filters, unless a page of it is asked for."""
    if "limit" in request.query_params:
        return filters
    return replace(filters, limit=MAXIMUM_LIMIT)


WholeFilters = Annotated[Filters, Depends(_whole)]


@router.get("", response_class=HTMLResponse)
def open_data(request: Request, session: ReadSession) -> HTMLResponse:
    """The page of open data."""
    return render(
        request,
        "opendata/data.html",
        session=session,
        section="donnees",
        **service.page_values(session),
    )


@router.get("/cpts.csv")
def cpts_csv(request: Request, session: ReadSession, filters: WholeFilters) -> Response:
    """The CPTS, one line each."""
    return file_to_keep(
        request, session, service.cpts_csv(session, filters), CSV_MEDIA_TYPE, "cpts.csv"
    )


@router.get("/compositions.csv")
def compositions(request: Request, session: ReadSession, filters: WholeFilters) -> Response:
    """CPTS and commune, one line per pair."""
    body, _ = compositions_csv(session, filters, PageAddress.of(request))
    return file_to_keep(request, session, body, CSV_MEDIA_TYPE, "compositions.csv")


@router.get("/cpts-excel.csv")
def cpts_csv_for_excel(
    request: Request, session: ReadSession, filters: WholeFilters
) -> Response:
    """The CPTS as Excel in French opens them."""
    sheet = service.cpts_sheet(session, filters)
    return csv_to_keep(request, session, sheet, "cpts-excel.csv")


@router.get("/compositions-excel.csv")
def compositions_csv_for_excel(
    request: Request, session: ReadSession, filters: WholeFilters
) -> Response:
    """CPTS and commune as Excel in French opens them."""
    sheet = service.compositions_sheet(session, filters)
    return csv_to_keep(request, session, sheet, "compositions-excel.csv")


@router.get("/cpts.xlsx", dependencies=A_WORKBOOK)
def cpts_workbook(request: Request, session: ReadSession, filters: WholeFilters) -> Response:
    """The CPTS as a workbook."""
    sheet = service.cpts_sheet(session, filters)
    day = filters.at or today()
    return workbook_to_keep(request, session, [sheet], "cpts.xlsx", day=day)


@router.get("/compositions.xlsx", dependencies=A_WORKBOOK)
def compositions_workbook(
    request: Request, session: ReadSession, filters: WholeFilters
) -> Response:
    """CPTS and commune as a workbook."""
    sheet = service.compositions_sheet(session, filters)
    day = filters.at or today()
    return workbook_to_keep(request, session, [sheet], "compositions.xlsx", day=day)


@router.get("/cpts.geojson")
def cpts_geojson(
    request: Request, session: ReadSession, filters: WholeFilters, detail: Detail = "full"
) -> Response:
    """The territories as GeoJSON."""
    body = cpts_collection(session, filters, PageAddress.of(request), detail, with_courses=True)
    return file_to_keep(request, session, body, "application/geo+json", "cpts.geojson")


@router.get("/cpts.gpkg")
def cpts_geopackage(
    request: Request, session: ReadSession, filters: WholeFilters, detail: Detail = "full"
) -> Response:
    """The territories as a GeoPackage."""
    body = service.cpts_geopackage(session, filters, detail)
    return file_to_keep(request, session, body, "application/geopackage+sqlite3", "cpts.gpkg")


@router.get("/cpts.parquet")
def cpts_geoparquet(
    request: Request, session: ReadSession, filters: WholeFilters, detail: Detail = "full"
) -> Response:
    """The territories as GeoParquet."""
    body = service.cpts_geoparquet(session, filters, detail)
    return file_to_keep(
        request, session, body, "application/vnd.apache.parquet", "cpts.parquet"
    )


@router.get("/datapackage.json")
def data_package(request: Request, session: ReadSession) -> Response:
    """The description of all files (Data Package)."""
    body = service.data_package(session)
    keep_until_change(request, current_revision(session))
    return Response(body, media_type="application/json")


@router.get("/{name}.schema.json")
def table_schema(request: Request, session: ReadSession, name: str) -> Response:
    """The Table Schema of a file."""
    body = service.table_schema(session, name)
    if body is None:
        raise NotFound("Ce schéma n'existe pas.")
    keep_until_change(request, current_revision(session))
    return Response(body, media_type="application/json")


@router.get("/changements.atom")
def changes(
    request: Request,
    session: ReadSession,
    region: RegionCodes = [],  # noqa: B006  (FastAPI copies defaults)
    department: DepartmentCodes = [],  # noqa: B006
    before: Annotated[RowId | None, Query()] = None,
) -> Response:
    """The feed of changes, latest first."""
    base = outside_address(request).base
    asked = service.FeedRequest(tuple(region), tuple(department), before)
    body = service.changes_feed(session, asked, base)
    keep_where_settled(request, current_revision(session))
    return Response(body, media_type="application/atom+xml; charset=utf-8")
