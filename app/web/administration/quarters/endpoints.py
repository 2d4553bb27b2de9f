"""`/administration/quartiers`: a commune divided by a file, after its preview; and undone."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import FormData
from starlette.datastructures import UploadFile as SentFile
from starlette.responses import HTMLResponse, Response

from app.accounts.dependencies import DividingActingPageCaller, DividingPageCaller
from app.accounts.rules import Caller
from app.acts.repository import record_act
from app.cpts.division.service import divide, undivide
from app.cpts.writing.schemas import Day
from app.database.calendar import today
from app.database.request_sessions import ReadSession, WriteSession, read_in_session
from app.database.sessions import ReadingSession
from app.failures import Failure
from app.french import day as written_day
from app.geography import naming
from app.http.address_limit import client_network
from app.http.departure import while_client_waits
from app.http.parameters import MAXIMUM_TEXT, Offset
from app.http.texts import LINE
from app.problems import Invalid, Problem
from app.web.administration.pages import administration_page, leading_to, sent_form
from app.web.administration.quarters import repository, service
from app.web.administration.quarters.file_reading import (
    LARGEST_FILE_BYTES,
    LARGEST_KEPT_BYTES,
    PartsReader,
    SentParts,
    sent_parts,
)
from app.web.layout import fields

router = APIRouter(prefix="/administration/quartiers")
_DIVISION, _UNDO = "/division", "/annulation"
UPLOADS = {
    router.prefix: LARGEST_FILE_BYTES + 64 * 1024,
    f"{router.prefix}{_DIVISION}": LARGEST_KEPT_BYTES + 64 * 1024,
}

SentForm = Annotated[FormData, Depends(sent_form)]
Line = Annotated[str, Field(max_length=200), LINE]
Named = Annotated[str | None, Query(max_length=MAXIMUM_TEXT)]


class Choices(BaseModel):
    """What is to be divided, from which day on, and how the file is to be read."""

    model_config = ConfigDict(extra="forbid")

    commune: Line
    since: Day | None = None
    population_column: Line | None = None
    crs: Annotated[str, Field(max_length=20), LINE] | None = None


_CHOICES = ("commune", "since", "population_column", "crs")


@router.get("", response_class=HTMLResponse)
def read(
    request: Request,
    session: ReadSession,
    caller: DividingPageCaller,
    *,
    commune: Named = None,
    divided: Annotated[str | None, Query(alias="divisee", max_length=MAXIMUM_TEXT)] = None,
    undone: Annotated[str | None, Query(alias="annulee", max_length=MAXIMUM_TEXT)] = None,
    offset: Offset = 0,
) -> HTMLResponse:
    """The communes that are divided, and the form that divides another."""
    return _page(
        request,
        session,
        caller,
        given={"commune": commune or ""},
        divided=divided,
        undone=undone,
        offset=offset,
    )


@router.post("", response_class=HTMLResponse)
async def preview(
    request: Request, caller: DividingActingPageCaller, form: SentForm
) -> HTMLResponse:
    """Read a file, and show on a map what it would make of a commune. Writes nothing."""
    given = {name: fields.text(form, name) for name in _CHOICES}
    try:
        # Read before a database session is opened.
        day, sent = await _sent(request, form)
    except Problem as problem:
        refused = problem
        return await read_in_session(
            request, lambda session: _page(request, session, caller, refused, given=given)
        )
    return await read_in_session(
        request,
        lambda session: _preview(request, session, caller, sent=sent, day=day, given=given),
    )


async def _sent(request: Request, form: FormData) -> tuple[date, SentParts]:
    choices = fields.read(Choices, fields.fields(form, *_CHOICES))
    code = naming.commune_code(choices.commune)
    if code is None:
        message = "Donnez le code INSEE de la commune, cinq caractères."
        raise Invalid.at("body", "commune", message=message)
    file = form.get("file")
    if not isinstance(file, SentFile) or not file.filename:
        raise Invalid.at("body", "file", message="Choisissez un fichier.")
    reader: PartsReader = request.app.state.parts_reader
    sent_file = file
    try:
        sent = await while_client_waits(
            request,
            lambda: reader.read(
                sent_file,
                code=code,
                population_column=choices.population_column,
                crs=choices.crs,
                address=client_network(request),
            ),
        )
    except Failure as failure:
        raise Invalid.at("body", "file", message=failure.message) from None
    return choices.since or today(), sent


def _preview(
    request: Request,
    session: ReadingSession,
    caller: Caller,
    *,
    sent: SentParts,
    day: date,
    given: dict[str, str],
) -> HTMLResponse:
    try:
        shown = service.preview(session, sent, day)
    except Problem as problem:
        return _page(request, session, caller, problem, given=given)
    return administration_page(
        request,
        "quarters_preview.html",
        session=session,
        caller=caller,
        status=422 if shown["refused"] else 200,
        kept="" if shown["refused"] else sent.kept(),
        canonical=router.prefix,
        **shown,
    )


@router.post(_DIVISION, response_class=HTMLResponse)
def confirm(
    request: Request, session: WriteSession, caller: DividingActingPageCaller, form: SentForm
) -> Response:
    """Divide a commune as its preview showed it."""
    code = ""
    try:
        sent = sent_parts(fields.text(form, "parts"))
        code = sent.code
        choices = fields.read(Choices, {"commune": sent.code, **fields.fields(form, "since")})
        plan = divide(
            session,
            sent.code,
            sent.parts,
            choices.since or today(),
            source=sent.source,
            signatory=caller,
            population_column=sent.population_column,
        )
        record_act(
            session,
            "commune-divided",
            caller,
            subject=f"{plan.commune.name} ({sent.code})",
            regions=[repository.region_of(session, sent.code)],
            details={
                "on": written_day(plan.day),
                "quarters": len(plan.parts),
                "file": sent.source,
            },
        )
    except Failure as failure:
        session.rollback()
        refused = Invalid.at("body", "parts", message=failure.message)
        return _page(request, session, caller, refused, given={"commune": code})
    except Problem as problem:
        session.rollback()
        return _page(request, session, caller, problem, given={"commune": code})
    return leading_to(f"{router.prefix}?divisee={sent.code}")


@router.post(_UNDO, response_class=HTMLResponse)
def undo(
    request: Request, session: WriteSession, caller: DividingActingPageCaller, form: SentForm
) -> Response:
    """Take the latest division of a city back."""
    code = fields.text(form, "commune")
    try:
        division = undivide(session, code, signatory=caller)
        record_act(
            session,
            "division-undone",
            caller,
            subject=division.city,
            regions=[repository.region_of(session, division.city)],
            details={"quarters": len(division.parts), "file": division.source},
        )
    except Failure as failure:
        session.rollback()
        refused = Invalid.at("body", "commune", message=failure.message)
        return _page(request, session, caller, refused, given={})
    return leading_to(f"{router.prefix}?annulee={division.city}")


def _page(
    request: Request,
    session: ReadingSession,
    caller: Caller,
    problem: Problem | None = None,
    *,
    given: dict[str, str],
    divided: str | None = None,
    undone: str | None = None,
    offset: int = 0,
) -> HTMLResponse:
    told: dict[str, Any] = service.listed(session, offset=offset)
    return administration_page(
        request,
        "quarters.html",
        session=session,
        caller=caller,
        problem=problem,
        given=given,
        divided=divided,
        undone=undone,
        today=today(),
        canonical=router.prefix,
        **told,
    )
