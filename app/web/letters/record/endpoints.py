"""Pages of letters on record: the list, one letter, its decisions, its conciliations.

Visitors read what is public; agents who have signed in read and act according to their
rights, which the procedure's use cases judge.
"""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.accounts.dependencies import (
    ConciliatingActingPageCaller,
    DecidingActingPageCaller,
    OptionalPageCaller,
    acting_page_caller,
    page_form_token,
)
from app.accounts.permissions import Permission
from app.accounts.rules import Caller
from app.database.request_sessions import ReadSession, WriteSession
from app.database.sessions import ReadingSession, WritingSession
from app.http.paging import PageAddress
from app.http.parameters import RowId
from app.letters.conciliations import closure
from app.letters.conciliations.schemas import Closure
from app.letters.decisions import service as decisions
from app.letters.reading import service as reading
from app.letters.reading.schemas import RequestedLetters
from app.letters.record import schemas
from app.letters.record import service as procedure
from app.letters.record.endpoints import tell_regions
from app.problems import Problem
from app.web.layout import fields
from app.web.layout.rendering import render
from app.web.letters.conciliations.service import shared_values
from app.web.letters.record import forms, service

router = APIRouter()

LetterId = Annotated[RowId, Path()]
Action = Callable[[WritingSession, int, FormData, Caller], object]


async def _form(request: Request) -> FormData:
    return await request.form()


SentForm = Annotated[FormData, Depends(_form)]


@router.get("/lettres", response_class=HTMLResponse)
def list_letters(
    request: Request,
    session: ReadSession,
    caller: OptionalPageCaller,
    filters: RequestedLetters,
) -> HTMLResponse:
    """The letters, those of an agent's own region first of all."""
    chosen = service.own_region(caller, filters, asked=bool(request.query_params))
    values = service.letters_values(session, caller, chosen, PageAddress.on_site(request))
    return page_of(request, "record/list.html", session, caller, values)


@router.get("/lettres/conciliations/{conciliation_id}", response_class=HTMLResponse)
def read_conciliation(
    request: Request,
    session: ReadSession,
    caller: OptionalPageCaller,
    conciliation_id: LetterId,
) -> HTMLResponse:
    """One conciliation: where, since when and, for agents, between whom."""
    return _conciliation_page(request, session, caller, conciliation_id)


@router.post("/lettres/conciliations/{conciliation_id}/cloture", response_class=HTMLResponse)
def close_conciliation(
    request: Request,
    session: WriteSession,
    caller: ConciliatingActingPageCaller,
    form: SentForm,
    conciliation_id: LetterId,
) -> Response:
    """Close a conciliation with its outcome."""
    try:
        values = forms.closure_values(form)
        if "sharing" in form:
            chosen = {
                name.removeprefix("share_"): fields.text(form, name)
                for name in form
                if name.startswith("share_")
            }
            # The territories that it gives are whole ones, of what stands just now.
            closure.begin_to_close(session)
            values = shared_values(session, caller, conciliation_id, chosen) | fields.fields(
                form, "closed_on", "note"
            )
        closure.close(session, conciliation_id, fields.read(Closure, values), caller)
        session.flush()
        told = reading.conciliation_detail(session, caller, conciliation_id)
        for letter in told["letters"]:
            tell_regions(session, caller, letter["id"])
    except Problem as problem:
        session.rollback()
        return _conciliation_page(request, session, caller, conciliation_id, problem, form=form)
    return to_page(f"/lettres/conciliations/{conciliation_id}")


@router.get("/lettres/{letter_id:int}", response_class=HTMLResponse)
def read_letter(
    request: Request, session: ReadSession, caller: OptionalPageCaller, letter_id: LetterId
) -> HTMLResponse:
    """One letter: territory, check, decisions, timeline."""
    return letter_page(request, session, caller, letter_id)


@router.post(
    "/lettres/{letter_id:int}/decision", response_class=HTMLResponse, name="page_decision"
)
def decide(
    request: Request,
    *,
    session: WriteSession,
    caller: DecidingActingPageCaller,
    form: SentForm,
    letter_id: LetterId,
) -> Response:
    """Take a decision once it was confirmed; before that, tell what it leads to."""
    address = "decision"
    try:
        sent = fields.read(
            schemas.Decision, fields.fields(form, address, "decided_on", "authority", "note")
        )
        letter = reading.letter_detail(session, caller, letter_id)
        confirming = service.decision_outlook(letter, caller, sent)
        if confirming is not None and fields.text(form, "confirmed") != sent.decision:
            return letter_page(
                request,
                session,
                caller,
                letter_id,
                refused=address,
                form=form,
                confirming=confirming,
            )
        decisions.decide(session, letter_id, sent, caller)
        session.flush()
    except Problem as problem:
        session.rollback()
        return letter_page(
            request, session, caller, letter_id, problem, refused=address, form=form
        )
    return to_page(f"/lettres/{letter_id}")


