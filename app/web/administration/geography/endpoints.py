"""`/administration/geographie`."""

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from app.accounts.dependencies import UpkeepPageCaller
from app.database.request_sessions import read_in_session
from app.database.sessions import Sessions
from app.settings import Settings
from app.web.administration.geography import service
from app.web.administration.pages import administration_page

router = APIRouter()


@router.get("/administration/geographie", response_class=HTMLResponse)
async def read(request: Request, caller: UpkeepPageCaller) -> HTMLResponse:
    """The release that is loaded, and what another one would change."""
    sessions: Sessions = request.app.state.sessions
    settings: Settings = request.app.state.settings
    engine = sessions.engines["writers"]
    found = await sessions.aside(
        lambda: service.previews(engine, settings.service.next_geography)
    )
    return await read_in_session(
        request,
        lambda session: administration_page(
            request,
            "geography.html",
            session=session,
            caller=caller,
            **service.values(session, found),
        ),
    )
