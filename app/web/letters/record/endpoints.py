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
    DepositingActingPageCaller,
    DepositingPageCaller,
    OptionalPageCaller,
    acting_page_caller,
    page_form_token,
)
from app.accounts.permissions import Permission
from app.accounts.rules import Caller
from app.cpts.reading.service import PageAddress
from app.database.sessions import ReadingSession, ReadSession, WriteSession, WritingSession
from app.http.parameters import RowId
from app.letters.conciliations import closure
from app.letters.conciliations.schemas import Closure
from app.letters.decisions import service as decisions
from app.letters.reading.schemas import RequestedLetters
from app.letters.record import schemas
from app.letters.record import service as procedure
from app.letters.record.rules import KIND_LABELS
from app.problems import Problem
from app.web.layout.rendering import render
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
    address = PageAddress("", request.url.path, tuple(request.query_params.multi_items()))
    values = service.letters_values(session, caller, chosen, address)
    return _render(request, "record/list.html", session, caller, values)


@router.get("/lettres/depot", response_class=HTMLResponse)
def deposit_form(
    request: Request, session: ReadSession, caller: DepositingPageCaller
) -> HTMLResponse:
    """The form of a new letter."""
    return _deposit_page(request, session, caller, FormData())


@router.post("/lettres/depot", response_class=HTMLResponse)
def deposit(
    request: Request, session: WriteSession, caller: DepositingActingPageCaller, form: SentForm
) -> Response:
    """Put a letter on record; what is wrong is told above the form, which keeps its texts."""
    try:
        asked = forms.read(schemas.LetterDeposit, forms.deposit_values(form))
        written = procedure.deposit(session, asked, caller)
        session.flush()
    except Problem as problem:
        session.rollback()
        return _deposit_page(request, session, caller, form, problem)
    return _to(f"/lettres/{written.letter_id}")


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
        closure.close(
            session, conciliation_id, forms.read(Closure, forms.closure_values(form)), caller
        )
        session.flush()
    except Problem as problem:
        session.rollback()
        return _conciliation_page(request, session, caller, conciliation_id, problem, form=form)
    return _to(f"/lettres/conciliations/{conciliation_id}")


@router.get("/lettres/{letter_id:int}", response_class=HTMLResponse)
def read_letter(
    request: Request, session: ReadSession, caller: OptionalPageCaller, letter_id: LetterId
) -> HTMLResponse:
    """One letter: territory, check, decisions, timeline."""
    return _letter_page(request, session, caller, letter_id)


def _decide(session: WritingSession, letter: int, form: FormData, caller: Caller) -> None:
    sent = forms.read(
        schemas.Decision, forms.fields(form, "decision", "decided_on", "authority", "note")
    )
    decisions.decide(session, letter, sent, caller)


def _opine(session: WritingSession, letter: int, form: FormData, caller: Caller) -> None:
    sent = forms.read(schemas.Opinion, forms.fields(form, "opinion", "given_on", "note"))
    decisions.record_opinion(session, letter, sent, caller)


def _withdraw(session: WritingSession, letter: int, form: FormData, caller: Caller) -> None:
    sent = forms.read(schemas.Withdrawal, forms.fields(form, "withdrawn_on", "note"))
    procedure.withdraw(session, letter, sent, caller)


def _territory(session: WritingSession, letter: int, form: FormData, caller: Caller) -> None:
    communes = forms.lines(forms.text(form, "communes"))
    values = {"communes": communes} | forms.fields(form, "note")
    sent = forms.read(schemas.LetterTerritory, values)
    procedure.change_territory(session, letter, sent, caller)


def _correct(session: WritingSession, letter: int, form: FormData, caller: Caller) -> None:
    sent = forms.read(schemas.LetterPatch, forms.correction_values(form))
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
            return _letter_page(
                request, session, caller, letter_id, problem, refused=address, form=form
            )
        return _to(f"/lettres/{letter_id}")

    return endpoint


_ACTIONS: tuple[tuple[str, Action, Permission], ...] = (
    ("decision", _decide, "letters.decide"),
    ("avis", _opine, "letters.opine"),
    ("retrait", _withdraw, "letters.handle"),
    ("territoire", _territory, "letters.handle"),
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


def _letter_page(
    request: Request,
    session: ReadingSession,
    caller: Caller | None,
    letter_id: int,
    problem: Problem | None = None,
    *,
    refused: str | None = None,
    form: FormData | None = None,
) -> HTMLResponse:
    """Show a letter; `refused`, the form that was, keeps what was written in it."""
    values = service.letter_values(session, caller, letter_id)
    values |= {"refused": refused, "sent": forms.sent(form), "ticked": forms.sent_lists(form)}
    return _render(request, "record/letter.html", session, caller, values, problem=problem)


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
    values |= {"sent": forms.sent(form), "ticked": forms.sent_lists(form)}
    return _render(
        request, "record/conciliation.html", session, caller, values, problem=problem
    )


def _deposit_page(
    request: Request,
    session: ReadingSession,
    caller: Caller,
    form: FormData,
    problem: Problem | None = None,
) -> HTMLResponse:
    values = {
        "themes": service.themes(session),
        "kinds": KIND_LABELS,
        "sent": forms.sent(form),
        "chosen": forms.texts(form, "orientations"),
    }
    return _render(request, "record/deposit.html", session, caller, values, problem=problem)


def _render(
    request: Request,
    template: str,
    session: ReadingSession,
    caller: Caller | None,
    values: dict[str, Any],
    *,
    problem: Problem | None = None,
) -> HTMLResponse:
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


def _to(address: str) -> RedirectResponse:
    return RedirectResponse(address, status_code=303, headers={"Cache-Control": "no-store"})
