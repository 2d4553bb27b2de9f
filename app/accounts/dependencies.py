"""Who calls, as a dependency of endpoints."""

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool

from app.accounts.rules import Caller, Role
from app.accounts.service import recognise
from app.database.sessions import Sessions
from app.problems import Forbidden, Unauthenticated

_bearer = HTTPBearer(auto_error=False, description="Jeton créé par `./cpts token create`.")


async def _optional_caller(
    request: Request,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Caller | None:
    if credentials is None:
        if "authorization" in request.headers:
            raise Unauthenticated("Un en-tête « Authorization: Bearer JETON » est attendu.")
        return None

    def look_up() -> Caller | None:
        sessions: Sessions = request.app.state.sessions
        with sessions.read() as session:
            return recognise(session, credentials.credentials)

    caller = await run_in_threadpool(look_up)
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


# None for an anonymous caller; a wrong token is refused even where none is needed.
OptionalCaller = Annotated[Caller | None, Depends(_optional_caller)]
RequiredCaller = Annotated[Caller, Depends(_caller)]
EditorCaller = Annotated[Caller, Depends(_Requirement("editor", "ars", "admin"))]
ArsCaller = Annotated[Caller, Depends(_Requirement("ars", "admin"))]
AgentCaller = Annotated[Caller, Depends(_Requirement("ars", "assurance_maladie", "admin"))]
AdminCaller = Annotated[Caller, Depends(_Requirement("admin"))]
