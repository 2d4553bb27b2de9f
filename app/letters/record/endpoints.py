"""Routes of letters on record."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVarTuple

import orjson
from fastapi import APIRouter, Body, Depends, Header, Path, Request, status
from starlette.responses import Response

from app.accounts.dependencies import (
    ConciliatingCaller,
    DecidingCaller,
    DepositingCaller,
    HandlingCaller,
    OpiningCaller,
    OptionalCaller,
)
from app.accounts.notices.service import tell_of_letter
from app.accounts.rules import Caller
from app.cpts.errors import PlannedChangeDropped, TerritoryOverlap
from app.database.request_sessions import ReadSession, WriteSession
from app.database.sessions import ReadingSession, WritingSession
from app.http.caching import keep_until_change
from app.http.entity_tags import entity_tag, matches
from app.http.paging import PageAddress
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
from app.letters.record.service import Deposited
from app.problems import StaleWrite, declared

JSON = "application/json"

router = APIRouter(prefix="/api/v1/letters", tags=["Lettres d'intention"])

LetterId = Annotated[RowId, Path(description="Numéro de la lettre")]
IfMatch = Annotated[
    str | None,
    Header(description="ETag de `GET /api/v1/letters/{id}` : refuse si la lettre a changé"),
]
_WRITING = declared(TerritoryOverlap, LetterClosed)


Sent = TypeVarTuple("Sent")


def json_of(told: Mapping[str, Any]) -> bytes:
    """Write what is told of a letter or a conciliation; days and times as ISO 8601, in UTC."""
    return orjson.dumps(told, option=orjson.OPT_UTC_Z)


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


def tell_regions(session: WritingSession, caller: Caller, letter_id: int) -> None:
    """Tell the agents of the regions that a letter concerns, once each, but for its author."""
    session.flush()
    letter = service.open_for_change(session, letter_id)
    tell_of_letter(session, letter_id, letter.regions, caller)


def _written(
    session: WritingSession,
    caller: Caller,
    letter_id: int,
    written: Deposited | None,
    *,
    created: bool = False,
) -> Response:
    session.flush()
    told = reading.letter_detail(session, caller, letter_id)
    if written is not None:
        told["readings"] = written.readings
    return personal_answer(json_of(told), created=created)


@dataclass(frozen=True)
class LetterChange:
    """The change of a letter that a request asks for; `if_match` as it gives it."""

    session: WritingSession
    letter_id: int
    if_match: str | None = None

    def made(
        self,
        caller: Caller,
        act: Callable[[WritingSession, int, *Sent, Caller], Deposited | None],
        *sent: *Sent,
    ) -> Response:
        """Make it by a use case, and tell the letter as it is then.

        Parameters: `act`, the use case; `sent`, what it takes of the request.

        Raises what the use case raises, and:
            StaleWrite: the letter has changed since it was read.
        """
        if self.if_match is not None:
            self._check_unchanged(caller, self.if_match)
        written = act(self.session, self.letter_id, *sent, caller)
        return _written(self.session, caller, self.letter_id, written)

    def _check_unchanged(self, caller: Caller, if_match: str) -> None:
        service.open_for_change(self.session, self.letter_id)
        now = reading.letter_body(self.session, caller, self.letter_id)
        if not matches(if_match, now):
            raise StaleWrite("La lettre a changé depuis votre lecture : relisez-la.")


def _change(session: WriteSession, letter_id: LetterId) -> LetterChange:
    return LetterChange(session, letter_id)


def _change_of_what_was_read(
    session: WriteSession, letter_id: LetterId, if_match: IfMatch = None
) -> LetterChange:
    return LetterChange(session, letter_id, if_match)


Change = Annotated[LetterChange, Depends(_change, scope="function")]
ChangeOfWhatWasRead = Annotated[
    LetterChange, Depends(_change_of_what_was_read, scope="function")
]


@router.get("", response_model=LetterPage, summary="Les lettres, filtrées")
def list_letters(
    request: Request, session: ReadSession, caller: OptionalCaller, filters: RequestedLetters
) -> Response:
    """Les plus récentes d'abord, dans la mesure de ce que l'appelant peut voir.

    Sans jeton : les communes, l'état et les dates ; le nom une fois la lettre validée.
    """
    page = reading.letters_page(session, caller, filters, PageAddress.of(request))
    return answer(request, session, caller, json_of(page))


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    response_model=LetterWritten,
    responses=declared(TerritoryOverlap, PlannedChangeDropped),
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
    tell_regions(session, caller, written.letter_id)
    response = _written(session, caller, written.letter_id, written, created=True)
    response.headers["Location"] = request.url_for(
        "read_letter", letter_id=written.letter_id
    ).path
    return response


@router.get(
    "/{letter_id:int}",
    response_model=LetterDetail,
    response_model_exclude_none=True,
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
    change: ChangeOfWhatWasRead,
    patch: Annotated[schemas.LetterPatch, Body()],
    caller: HandlingCaller,
) -> Response:
    """Rights: `ars` of a region concerned, `admin`; `editor` its own, but not its region.

    Contact and documents may be corrected, or emptied, at any time.
    """
    return change.made(caller, service.correct, patch)


@router.put(
    "/{letter_id:int}/territory",
    response_model=LetterWritten,
    responses=_WRITING,
    summary="Fixer le territoire demandé",
)
def change_letter_territory(
    change: ChangeOfWhatWasRead,
    territory: Annotated[schemas.LetterTerritory, Body()],
    caller: HandlingCaller,
) -> Response:
    """Rights: `ars` of a region concerned, `admin`; `editor` its own. Decisions lapse."""
    response = change.made(caller, service.change_territory, territory)
    tell_regions(change.session, caller, change.letter_id)
    return response


@router.post(
    "/{letter_id:int}/decisions",
    response_model=LetterDetail,
    responses=declared(TerritoryOverlap, PlannedChangeDropped, LetterClosed, ConciliationOpen),
    summary="Enregistrer la décision de l'ARS ou de l'Assurance Maladie",
)
def decide_letter(
    change: ChangeOfWhatWasRead,
    decision: Annotated[schemas.Decision, Body()],
    caller: DecidingCaller,
) -> Response:
    """Rights: `ars` and `assurance_maladie` of the leading region, each for itself; `admin`.

    Two in favour validate the letter in the same transaction; both known and one against
    refuse it. Until then a decision may be revised.
    """
    return change.made(caller, decisions.decide, decision)


@router.post(
    "/{letter_id:int}/opinion",
    response_model=LetterDetail,
    responses=_WRITING,
    summary="Enregistrer l'avis de l'URPS",
)
def record_letter_opinion(
    change: Change,
    opinion: Annotated[schemas.Opinion, Body()],
    caller: OpiningCaller,
) -> Response:
    """Rights: `urps` and `ars` of a region concerned, `admin`. It does not bind."""
    return change.made(caller, decisions.record_opinion, opinion)


@router.post(
    "/{letter_id:int}/withdrawal",
    response_model=LetterDetail,
    responses=_WRITING,
    summary="Retirer une lettre",
)
def withdraw_letter(
    change: Change,
    withdrawal: Annotated[schemas.Withdrawal, Body()],
    caller: HandlingCaller,
) -> Response:
    """Rights: `ars` of a region concerned, `admin`; `editor` its own."""
    return change.made(caller, service.withdraw, withdrawal)


@router.post(
    "/{letter_id:int}/conciliation",
    response_model=LetterDetail,
    responses=declared(TerritoryOverlap, LetterClosed, NothingInDispute),
    summary="Ouvrir la conciliation de ce qui est disputé aujourd'hui",
)
def conciliate_letter(change: Change, caller: ConciliatingCaller) -> Response:
    """Rights: `ars` of a region concerned, `admin`.

    Conciliations open by themselves when letters come or change; this is for a dynamic
    that the registry came to know afterwards.
    """
    return change.made(caller, service.conciliate)
