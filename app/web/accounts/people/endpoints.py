"""`/comptes`: who has an account, inviting, roles, suspending."""

from dataclasses import dataclass
from typing import Annotated, TypedDict

from fastapi import APIRouter, Depends, Form, Path, Request
from starlette.responses import HTMLResponse, Response

from app.accounts import repository as accounts
from app.accounts.dependencies import ManagingActingPageCaller, ManagingPageCaller
from app.accounts.endpoints import forget_mail
from app.accounts.people import repository
from app.accounts.people import service as people
from app.accounts.permissions import ROLE_LABELS
from app.accounts.rules import Caller
from app.accounts.second_factor.service import remove_of
from app.acts.repository import record_act
from app.cpts.references import repository as references
from app.database.request_sessions import ReadSession, WriteSession
from app.database.sessions import ReadingSession, WritingSession
from app.http.parameters import RowId
from app.http.texts import refusal_of_line
from app.problems import Forbidden, Invalid, NotFound, Problem
from app.web.accounts.forms import account_page, leading_to

router = APIRouter()


class RoleValues(TypedDict):
    """A role with its limits."""

    role: str
    region: str | None
    cpts_id: int | None


Number = Annotated[RowId, Path()]


@dataclass(frozen=True)
class SentRole:
    """A role with its limits, as a form sends them."""

    role: Annotated[str, Form(max_length=20)] = ""
    region: Annotated[str, Form(max_length=20)] = ""
    cpts: Annotated[str, Form(max_length=20)] = ""

    def values(self) -> RoleValues:
        """Give them as `invite` and `change_role` take them; raises `Invalid`."""
        cpts = self.cpts.strip()
        if cpts and not (cpts.isascii() and cpts.isdigit() and len(cpts) <= 18):
            raise Invalid.at("body", "cpts", message="Le numéro d'une CPTS est attendu.")
        refusal = refusal_of_line(self.region)
        if refusal:
            raise Invalid.at("body", "region", message=refusal)
        return {
            "role": self.role,
            "region": self.region or None,
            "cpts_id": int(cpts) if cpts else None,
        }


@router.get("/comptes", response_class=HTMLResponse)
def list_people(
    request: Request, session: ReadSession, caller: ManagingPageCaller
) -> HTMLResponse:
    """Everybody with an account, and the form that invites."""
    return _page(request, session, caller)


@router.post("/comptes", response_class=HTMLResponse)
def invite(
    request: Request,
    session: WriteSession,
    caller: ManagingActingPageCaller,
    sent: Annotated[SentRole, Depends()],
    email: Annotated[str, Form(max_length=254)] = "",
) -> Response:
    """Invite somebody by mail."""
    try:
        invited, _ = people.invite(session, email=email, by_mail=True, **sent.values())
        _note(session, caller, "person-invited", invited, sent)
        session.flush()
    except Invalid as problem:
        session.rollback()
        return _page(request, session, caller, problem, email=email)
    return leading_to("/comptes")


@router.post("/comptes/{number:int}/role", response_class=HTMLResponse)
def change_role(
    request: Request,
    session: WriteSession,
    caller: ManagingActingPageCaller,
    number: Number,
    sent: Annotated[SentRole, Depends()],
) -> Response:
    """Give somebody else another role."""
    _check_other(caller, number)
    try:
        people.change_role(session, number, **sent.values())
        _note(session, caller, "role-changed", number, sent)
    except Invalid as problem:
        session.rollback()
        return _page(request, session, caller, problem)
    return leading_to("/comptes")


@router.post("/comptes/{number:int}/suspension")
def suspend(
    session: WriteSession, caller: ManagingActingPageCaller, number: Number
) -> Response:
    """End somebody else's access."""
    _check_other(caller, number)
    people.suspend(session, number)
    _note(session, caller, "person-suspended", number)
    return leading_to("/comptes")


@router.get("/comptes/jetons", response_class=HTMLResponse)
def list_tokens(
    request: Request, session: ReadSession, caller: ManagingPageCaller
) -> HTMLResponse:
    """Every token, of machines and of people, without showing any."""
    return account_page(
        request,
        "all_tokens.html",
        session=session,
        caller=caller,
        tokens=accounts.tokens(session),
        people={each.id: each for each in repository.people(session)},
        roles=ROLE_LABELS,
    )


@router.post("/comptes/jetons/{number:int}/revocation")
def revoke_token(
    session: WriteSession, caller: ManagingActingPageCaller, number: Number
) -> Response:
    """Revoke any token, for good."""
    if not accounts.revoke(session, number):
        raise NotFound("Ce jeton n'existe pas, ou il est déjà révoqué.")
    record_act(session, "token-revoked", caller, subject=f"jeton n° {number}")
    return leading_to("/comptes/jetons")


@router.get("/comptes/{number:int}", response_class=HTMLResponse)
def read_person(
    request: Request, session: ReadSession, caller: ManagingPageCaller, number: Number
) -> HTMLResponse:
    """Somebody's sessions and tokens, and when each last served."""
    person = repository.person_by_id(session, number)
    if person is None:
        raise NotFound("Cette personne n'existe pas.")
    return account_page(
        request,
        "person.html",
        session=session,
        caller=caller,
        person=person,
        sessions=accounts.sessions_of(session, number),
        tokens=accounts.tokens(session, person_id=number),
        roles=ROLE_LABELS,
    )


@router.post("/comptes/{number:int}/sessions/fin")
def end_sessions(
    session: WriteSession, caller: ManagingActingPageCaller, number: Number
) -> Response:
    """End all sessions of somebody else."""
    _check_other(caller, number)
    accounts.delete_sessions_of(session, number)
    _note(session, caller, "sessions-ended", number)
    return leading_to(f"/comptes/{number}")


@router.post("/comptes/{number:int}/effacement")
def erase(
    request: Request, session: WriteSession, caller: ManagingActingPageCaller, number: Number
) -> Response:
    """Erase somebody else, as they asked."""
    _check_other(caller, number)
    forget_mail(request, people.erase(session, number))
    _note(session, caller, "person-erased", number)
    return leading_to("/comptes")


@router.post("/comptes/{number:int}/second-facteur")
def remove_second_factor(
    session: WriteSession, caller: ManagingActingPageCaller, number: Number
) -> Response:
    """Take off the second factor that somebody else has lost."""
    _check_other(caller, number)
    remove_of(session, number)
    _note(session, caller, "second-factor-removed", number)
    return leading_to("/comptes")


def _note(
    session: WritingSession,
    caller: Caller,
    kind: str,
    number: int,
    role: SentRole | None = None,
) -> None:
    # By number: a name would outlive its erasure.
    record_act(
        session,
        kind,
        caller,
        subject=f"compte n° {number}",
        details={"after": f"{role.role} {role.region}".strip()} if role else None,
    )


def _check_other(caller: Caller, number: int) -> None:
    if caller.person_id == number:
        raise Forbidden("Un administrateur ne change ni son propre rôle ni son propre accès.")


def _page(
    request: Request,
    session: ReadingSession,
    caller: Caller,
    problem: Problem | None = None,
    email: str = "",
) -> HTMLResponse:
    return account_page(
        request,
        "people.html",
        session=session,
        caller=caller,
        problem=problem,
        canonical="/comptes",
        people=repository.people(session),
        roles=ROLE_LABELS,
        regions=references.regions(session),
        email=email,
    )
