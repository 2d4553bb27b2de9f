"""`/compte`: one's sessions, password, address, data, tokens, and leaving."""

from datetime import timedelta
from typing import Annotated

import orjson
from fastapi import APIRouter, Form, Path, Request
from starlette.responses import HTMLResponse, Response

from app.accounts import repository as accounts
from app.accounts.dependencies import ActingOwnPageCaller, OwnPageCaller
from app.accounts.endpoints import forget_mail, personal_data
from app.accounts.notices.service import choose_letter_mail
from app.accounts.people import renewal
from app.accounts.people import service as people
from app.accounts.people.rules import MINIMUM_PASSWORD
from app.accounts.permissions import ROLE_LABELS
from app.accounts.rules import Caller
from app.accounts.second_factor import service as second_factor
from app.accounts.second_factor.repository import count_codes
from app.database.request_sessions import ReadSession, WriteSession
from app.database.sessions import ReadingSession
from app.http.address_limit import limit_of
from app.http.parameters import RowId
from app.problems import Forbidden, Invalid, NotFound, Problem
from app.web.accounts.forms import (
    SentNewPassword,
    account_page,
    count_code,
    leading_to,
    second_factor_policy,
    signed_out,
)
from app.web.directory.editing import service as sheets

router = APIRouter()

SentPassword = Annotated[str, Form(max_length=1000)]
Number = Annotated[RowId, Path()]
_LIFETIMES = {"30": "30 jours", "90": "90 jours", "365": "un an"}


@router.get("/compte", response_class=HTMLResponse)
def account(request: Request, session: ReadSession, caller: OwnPageCaller) -> HTMLResponse:
    """Who is signed in, where, and what can be changed."""
    return _account(request, session, caller)


