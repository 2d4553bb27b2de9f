"""Routes of letters on record."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Body, Header, Path, Request, status
from starlette.responses import Response

from app.accounts.dependencies import (
    ConciliatingCaller,
    DecidingCaller,
    DepositingCaller,
    HandlingCaller,
    OpiningCaller,
    OptionalCaller,
)
from app.accounts.rules import Caller
from app.cpts.errors import PlannedChangeDropped, TerritoryOverlap
from app.cpts.reading.service import PageAddress
from app.database.sessions import ReadingSession, ReadSession, WriteSession, WritingSession
from app.http.caching import entity_tag, keep_until_change, matches
from app.http.parameters import RowId
from app.http.repository import current_revision
from app.letters.decisions import service as decisions
from app.letters.reading import service as reading
from app.letters.reading.schemas import (
    LetterDetail,
    LetterPage,
    LetterWritten,
    RequestedLetters,
)
from app.letters.record import schemas, service
from app.letters.record.errors import ConciliationOpen, LetterClosed, NothingInDispute
from app.problems import Forbidden, NotFound, StaleWrite, Unauthenticated, declared
from app.settings import Settings

JSON = "application/json"

router = APIRouter(prefix="/api/v1/letters", tags=["Lettres d'intention"])

LetterId = Annotated[RowId, Path(description="Numéro de la lettre")]
IfMatch = Annotated[
    str | None,
    Header(description="ETag de `GET /api/v1/letters/{id}` : refuse si la lettre a changé"),
]
_WRITING = declared(
    Unauthenticated, Forbidden, NotFound, TerritoryOverlap, LetterClosed, StaleWrite
)


def personal_answer(body: bytes, *, created: bool = False) -> Response:
    """Send what depends on who asks: tagged for `If-Match`, and stored nowhere."""
    return Response(
        body,
        status_code=status.HTTP_201_CREATED if created else status.HTTP_200_OK,
        media_type=JSON,
        headers={"Cache-Control": "no-store", "ETag": entity_tag(body)},
    )


def answer(
    request: Request, session: ReadingSession, caller: Caller | None, body: bytes
) -> Response:
    """Send an answer, kept until the registry changes when it is the public one."""
    if caller is not None:
        return personal_answer(body)
    keep_until_change(request, current_revision(session))
    return Response(body, media_type=JSON)


def _written(session: WritingSession, caller: Caller, letter_id: int, **more: Any) -> Response:
    session.flush()
    told = reading.letter_detail(session, caller, letter_id) | more
    return personal_answer(orjson.dumps(told, option=orjson.OPT_UTC_Z))


def _check_precondition(
    session: WritingSession, caller: Caller, letter_id: int, if_match: str | None
) -> None:
    service.open_for_change(session, letter_id)
    if if_match is not None and not matches(
        if_match, reading.letter_body(session, caller, letter_id)
    ):
        raise StaleWrite("La lettre a changé depuis votre lecture : relisez-la.")


@router.get("", response_model=LetterPage, summary="Les lettres, filtrées")
def list_letters(
    request: Request, session: ReadSession, caller: OptionalCaller, filters: RequestedLetters
) -> Response:
    """Les plus récentes d'abord, dans la mesure de ce que l'appelant peut voir.

    Sans jeton : les communes, l'état et les dates ; le nom une fois la lettre validée.
    """
    settings: Settings = request.app.state.settings
    address = PageAddress(
        base=settings.service.public_url or "",
        path=request.url.path,
        query=tuple(request.query_params.multi_items()),
    )
    page = reading.letters_page(session, caller, filters, address)
    return answer(request, session, caller, orjson.dumps(page, option=orjson.OPT_UTC_Z))


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    response_model=LetterWritten,
    responses=declared(Unauthenticated, Forbidden, TerritoryOverlap, PlannedChangeDropped),
    summary="Déposer une lettre, un avenant ou une fusion",
)
def deposit_letter(
    asked: Annotated[schemas.LetterDeposit, Body()],
    session: WriteSession,
    caller: DepositingCaller,
    request: Request,
) -> Response:
    """Rights: `ars` of a region concerned, `editor`, `admin`.

    Communes asked for by another pending letter, or held by a dynamic, open a conciliation.
    """
    written = service.deposit(session, asked, caller)
    session.flush()
    told = reading.letter_detail(session, caller, written.letter_id)
    body = orjson.dumps({**told, "readings": written.readings}, option=orjson.OPT_UTC_Z)
    response = personal_answer(body, created=True)
    response.headers["Location"] = request.url_for(
        "read_letter", letter_id=written.letter_id
    ).path
    return response


@router.get(
    "/{letter_id:int}",
    response_model=LetterDetail,
    response_model_exclude_none=True,
    responses=declared(NotFound),
    summary="Une lettre et son histoire",
)
def read_letter(
    request: Request, session: ReadSession, caller: OptionalCaller, letter_id: LetterId
) -> Response:
    """Dans la mesure de ce que l'appelant peut voir, comme la liste."""
    body = reading.letter_body(session, caller, letter_id)
    return answer(request, session, caller, body)


