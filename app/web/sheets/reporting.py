"""The form « Signaler une erreur »: for people, without cookie, script or outside service."""

import logging
from time import time
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.cpts.communes.service import single_commune
from app.cpts.communes.units import units_of
from app.cpts.reading.service import cpts_item
from app.cpts.reports.repository import insert_report, server_identity, waiting_reports
from app.database.request_sessions import ReadSession, WriteSession
from app.database.sessions import ReadingSession
from app.http.address_limit import limit_of
from app.http.origin import same_origin
from app.problems import Forbidden, NotFound, TooManyRequests
from app.settings import Settings
from app.web.layout.rendering import render
from app.web.sheets.rules import (
    LEAST_FILL_S,
    MESSAGE_LIMIT,
    MOST_FILL_S,
    REPLY_LIMIT,
    GivenReport,
    fill_time_s,
    form_token,
    read_report,
)

log = logging.getLogger(__name__)
router = APIRouter()

# Beyond it somebody is filling the disk: those who read reports come first.
MOST_WAITING = 5_000
Key = Annotated[str, Path(max_length=20)]


@router.get("/communes/{key}/signaler", response_class=HTMLResponse)
@router.get("/cpts/{key}/signaler", response_class=HTMLResponse)
def report_form(request: Request, session: ReadSession, key: Key) -> HTMLResponse:
    """The empty form."""
    return _form(request, session, _subject(request, session, key), GivenReport("", "", {}))


@router.post("/communes/{key}/signaler", response_class=HTMLResponse)
@router.post("/cpts/{key}/signaler", response_class=HTMLResponse)
def take_report(
    *,
    request: Request,
    session: WriteSession,
    key: Key,
    message: Annotated[str, Form()] = "",
    reply_to: Annotated[str, Form()] = "",
    jeton: Annotated[str, Form()] = "",
    site_web: Annotated[str, Form()] = "",
) -> Response:
    """Store a report; show the form again, as it was filled, when something is wrong."""
    settings: Settings = request.app.state.settings
    if not same_origin(request.headers, settings.service.public_url):
        raise Forbidden("Ce formulaire ne vient pas d’une page de ce site.")
    limit_of(request, "report").count_client(request)
    subject = _subject(request, session, key)
    thanks = RedirectResponse(
        f"{subject['address']}/signaler/merci",
        status_code=303,
        headers={"Cache-Control": "no-store"},
    )
    if site_web:
        # The field that people do not see was filled: let the robot believe that it worked.
        log.info("A report about %s was dropped: its trap was filled", subject["address"])
        return thanks
    given = read_report(message, reply_to)
    if given.errors:
        return _form(request, session, subject, given, status=422)
    waited = fill_time_s(server_identity(session), subject["address"], jeton, time())
    if waited is None or not LEAST_FILL_S <= waited <= MOST_FILL_S:
        return _form(request, session, subject, given, status=422, repeat=True)
    if waiting_reports(session) >= MOST_WAITING:
        raise TooManyRequests("Trop de signalements attendent déjà : réessayez plus tard.")
    insert_report(
        session,
        cpts_id=subject["cpts_id"],
        commune_code=subject["commune_code"],
        message=given.message,
        reply_to=given.reply_to or None,
    )
    return thanks


@router.get("/communes/{key}/signaler/merci", response_class=HTMLResponse)
@router.get("/cpts/{key}/signaler/merci", response_class=HTMLResponse)
def thanks_page(request: Request, session: ReadSession, key: Key) -> HTMLResponse:
    """Thanks, and the way back."""
    return render(
        request,
        "sheets/report_thanks.html",
        session=session,
        robots="noindex",
        subject=_subject(request, session, key),
    )


def _subject(request: Request, session: ReadingSession, key: str) -> dict[str, Any]:
    if request.url.path.startswith("/communes/"):
        commune = single_commune(session, key, None)
        code = commune["code"]
        # A city stands for its units, and need be no row itself.
        row = units_of(commune)[0]["code"]
        return {
            "name": f"{commune['name']} ({code})",
            "address": f"/communes/{code}",
            "cpts_id": None,
            "commune_code": row,
        }
    if not (key.isascii() and key.isdigit() and 0 < int(key) < 2**63):
        raise NotFound("Cette CPTS n'existe pas.")
    item = cpts_item(session, int(key))
    return {
        "name": item["name"],
        "address": f"/cpts/{item['id']}",
        "cpts_id": item["id"],
        "commune_code": None,
    }


def _form(
    request: Request,
    session: ReadingSession,
    subject: dict[str, Any],
    given: GivenReport,
    *,
    status: int = 200,
    repeat: bool = False,
) -> HTMLResponse:
    token = form_token(server_identity(session), subject["address"], time())
    return render(
        request,
        "sheets/report.html",
        session=session,
        keep=False,
        status=status,
        robots="noindex",
        subject=subject,
        given=given,
        repeat=repeat,
        token=token,
        message_limit=MESSAGE_LIMIT,
        reply_limit=REPLY_LIMIT,
    )
