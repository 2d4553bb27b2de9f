"""Who calls, as a dependency of endpoints."""

from collections.abc import Callable
from typing import Annotated, Any, ClassVar
from urllib.parse import quote

from fastapi import Depends, Form, Header, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.exc import SQLAlchemyError

from app.accounts.permissions import Permission
from app.accounts.repository import Recognised, note_use
from app.accounts.rules import Caller
from app.accounts.service import form_token, is_form_token, presence, recognition
from app.database.calendar import today
from app.database.sessions import ReadingSession, Sessions
from app.http.credentials import (
    FORM_COOKIE,
    PROVIDER_COOKIE,
    SECURE_FORM_COOKIE,
    SECURE_PROVIDER_COOKIE,
    SECURE_SESSION_COOKIE,
    SESSION_COOKIE,
)
from app.problems import Forbidden, Problem, Unauthenticated, UnknownToken, refuses
from app.settings import Settings

_bearer = HTTPBearer(
    auto_error=False,
    description="Jeton créé par `./cpts token create`, ou par une personne dans son compte.",
)
_STALE_FORM = (
    "Ce formulaire ne vient pas de votre session : rechargez la page, puis recommencez."
)


async def _looked_up(
    request: Request, look_up: Callable[[ReadingSession], Recognised | None]
) -> Caller | None:
    sessions: Sessions = request.app.state.sessions

    def work() -> Caller | None:
        with sessions.aside_read() as session:
            found = look_up(session)
        if found is None:
            return None
        if found.due_token is not None or found.due_session is not None:
            try:
                with sessions.aside_write() as session, session.begin():
                    note_use(session, found, today())
            except SQLAlchemyError:
                # Whoever may read is answered even while nothing can be written.
                pass
        return found.caller

    return await sessions.aside(work)


