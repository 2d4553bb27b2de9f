"""`/api/v1/me`: who is signed in and may what, all that is kept on them, and erasure."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response, status
from pydantic import BaseModel

from app.accounts.dependencies import SignedInCaller
from app.accounts.mail.service import Post
from app.accounts.people import service
from app.accounts.permissions import permissions_of
from app.accounts.rules import Caller
from app.database.request_sessions import ReadSession, WriteSession
from app.database.sessions import ReadingSession
from app.problems import Forbidden, refuses

router = APIRouter(prefix="/api/v1/me", tags=["Compte"])

# What a noun keeps on a person, by its name: gathered where the application is assembled.
PersonalData = Callable[[ReadingSession, Caller], Any]


class Me(BaseModel):
    """Who calls; `permissions` gives each right with its reach: own, region, everywhere."""

    kind: str
    name: str
    email: str | None
    role: str
    region: str | None
    cpts_id: int | None
    recorded_as: str
    permissions: dict[str, str]


class AccountData(BaseModel):
    """What an account holds on its person."""

    email: str
    name: str
    role: str
    region: str | None
    cpts_id: int | None
    recorded_as: str
    origin: str
    created_at: datetime
    confirmed_at: datetime | None
    last_seen_on: date | None
    has_password: bool
    second_factor_since: datetime | None
    identity_provider: str | None
    identity_provider_subject: str | None


class MyData(BaseModel):
    """All that is kept on the person who asks; other nouns add members of their own."""

    model_config = {"extra": "allow"}

    account: AccountData
    sessions: list[dict[str, Any]]
    tokens: list[dict[str, Any]]
    waiting_messages: list[dict[str, Any]]


def personal_data(request: Request, session: ReadingSession, caller: Caller) -> dict[str, Any]:
    """Gather what every noun keeps on the person who calls.

    Raises:
        NotFound: a machine, or somebody erased since.
    """
    nouns: dict[str, PersonalData] = request.app.state.personal_data
    data = service.data_of(session, caller)
    return data | {name: keeps(session, caller) for name, keeps in nouns.items()}


def forget_mail(request: Request, address: str) -> None:
    """Delete the messages to an address that lie outside the database."""
    post: Post = request.app.state.post
    post.carrier.forget(address)


@refuses(Forbidden)
async def _person(caller: SignedInCaller) -> Caller:
    if caller.person_id is None:
        raise Forbidden("Ce jeton est celui d'une machine, non d'une personne.")
    return caller


PersonCaller = Annotated[Caller, Depends(_person)]


@router.get("", response_model=Me, summary="Qui suis-je")
def me(session: ReadSession, caller: SignedInCaller, response: Response) -> dict[str, Any]:
    """By token or by session. Rights: any role."""
    response.headers["Cache-Control"] = "no-store"
    person = service.own(session, caller) if caller.person_id else None
    return {
        "kind": "person" if person else "machine",
        "name": caller.shown_name,
        "email": person.email if person else None,
        "role": caller.role,
        "region": caller.region,
        "cpts_id": caller.cpts_id,
        "recorded_as": caller.name,
        "permissions": permissions_of(caller.role),
    }


@router.get("/data", response_model=MyData, summary="Tout ce qui est gardé sur moi")
def data(
    request: Request, session: ReadSession, caller: PersonCaller, response: Response
) -> dict[str, Any]:
    """No secret is among it. Rights: any person."""
    response.headers["Cache-Control"] = "no-store"
    return personal_data(request, session, caller)


@router.delete(
    "",
    status_code=status.HTTP_204_NO_CONTENT,
    response_class=Response,
    summary="Effacer mon compte",
)
def erase(request: Request, session: WriteSession, caller: PersonCaller) -> None:
    """The account goes with its sessions and tokens; what it did stays, under a number.

    By a session of the site the header `X-CSRF-Token` is needed. Rights: any person.
    """
    forget_mail(request, service.erase(session, service.own(session, caller).id))
