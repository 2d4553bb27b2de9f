"""Pages with forms of accounts, and the cookies that they go with."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Form, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.accounts.dependencies import (
    form_cookie,
    page_form_token,
    provider_cookie,
    session_cookie,
)
from app.accounts.people.rules import browser_called
from app.accounts.people.signing_in import SecondFactorPolicy, SignIn
from app.accounts.provider.asking import Provider
from app.accounts.provider.service import PATIENCE
from app.accounts.rules import Caller
from app.accounts.service import (
    SECOND_FACTOR_PATIENCE,
    SESSION_LIFETIME,
    form_token,
    fresh_secret,
    lifetime_of,
)
from app.database.sessions import ReadingSession
from app.http.address_limit import limit_of
from app.problems import Invalid, Problem
from app.settings import Settings
from app.web.layout.rendering import render


@dataclass(frozen=True)
class NewPassword:
    """A new password, as a form sends it twice."""

    password: Annotated[str, Form(max_length=1000)] = ""
    repeated: Annotated[str, Form(max_length=1000)] = ""

    def checked(self) -> str:
        """Give the password; raises `Invalid` when the two are not the same."""
        if self.password != self.repeated:
            raise Invalid.at(
                "body", "repeated", message="Les deux mots de passe ne sont pas les mêmes."
            )
        return self.password


SentNewPassword = Annotated[NewPassword, Depends()]
_FORM_LIFETIME = timedelta(hours=12)


def account_page(
    request: Request,
    template: str,
    *,
    session: ReadingSession,
    caller: Caller | None = None,
    problem: Problem | None = None,
    status: int = 200,
    **values: Any,
) -> HTMLResponse:
    """Answer with a page of forms, which is never stored and tells no other page its address.

    A visitor's forms go with a cookie of their own, which says nothing of who it is.
    Parameters: `problem`, what was wrong with the form sent; `status` without one.
    """
    csrf = page_form_token(request) if caller else ""
    fresh = None
    if not csrf:
        secret = request.cookies.get(form_cookie(request))
        if not secret:
            secret = fresh = fresh_secret()
        csrf = form_token(secret)
    response = render(
        request,
        f"accounts/{template}",
        session=session,
        keep=False,
        status=problem.status if problem else status,
        caller=caller,
        csrf=csrf,
        provider=provider_of(request),
        robots="noindex",
        canonical=values.pop("canonical", request.url.path),
        problem=problem,
        **values,
    )
    # Under « no-referrer » browsers would not say of forms that they come from here either.
    response.headers["Referrer-Policy"] = "same-origin"
    if fresh:
        _set(response, request, form_cookie(request), fresh, _FORM_LIFETIME)
    return response


def signed_in(
    request: Request, back: str, secret: str, lifetime: timedelta
) -> RedirectResponse:
    """Lead on somebody whose session has begun."""
    response = leading_to(back)
    _set(response, request, session_cookie(request), secret, lifetime)
    _take_back(response, request, form_cookie(request))
    return response


def show_signed_in(
    page: Response, request: Request, secret: str, lifetime: timedelta
) -> Response:
    """Show a page to somebody whose session has begun."""
    _set(page, request, session_cookie(request), secret, lifetime)
    return page


def first_factor_given(request: Request, back: str, begun: SignIn) -> Response:
    """Lead on a person whose first factor was right: to the second, if one is owed."""
    if begun.awaits_second_factor:
        asked = f"/connexion/code?retour={quote(back)}"
        return signed_in(request, asked, begun.secret, SECOND_FACTOR_PATIENCE)
    return signed_in(request, back, begun.secret, lifetime_of(begun.role))


def token_given(request: Request, back: str, secret: str) -> Response:
    """Lead on whoever signed in with a token."""
    return signed_in(request, back, secret, SESSION_LIFETIME)


def signed_out(request: Request, address: str = "/") -> RedirectResponse:
    """Lead away whoever has signed out, and take the cookie back."""
    response = leading_to(address)
    _take_back(response, request, session_cookie(request))
    return response


def forget_session(response: Response, request: Request) -> None:
    """Take the cookie of a session that has ended back."""
    _take_back(response, request, session_cookie(request))


def leading_to(address: str) -> RedirectResponse:
    """Lead to another page after a form."""
    return RedirectResponse(address, status_code=303, headers={"Cache-Control": "no-store"})


def browser_of(request: Request) -> str:
    """Name the browser that a request comes from."""
    return browser_called(request.headers.get("user-agent", ""))


def former_secret(request: Request) -> str | None:
    """Give the secret of the session that the browser had so far."""
    return request.cookies.get(session_cookie(request))


def second_factor_policy(request: Request) -> SecondFactorPolicy:
    """Tell who must have a second factor here."""
    settings: Settings = request.app.state.settings
    return SecondFactorPolicy(settings.accounts.require_second_factor)


def count_code(request: Request, caller: Caller) -> None:
    """Count an attempt at a person's second factor; raises `TooManyRequests`."""
    limit = limit_of(request, "code")
    limit.count(f"person {caller.person_id}")


def provider_of(request: Request) -> Provider | None:
    """Give the provider of identities, if there is one."""
    provider: Provider | None = request.app.state.provider
    return provider


def tie_to_browser(response: Response, request: Request, state: str) -> None:
    """Let the browser keep the state of a sign-in with the provider."""
    _set(response, request, provider_cookie(request), state, PATIENCE)


def untie_from_browser(response: Response, request: Request) -> None:
    """Take that state back."""
    _take_back(response, request, provider_cookie(request))


def _set(
    response: Response, request: Request, name: str, secret: str, lifetime: timedelta
) -> None:
    settings: Settings = request.app.state.settings
    response.set_cookie(
        name,
        secret,
        max_age=int(lifetime.total_seconds()),
        secure=settings.service.is_behind_tls,
        httponly=True,
        # A link in a mail must find its reader signed in; forms carry their own token.
        samesite="lax",
    )


def _take_back(response: Response, request: Request, name: str) -> None:
    settings: Settings = request.app.state.settings
    response.delete_cookie(
        name, secure=settings.service.is_behind_tls, httponly=True, samesite="lax"
    )
