"""`/bilan` as a page, as a PDF and as a workbook."""

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse, Response

from app.cpts.reading.filtering import Filters
from app.cpts.reading.filters import REGION
from app.cpts.references import repository as references
from app.database.request_sessions import ReadSession, read_in_session
from app.database.sessions import ReadingSession
from app.http.address_limit import client_network, limited
from app.http.addresses import settled_base
from app.http.caching import keep_until_change
from app.http.departure import while_client_waits
from app.http.parameters import Day
from app.http.repository import Revision, current_revision
from app.web.figures.answers import sources
from app.web.figures.drawing import with_legend
from app.web.figures.maps import map_of_cpts
from app.web.layout.downloads import workbook_to_keep
from app.web.layout.rendering import render
from app.web.layout.wording import COVERED
from app.web.report import document, service
from app.web.typesetting.printing import Typesetter, document_request, typeset_texts

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
        definition=COVERED,
    )


@router.get(".pdf", response_class=Response, dependencies=[limited("document")])
async def read_document(request: Request, au: Day = None, region: Region = "") -> Response:
    """The same as a tagged PDF with its map; no session is held while it is typeset."""

    def gathered(session: ReadingSession) -> tuple[str, dict[str, Any], str, Revision]:
        found = service.report(session, au, region or None)
        places = Filters({REGION: (region,)} if region else {}, at=found.day)
        figure = map_of_cpts(session, places)
        shown = document.view(
            found, sources(session, settled_base(request)), figure.description
        )
        return _name(found.day, region), shown, with_legend(figure), current_revision(session)

    name, shown, drawing, revision = await read_in_session(request, gathered)
    typesetter: Typesetter = request.app.state.typesetter
    content = await while_client_waits(
        request,
        lambda: typesetter.typeset(
            lambda: document_request(
                document.TEMPLATE,
                typeset_texts(shown),
                {"map.svg": drawing},
                seen_at="la page du bilan",
            ),
            address=client_network(request),
        ),
    )
    keep_until_change(request, revision)
    headers = {"Content-Disposition": f'inline; filename="{name}.pdf"'}
    return Response(content, media_type="application/pdf", headers=headers)


@router.get(".xlsx", response_class=Response, dependencies=[limited("workbook")])
def read_workbook(
    request: Request, session: ReadSession, au: Day = None, region: Region = ""
) -> Response:
    """The same as a workbook with its definitions."""
    found = service.report(session, au, region or None)
    return workbook_to_keep(
        request,
        session,
        service.sheets(found),
        f"{_name(found.day, region)}.xlsx",
        day=found.day,
    )


def _name(day: date, region: str) -> str:
    place = f"-{region}" if region else ""
    return f"bilan-{day.isoformat()}{place}"
