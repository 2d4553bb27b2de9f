"""`/administration/signalements`."""

from typing import Annotated

from fastapi import APIRouter, Form, Path, Query, Request
from starlette.responses import HTMLResponse, Response

from app.accounts.dependencies import ReportsActingPageCaller, ReportsPageCaller
from app.accounts.mail.repository import enqueue
from app.accounts.rules import Caller
from app.cpts.reports import service as use_cases
from app.database.calendar import today
from app.database.request_sessions import ReadSession, WriteSession
from app.database.sessions import ReadingSession
from app.http.parameters import Offset, RowId
from app.http.texts import refusal_of_text
from app.problems import Invalid, Problem
from app.web.administration.pages import administration_page, leading_to
from app.web.administration.reports.repository import reports

router = APIRouter(prefix="/administration/signalements")
PAGE = 25
_SUBJECT = "Votre signalement sur la cartographie des CPTS"
Text = Annotated[str, Form(max_length=4000)]


@router.get("", response_class=HTMLResponse)
def list_reports(
    request: Request,
    session: ReadSession,
    caller: ReportsPageCaller,
    *,
    closed: Annotated[bool, Query(alias="clos")] = False,
    offset: Offset = 0,
) -> HTMLResponse:
    """The reports that wait, of one's region or all, with the CPTS beside."""
    return _page(request, session, caller, closed=closed, offset=offset)


@router.post("/{number}", response_class=HTMLResponse)
def settle(
    request: Request,
    session: WriteSession,
    caller: ReportsActingPageCaller,
    number: Annotated[RowId, Path()],
    *,
    outcome: Text = "",
    answer: Text = "",
) -> Response:
    """Close a report with its outcome; answer by mail whoever asked for it."""
    try:
        for name, value in (("outcome", outcome), ("answer", answer)):
            refusal = refusal_of_text(value)
            if refusal:
                raise Invalid.at("body", name, message=refusal)
        use_cases.settle(
            session,
            number,
            caller,
            outcome=outcome.strip(),
            answer=answer.strip(),
            check_regions=lambda regions: caller.may_work_in("reports.handle", regions),
            send=lambda to, body: enqueue(
                session, "text", to, {"subject": _SUBJECT, "body": body}
            ),
        )
    except Invalid as problem:
        session.rollback()
        return _page(request, session, caller, problem, sent={number: (outcome, answer)})
    return leading_to("/administration/signalements")


def _page(
    request: Request,
    session: ReadingSession,
    caller: Caller,
    problem: Problem | None = None,
    *,
    closed: bool = False,
    offset: int = 0,
    sent: dict[int, tuple[str, str]] | None = None,
) -> HTMLResponse:
    rows = reports(
        session,
        region=caller.region,
        closed=closed,
        day=today(),
        limit=PAGE,
        offset=offset,
    )
    return administration_page(
        request,
        "reports.html",
        session=session,
        caller=caller,
        problem=problem,
        canonical="/administration/signalements",
        reports=rows,
        number_found=rows[0]["number"] if rows else 0,
        closed=closed,
        offset=offset,
        page_size=PAGE,
        sent=sent or {},
    )
