"""`/administration/entretien`."""

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from app.accounts.dependencies import UpkeepPageCaller
from app.database.calendar import PARIS
from app.database.request_sessions import ReadSession
from app.settings import Settings
from app.upkeep.repository import runs
from app.upkeep.tasks import tasks_of
from app.web.administration.pages import administration_page

router = APIRouter()


@router.get("/administration/entretien", response_class=HTMLResponse)
def read(request: Request, session: ReadSession, caller: UpkeepPageCaller) -> HTMLResponse:
    """What runs by itself: the last run, its result, the next one."""
    settings: Settings = request.app.state.settings
    tasks = tasks_of(settings)
    return administration_page(
        request,
        "upkeep.html",
        session=session,
        caller=caller,
        tasks=tasks,
        runs={each.name: each for each in runs(session, [task.name for task in tasks])},
        is_on=settings.service.upkeep,
        paris=PARIS,
    )
