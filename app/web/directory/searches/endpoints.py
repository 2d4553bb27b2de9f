"""`/membres/recherches…`: saved searches, theirs alone whose they are."""

from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from starlette.responses import HTMLResponse, Response

from app.accounts.dependencies import (
    ActingOwnPageCaller,
    OwnPageCaller,
    page_form_token,
)
from app.accounts.rules import Caller
from app.database.request_sessions import ReadSession, WriteSession
from app.database.sessions import ReadingSession
from app.directory.saved_searches import repository, service
from app.http.parameters import RowId
from app.problems import Invalid, NotFound, Problem
from app.web.accounts.forms import leading_to
from app.web.layout.rendering import render

router = APIRouter()

LIST = "/membres/recherches"
Number = Annotated[RowId, Path()]
Secret = Annotated[str, Path(max_length=100)]


@router.get(LIST, response_class=HTMLResponse)
def searches(request: Request, session: ReadSession, caller: OwnPageCaller) -> HTMLResponse:
    """One's saved searches."""
    return _list(request, session, caller)


@router.post(LIST, response_class=HTMLResponse)
def save(
    request: Request,
    session: WriteSession,
    caller: ActingOwnPageCaller,
    name: Annotated[str, Form(max_length=1000)] = "",
    query: Annotated[str, Form(max_length=10_000)] = "",
) -> Response:
    """Save a search under a name."""
    caller.require("directory.read")
    try:
        service.save(session, _person(caller), name=name, query=query)
    except Invalid as problem:
        session.rollback()
        return _list(request, session, caller, problem)
    return leading_to(LIST)


@router.post(LIST + "/{number:int}/pause")
def pause(session: WriteSession, caller: ActingOwnPageCaller, number: Number) -> Response:
    """Stop the mail of a search."""
    return _changed(repository.pause(session, number, _person(caller), paused=True))


@router.post(LIST + "/{number:int}/reprise")
def resume(session: WriteSession, caller: ActingOwnPageCaller, number: Number) -> Response:
    """Let the mail of a search go on."""
    return _changed(repository.pause(session, number, _person(caller), paused=False))


@router.post(LIST + "/{number:int}/suppression")
def remove(session: WriteSession, caller: ActingOwnPageCaller, number: Number) -> Response:
    """Delete a search."""
    return _changed(repository.remove(session, number, _person(caller)))


@router.get(LIST + "/arret/{secret}", response_class=HTMLResponse)
def ask_to_stop(request: Request, session: ReadSession, secret: Secret) -> HTMLResponse:
    """Ask whoever follows the link of a mail; programs that open links stop nothing."""
    service.stopped_by(session, secret)
    return _stop_page(request, session, stopped=False)


@router.post(LIST + "/arret/{secret}", response_class=HTMLResponse)
def stop(request: Request, session: WriteSession, secret: Secret) -> HTMLResponse:
    """Stop the mail of a search: the secret of the mail is all the right that it takes."""
    service.stop(session, secret)
    return _stop_page(request, session, stopped=True)


def _stop_page(request: Request, session: ReadingSession, *, stopped: bool) -> HTMLResponse:
    response = render(
        request,
        "directory/stop.html",
        session=session,
        keep=False,
        robots="noindex",
        # The address holds the secret.
        canonical=LIST,
        stopped=stopped,
    )
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def _person(caller: Caller) -> int:
    assert caller.person_id is not None
    return caller.person_id


def _changed(is_theirs: bool) -> Response:
    if not is_theirs:
        raise NotFound("Cette recherche n'existe pas.")
    return leading_to(LIST)


def _list(
    request: Request,
    session: ReadingSession,
    caller: Caller,
    problem: Problem | None = None,
) -> HTMLResponse:
    response = render(
        request,
        "directory/searches.html",
        session=session,
        section="membres",
        keep=False,
        status=problem.status if problem else 200,
        caller=caller,
        csrf=page_form_token(request),
        robots="noindex",
        problem=problem,
        searches=repository.of_person(session, _person(caller)),
    )
    response.headers["Referrer-Policy"] = "same-origin"
    return response
