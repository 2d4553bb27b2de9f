"""`/agents`: what is to be followed in a region, as a page and as tables."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.accounts.dependencies import FollowingPageCaller, page_form_token
from app.accounts.rules import Caller
from app.cpts.references import repository as references
from app.database.calendar import today
from app.database.request_sessions import ReadSession
from app.database.sessions import ReadingSession
from app.web.agents import service
from app.web.layout.downloads import table_to_take
from app.web.layout.rendering import render

router = APIRouter(prefix="/agents")

Region = Annotated[str, Path(max_length=10)]


@router.get("", response_class=HTMLResponse)
def choose_region(
    request: Request, session: ReadSession, caller: FollowingPageCaller
) -> Response:
    """Lead to one's own region; whoever follows all of them chooses one."""
    if caller.region is not None:
        return RedirectResponse(
            f"/agents/{caller.region}", 303, headers={"Cache-Control": "no-store"}
        )
    return _page(request, session, caller, "regions", regions=references.regions(session))


@router.get("/{region}/a-suivre.csv", response_class=Response)
def table_of_region(
    session: ReadSession, caller: FollowingPageCaller, region: Region
) -> Response:
    """The same as CSV for spreadsheets."""
    service.region_named(session, caller, region)
    found = service.to_follow(session, caller, region)
    return table_to_take(service.as_sheet(found), f"a-suivre-{region}.csv")


@router.get("/{region}/a-suivre.xlsx", response_class=Response)
def workbook_of_region(
    session: ReadSession, caller: FollowingPageCaller, region: Region
) -> Response:
    """The same as a workbook."""
    service.region_named(session, caller, region)
    found = service.to_follow(session, caller, region)
    return table_to_take(service.as_sheet(found), f"a-suivre-{region}.xlsx")


@router.get("/{region}", response_class=HTMLResponse)
def follow_region(
    request: Request, session: ReadSession, caller: FollowingPageCaller, region: Region
) -> HTMLResponse:
    """What is to be decided, what stands still, what ends, what was reported."""
    name = service.region_named(session, caller, region)
    return _page(
        request,
        session,
        caller,
        "region",
        region=region,
        name=name,
        found=service.to_follow(session, caller, region),
        titles=service.TITLES,
        day=today(),
    )


def _page(
    request: Request, session: ReadingSession, caller: Caller, template: str, **values: Any
) -> HTMLResponse:
    return render(
        request,
        f"agents/{template}.html",
        session=session,
        keep=False,
        robots="noindex",
        section="lettres",
        caller=caller,
        csrf=page_form_token(request),
        **values,
    )
