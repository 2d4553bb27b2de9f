"""The pages that put a letter on record and change its territory.

Nothing is written before the form is sent for good: until then each step only reads it,
says what it leads to, and asks what is in doubt.
"""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.datastructures import FormData, UploadFile
from starlette.responses import HTMLResponse, Response

from app.accounts.dependencies import (
    DepositingActingPageCaller,
    DepositingPageCaller,
    HandlingActingPageCaller,
    HandlingPageCaller,
)
from app.accounts.rules import Caller
from app.database.request_sessions import ReadSession, WriteSession
from app.database.sessions import ReadingSession
from app.http.address_limit import client_network, limit_of
from app.http.departure import while_client_waits
from app.http.parameters import RowId
from app.letters.check.file_reading import LARGEST_FILE_BYTES, FileContent, FileReader
from app.letters.notes.service import read_note
from app.letters.reading import service as reading
from app.letters.record import schemas
from app.letters.record import service as procedure
from app.letters.record.actions import Action
from app.letters.record.endpoints import tell_regions
from app.letters.record.rules import KIND_LABELS, Kind
from app.problems import Forbidden, Invalid, Problem
from app.settings import Settings
from app.web.layout import fields
from app.web.letters.deposit import forms, service
from app.web.letters.deposit.rules import UNSETTLED, Draft, Withdrawal
from app.web.letters.record.endpoints import page_of, to_page
from app.web.letters.record.service import themes

DEPOSIT = "/lettres/depot"
# Where a form may bring a file, and the largest body: the file, and what stands around it.
PAGE_UPLOADS = {DEPOSIT: LARGEST_FILE_BYTES + 1024 * 1024}
router = APIRouter()

LetterId = Annotated[RowId, Path()]
# What a form sends of a file: what it asks for, or why it cannot be used; None without one.
ReadFile = FileContent | Problem | None


async def _sent_file(request: Request) -> ReadFile:
    file = (await request.form()).get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        return None
    await limit_of(request, "file_check").count_aside(request)
    reader: FileReader = request.app.state.file_reader
    try:
        return await while_client_waits(
            request, lambda: reader.read(file, address=client_network(request))
        )
    except Problem as problem:
        return problem


async def _sent(request: Request) -> FormData:
    return await request.form()


SentForm = Annotated[FormData, Depends(_sent)]
SentFile = Annotated[ReadFile, Depends(_sent_file)]


@router.get(DEPOSIT, response_class=HTMLResponse)
def deposit_form(
    request: Request,
    session: ReadSession,
    caller: DepositingPageCaller,
    note: Annotated[
        str | None, Query(max_length=64, description="Note de vérification à déposer.")
    ] = None,
    cpts: Annotated[RowId | None, Query(description="CPTS à modifier par avenant.")] = None,
) -> HTMLResponse:
    """The form of a new letter, with the territory of a note or the CPTS of an amendment."""
    if note is not None:
        settings: Settings = request.app.state.settings
        found = read_note(session, note, kept_days=settings.service.notes_kept_days)
        draft = service.draft_of_note(session, found)
        kept = FormData({"name": found.answer.name or ""})
        return _deposit_page(request, session, caller, kept, draft=draft, shown=True)
    draft = Draft() if cpts is None else Draft(kind=Kind.AMENDMENT, cpts=cpts)
    return _deposit_page(request, session, caller, FormData(), draft=draft)


@router.post(DEPOSIT, response_class=HTMLResponse)
def deposit(
    request: Request,
    *,
    caller: DepositingActingPageCaller,
    form: SentForm,
    # Read before a database session is opened.
    file: SentFile,
    session: WriteSession,
) -> Response:
    """Read a letter, or put it on record; what is wrong or in doubt is told on the page."""
    draft, problem = _draft(session, form, file)
    if problem is not None or fields.text(form, "step") != forms.SEND:
        return _deposit_page(
            request, session, caller, form, draft=draft, problem=problem, shown=True
        )
    try:
        values = service.deposit_values(session, caller, draft, shown=True)
        _check_confirmed(form, values["withdrawal"])
        cpts = _one_cpts(values)
        merged = [each["id"] for each in values["merged_cpts"]]
        chosen = replace(draft, merged=merged)
        asked = fields.read(schemas.LetterDeposit, forms.deposit_values(form, chosen, cpts))
        written = procedure.deposit(session, asked, caller)
        tell_regions(session, caller, written.letter_id)
    except Problem as refused:
        session.rollback()
        return _deposit_page(
            request, session, caller, form, draft=draft, problem=refused, shown=True
        )
    return to_page(f"/lettres/{written.letter_id}")


@router.get("/lettres/{letter_id:int}/territoire", response_class=HTMLResponse)
def territory_form(
    request: Request, session: ReadSession, caller: HandlingPageCaller, letter_id: LetterId
) -> HTMLResponse:
    """The form that adds communes to a letter's territory and withdraws some."""
    return _territory_page(request, session, caller, letter_id, FormData(), draft=Draft())


