"""Who calls, as a dependency of endpoints."""

from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Form, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app.accounts.rules import Caller, Role
from app.accounts.service import form_token, is_form_token, recognise, signed_in
from app.database.sessions import Sessions
from app.http.credentials import SECURE_SESSION_COOKIE, SESSION_COOKIE
from app.problems import Forbidden, Unauthenticated
from app.settings import Settings

_bearer = HTTPBearer(auto_error=False, description="Jeton créé par `./cpts token create`.")


async def _optional_caller(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Caller | None:
    if credentials is None:
        if "authorization" in request.headers:
            raise Unauthenticated("Un en-tête « Authorization: Bearer JETON » est attendu.")
        return None

    sessions: Sessions = request.app.state.sessions

    def look_up() -> Caller | None:
        with sessions.aside_read() as session:
            return recognise(session, credentials.credentials)

    caller = await sessions.aside(look_up)
    if caller is None:
        raise Unauthenticated("Ce jeton est inconnu ou révoqué.")
    return caller


async def _caller(caller: "OptionalCaller") -> Caller:
    if caller is None:
        raise Unauthenticated("Cette action demande un jeton.")
    return caller


class _Requirement:
    """A dependency that lets some roles through."""

    def __init__(self, *roles: Role) -> None:
        self.roles = roles

    async def __call__(self, caller: "RequiredCaller") -> Caller:
        if caller.role not in self.roles:
            raise Forbidden(f"Rôles autorisés : {', '.join(self.roles)}.")
        return caller


SIGN_IN_ADDRESS = "/connexion"


def session_cookie(request: Request) -> str:
    """Give the name of the cookie; over HTTPS, one that no other host can set."""
    settings: Settings = request.app.state.settings
    return SECURE_SESSION_COOKIE if settings.service.is_behind_tls else SESSION_COOKIE


def page_form_token(request: Request) -> str:
    """Give the value of the hidden field `csrf` of an agent's forms, empty for a visitor."""
    secret = request.cookies.get(session_cookie(request))
    return form_token(secret) if secret else ""


async def _optional_page_caller(request: Request) -> Caller | None:
    secret = request.cookies.get(session_cookie(request))
    if not secret:
        return None

    sessions: Sessions = request.app.state.sessions

    def look_up() -> Caller | None:
        with sessions.aside_read() as session:
            return signed_in(session, secret)

    return await sessions.aside(look_up)


async def _page_caller(request: Request, caller: "OptionalPageCaller") -> Caller:
    if caller is None:
        address = SIGN_IN_ADDRESS
        if request.method in ("GET", "HEAD"):
            asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            address += f"?retour={quote(asked)}"
        raise HTTPException(303, headers={"Location": address})
    return caller


async def _acting_page_caller(
    request: Request, caller: "PageCaller", csrf: Annotated[str, Form()] = ""
) -> Caller:
    secret = request.cookies.get(session_cookie(request), "")
    if not is_form_token(secret, csrf):
        raise Forbidden(
            "Ce formulaire ne vient pas de votre session : rechargez la page, puis recommencez."
        )
    return caller


# Of the pages, by the cookie: None for a visitor; PageCaller sends a visitor to sign in;
# ActingPageCaller also asks that the form carries the hidden field `csrf`.
OptionalPageCaller = Annotated[Caller | None, Depends(_optional_page_caller)]
PageCaller = Annotated[Caller, Depends(_page_caller)]
ActingPageCaller = Annotated[Caller, Depends(_acting_page_caller)]

# Of the API. None for an anonymous caller; a wrong token is refused even where none is needed.
OptionalCaller = Annotated[Caller | None, Depends(_optional_caller)]
RequiredCaller = Annotated[Caller, Depends(_caller)]
EditorCaller = Annotated[Caller, Depends(_Requirement("editor", "ars", "admin"))]
ArsCaller = Annotated[Caller, Depends(_Requirement("ars", "admin"))]
AgentCaller = Annotated[Caller, Depends(_Requirement("ars", "assurance_maladie", "admin"))]
AdminCaller = Annotated[Caller, Depends(_Requirement("admin"))]
