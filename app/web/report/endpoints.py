"""`/bilan` as a page and as a workbook."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse, Response

from app.cpts.references import repository as references
from app.database.request_sessions import ReadSession
from app.http.address_limit import limited
from app.http.parameters import Day
from app.web.layout.downloads import workbook_to_keep
from app.web.layout.rendering import render
from app.web.report import service

router = APIRouter(prefix="/bilan")

Region = Annotated[str, Query(description="Code INSEE d’une région ; le pays sans elle.")]


@router.get("", response_class=HTMLResponse)
def read(
    request: Request, session: ReadSession, au: Day = None, region: Region = ""
) -> HTMLResponse:
    """The report of a day, today when none is named."""
    found = service.report(session, au, region or None)
    return render(
        request,
        "report/report.html",
        session=session,
        section="statistiques",
        report=found,
        regions=[asdict(each) for each in references.regions(session)],
        at=au,
    )


@router.get(".xlsx", response_class=Response, dependencies=[limited("workbook")])
def read_workbook(
    request: Request, session: ReadSession, au: Day = None, region: Region = ""
) -> Response:
    """The same as a workbook with its definitions."""
    found = service.report(session, au, region or None)
    place = f"-{region}" if region else ""
    return workbook_to_keep(
        request,
        session,
        service.sheets(found),
        f"bilan-{found.day.isoformat()}{place}.xlsx",
        day=found.day,
    )
