"""Signing in and out: with an address and a password, or with a machine's token."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from starlette.responses import HTMLResponse, Response

from app.accounts.dependencies import ActingPageCaller, OptionalPageCaller, VisitorsForm
from app.accounts.people import signing_in as people
from app.accounts.service import sign_in, sign_out
from app.database.request_sessions import ReadSession, WriteSession
from app.http.address_limit import limit_of
from app.http.addresses import outside_address
from app.web.accounts.forms import (
    account_page,
    browser_of,
    first_factor_given,
    forget_session,
    former_secret,
    provider_of,
    second_factor_policy,
    signed_out,
    token_given,
)
from app.web.accounts.signing_in.rules import safe_return

router = APIRouter()


@dataclass(frozen=True)
class Credentials:
    """What somebody signs in with: an address and a password, or a token."""

    email: Annotated[str, Form(max_length=254)] = ""
    password: Annotated[str, Form(max_length=1000)] = ""
    token: Annotated[str, Form(max_length=200)] = ""

    @property
    def mailbox(self) -> str:
        """The address as accounts know it."""
        return self.email.strip().lower()

    @property
    def is_token(self) -> bool:
        """Whether it is a token."""
        return bool(self.token) or not self.mailbox


HOME = "/compte"
TOKEN_HOME = "/lettres"  # noqa: S105  (an address)
Return = Annotated[str, Query(max_length=1000)]


@router.get("/connexion", response_class=HTMLResponse)
def sign_in_form(
    request: Request, session: ReadSession, caller: OptionalPageCaller, retour: Return = ""
) -> HTMLResponse:
    """The form, or who is signed in already."""
    back = safe_return(retour, HOME if caller is None or caller.person_id else TOKEN_HOME)
    return account_page(
        request,
        "sign_in.html",
        session=session,
        caller=caller,
        back=back,
        refused=None,
        email="",
    )


@router.post("/connexion", response_class=HTMLResponse, dependencies=[VisitorsForm])
def begin_session(
    request: Request,
    session: WriteSession,
    sent: Annotated[Credentials, Depends()],
    retour: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Begin a session; what is wrong shows the form again, without saying which of the two."""
    limit = limit_of(request, "sign_in")
    limit.count_client(request)
    former, browser = former_secret(request), browser_of(request)
    if sent.is_token:
        secret = sign_in(session, sent.token.strip(), former=former, browser=browser)
        if secret is not None:
            return token_given(request, safe_return(retour, TOKEN_HOME), secret)
    else:
        by_account = limit_of(request, "account")
        by_account.count(f"mailbox {sent.mailbox}")
        policy = second_factor_policy(request)
        begun = people.sign_in(
            session, sent.mailbox, sent.password, former=former, browser=browser, policy=policy
        )
        if begun is not None:
            return first_factor_given(request, safe_return(retour, HOME), begun)
    return account_page(
        request,
        "sign_in.html",
        session=session,
        status=403,
        back=safe_return(retour, HOME),
        refused="token" if sent.is_token else "password",
        email=sent.email,
    )


@router.post("/deconnexion")
def end_session(request: Request, session: WriteSession, _caller: ActingPageCaller) -> Response:
    """End the session and take the cookie back."""
    secret = former_secret(request)
    id_token = sign_out(session, secret) if secret else None
    provider = provider_of(request)
    if id_token is None or provider is None:
        return signed_out(request)
    home = f"{outside_address(request).base}/"
    address = provider.leaving_address(id_token=id_token, back=home)
    if address is None:
        return signed_out(request)
    page = account_page(
        request, "leaving.html", session=session, canonical="/connexion", address=address
    )
    forget_session(page, request)
    return page
