"""The second factor: given after the password, set up and taken off in one's account."""

from typing import Annotated

import segno
from fastapi import APIRouter, Form, Query, Request
from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.accounts.dependencies import ActingOwnPageCaller, AwaitingCaller, VisitorsForm
from app.accounts.people import service as people
from app.accounts.rules import Caller
from app.accounts.second_factor import service
from app.accounts.second_factor.rules import setup_address
from app.accounts.service import lifetime_of
from app.database.request_sessions import ReadSession, WriteSession
from app.database.sessions import ReadingSession
from app.problems import Invalid, Problem
from app.web.accounts.forms import (
    account_page,
    browser_of,
    count_code,
    former_secret,
    show_signed_in,
    signed_in,
)
from app.web.accounts.signing_in.rules import safe_return
from app.web.layout.rendering import SITE_NAME

router = APIRouter()

Code = Annotated[str, Form(max_length=40)]


@router.get("/connexion/code", response_class=HTMLResponse)
def code_form(
    request: Request,
    session: ReadSession,
    caller: AwaitingCaller,
    retour: Annotated[str, Query(max_length=1000)] = "",
) -> HTMLResponse:
    """The form for the code; for whoever must have a second factor and has none, its setup."""
    return _code_page(request, session, caller, back=retour)


@router.post("/connexion/code", response_class=HTMLResponse, dependencies=[VisitorsForm])
def give_code(
    request: Request,
    session: WriteSession,
    caller: AwaitingCaller,
    code: Code = "",
    retour: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Take the code and begin the session."""
    count_code(request, caller)
    former = former_secret(request) or ""
    try:
        secret, role, codes = service.give(
            session, caller, code, former=former, browser=browser_of(request)
        )
        session.flush()
    except Invalid as problem:
        session.rollback()
        return _code_page(request, session, caller, problem, back=retour)
    lifetime = lifetime_of(role)
    if codes:
        page = account_page(request, "recovery_codes.html", session=session, codes=codes)
        return show_signed_in(page, request, secret, lifetime)
    return signed_in(request, safe_return(retour, "/compte"), secret, lifetime)


@router.post("/compte/second-facteur", response_class=HTMLResponse)
def begin_setup(
    request: Request, session: WriteSession, caller: ActingOwnPageCaller
) -> Response:
    """Show the secret that an application is to learn."""
    service.begin_setup(session, caller)
    session.flush()
    return _setup_page(request, session, caller)


@router.post("/compte/second-facteur/confirmation", response_class=HTMLResponse)
def confirm_setup(
    request: Request, session: WriteSession, caller: ActingOwnPageCaller, code: Code = ""
) -> Response:
    """Put the second factor in place and show the recovery codes, once."""
    count_code(request, caller)
    try:
        codes = service.confirm_setup(session, caller, code)
        session.flush()
    except Invalid as problem:
        session.rollback()
        if people.own(session, caller).totp_secret is None:
            # Nothing was begun, or it was taken off in another window.
            return RedirectResponse("/compte", 303)
        return _setup_page(request, session, caller, problem)
    return account_page(
        request,
        "recovery_codes.html",
        session=session,
        caller=caller,
        canonical="/compte",
        codes=codes,
    )


def _code_page(
    request: Request,
    session: ReadingSession,
    caller: Caller,
    problem: Problem | None = None,
    *,
    back: str = "",
) -> HTMLResponse:
    person = people.own(session, caller)
    back = safe_return(back, "/compte")
    if person.totp_confirmed_at is None and person.totp_secret is not None:
        return _setup_page(request, session, caller, problem, back=back)
    return account_page(request, "code.html", session=session, problem=problem, back=back)


def _setup_page(
    request: Request,
    session: ReadingSession,
    caller: Caller,
    problem: Problem | None = None,
    *,
    back: str = "",
) -> HTMLResponse:
    person = people.own(session, caller)
    address = setup_address(person.totp_secret or "", email=person.email, site=SITE_NAME)
    square = segno.make(address, error="m")
    return account_page(
        request,
        "second_factor.html",
        session=session,
        caller=None if back else caller,
        problem=problem,
        canonical="/compte",
        secret=person.totp_secret,
        square=Markup(square.svg_inline(scale=5, light="#fff")),  # noqa: S704
        back=back,
    )
