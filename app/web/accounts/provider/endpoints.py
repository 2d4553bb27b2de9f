"""To the provider and back: signing in, accepting an invitation, tying an identity.

A page leads to the provider by itself rather than a redirection, which the policy of forms
would refuse to follow to another host.
"""

import hmac
import logging
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Query, Request
from starlette.responses import HTMLResponse, Response

from app.accounts.dependencies import (
    ActingOwnPageCaller,
    OptionalPageCaller,
    VisitorsForm,
    provider_cookie,
)
from app.accounts.provider import service
from app.accounts.provider.asking import Provider, ProviderUnavailable
from app.accounts.provider.repository import Begun, take_request
from app.accounts.provider.rules import Identity, IdentityRefused
from app.accounts.rules import Caller
from app.accounts.service import digest_of
from app.database.request_sessions import WriteSession
from app.database.sessions import Sessions, WritingSession
from app.http.address_limit import limit_of
from app.http.addresses import outside_address
from app.problems import Forbidden, NotFound, Problem
from app.web.accounts.forms import (
    account_page,
    browser_of,
    first_factor_given,
    former_secret,
    leading_to,
    provider_of,
    second_factor_policy,
    tie_to_browser,
    untie_from_browser,
)
from app.web.accounts.signing_in.rules import safe_return

log = logging.getLogger(__name__)
router = APIRouter()

CALLBACK = "/connexion/fournisseur/retour"
_TYING = "/compte/fournisseur"
_INVITATION = "/invitation/"
Text = Annotated[str, Query(max_length=4000)]


@dataclass(frozen=True)
class Answer:
    """What a provider sends somebody back with; without a code it has refused."""

    code: Text = ""
    state: Text = ""
    iss: Text = ""
    error: Text = ""
    error_description: Text = ""
    error_uri: Text = ""
    session_state: Text = ""


@dataclass(frozen=True)
class Returned:
    """Somebody back from the provider: what they had begun, who they are to it.

    `secret`, that of an invitation, empty for none.
    """

    begun: Begun
    identity: Identity
    secret: str


def _provider(request: Request) -> Provider:
    provider = provider_of(request)
    if provider is None:
        raise NotFound("Aucun fournisseur d'identité n'est déclaré.")
    return provider


def _callback(request: Request) -> str:
    return f"{outside_address(request).base}{CALLBACK}"


def _count(request: Request) -> None:
    limit = limit_of(request, "sign_in")
    limit.count_client(request)


def _begun(request: Request, kept: str, state: str) -> Begun:
    """Take what was begun in this very browser; raises `IdentityRefused`."""
    if not kept or not hmac.compare_digest(kept.encode(), state.encode()):
        raise IdentityRefused("the state is not of this browser")
    sessions: Sessions = request.app.state.sessions
    # In a transaction of its own: used up whatever comes of it, and nothing is held while
    # the provider is asked.
    with sessions.aside_write() as session, session.begin():
        begun = take_request(session, digest_of(state))
    if begun is None:
        raise IdentityRefused("the state is over")
    return begun


# What follows asks the provider, who may be slow, and is therefore named before the session
# in the parameters of an endpoint: nobody holds a place among writers meanwhile.
def _departure(request: Request) -> service.Departure | None:
    try:
        return service.departure_to(_provider(request), callback=_callback(request))
    except ProviderUnavailable as trouble:
        log.warning("the provider of identities is unavailable: %s", trouble)
        return None


def _returned(request: Request, answer: Annotated[Answer, Depends()]) -> Returned | None:
    provider = _provider(request)
    kept, _, secret = request.cookies.get(provider_cookie(request), "").partition(":")
    try:
        begun = _begun(request, kept, answer.state)
        if not answer.code or (answer.iss and answer.iss != provider.issuer):
            raise IdentityRefused("no code, or another issuer's")
        identity = provider.identity(
            code=answer.code,
            nonce=begun.nonce,
            verifier=begun.verifier,
            back=_callback(request),
        )
    except (IdentityRefused, ProviderUnavailable) as trouble:
        log.warning("a sign-in with the provider has failed: %s", trouble)
        return None
    return Returned(begun, identity, secret)


