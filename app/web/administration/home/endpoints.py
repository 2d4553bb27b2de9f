"""`/administration`: what there is to do."""

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from app.accounts.dependencies import AdministeringPageCaller
from app.database.request_sessions import ReadSession
from app.web.administration.home import service
from app.web.administration.pages import administration_page

router = APIRouter()


@router.get("/administration", response_class=HTMLResponse)
def overview(
    request: Request, session: ReadSession, caller: AdministeringPageCaller
) -> HTMLResponse:
    """What waits, and where each part is."""
    return administration_page(
        request,
        "home.html",
        session=session,
        caller=caller,
        **service.overview(session, region=caller.region),
    )
