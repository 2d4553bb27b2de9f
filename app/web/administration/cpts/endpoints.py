"""`/administration/cpts`: find a CPTS, change it, undo a change.

Each form is answered first with what it would change, before and after; what is confirmed
is what was shown, or it is shown again.
"""

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict
from starlette.datastructures import FormData
from starlette.responses import HTMLResponse, Response

from app.accounts.dependencies import (
    AdministeringActingPageCaller,
    AdministeringPageCaller,
    AdvancingActingPageCaller,
    AmendingActingPageCaller,
    EndingActingPageCaller,
    MergingActingPageCaller,
    UndoingActingPageCaller,
)
from app.accounts.rules import Caller
from app.cpts.agreements.service import merge_cpts
from app.cpts.corrections import service as corrections
from app.cpts.reversal.rules import Entry
from app.cpts.reversal.service import undo
from app.cpts.writing import service as writing
from app.cpts.writing.schemas import CptsPatch, Day, Reason
from app.database.calendar import today
from app.database.request_sessions import ReadSession, WriteSession
from app.database.sessions import ReadingSession, WritingSession
from app.http.parameters import Offset, RowId, SearchText
from app.letters.reading.repository import letters_behind
from app.problems import Invalid, Problem
from app.web.administration.changes import service as changes
from app.web.administration.cpts import service
from app.web.administration.pages import administration_page, leading_to, sent_form
from app.web.layout import fields

router = APIRouter(prefix="/administration/cpts")

Number = Annotated[RowId, Path()]
SentForm = Annotated[FormData, Depends(sent_form)]
_LINES = ("name", "acronym", "finess", "website", "email", "phone", "address")


class Exclusion(BaseModel):
    """Communes to be taken out; `since` None for as if they had never been held."""

    model_config = ConfigDict(extra="forbid")

    communes: list[str]
    since: Day | None = None
    reason: Reason | None = None


class Told(BaseModel):
    """Why something is done."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason | None = None


class Merger(Told):
    """The CPTS that are merged into one."""

    absorbed: list[RowId]


@router.get("", response_class=HTMLResponse)
def find(
    request: Request,
    session: ReadSession,
    caller: AdministeringPageCaller,
    *,
    q: SearchText = None,
    ended: Annotated[bool, Query(alias="terminees")] = False,
    offset: Offset = 0,
) -> HTMLResponse:
    """Look for a CPTS of one's region, or of any."""
    return administration_page(
        request,
        "cpts_list.html",
        session=session,
        caller=caller,
        **service.found(session, q or "", region=caller.region, ended=ended, offset=offset),
    )


@router.get("/{number}", response_class=HTMLResponse)
def read(
    request: Request,
    session: ReadSession,
    caller: AdministeringPageCaller,
    number: Number,
    *,
    absorbed: Annotated[str, Query(alias="absorbee", max_length=200)] = "",
    done: Annotated[bool, Query(alias="fait")] = False,
) -> HTMLResponse:
    """All of a CPTS, its forms and its history."""
    return _page(request, session, caller, number, absorbed=absorbed, done=done)


@router.post("/{number}/fiche", response_class=HTMLResponse)
def describe(
    request: Request,
    session: WriteSession,
    caller: AdministeringActingPageCaller,
    number: Number,
    form: SentForm,
) -> Response:
    """Change the sheet."""

    def act() -> None:
        writing.open_for_change(session, number)
        sent: dict[str, Any] = {name: fields.text(form, name) for name in _LINES}
        sent["themes"] = fields.texts(form, "themes")
        cpts = service.present(session, number)
        values = service.changed_members(cpts, service.themes_of(session, number), sent)
        patch = fields.read(CptsPatch, values | fields.fields(form, "reason"))
        writing.update_cpts(session, number, patch, caller, may_correct_stage=False)

    return _changed(request, session, caller, number, form=form, act=act)


@router.post("/{number}/stade", response_class=HTMLResponse)
def advance(
    request: Request,
    session: WriteSession,
    caller: AdvancingActingPageCaller,
    number: Number,
    form: SentForm,
) -> Response:
    """Advance or correct the stage, or its date."""

    def act() -> None:
        writing.open_for_change(session, number)
        values: dict[str, Any] = fields.fields(form, "stage", "reason")
        if fields.text(form, "dated") == "unknown":
            values["stage_since"] = None
        elif fields.text(form, "stage_since"):
            values["stage_since"] = fields.text(form, "stage_since")
        elif fields.text(form, "dated") == "known":
            raise Invalid.at("body", "stage_since", message="Donnez la date du stade.")
        patch = fields.read(CptsPatch, values)
        may_correct = caller.may("registry.correct-stage")
        writing.update_cpts(session, number, patch, caller, may_correct_stage=may_correct)

    return _changed(request, session, caller, number, form=form, act=act)


@router.post("/{number}/exclusion", response_class=HTMLResponse)
def exclude(
    request: Request,
    session: WriteSession,
    caller: AmendingActingPageCaller,
    number: Number,
    form: SentForm,
) -> Response:
    """Take communes out that the CPTS was wrongly given."""

    def act() -> None:
        values: dict[str, Any] = {"communes": fields.texts(form, "communes")}
        values |= fields.fields(form, "since", "reason")
        sent = fields.read(Exclusion, values)
        corrections.exclude_claims(
            session, number, sent.communes, caller, reason=sent.reason, since=sent.since
        )

    return _changed(request, session, caller, number, form=form, act=act)