@refuses(UnknownToken)
async def _optional_caller(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Caller | None:
    if credentials is None:
        if "authorization" in request.headers:
            raise UnknownToken("Un en-tête « Authorization: Bearer JETON » est attendu.")
        return None
    token = credentials.credentials
    caller = await _looked_up(request, lambda session: recognition(session, token))
    if caller is None:
        raise UnknownToken("Ce jeton est inconnu, révoqué ou arrivé à son terme.")
    return caller


@refuses(Unauthenticated)
async def _caller(caller: "OptionalCaller") -> Caller:
    if caller is None:
        raise Unauthenticated("Cette action demande un jeton.")
    return caller


class _Requirement:
    """A dependency that lets through who has a right, however far it reaches.

    How far is for the use case, which knows what is at stake.
    """

    refusals: ClassVar[tuple[type[Problem], ...]] = (Forbidden,)

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    async def __call__(self, caller: "RequiredCaller") -> Caller:
        caller.require(self.permission)
        return caller


class _SignedInRequirement(_Requirement):
    """The same by a token or by the session of the pages."""

    async def __call__(self, caller: "SignedInCaller") -> Caller:
        caller.require(self.permission)
        return caller


class _PageRequirement(_Requirement):
    """The same for a page, by the cookie."""

    async def __call__(self, caller: "PageCaller") -> Caller:
        caller.require(self.permission)
        return caller


class _ActingPageRequirement(_Requirement):
    """The same for a form of a page."""

    async def __call__(self, caller: "ActingPageCaller") -> Caller:
        caller.require(self.permission)
        return caller


def acting_page_caller(permission: Permission) -> Any:
    """Give the dependency of a form that asks for a right, for routes made in a loop."""
    return Depends(_ActingPageRequirement(permission))


SIGN_IN_ADDRESS = "/connexion"


def _is_behind_tls(request: Request) -> bool:
    settings: Settings = request.app.state.settings
    return settings.service.is_behind_tls


def session_cookie(request: Request) -> str:
    """Give the name of the cookie; over HTTPS, one that no other host can set."""
    return SECURE_SESSION_COOKIE if _is_behind_tls(request) else SESSION_COOKIE


def form_cookie(request: Request) -> str:
    """Give the name of the cookie that the forms of visitors go with."""
    return SECURE_FORM_COOKIE if _is_behind_tls(request) else FORM_COOKIE


def provider_cookie(request: Request) -> str:
    """Give the name of the cookie that a sign-in with a provider is tied to."""
    return SECURE_PROVIDER_COOKIE if _is_behind_tls(request) else PROVIDER_COOKIE


def page_form_token(request: Request) -> str:
    """Give the value of the hidden field `csrf` of somebody's forms, empty for a visitor."""
    secret = request.cookies.get(session_cookie(request))
    return form_token(secret) if secret else ""


async def _optional_page_caller(request: Request) -> Caller | None:
    secret = request.cookies.get(session_cookie(request))
    if not secret:
        return None
    return await _looked_up(request, lambda session: presence(session, secret))


async def _awaiting_caller(request: Request) -> Caller:
    secret = request.cookies.get(session_cookie(request))
    caller = None
    if secret:
        caller = await _looked_up(
            request, lambda session: presence(session, secret, awaiting=True)
        )
    if caller is None:
        raise HTTPException(303, headers={"Location": SIGN_IN_ADDRESS})
    return caller


async def _page_caller(request: Request, caller: "OptionalPageCaller") -> Caller:
    if caller is None:
        address = SIGN_IN_ADDRESS
        if request.method in ("GET", "HEAD"):
            asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            address += f"?retour={quote(asked)}"
        raise HTTPException(303, headers={"Location": address})
    return caller


def _check_form(request: Request, csrf: str, *cookies: str) -> None:
    known = [request.cookies.get(name) for name in cookies]
    if not any(is_form_token(secret, csrf) for secret in known if secret):
        raise Forbidden(_STALE_FORM)


async def _acting_page_caller(
    request: Request, caller: "PageCaller", csrf: Annotated[str, Form()] = ""
) -> Caller:
    _check_form(request, csrf, session_cookie(request))
    return caller


async def _own_page_caller(caller: "PageCaller") -> Caller:
    if caller.person_id is None:
        raise Forbidden("Cette page est celle d'une personne, non d'un jeton.")
    return caller


async def _acting_own_page_caller(caller: "ActingPageCaller") -> Caller:
    return await _own_page_caller(caller)


async def _visitors_form(request: Request, csrf: Annotated[str, Form()] = "") -> None:
    _check_form(request, csrf, session_cookie(request), form_cookie(request))


@refuses(Unauthenticated, Forbidden)
async def _signed_in_caller(
    request: Request,
    by_token: "OptionalCaller",
    by_session: "OptionalPageCaller",
    x_csrf_token: Annotated[
        str, Header(description="D'une écriture par la session du site, non par un jeton.")
    ] = "",
) -> Caller:
    caller = by_token or by_session
    if caller is None:
        raise Unauthenticated("Cette ressource demande un jeton ou une session du site.")
    if by_token is None and request.method not in ("GET", "HEAD"):
        _check_form(request, x_csrf_token, session_cookie(request))
    return caller


# Of the pages, by the cookie: None for a visitor; PageCaller sends a visitor to sign in;
# ActingPageCaller also asks that the form carries the hidden field `csrf`.
OptionalPageCaller = Annotated[Caller | None, Depends(_optional_page_caller)]
PageCaller = Annotated[Caller, Depends(_page_caller)]
ActingPageCaller = Annotated[Caller, Depends(_acting_page_caller)]
# The same for what is a person's alone.
OwnPageCaller = Annotated[Caller, Depends(_own_page_caller)]
ActingOwnPageCaller = Annotated[Caller, Depends(_acting_own_page_caller)]
# Somebody whose password was right and who owes the second factor.
AwaitingCaller = Annotated[Caller, Depends(_awaiting_caller)]
# A form of whoever is not signed in goes with a cookie of its own.
VisitorsForm = Depends(_visitors_form)

# Of the API. None for an anonymous caller; a wrong token is refused even where none is needed.
OptionalCaller = Annotated[Caller | None, Depends(_optional_caller)]
RequiredCaller = Annotated[Caller, Depends(_caller)]
# By a token or by the session of the pages; what changes something by the session carries
# its form token in the header X-CSRF-Token.
SignedInCaller = Annotated[Caller, Depends(_signed_in_caller)]

RegisteringCaller = Annotated[Caller, Depends(_Requirement("registry.register-dynamic"))]
DescribingCaller = Annotated[Caller, Depends(_Requirement("registry.describe"))]
AmendingCaller = Annotated[Caller, Depends(_Requirement("registry.amend"))]
EndingCaller = Annotated[Caller, Depends(_Requirement("registry.end"))]
HistoryCaller = Annotated[Caller, Depends(_Requirement("registry.history"))]
DepositingCaller = Annotated[Caller, Depends(_Requirement("letters.deposit"))]
HandlingCaller = Annotated[Caller, Depends(_Requirement("letters.handle"))]
DecidingCaller = Annotated[Caller, Depends(_Requirement("letters.decide"))]
OpiningCaller = Annotated[Caller, Depends(_Requirement("letters.opine"))]
ConciliatingCaller = Annotated[Caller, Depends(_Requirement("letters.conciliate"))]
MetricsCaller = Annotated[Caller, Depends(_Requirement("service.metrics"))]
DirectoryCaller = Annotated[Caller, Depends(_SignedInRequirement("directory.read"))]
DirectoryPageCaller = Annotated[Caller, Depends(_PageRequirement("directory.read"))]
DirectoryActingPageCaller = Annotated[Caller, acting_page_caller("directory.read")]
DepositingPageCaller = Annotated[Caller, Depends(_PageRequirement("letters.deposit"))]
DepositingActingPageCaller = Annotated[Caller, acting_page_caller("letters.deposit")]
HandlingPageCaller = Annotated[Caller, Depends(_PageRequirement("letters.handle"))]
HandlingActingPageCaller = Annotated[Caller, acting_page_caller("letters.handle")]
FollowingPageCaller = Annotated[Caller, Depends(_PageRequirement("region.follow"))]
ReadingPageCaller = Annotated[Caller, Depends(_PageRequirement("letters.read"))]
DecidingActingPageCaller = Annotated[Caller, acting_page_caller("letters.decide")]
ConciliatingActingPageCaller = Annotated[Caller, acting_page_caller("letters.conciliate")]
WritingSheetCaller = Annotated[Caller, Depends(_SignedInRequirement("directory.write-sheet"))]
WritingSheetPageCaller = Annotated[Caller, Depends(_PageRequirement("directory.write-sheet"))]
WritingSheetActingPageCaller = Annotated[Caller, acting_page_caller("directory.write-sheet")]
ExchangingPageCaller = Annotated[Caller, Depends(_PageRequirement("directory.exchange"))]
ExchangingActingPageCaller = Annotated[Caller, acting_page_caller("directory.exchange")]
ManagingPageCaller = Annotated[Caller, Depends(_PageRequirement("people.manage"))]
ManagingActingPageCaller = Annotated[Caller, acting_page_caller("people.manage")]
AdministeringPageCaller = Annotated[Caller, Depends(_PageRequirement("administration.open"))]
AdvancingActingPageCaller = Annotated[Caller, acting_page_caller("registry.advance")]
AdministeringActingPageCaller = Annotated[Caller, acting_page_caller("administration.open")]
AmendingActingPageCaller = Annotated[Caller, acting_page_caller("registry.amend")]
MergingActingPageCaller = Annotated[Caller, acting_page_caller("registry.merge")]
EndingActingPageCaller = Annotated[Caller, acting_page_caller("registry.end")]
UndoingActingPageCaller = Annotated[Caller, acting_page_caller("registry.undo")]
ReportsPageCaller = Annotated[Caller, Depends(_PageRequirement("reports.handle"))]
ReportsActingPageCaller = Annotated[Caller, acting_page_caller("reports.handle")]
DeclaringPageCaller = Annotated[Caller, Depends(_PageRequirement("completeness.declare"))]
DeclaringActingPageCaller = Annotated[Caller, acting_page_caller("completeness.declare")]
InstitutionsPageCaller = Annotated[Caller, Depends(_PageRequirement("institutions.keep"))]
InstitutionsActingPageCaller = Annotated[Caller, acting_page_caller("institutions.keep")]
JournalPageCaller = Annotated[Caller, Depends(_PageRequirement("administration.journal"))]
UpkeepPageCaller = Annotated[Caller, Depends(_PageRequirement("service.upkeep"))]
ImportingPageCaller = Annotated[Caller, Depends(_PageRequirement("registry.import"))]
ImportingActingPageCaller = Annotated[Caller, acting_page_caller("registry.import")]
DividingPageCaller = Annotated[Caller, Depends(_PageRequirement("registry.divide"))]
DividingActingPageCaller = Annotated[Caller, acting_page_caller("registry.divide")]
