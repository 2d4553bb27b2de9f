"""`/administration/completude`."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, Response

from app.accounts.dependencies import DeclaringActingPageCaller, DeclaringPageCaller
from app.accounts.rules import Caller
from app.cpts.completeness import service as use_cases
from app.cpts.completeness.repository import regions_of, states
from app.cpts.writing.schemas import Day
from app.database.calendar import today
from app.database.request_sessions import ReadSession, WriteSession
from app.database.sessions import ReadingSession
from app.failures import Failure
from app.problems import Invalid, Problem
from app.web.administration.pages import administration_page, leading_to, sent_form
from app.web.layout import fields

router = APIRouter(prefix="/administration/completude")
SentForm = Annotated[FormData, Depends(sent_form)]


class Declaration(BaseModel):
    """What is said of some departments, and from which day on."""

    model_config = ConfigDict(extra="forbid")

    departments: list[str]
    on: Day | None = None


@router.get("", response_class=HTMLResponse)
def list_departments(
    request: Request,
    session: ReadSession,
    caller: DeclaringPageCaller,
    done: Annotated[bool, Query(alias="fait")] = False,
) -> HTMLResponse:
    """Which departments are declared complete, since when."""
    return _page(request, session, caller, done=done)


@router.post("", response_class=HTMLResponse)
def declare(
    request: Request, session: WriteSession, caller: DeclaringActingPageCaller, form: SentForm
) -> Response:
    """Declare departments complete, or take that back."""
    try:
        values = {"departments": fields.texts(form, "departments")} | fields.fields(form, "on")
        sent = fields.read(Declaration, values)
        for region in regions_of(session, sent.departments).values():
            caller.may_work_in("completeness.declare", [region])
        withdrawn = fields.text(form, "act") == "withdraw"
        act = use_cases.declare_incomplete if withdrawn else use_cases.declare_complete
        try:
            act(session, sorted(set(sent.departments)), sent.on or today(), caller)
        except Failure as failure:
            raise Invalid.at("body", "departments", message=failure.message) from None
        session.flush()
    except Problem as problem:
        session.rollback()
        return _page(request, session, caller, problem)
    return leading_to("/administration/completude?fait=true")


def _page(
    request: Request,
    session: ReadingSession,
    caller: Caller,
    problem: Problem | None = None,
    *,
    done: bool = False,
) -> HTMLResponse:
    found = states(session, today())
    regions = regions_of(session, [each.department for each in found])
    own = [each for each in found if caller.region in (None, regions[each.department])]
    return administration_page(
        request,
        "completeness.html",
        session=session,
        caller=caller,
        problem=problem,
        done=done,
        departments=own,
        complete=sum(each.complete for each in own),
        today=today(),
    )