@router.patch(
    "/{letter_id:int}",
    response_model=LetterDetail,
    responses=_WRITING,
    summary="Corriger une lettre, hors son territoire",
)
def correct_letter(
    letter_id: LetterId,
    patch: Annotated[schemas.LetterPatch, Body()],
    session: WriteSession,
    caller: HandlingCaller,
    if_match: IfMatch = None,
) -> Response:
    """Rights: `ars` of a region concerned, `admin`; `editor` its own, but not its region.

    Contact and documents may be corrected, or emptied, at any time.
    """
    _check_precondition(session, caller, letter_id, if_match)
    service.correct(session, letter_id, patch, caller)
    return _written(session, caller, letter_id)


@router.put(
    "/{letter_id:int}/territory",
    response_model=LetterWritten,
    responses=_WRITING,
    summary="Fixer le territoire demandé",
)
def change_letter_territory(
    letter_id: LetterId,
    territory: Annotated[schemas.LetterTerritory, Body()],
    session: WriteSession,
    caller: HandlingCaller,
    if_match: IfMatch = None,
) -> Response:
    """Rights: `ars` of a region concerned, `admin`; `editor` its own. Decisions lapse."""
    _check_precondition(session, caller, letter_id, if_match)
    written = service.change_territory(session, letter_id, territory, caller)
    return _written(session, caller, letter_id, readings=written.readings)


@router.post(
    "/{letter_id:int}/decisions",
    response_model=LetterDetail,
    responses=declared(
        Unauthenticated,
        Forbidden,
        NotFound,
        TerritoryOverlap,
        PlannedChangeDropped,
        LetterClosed,
        ConciliationOpen,
    ),
    summary="Enregistrer la décision de l'ARS ou de l'Assurance Maladie",
)
def decide_letter(
    letter_id: LetterId,
    decision: Annotated[schemas.Decision, Body()],
    session: WriteSession,
    caller: DecidingCaller,
    if_match: IfMatch = None,
) -> Response:
    """Rights: `ars` and `assurance_maladie` of the leading region, each for itself; `admin`.

    Two in favour validate the letter in the same transaction; both known and one against
    refuse it. Until then a decision may be revised.
    """
    _check_precondition(session, caller, letter_id, if_match)
    decisions.decide(session, letter_id, decision, caller)
    return _written(session, caller, letter_id)


@router.post(
    "/{letter_id:int}/opinion",
    response_model=LetterDetail,
    responses=_WRITING,
    summary="Enregistrer l'avis de l'URPS",
)
def record_letter_opinion(
    letter_id: LetterId,
    opinion: Annotated[schemas.Opinion, Body()],
    session: WriteSession,
    caller: OpiningCaller,
) -> Response:
    """Rights: `urps` and `ars` of a region concerned, `admin`. It does not bind."""
    decisions.record_opinion(session, letter_id, opinion, caller)
    return _written(session, caller, letter_id)


@router.post(
    "/{letter_id:int}/withdrawal",
    response_model=LetterDetail,
    responses=_WRITING,
    summary="Retirer une lettre",
)
def withdraw_letter(
    letter_id: LetterId,
    withdrawal: Annotated[schemas.Withdrawal, Body()],
    session: WriteSession,
    caller: HandlingCaller,
) -> Response:
    """Rights: `ars` of a region concerned, `admin`; `editor` its own."""
    service.withdraw(session, letter_id, withdrawal, caller)
    return _written(session, caller, letter_id)


@router.post(
    "/{letter_id:int}/conciliation",
    response_model=LetterDetail,
    responses=_WRITING | declared(LetterClosed, NothingInDispute),
    summary="Ouvrir la conciliation de ce qui est disputé aujourd'hui",
)
def conciliate_letter(
    letter_id: LetterId, session: WriteSession, caller: ConciliatingCaller
) -> Response:
    """Rights: `ars` of a region concerned, `admin`.

    Conciliations open by themselves when letters come or change; this is for a dynamic
    that the registry came to know afterwards.
    """
    service.conciliate(session, letter_id, caller)
    return _written(session, caller, letter_id)
