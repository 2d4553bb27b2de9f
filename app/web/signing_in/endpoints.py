"""Signing in and out of the agents' pages."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.accounts.dependencies import (
    ActingPageCaller,
    OptionalPageCaller,
    page_form_token,
    session_cookie,
)
from app.accounts.service import SESSION_LIFETIME, sign_in, sign_out
from app.database.request_sessions import ReadSession, WriteSession
from app.http.address_limit import limit_of
from app.settings import Settings
from app.web.layout.rendering import render
from app.web.signing_in.rules import safe_return

router = APIRouter()

AGENTS_HOME = "/lettres"
_TEMPLATE = "signing_in/sign_in.html"
Return = Annotated[str, Query(max_length=1000)]


@router.get("/connexion", response_class=HTMLResponse)
def sign_in_form(
    request: Request, session: ReadSession, caller: OptionalPageCaller, retour: Return = ""
) -> HTMLResponse:
    """The form, or who is signed in already."""
    return render(
        request,
        _TEMPLATE,
        session=session,
        keep=False,
        caller=caller,
        csrf=page_form_token(request),
        robots="noindex",
        back=safe_return(retour, AGENTS_HOME),
        refused=False,
    )


@router.post("/connexion", response_class=HTMLResponse)
def begin_session(
    request: Request,
    session: WriteSession,
    token: Annotated[str, Form(max_length=200)] = "",
    retour: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Begin a session with a token; a wrong one shows the form again."""
    limit_of(request, "sign_in").count_client(request)
    back = safe_return(retour, AGENTS_HOME)
    former = request.cookies.get(session_cookie(request))
    secret = sign_in(session, token.strip(), former=former)
    if secret is None:
        return render(
            request,
            _TEMPLATE,
            session=session,
            keep=False,
            status=403,
            robots="noindex",
            back=back,
            refused=True,
        )
    settings: Settings = request.app.state.settings
    response = RedirectResponse(back, status_code=303, headers={"Cache-Control": "no-store"})
    response.set_cookie(
        session_cookie(request),
        secret,
        max_age=int(SESSION_LIFETIME.total_seconds()),
        secure=settings.service.is_behind_tls,
        httponly=True,
        samesite="strict",
    )
    return response


@router.post("/deconnexion")
def end_session(request: Request, session: WriteSession, _caller: ActingPageCaller) -> Response:
    """End the session and take the cookie back."""
    name = session_cookie(request)
    sign_out(session, request.cookies[name])
    settings: Settings = request.app.state.settings
    response = RedirectResponse("/", status_code=303, headers={"Cache-Control": "no-store"})
    response.delete_cookie(
        name, secure=settings.service.is_behind_tls, httponly=True, samesite="strict"
    )
    return response