@router.post("/{number}/fusion", response_class=HTMLResponse)
def merge(
    request: Request,
    session: WriteSession,
    caller: MergingActingPageCaller,
    number: Number,
    form: SentForm,
) -> Response:
    """Merge others into the CPTS, today."""

    def act() -> None:
        values = {"absorbed": fields.texts(form, "absorbed")} | fields.fields(form, "reason")
        sent = fields.read(Merger, values)
        if not sent.absorbed or number in sent.absorbed:
            raise Invalid.at("body", "absorbed", message="Choisissez les CPTS à absorber.")
        if sent.reason is None:
            raise Invalid.at("body", "reason", message="Dites pourquoi elles fusionnent.")
        merge_cpts(
            session,
            number,
            sent.absorbed,
            effective_on=today(),
            letter=None,
            authority=caller,
            reason=sent.reason,
        )

    return _changed(request, session, caller, number, form=form, act=act)


@router.post("/{number}/fin", response_class=HTMLResponse)
def end(
    request: Request,
    session: WriteSession,
    caller: EndingActingPageCaller,
    number: Number,
    form: SentForm,
) -> Response:
    """End the CPTS today."""

    def act() -> None:
        sent = fields.read(Told, fields.fields(form, "reason"))
        if sent.reason is None:
            raise Invalid.at("body", "reason", message="Dites pourquoi la CPTS prend fin.")
        writing.end_cpts(session, number, caller, sent.reason)

    return _changed(request, session, caller, number, form=form, act=act)


@router.post("/{number}/annulation/{change}", response_class=HTMLResponse)
def undo_change(
    request: Request,
    session: WriteSession,
    caller: UndoingActingPageCaller,
    *,
    number: Number,
    change: Annotated[RowId, Path()],
    form: SentForm,
) -> Response:
    """Undo a change, and all that were made with it."""

    def letters(entries: Sequence[Entry]) -> Sequence[int]:
        return letters_behind(
            session,
            [each.cpts_id for each in entries],
            [each.cpts_id for each in entries if each.before is None],
            entries[0].changed_at,
        )

    def act() -> None:
        sent = fields.read(Told, fields.fields(form, "reason"))
        undo(session, change, caller, of=number, reason=sent.reason, letters_behind=letters)

    return _changed(request, session, caller, number, form=form, act=act)


@router.post("/{number}/demande/{refusal}")
def dismiss(
    session: WriteSession,
    caller: AmendingActingPageCaller,
    number: Number,
    refusal: Annotated[RowId, Path()],
) -> Response:
    """Dismiss a claim that an import refused and that is wrong."""
    corrections.dismiss_refusal(session, refusal, caller)
    return leading_to(f"/administration/cpts/{number}?fait=true")


@router.post("/{number}/demande/{refusal}/attribution")
def grant(
    session: WriteSession,
    caller: AmendingActingPageCaller,
    number: Number,
    refusal: Annotated[RowId, Path()],
) -> Response:
    """Give a commune, or a part of one, to the CPTS whose claim an import refused."""
    corrections.grant_refusal(session, refusal, caller)
    return leading_to(f"/administration/cpts/{number}?fait=true")


def _changed(
    request: Request,
    session: WritingSession,
    caller: Caller,
    number: int,
    *,
    form: FormData,
    act: Callable[[], None],
) -> Response:
    """Show what a form would change; or do it, when this is what was shown."""
    try:
        caller.may_work_in("administration.open", _reach(session, caller, number))
        recorded = changes.rehearsed(session, act)
    except Problem as problem:
        session.rollback()
        return _page(request, session, caller, number, problem, form=form)
    mark = changes.fingerprint(recorded)
    given = fields.text(form, "confirmed")
    if recorded and given == mark:
        return leading_to(f"/administration/cpts/{number}?fait=true")
    told = changes.told(session, recorded)
    session.rollback()
    return administration_page(
        request,
        "confirmation.html",
        session=session,
        caller=caller,
        cpts=service.present(session, number),
        changes=told,
        mark=mark,
        is_changed=bool(given),
        sent=[
            (name, value)
            for name, value in form.multi_items()
            if isinstance(value, str) and name not in ("csrf", "confirmed")
        ],
    )


def _reach(session: ReadingSession, caller: Caller, number: int) -> list[str]:
    # One that never held a commune is whose region's agent gives it some.
    regions = service.regions_of(session, number)
    return regions or ([caller.region] if caller.region else [])


def _page(
    request: Request,
    session: ReadingSession,
    caller: Caller,
    number: int,
    problem: Problem | None = None,
    *,
    absorbed: str = "",
    done: bool = False,
    form: FormData | None = None,
) -> HTMLResponse:
    service.present(session, number)
    caller.may_work_in("administration.open", _reach(session, caller, number))
    return administration_page(
        request,
        "cpts.html",
        session=session,
        caller=caller,
        problem=problem,
        done=done,
        sent=fields.sent(form),
        refused_form=request.url.path.rsplit("/", 1)[-1] if problem else "",
        **service.sheet_values(session, number, absorbed=absorbed, region=caller.region),
    )
