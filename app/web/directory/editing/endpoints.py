"""`/membres/cpts/{id}/fiche`: the form of a sheet, its preview, its history."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Path, Query, Request
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, Response

from app.accounts.dependencies import (
    ActingOwnPageCaller,
    WritingSheetActingPageCaller,
    WritingSheetPageCaller,
    page_form_token,
)
from app.accounts.people import service as people
from app.accounts.rules import Caller
from app.database.request_sessions import ReadSession, WriteSession
from app.database.sessions import ReadingSession
from app.directory.sheets import service as sheets
from app.directory.sheets.endpoints import terms_of
from app.directory.sheets.repository import StoredSheet
from app.http.parameters import RowId
from app.problems import Invalid, Problem, StaleWrite
from app.web.accounts.forms import leading_to
from app.web.directory.editing import service
from app.web.directory.editing.drafts import LABELS, Draft, told_errors
from app.web.layout.fields import text
from app.web.layout.rendering import render

router = APIRouter()

CptsId = Annotated[RowId, Path()]
Number = Annotated[RowId, Path()]


async def _form(request: Request) -> FormData:
    return await request.form()


SentForm = Annotated[FormData, Depends(_form)]


@router.get("/membres/cpts/{cpts_id}/fiche", response_class=HTMLResponse)
def edit(
    request: Request,
    session: ReadSession,
    caller: WritingSheetPageCaller,
    cpts_id: CptsId,
    publiee: Annotated[str, Query(max_length=1)] = "",
) -> HTMLResponse:
    """The sheet as it stands, to be changed; `publiee` when it was published just now."""
    _check_may(session, caller, cpts_id)
    draft = service.present_draft(session, cpts_id)
    return _editor(request, session, caller, cpts_id, draft, is_published=bool(publiee))


@router.post("/membres/cpts/{cpts_id}/fiche/apercu", response_class=HTMLResponse)
def preview(
    request: Request,
    session: ReadSession,
    caller: WritingSheetActingPageCaller,
    form: SentForm,
    cpts_id: CptsId,
) -> HTMLResponse:
    """What is typed as others would see it; or the form again, with one more row."""
    _check_may(session, caller, cpts_id)
    draft = Draft.of_form(form)
    theirs = [name for name in LABELS if text(form, f"keep_{name}") == "theirs"]
    if theirs:
        draft = draft.taking(theirs, service.present_draft(session, cpts_id))
    asked = text(form, "do")
    if asked in ("edit", "action", "contact"):
        return _editor(request, session, caller, cpts_id, draft, more=asked)
    try:
        draft.read()
    except Invalid as problem:
        return _editor(request, session, caller, cpts_id, draft, problem=problem)
    return _page(
        request,
        session,
        caller,
        "editing/preview.html",
        **service.editor_values(session, cpts_id, draft),
    )


@router.post("/membres/cpts/{cpts_id}/fiche", response_class=HTMLResponse)
def publish(
    request: Request,
    session: WriteSession,
    caller: WritingSheetActingPageCaller,
    form: SentForm,
    cpts_id: CptsId,
) -> Response:
    """Publish what was seen; when somebody else was quicker, compare."""
    _check_may(session, caller, cpts_id)
    draft = Draft.of_form(form)
    try:
        service.publish(session, cpts_id, draft, caller, terms_of(request))
        session.flush()
    except StaleWrite as problem:
        session.rollback()
        return _comparison(request, session, caller, cpts_id, draft, problem=problem)
    except Invalid as problem:
        session.rollback()
        return _editor(request, session, caller, cpts_id, draft, problem=problem)
    return leading_to(f"/membres/cpts/{cpts_id}/fiche?publiee=1")


@router.post("/membres/cpts/{cpts_id}/fiche/confirmation", response_class=HTMLResponse)
def confirm(
    request: Request,
    session: WriteSession,
    caller: WritingSheetActingPageCaller,
    cpts_id: CptsId,
    base: Annotated[str, Form(max_length=60)] = "",
) -> Response:
    """Confirm the sheet as it stands, without changing it."""
    sheets.confirm(
        session,
        cpts_id,
        caller,
        terms_of(request),
        is_expected=_as_read(session, cpts_id, base),
    )
    return leading_to(f"/membres/cpts/{cpts_id}/fiche")


@router.get("/membres/cpts/{cpts_id}/fiche/historique", response_class=HTMLResponse)
def history(
    request: Request, session: ReadSession, caller: WritingSheetPageCaller, cpts_id: CptsId
) -> HTMLResponse:
    """Who changed the sheet, when and how; each state can be taken back."""
    _check_may(session, caller, cpts_id)
    return _history(request, session, caller, cpts_id)


@router.post(
    "/membres/cpts/{cpts_id}/fiche/historique/{number:int}/reprise",
    response_class=HTMLResponse,
)
def restore(
    *,
    request: Request,
    session: WriteSession,
    caller: WritingSheetActingPageCaller,
    cpts_id: CptsId,
    number: Number,
    base: Annotated[str, Form(max_length=60)] = "",
) -> Response:
    """Take back a former state."""
    try:
        sheets.restore(
            session,
            cpts_id,
            number,
            caller,
            terms_of(request),
            is_expected=_as_read(session, cpts_id, base),
        )
        session.flush()
    except StaleWrite as problem:
        session.rollback()
        return _history(request, session, caller, cpts_id, problem)
    return leading_to(f"/membres/cpts/{cpts_id}/fiche/historique")


@router.post("/compte/contacts/effacement")
def erase_contacts(session: WriteSession, caller: ActingOwnPageCaller) -> Response:
    """Erase what sheets tell of whoever has the address of the caller's account."""
    sheets.erase_contacts(session, people.own(session, caller).email)
    return leading_to("/compte#fiches")