Counted = Annotated[None, Depends(_count)]
ToProvider = Annotated[service.Departure | None, Depends(_departure)]
FromProvider = Annotated[Returned | None, Depends(_returned)]


@router.post("/connexion/fournisseur", response_class=HTMLResponse, dependencies=[VisitorsForm])
def sign_in_elsewhere(
    request: Request,
    _counted: Counted,
    departure: ToProvider,
    session: WriteSession,
    retour: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Lead to the provider, to sign in."""
    back = safe_return(retour, "/compte")
    if back.startswith((_TYING, _INVITATION)):
        back = "/compte"
    return _leave(request, session, departure, back=back)


@router.post(
    "/invitation/{secret}/fournisseur", response_class=HTMLResponse, dependencies=[VisitorsForm]
)
def accept_elsewhere(
    request: Request,
    _counted: Counted,
    departure: ToProvider,
    session: WriteSession,
    secret: Annotated[str, Path(max_length=100)],
) -> Response:
    """Lead to the provider, to accept an invitation."""
    # The secret stays in the browser: it is stored nowhere in clear.
    return _leave(request, session, departure, back=_INVITATION, secret=secret)


@router.post("/compte/fournisseur", response_class=HTMLResponse)
def tie(
    request: Request,
    caller: ActingOwnPageCaller,
    departure: ToProvider,
    session: WriteSession,
) -> Response:
    """Lead to the provider, to tie an identity to one's account."""
    return _leave(request, session, departure, back=f"{_TYING}?{caller.person_id}")


@router.post("/compte/fournisseur/retrait")
def untie(session: WriteSession, caller: ActingOwnPageCaller) -> Response:
    """Untie the identity from one's account."""
    service.untie(session, caller)
    return leading_to("/compte")


@router.get(CALLBACK, response_class=HTMLResponse)
def come_back(
    request: Request,
    _counted: Counted,
    caller: OptionalPageCaller,
    returned: FromProvider,
    session: WriteSession,
) -> Response:
    """Take whoever comes back from the provider to what they had begun."""
    try:
        if returned is None:
            response: Response = _refused(request, session, "provider", 403)
        elif returned.begun.back.startswith(_TYING):
            response = _tied(session, caller, returned.begun, returned.identity)
        else:
            response = _signed_in(request, session, returned)
    except Problem as problem:
        session.rollback()
        response = account_page(
            request,
            "notice.html",
            session=session,
            problem=problem,
            canonical="/connexion",
        )
    untie_from_browser(response, request)
    return response


def _tied(
    session: WritingSession, caller: Caller | None, begun: Begun, identity: Identity
) -> Response:
    if caller is None or begun.back != f"{_TYING}?{caller.person_id}":
        raise Forbidden("Ce n'est plus le même compte : reconnectez-vous.")
    service.tie(session, caller, identity)
    return leading_to("/compte")


def _signed_in(request: Request, session: WritingSession, returned: Returned) -> Response:
    back, identity = returned.begun.back, returned.identity
    if back == _INVITATION:
        service.accept(session, returned.secret, identity)
        back = "/compte"
    signed = service.sign_in(
        session,
        identity,
        former=former_secret(request),
        browser=browser_of(request),
        policy=second_factor_policy(request),
    )
    if signed is None:
        return _refused(request, session, "identity", 403)
    return first_factor_given(request, back, signed)


def _leave(
    request: Request,
    session: WritingSession,
    departure: service.Departure | None,
    *,
    back: str,
    secret: str = "",
) -> Response:
    if departure is None:
        return _refused(request, session, "provider", 503)
    service.depart(session, departure, back=back)
    page = account_page(
        request,
        "leaving.html",
        session=session,
        canonical="/connexion",
        address=departure.address,
    )
    tie_to_browser(page, request, f"{departure.state}:{secret}" if secret else departure.state)
    return page


def _refused(request: Request, session: WritingSession, why: str, status: int) -> HTMLResponse:
    return account_page(
        request,
        "sign_in.html",
        session=session,
        status=status,
        canonical="/connexion",
        back="/compte",
        refused=why,
        email="",
    )