def _opine(session: WritingSession, letter: int, form: FormData, caller: Caller) -> None:
    sent = fields.read(schemas.Opinion, fields.fields(form, "opinion", "given_on", "note"))
    decisions.record_opinion(session, letter, sent, caller)


def _withdraw(session: WritingSession, letter: int, form: FormData, caller: Caller) -> None:
    sent = fields.read(schemas.Withdrawal, fields.fields(form, "withdrawn_on", "note"))
    procedure.withdraw(session, letter, sent, caller)


def _correct(session: WritingSession, letter: int, form: FormData, caller: Caller) -> None:
    sent = fields.read(schemas.LetterPatch, forms.correction_values(form))
    procedure.correct(session, letter, sent, caller)


def _conciliate(session: WritingSession, letter: int, _: FormData, caller: Caller) -> None:
    procedure.conciliate(session, letter, caller)


def _acting(address: str, action: Action, right: Permission) -> Callable[..., Response]:
    """Make the endpoint of an action: done, it shows the letter; refused, it says why."""

    may_act = acting_page_caller(right)

    def endpoint(
        request: Request,
        session: WriteSession,
        caller: Annotated[Caller, may_act],
        form: SentForm,
        letter_id: LetterId,
    ) -> Response:
        try:
            action(session, letter_id, form, caller)
            session.flush()
        except Problem as problem:
            session.rollback()
            return letter_page(
                request, session, caller, letter_id, problem, refused=address, form=form
            )
        return to_page(f"/lettres/{letter_id}")

    return endpoint


_ACTIONS: tuple[tuple[str, Action, Permission], ...] = (
    ("avis", _opine, "letters.opine"),
    ("retrait", _withdraw, "letters.handle"),
    ("correction", _correct, "letters.handle"),
    ("conciliation", _conciliate, "letters.conciliate"),
)
for _address, _action, _right in _ACTIONS:
    router.add_api_route(
        f"/lettres/{{letter_id:int}}/{_address}",
        _acting(_address, _action, _right),
        methods=["POST"],
        name=f"page_{_address}",
        response_class=HTMLResponse,
    )


def letter_page(
    request: Request,
    session: ReadingSession,
    caller: Caller | None,
    letter_id: int,
    problem: Problem | None = None,
    *,
    refused: str | None = None,
    form: FormData | None = None,
    confirming: dict[str, Any] | None = None,
) -> HTMLResponse:
    """Show a letter; `refused`, the form that was, keeps what was written in it.

    Parameters: `confirming`, what a decision leads to that is to be confirmed.
    """
    values = service.letter_values(session, caller, letter_id)
    values["confirming"] = confirming
    values |= {"refused": refused, "sent": fields.sent(form), "ticked": fields.sent_lists(form)}
    return page_of(request, "record/letter.html", session, caller, values, problem=problem)


def _conciliation_page(
    request: Request,
    session: ReadingSession,
    caller: Caller | None,
    conciliation_id: int,
    problem: Problem | None = None,
    *,
    form: FormData | None = None,
) -> HTMLResponse:
    values = service.conciliation_values(session, caller, conciliation_id)
    values |= {"sent": fields.sent(form), "ticked": fields.sent_lists(form)}
    return page_of(
        request, "record/conciliation.html", session, caller, values, problem=problem
    )


def page_of(
    request: Request,
    template: str,
    session: ReadingSession,
    caller: Caller | None,
    values: dict[str, Any],
    *,
    problem: Problem | None = None,
) -> HTMLResponse:
    """Answer with a page of letters; `problem` is told on it and gives its status."""
    return render(
        request,
        template,
        session=session,
        keep=caller is None,
        status=problem.status if problem else 200,
        caller=caller,
        csrf=page_form_token(request),
        section="lettres",
        robots="noindex" if caller else None,
        problem=problem,
        **values,
    )


def to_page(address: str) -> RedirectResponse:
    """Lead to another page once something was done."""
    return RedirectResponse(address, status_code=303, headers={"Cache-Control": "no-store"})