@router.post("/compte/nom", response_class=HTMLResponse)
def rename(
    request: Request,
    session: WriteSession,
    caller: ActingOwnPageCaller,
    name: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Change one's name."""
    try:
        renewal.rename(session, caller, name)
    except Invalid as problem:
        session.rollback()
        return _account(request, session, caller, problem, refused="name")
    return leading_to("/compte")


@router.post("/compte/messages")
def choose_messages(
    session: WriteSession,
    caller: ActingOwnPageCaller,
    letter_mail: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Choose whether to be told of letters by mail."""
    choose_letter_mail(session, caller, wanted=letter_mail == "oui")
    return leading_to("/compte")


@router.post("/compte/mot-de-passe", response_class=HTMLResponse)
def change_password(
    request: Request,
    session: WriteSession,
    caller: ActingOwnPageCaller,
    sent: SentNewPassword,
    present: SentPassword = "",
) -> Response:
    """Change one's password; other sessions end."""
    _count(request, caller)
    try:
        renewal.change_password(session, caller, present=present, password=sent.checked())
        session.flush()
    except Invalid as problem:
        session.rollback()
        return _account(request, session, caller, problem, refused="password")
    return leading_to("/compte")


@router.post("/compte/adresse", response_class=HTMLResponse)
def change_address(
    request: Request,
    session: WriteSession,
    caller: ActingOwnPageCaller,
    present: SentPassword = "",
    email: Annotated[str, Form(max_length=254)] = "",
) -> Response:
    """Ask for another address, which is then to be confirmed there."""
    _count(request, caller)
    limit = limit_of(request, "account_mail")
    limit.count(f"person {caller.person_id}")
    try:
        renewal.ask_for_new_address(session, caller, present=present, email=email)
        session.flush()
    except Invalid as problem:
        session.rollback()
        return _account(request, session, caller, problem, refused="email")
    return _account(request, session, caller, asked=email.strip())


@router.post("/compte/second-facteur/retrait", response_class=HTMLResponse)
def remove_second_factor(
    request: Request,
    session: WriteSession,
    caller: ActingOwnPageCaller,
    code: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Take one's second factor off by one of its codes."""
    count_code(request, caller)
    try:
        second_factor.remove(session, caller, code, second_factor_policy(request))
        session.flush()
    except (Invalid, Forbidden) as problem:
        session.rollback()
        return _account(request, session, caller, problem, refused="code")
    return leading_to("/compte")


@router.post("/compte/sessions/fin")
def end_everywhere(
    request: Request, session: WriteSession, caller: ActingOwnPageCaller
) -> Response:
    """End all of one's sessions, this one too."""
    people.end_everywhere(session, caller)
    return signed_out(request)


@router.post("/compte/sessions/{number:int}/fin")
def end_one(
    request: Request, session: WriteSession, caller: ActingOwnPageCaller, number: Number
) -> Response:
    """End one of one's sessions."""
    ended = accounts.delete_sessions_of(session, people.own(session, caller).id, only=number)
    if not ended:
        raise NotFound("Cette session n'existe pas, ou elle a pris fin.")
    return signed_out(request) if number == caller.session_id else leading_to("/compte")


@router.get("/compte/donnees.json")
def download_data(request: Request, session: ReadSession, caller: OwnPageCaller) -> Response:
    """All that is kept on whoever is signed in, as a file."""
    return Response(
        orjson.dumps(personal_data(request, session, caller), option=orjson.OPT_INDENT_2),
        media_type="application/json",
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": 'attachment; filename="mes-donnees.json"',
        },
    )


@router.post("/compte/effacement", response_class=HTMLResponse)
def erase(
    request: Request,
    session: WriteSession,
    caller: ActingOwnPageCaller,
    sure: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Erase one's account, when one says that one is sure."""
    if sure != "oui":
        problem = Invalid.at("body", "sure", message="Cochez la case pour confirmer.")
        return _account(request, session, caller, problem, refused="erase")
    address = people.erase(session, people.own(session, caller).id)
    forget_mail(request, address)
    return signed_out(request)


@router.get("/compte/jetons", response_class=HTMLResponse)
def list_tokens(request: Request, session: ReadSession, caller: OwnPageCaller) -> HTMLResponse:
    """One's tokens, without showing any."""
    return _tokens(request, session, caller)


@router.post("/compte/jetons", response_class=HTMLResponse)
def create_token(
    request: Request,
    session: WriteSession,
    caller: ActingOwnPageCaller,
    label: Annotated[str, Form(max_length=200)] = "",
    days: Annotated[str, Form(max_length=10)] = "365",
) -> Response:
    """Make a token and show it for the only time."""
    spelled = " ".join(label.split())
    if not spelled or days not in _LIFETIMES:
        problem = Invalid.at("body", "label", message="Dites à quoi servira ce jeton.")
        return _tokens(request, session, caller, problem)
    try:
        token = people.make_token(
            session, caller, label=spelled, lifetime=timedelta(days=int(days))
        )
    except Invalid as refused:
        session.rollback()
        return _tokens(request, session, caller, refused)
    return _tokens(request, session, caller, token=token)


@router.post("/compte/jetons/{number:int}/revocation")
def revoke_token(
    session: WriteSession, caller: ActingOwnPageCaller, number: Number
) -> Response:
    """Revoke one of one's tokens."""
    own = people.own(session, caller)
    if not accounts.revoke(session, number, person_id=own.id):
        raise NotFound("Ce jeton n'existe pas, ou il est déjà révoqué.")
    return leading_to("/compte/jetons")


def _count(request: Request, caller: Caller) -> None:
    # Whoever holds a stolen cookie must not guess the password with it.
    limit = limit_of(request, "account")
    limit.count(f"person {caller.person_id}")


def _account(
    request: Request,
    session: ReadingSession,
    caller: Caller,
    problem: Problem | None = None,
    *,
    refused: str = "",
    asked: str = "",
) -> HTMLResponse:
    person = people.own(session, caller)
    return account_page(
        request,
        "account.html",
        session=session,
        caller=caller,
        problem=problem,
        canonical="/compte",
        person=person,
        told=sheets.concerning(session, person.email),
        role=ROLE_LABELS[person.role],
        sessions=accounts.sessions_of(session, person.id),
        refused=refused,
        asked=asked,
        recovery_codes=count_codes(session, person.id),
        minimum=MINIMUM_PASSWORD,
    )


def _tokens(
    request: Request,
    session: ReadingSession,
    caller: Caller,
    problem: Problem | None = None,
    token: str = "",
) -> HTMLResponse:
    own = people.own(session, caller)
    return account_page(
        request,
        "tokens.html",
        session=session,
        caller=caller,
        problem=problem,
        canonical="/compte/jetons",
        tokens=accounts.tokens(session, person_id=own.id),
        lifetimes=_LIFETIMES,
        token=token,
    )