def _check_may(session: ReadingSession, caller: Caller, cpts_id: int) -> None:
    service.read_name(session, cpts_id)
    caller.may_write_sheet(cpts_id)


def _as_read(session: ReadingSession, cpts_id: int, base: str) -> sheets.IsExpected:
    def is_expected(_stored: StoredSheet) -> bool:
        return service.is_as_read(session, cpts_id, base)

    return is_expected


def _editor(
    request: Request,
    session: ReadingSession,
    caller: Caller,
    cpts_id: int,
    draft: Draft,
    *,
    problem: Invalid | None = None,
    more: str = "",
    is_published: bool = False,
) -> HTMLResponse:
    return _page(
        request,
        session,
        caller,
        "editing/sheet.html",
        problem,
        errors=told_errors(problem) if problem else [],
        more=more,
        speaks_for=caller.speaks_for(cpts_id),
        is_published=is_published,
        **service.editor_values(session, cpts_id, draft),
    )


def _comparison(
    request: Request,
    session: ReadingSession,
    caller: Caller,
    cpts_id: int,
    draft: Draft,
    *,
    problem: Problem,
) -> HTMLResponse:
    present = service.present_draft(session, cpts_id)
    return _page(
        request,
        session,
        caller,
        "editing/comparison.html",
        problem,
        parts=service.comparison(session, cpts_id, draft),
        base=present.base,
        **service.editor_values(session, cpts_id, draft),
    )


def _history(
    request: Request,
    session: ReadingSession,
    caller: Caller,
    cpts_id: int,
    problem: Problem | None = None,
) -> HTMLResponse:
    return _page(
        request,
        session,
        caller,
        "editing/history.html",
        problem,
        **service.history_values(session, cpts_id),
    )


def _page(
    request: Request,
    session: ReadingSession,
    caller: Caller,
    template: str,
    problem: Problem | None = None,
    **values: Any,
) -> HTMLResponse:
    page = render(
        request,
        template,
        session=session,
        keep=False,
        status=problem.status if problem else 200,
        caller=caller,
        csrf=page_form_token(request),
        section="membres",
        robots="noindex",
        problem=problem,
        **values,
    )
    # Under « no-referrer » browsers would not say of forms that they come from here.
    page.headers["Referrer-Policy"] = "same-origin"
    return page