@router.post(
    "/lettres/{letter_id:int}/territoire",
    response_class=HTMLResponse,
    name="page_territoire",
)
def change_territory(
    request: Request,
    *,
    caller: HandlingActingPageCaller,
    form: SentForm,
    file: SentFile,
    session: WriteSession,
    letter_id: LetterId,
) -> Response:
    """Read what a letter's territory becomes, or change it."""
    draft, problem = _difference(session, form, file)
    if problem is not None or fields.text(form, "step") != forms.SEND:
        return _territory_page(
            request, session, caller, letter_id, form, draft=draft, problem=problem
        )
    try:
        letter = _letter_to_change(session, caller, letter_id)
        values = service.correction_values(session, caller, letter, draft)
        _check_confirmed(form, values["withdrawal"])
        sent = forms.territory_values(draft) | fields.fields(form, "note")
        asked = fields.read(schemas.LetterTerritory, sent)
        procedure.change_territory(session, letter_id, asked, caller)
        tell_regions(session, caller, letter_id)
    except Problem as refused:
        session.rollback()
        return _territory_page(
            request, session, caller, letter_id, form, draft=draft, problem=refused
        )
    return to_page(f"/lettres/{letter_id}")


def _draft(
    session: ReadingSession, form: FormData, file: ReadFile
) -> tuple[Draft, Problem | None]:
    """Give what a form says, and why it cannot be gone by."""
    problem = file if isinstance(file, Problem) else None
    try:
        if "territory" in form:
            cpts = fields.number(fields.text(form, "cpts"))
            lines = fields.lines(fields.text(form, "territory"))
            known = cpts if isinstance(cpts, int) and cpts < 2**63 else None
            return service.draft_of_territory(session, lines[: forms.MOST_LINES], known), None
        found = service.lines_of_file(session, file) if isinstance(file, FileContent) else []
        names = service.names_of(session, forms.choices_of(form))
        return forms.draft_of(form, names, found), problem
    except Problem as refused:
        return Draft(kind=fields.text(form, "kind") or Kind.CREATION), refused


def _difference(
    session: ReadingSession, form: FormData, file: ReadFile
) -> tuple[Draft, Problem | None]:
    problem = file if isinstance(file, Problem) else None
    try:
        found = service.lines_of_file(session, file) if isinstance(file, FileContent) else []
        names = service.names_of(session, forms.choices_of(form))
        return forms.difference_of(form, names, found), problem
    except Problem as refused:
        return Draft(), refused


def _check_confirmed(form: FormData, withdrawal: Withdrawal | None) -> None:
    if withdrawal is None or not withdrawal.is_heavy:
        return
    if fields.text(form, "withdrawal_confirmed") != withdrawal.confirmation:
        raise Invalid.at(
            "body",
            "withdrawal_confirmed",
            message="Ce retrait est important : relisez-le et confirmez-le ci-dessous.",
        )


def _one_cpts(values: dict[str, Any]) -> int | None:
    if values["chosen_cpts"] is not None:
        return int(values["chosen_cpts"]["id"])
    if values["found_cpts"] or values["draft"].cpts_name:
        raise Invalid.at("body", "cpts", message="Choisissez la CPTS concernée ci-dessous.")
    return None


def _letter_to_change(session: ReadingSession, caller: Caller, number: int) -> dict[str, Any]:
    letter = reading.letter_detail(session, caller, number)
    if Action.TERRITORY not in letter["actions"]:
        raise Forbidden("Le territoire de cette lettre ne change plus, ou n'est pas le vôtre.")
    if letter["kind"] == Kind.MERGER:
        raise Invalid.at("path", message="Une fusion reprend les communes de ses CPTS.")
    return letter


def _deposit_page(
    request: Request,
    session: ReadingSession,
    caller: Caller,
    form: FormData,
    *,
    draft: Draft,
    problem: Problem | None = None,
    shown: bool = False,
) -> HTMLResponse:
    values = service.deposit_values(session, caller, draft, shown=shown)
    values |= {
        "themes": themes(session),
        "kinds": KIND_LABELS,
        "sent": fields.sent(form),
        "orientations": fields.texts(form, "orientations"),
        "unsettled": UNSETTLED,
        "stage_labels": service.stage_labels(session),
    }
    return page_of(request, "deposit/page.html", session, caller, values, problem=problem)


def _territory_page(
    request: Request,
    session: ReadingSession,
    caller: Caller,
    letter_id: int,
    form: FormData,
    *,
    draft: Draft,
    problem: Problem | None = None,
) -> HTMLResponse:
    letter = _letter_to_change(session, caller, letter_id)
    values = service.correction_values(session, caller, letter, draft)
    values |= {
        "letter": letter,
        "sent": fields.sent(form),
        "unsettled": UNSETTLED,
        "stage_labels": service.stage_labels(session),
    }
    return page_of(request, "deposit/territory.html", session, caller, values, problem=problem)
