"""`/administration/imports`: from a file to its plan, its corrections, its import, its undo."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from starlette.background import BackgroundTask
from starlette.datastructures import FormData
from starlette.datastructures import UploadFile as SentFile
from starlette.responses import HTMLResponse, JSONResponse, Response

from app.accounts.dependencies import ImportingActingPageCaller, ImportingPageCaller
from app.accounts.rules import Caller
from app.acts.repository import record_act
from app.cpts.importing.drafts import repository
from app.cpts.importing.rules import OnConflict
from app.cpts.writing.schemas import Day
from app.database.request_sessions import ReadSession, WriteSession
from app.database.sessions import ReadingSession
from app.files.given_names import shown_name
from app.http.parameters import Offset, RowId, WholeNumber
from app.http.texts import LINE
from app.problems import Invalid, NotFound, Problem, TooLarge
from app.settings import Settings
from app.web.administration.imports import service
from app.web.administration.imports.repository import parts, paths
from app.web.administration.pages import administration_page, leading_to, sent_form
from app.web.layout import fields

router = APIRouter(prefix="/administration/imports")
LARGEST_FILE_BYTES = 30 * 2**20
UPLOADS = {router.prefix: LARGEST_FILE_BYTES + 64 * 1024}

Number = Annotated[RowId, Path()]
SentForm = Annotated[FormData, Depends(sent_form)]
Line = Annotated[str, Field(max_length=200), LINE]
Outcome = Annotated[
    Literal["loaded", "corrected", "ambiguous", "unknown", "conflict", "skipped", "unclaimed"]
    | None,
    Query(alias="resultat"),
    BeforeValidator(lambda value: value or None),
]


class Choices(BaseModel):
    """How a file is to be read; the same options as those of `./cpts import`."""

    model_config = ConfigDict(extra="forbid")

    as_of: Day | None = None
    on_conflict: OnConflict = OnConflict.REFUSE
    default_stage: Line | None = None
    departments: Line | None = None

    def options(self) -> dict[str, Any]:
        """Give them as a draft keeps them."""
        return self.model_dump(mode="json", exclude_none=True)


_CHOICES = ("as_of", "on_conflict", "default_stage", "departments")


@router.get("", response_class=HTMLResponse)
def list_imports(
    request: Request, session: ReadSession, caller: ImportingPageCaller
) -> HTMLResponse:
    """The latest imports, and the form of a new one."""
    return _list(request, session, caller)


@router.post("", response_class=HTMLResponse)
def deposit(
    request: Request, session: WriteSession, caller: ImportingActingPageCaller, form: SentForm
) -> Response:
    """Take a file, and have its plan worked out."""
    file = form.get("file")
    content = file.file.read(LARGEST_FILE_BYTES + 1) if isinstance(file, SentFile) else b""
    try:
        if not content:
            raise Invalid.at("body", "file", message="Choisissez un fichier.")
        if len(content) > LARGEST_FILE_BYTES:
            raise TooLarge(f"Le fichier dépasse {LARGEST_FILE_BYTES // 2**20} Mo.")
        name = shown_name(file.filename if isinstance(file, SentFile) else None)
        source = " ".join(fields.text(form, "source").split())[:200]
        if not source:
            raise Invalid.at("body", "source", message="Dites qui publie cette liste.")
        choices = fields.read(Choices, fields.fields(form, *_CHOICES))
        number = repository.insert_draft(
            session,
            content,
            actor=caller.name,
            actor_token_id=caller.token_id,
            file_name=name,
            source=source,
            options=choices.options(),
        )
    except Problem as problem:
        session.rollback()
        return _list(request, session, caller, problem, form)
    return _started(request, number)


@router.get("/{number}", response_class=HTMLResponse)
def read(
    request: Request,
    session: ReadSession,
    caller: ImportingPageCaller,
    number: Number,
    *,
    outcome: Outcome = None,
    offset: Offset = 0,
) -> HTMLResponse:
    """How far it is; or its plan, as a table."""
    return _page(request, session, caller, number, outcome=outcome, offset=offset)


@router.get("/{number}/avancement")
def progress(session: ReadSession, caller: ImportingPageCaller, number: Number) -> Response:
    """How far the job of a draft is."""
    del caller  # being let in is all that its right is for
    draft = service.present(session, number)
    told = {
        "state": draft.state,
        "step": draft.step,
        "done": draft.done,
        "total": draft.total,
        "silent": repository.is_silent(session, number),
    }
    return JSONResponse(told, headers={"Cache-Control": "no-store"})


@router.get("/{number}/carte", response_class=HTMLResponse)
def draw(
    request: Request,
    session: ReadSession,
    caller: ImportingPageCaller,
    number: Number,
    part: Annotated[str | None, Query(alias="partie", max_length=20)] = None,
) -> HTMLResponse:
    """The plan on a map."""
    draft = service.present(session, number)
    there = parts(session, number)
    chosen = part or next(iter(there), None)
    if chosen is not None and chosen not in there:
        raise NotFound("Ce plan n'a rien dans cette partie du pays.")
    return administration_page(
        request,
        "import_map.html",
        session=session,
        caller=caller,
        draft=draft,
        there=there,
        chosen=chosen,
        paths=paths(session, number, chosen, there[chosen]) if chosen else [],
        outcomes=service.OUTCOMES,
    )


@router.post("/{number}/lecture", response_class=HTMLResponse)
def read_otherwise(
    request: Request,
    session: WriteSession,
    caller: ImportingActingPageCaller,
    number: Number,
    form: SentForm,
) -> Response:
    """Have the file read by other columns or options, and with the corrections made since."""
    try:
        choices = fields.read(Choices, fields.fields(form, *_CHOICES))
        columns = {
            role: header
            for role in service.ROLES
            if (header := fields.text(form, f"column_{role.value}"))
        }
        options = {**choices.options(), "columns": columns} if columns else choices.options()
        service.ask(
            session, number, allowed=("planned", "refused"), task="plan", options=options
        )
    except Problem as problem:
        session.rollback()
        return _page(request, session, caller, number, problem)
    return _started(request, number)


@router.post("/{number}/lignes/{position}", response_class=HTMLResponse)
def correct(
    request: Request,
    session: WriteSession,
    caller: ImportingActingPageCaller,
    *,
    number: Number,
    position: Annotated[WholeNumber, Path(ge=0, lt=2**31)],
    form: SentForm,
) -> Response:
    """Say what a row means; kept for the next file of the same source."""
    outcome, offset = fields.text(form, "outcome"), fields.text(form, "offset")
    try:
        service.correct(
            session,
            number,
            position,
            codes=fields.text(form, "other").replace(",", " ").split()
            or list(dict.fromkeys(fields.texts(form, "code"))),
            act=fields.text(form, "act"),
            actor=caller.name,
        )
        session.flush()
    except Invalid as problem:
        session.rollback()
        return _page(request, session, caller, number, problem)
    query = f"resultat={outcome}&" if outcome in service.OUTCOMES else ""
    page = offset if offset.isascii() and offset.isdigit() else "0"
    return leading_to(f"/administration/imports/{number}?{query}offset={page}#l{position}")


@router.post("/{number}/import", response_class=HTMLResponse)
def carry_out(
    request: Request, session: WriteSession, caller: ImportingActingPageCaller, number: Number
) -> Response:
    """Import what the plan shows, in one transaction."""
    try:
        draft = service.present(session, number)
        if draft.findings.get("is_stale"):
            raise Invalid.at("path", "number", message="Refaites d'abord le plan.")
        service.ask(session, number, allowed=("planned",), task="import")
        record_act(
            session,
            "import-asked",
            caller,
            subject=f"import n° {number}",
            details={"file": draft.file_name},
        )
    except Problem as problem:
        session.rollback()
        return _page(request, session, caller, number, problem)
    return _started(request, number)


@router.post("/{number}/annulation", response_class=HTMLResponse)
def undo(
    request: Request, session: WriteSession, caller: ImportingActingPageCaller, number: Number
) -> Response:
    """Undo the import, as long as nothing changed on top."""
    try:
        draft = service.present(session, number)
        asked_by = {"token_id": caller.token_id, "name": caller.name}
        service.ask(
            session, number, allowed=("imported",), options={**draft.options, "undo": asked_by}
        )
        record_act(
            session,
            "import-undone",
            caller,
            subject=f"import n° {number}",
            details={"file": draft.file_name},
        )
    except Problem as problem:
        session.rollback()
        return _page(request, session, caller, number, problem)
    return _started(request, number)


@router.post("/{number}/reprise", response_class=HTMLResponse)
def resume(
    request: Request, session: WriteSession, caller: ImportingActingPageCaller, number: Number
) -> Response:
    """Begin again what a stopped process left."""
    try:
        service.ask(session, number, allowed=("waiting",))
    except Problem as problem:
        session.rollback()
        return _page(request, session, caller, number, problem)
    return _started(request, number)


@router.post("/{number}/abandon", response_class=HTMLResponse)
def abandon(
    request: Request, session: WriteSession, caller: ImportingActingPageCaller, number: Number
) -> Response:
    """Forget a file that is not to be imported; what was decided of its rows stays."""
    try:
        service.ask(session, number, allowed=("planned", "refused", "waiting"))
    except Problem as problem:
        session.rollback()
        return _page(request, session, caller, number, problem)
    repository.forget_draft(session, number)
    return leading_to("/administration/imports")


def _started(request: Request, number: int) -> Response:
    settings: Settings = request.app.state.settings
    assert settings.database.url is not None
    address = settings.database.url.get_secret_value()
    response = leading_to(f"/administration/imports/{number}")
    # Once the answer has left, so once what the process reads is committed.
    response.background = BackgroundTask(service.start, address, number)
    return response


def _list(
    request: Request,
    session: ReadingSession,
    caller: Caller,
    problem: Problem | None = None,
    form: FormData | None = None,
) -> HTMLResponse:
    return administration_page(
        request,
        "imports.html",
        session=session,
        caller=caller,
        problem=problem,
        sent=fields.sent(form),
        **service.listed(session),
    )


def _page(
    request: Request,
    session: ReadingSession,
    caller: Caller,
    number: int,
    problem: Problem | None = None,
    *,
    outcome: str | None = None,
    offset: int = 0,
) -> HTMLResponse:
    return administration_page(
        request,
        "import.html",
        session=session,
        caller=caller,
        problem=problem,
        canonical=f"/administration/imports/{number}",
        **service.shown(session, number, outcome=outcome, offset=offset),
    )
