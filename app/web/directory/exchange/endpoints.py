"""`/membres/fiches`: a table of sheets in, with a report of each row; all sheets out."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from starlette.responses import HTMLResponse, Response

from app.accounts.dependencies import (
    ExchangingActingPageCaller,
    ExchangingPageCaller,
    page_form_token,
)
from app.accounts.rules import Caller
from app.database.calendar import today
from app.database.request_sessions import ReadSession, WriteSession
from app.database.sessions import ReadingSession
from app.directory.exchange import service
from app.directory.exchange.exporting import exported, workbook_bytes
from app.directory.exchange.repository import note_all_seen
from app.directory.exchange.rules import Entry, Outcome
from app.directory.exchange.tables import TableReader
from app.directory.sheets.endpoints import terms_of
from app.failures import Failure
from app.files.office_tables import XLSX_MEDIA_TYPE
from app.http.address_limit import client_network
from app.http.departure import while_client_waits
from app.web.layout.rendering import render

router = APIRouter()

_SHOWN = 2_000
OUTCOMES = {
    Outcome.LOADED: "chargée",
    Outcome.UNCHANGED: "déjà telle",
    Outcome.UNKNOWN: "inconnue",
    Outcome.AMBIGUOUS: "ambiguë",
    Outcome.REFUSED: "refusée",
    Outcome.SKIPPED: "écartée",
}
Read = tuple[str, list[Entry]] | Failure


async def _sent_table(
    request: Request,
    _caller: ExchangingActingPageCaller,
    file: Annotated[UploadFile | None, File()] = None,
) -> Read:
    if file is None or not file.filename:
        return Failure("Choisissez un fichier.")
    reader: TableReader = request.app.state.table_reader
    try:
        return await while_client_waits(
            request, lambda: reader.read(file, address=client_network(request))
        )
    except Failure as failure:
        return failure


@router.get("/membres/fiches", response_class=HTMLResponse)
def show(request: Request, session: ReadSession, caller: ExchangingPageCaller) -> HTMLResponse:
    """The form that takes a table, and the one that gives all sheets."""
    return _page(request, session, caller)


@router.post("/membres/fiches", response_class=HTMLResponse)
def take(
    *,
    request: Request,
    caller: ExchangingActingPageCaller,
    # Read before a database session is opened.
    sent: Annotated[Read, Depends(_sent_table)],
    session: WriteSession,
    dry_run: Annotated[str, Form(max_length=10)] = "",
    replace: Annotated[str, Form(max_length=10)] = "",
) -> HTMLResponse:
    """Join a table to the sheets that it names, and tell of every row."""
    if isinstance(sent, Failure):
        return _page(request, session, caller, refused=sent.message, status=422)
    name, entries = sent
    lines = service.import_entries(
        session,
        entries,
        terms_of(request),
        origin=name,
        replace=bool(replace),
        dry_run=bool(dry_run),
        signatory=caller,
    )
    session.flush()
    return _page(
        request,
        session,
        caller,
        name=name,
        lines=lines,
        summary=service.summary(lines, dry_run=bool(dry_run))[0],
        is_trial=bool(dry_run),
    )


@router.post("/membres/fiches/export.xlsx")
def give(session: WriteSession, caller: ExchangingActingPageCaller) -> Response:
    """All sheets as a workbook; whose contacts are in it is told so."""
    note_all_seen(session, caller.token_id, today())
    return Response(
        workbook_bytes(exported(session)),
        media_type=XLSX_MEDIA_TYPE,
        headers={
            "Content-Disposition": 'attachment; filename="fiches-cpts.xlsx"',
            "Cache-Control": "no-store",
        },
    )


def _page(
    request: Request,
    session: ReadingSession,
    caller: Caller,
    *,
    status: int = 200,
    refused: str = "",
    **values: Any,
) -> HTMLResponse:
    defaults: dict[str, Any] = {"lines": None, "summary": "", "name": "", "is_trial": False}
    page = render(
        request,
        "exchange/exchange.html",
        session=session,
        keep=False,
        status=status,
        caller=caller,
        csrf=page_form_token(request),
        section="membres",
        robots="noindex",
        canonical="/membres/fiches",
        refused=refused,
        outcomes=OUTCOMES,
        shown=_SHOWN,
        **(defaults | values),
    )
    # Under « no-referrer » browsers would not say of forms that they come from here.
    page.headers["Referrer-Policy"] = "same-origin"
    return page
