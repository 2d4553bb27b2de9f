"""`/administration/journal`, as a page and as files."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BeforeValidator
from starlette.responses import HTMLResponse, Response

from app.accounts.dependencies import JournalPageCaller
from app.accounts.rules import Caller
from app.database.request_sessions import ReadSession
from app.database.sessions import ReadingSession
from app.http.parameters import Offset, SearchText
from app.web.administration.journal import service
from app.web.administration.journal.repository import entries
from app.web.administration.pages import administration_page
from app.web.layout.downloads import table_to_take

router = APIRouter(prefix="/administration/journal")
PAGE = 50
# What a spreadsheet still opens.
MOST_EXPORTED = 50_000
Optional = BeforeValidator(lambda value: value or None)


@dataclass(frozen=True)
class Asked:
    """Filters of the journal; what a form leaves empty is not asked."""

    q: SearchText = None
    kind: Annotated[
        Literal["cpts", "letter", "sheet", "act"] | None, Query(alias="nature"), Optional
    ] = None
    since: Annotated[date | None, Query(alias="du"), Optional] = None
    until: Annotated[date | None, Query(alias="au"), Optional] = None


Filters = Annotated[Asked, Depends()]


@router.get("", response_class=HTMLResponse)
def read(
    request: Request,
    session: ReadSession,
    caller: JournalPageCaller,
    asked: Filters,
    offset: Offset = 0,
) -> HTMLResponse:
    """All that was done, the latest first."""
    found = _found(session, caller, asked, limit=PAGE, offset=offset)
    return administration_page(
        request,
        "journal.html",
        session=session,
        caller=caller,
        entries=service.told(session, found),
        number_found=found[0]["number_found"] if found else 0,
        offset=offset,
        page_size=PAGE,
        kinds=service.KINDS,
        asked=asked,
        query=_query(request),
        most_exported=MOST_EXPORTED,
    )


@router.get(".csv")
def export_csv(session: ReadSession, caller: JournalPageCaller, asked: Filters) -> Response:
    """The same as CSV, all pages."""
    rows = service.told(session, _found(session, caller, asked, limit=MOST_EXPORTED))
    return table_to_take(service.as_sheet(rows), "journal.csv")


@router.get(".xlsx")
def export_workbook(
    session: ReadSession, caller: JournalPageCaller, asked: Filters
) -> Response:
    """The same as a workbook, all pages."""
    rows = service.told(session, _found(session, caller, asked, limit=MOST_EXPORTED))
    return table_to_take(service.as_sheet(rows), "journal.xlsx")


def _found(
    session: ReadingSession, caller: Caller, asked: Asked, *, limit: int, offset: int = 0
) -> list[Any]:
    return entries(
        session,
        asked.q or "",
        kind=asked.kind,
        since=asked.since,
        until=asked.until,
        region=caller.region,
        limit=limit,
        offset=offset,
    )


def _query(request: Request) -> str:
    given = request.query_params.multi_items()
    return urlencode([(name, value) for name, value in given if name != "offset" and value])
