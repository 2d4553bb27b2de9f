"""`/`, `/recherche`, `/regions…` and `/departements/…`."""

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from app.database.sessions import ReadSession
from app.web.layout.rendering import render

router = APIRouter()


@router.get("/", response_class=HTMLResponse)
def home(request: Request, session: ReadSession) -> HTMLResponse:
    """The home page."""
    return render(request, "territories/home.html", session=session, section="accueil")
