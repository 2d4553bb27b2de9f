"""Invitation, forgotten password, new address. Reading a link uses nothing up: mail programs
look at what they show."""

from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from starlette.responses import HTMLResponse, Response

from app.accounts.dependencies import ActingOwnPageCaller, OwnPageCaller, VisitorsForm
from app.accounts.people import renewal
from app.accounts.people import service as people
from app.accounts.people.rules import MINIMUM_PASSWORD
from app.accounts.people.signing_in import begin_for
from app.accounts.permissions import ROLE_LABELS
from app.accounts.rules import Caller
from app.database.request_sessions import ReadSession, WriteSession
from app.database.sessions import ReadingSession
from app.http.address_limit import limit_of
from app.problems import Invalid, NotFound, Problem
from app.web.accounts.forms import (
    SentNewPassword,
    account_page,
    browser_of,
    first_factor_given,
    former_secret,
    leading_to,
    second_factor_policy,
)

router = APIRouter()

Secret = Annotated[str, Path(max_length=100)]


@router.get("/invitation/{secret}", response_class=HTMLResponse)
def invitation(request: Request, session: ReadSession, secret: Secret) -> HTMLResponse:
    """Who is invited, as what, and the form for a name and a password."""
    return _invitation_page(request, session, secret)


@router.post("/invitation/{secret}", response_class=HTMLResponse, dependencies=[VisitorsForm])
def accept_invitation(
    request: Request,
    session: WriteSession,
    secret: Secret,
    sent: SentNewPassword,
    name: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Accept an invitation and begin the first session."""
    _count(request)
    try:
        person = people.accept(session, secret, name=name, password=sent.checked())
        session.flush()
    except Problem as problem:
        session.rollback()
        return _invitation_page(request, session, secret, problem, name=name)
    begun = begin_for(
        session,
        person,
        former=former_secret(request),
        browser=browser_of(request),
        policy=second_factor_policy(request),
    )
    return first_factor_given(request, "/compte", begun)


@router.get("/mot-de-passe-oublie", response_class=HTMLResponse)
def forgotten_password(request: Request, session: ReadSession) -> HTMLResponse:
    """The form that asks for a link by mail."""
    return account_page(request, "forgotten.html", session=session, sent=False, email="")


@router.post("/mot-de-passe-oublie", response_class=HTMLResponse, dependencies=[VisitorsForm])
def ask_for_new_password(
    request: Request,
    session: WriteSession,
    email: Annotated[str, Form(max_length=254)] = "",
) -> Response:
    """Say the same to whoever asks, for whichever address."""
    by_client = limit_of(request, "mail")
    by_client.count_client(request)
    by_account = limit_of(request, "account_mail")
    # A text of a visitor's, apart from the keys of persons.
    by_account.count(f"mailbox {email.strip().lower()}")
    try:
        renewal.ask_for_new_password(session, email)
        session.flush()
    except Invalid as problem:
        session.rollback()
        return account_page(
            request, "forgotten.html", session=session, problem=problem, sent=False, email=email
        )
    return account_page(request, "forgotten.html", session=session, sent=True, email=email)


@router.get("/mot-de-passe/{secret}", response_class=HTMLResponse)
def new_password(request: Request, session: ReadSession, secret: Secret) -> HTMLResponse:
    """The form for a new password."""
    return _password_page(request, session, secret)


@router.post("/mot-de-passe/{secret}", response_class=HTMLResponse, dependencies=[VisitorsForm])
def renew_password(
    request: Request,
    session: WriteSession,
    secret: Secret,
    sent: SentNewPassword,
) -> Response:
    """Set a new password; the person then signs in with it."""
    _count(request)
    try:
        renewal.renew_password(session, secret, sent.checked())
        session.flush()
    except Problem as problem:
        session.rollback()
        return _password_page(request, session, secret, problem)
    return leading_to("/connexion")


@router.get("/adresse/{secret}", response_class=HTMLResponse)
def new_address(
    request: Request, session: ReadSession, caller: OwnPageCaller, secret: Secret
) -> HTMLResponse:
    """The button that confirms a new address, for the account that asked for it."""
    try:
        renewal.check_address_link(session, caller, secret)
    except NotFound as problem:
        return _address_page(request, session, caller, problem)
    return _address_page(request, session, caller)


@router.post("/adresse/{secret}", response_class=HTMLResponse)
def confirm_address(
    request: Request, session: WriteSession, caller: ActingOwnPageCaller, secret: Secret
) -> Response:
    """Take the new address over."""
    _count(request)
    try:
        renewal.confirm_address(session, caller, secret)
        session.flush()
    except NotFound as problem:
        session.rollback()
        return _address_page(request, session, caller, problem)
    return _address_page(request, session, caller, confirmed=True)


def _count(request: Request) -> None:
    limit = limit_of(request, "sign_in")
    limit.count_client(request)


def _invitation_page(
    request: Request,
    session: ReadSession,
    secret: str,
    problem: Problem | None = None,
    name: str = "",
) -> HTMLResponse:
    person = people.invited(session, secret)
    return account_page(
        request,
        "invitation.html",
        session=session,
        canonical="/connexion",
        problem=problem,
        status=200 if person else 404,
        person=person,
        role=ROLE_LABELS[person.role] if person else "",
        name=name,
        minimum=MINIMUM_PASSWORD,
        invitation=f"/invitation/{secret}",
    )


def _address_page(
    request: Request,
    session: ReadingSession,
    caller: Caller,
    problem: Problem | None = None,
    *,
    confirmed: bool = False,
) -> HTMLResponse:
    return account_page(
        request,
        "address.html",
        session=session,
        caller=caller,
        canonical="/connexion",
        problem=problem,
        confirmed=confirmed,
    )


def _password_page(
    request: Request, session: ReadSession, secret: str, problem: Problem | None = None
) -> HTMLResponse:
    person = renewal.forgetful(session, secret)
    return account_page(
        request,
        "password.html",
        session=session,
        canonical="/connexion",
        problem=problem,
        status=200 if person else 404,
        person=person,
        minimum=MINIMUM_PASSWORD,
    )
