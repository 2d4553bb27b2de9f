"""Routes that change the registry."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Header, Path, Query, Request, Response, status

from app.accounts.dependencies import (
    AmendingCaller,
    DescribingCaller,
    EndingCaller,
    RegisteringCaller,
)
from app.cpts.errors import PlannedChangeDropped, StageRegression, TerritoryOverlap
from app.cpts.reading.schemas import CptsItem
from app.cpts.reading.service import cpts_item, cpts_item_body
from app.cpts.writing import schemas, service
from app.database.request_sessions import WriteSession
from app.database.sessions import WritingSession
from app.http.entity_tags import matches
from app.http.parameters import RowId
from app.problems import StaleWrite, declared

router = APIRouter(prefix="/api/v1/cpts", tags=["Registre"])

Id = Annotated[RowId, Path(description="Identifiant de la CPTS")]
IfMatch = Annotated[
    str | None,
    Header(description="ETag de `GET /api/v1/cpts/{id}` : refuse si la CPTS a changé"),
]


_CONFLICTS = declared(TerritoryOverlap, StageRegression, PlannedChangeDropped)


def _answer(session: WritingSession, written: service.Written) -> dict[str, Any]:
    session.flush()
    return cpts_item(session, written.cpts_id) | {
        "translated_communes": [
            {"given": given, "communes": list(codes)}
            for given, codes in written.translated.items()
        ]
    }


def _check_precondition(session: WritingSession, cpts_id: int, if_match: str | None) -> None:
    service.open_for_change(session, cpts_id)
    if if_match is not None and not matches(if_match, cpts_item_body(session, cpts_id)):
        raise StaleWrite("La CPTS a changé depuis votre lecture : relisez-la puis recommencez.")


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    summary="Enregistrer une CPTS",
    responses=_CONFLICTS | {201: {"model": schemas.CptsWritten}},
)
def create(
    creation: Annotated[schemas.CptsCreation, Body()],
    session: WriteSession,
    caller: RegisteringCaller,
    request: Request,
    response: Response,
) -> dict[str, Any]:
    """Rights: `ars` in its region, `admin`; `editor` at `dynamique_identifiee` only."""
    written = service.create_cpts(session, creation, caller)
    response.headers["Location"] = str(
        request.url_for("read_cpts", cpts_id=written.cpts_id).path
    )
    return _answer(session, written)


@router.patch(
    "/{cpts_id:bare}",
    summary="Modifier la fiche ou le stade d'une CPTS",
    responses=_CONFLICTS | {200: {"model": CptsItem}},
)
def update(
    cpts_id: Id,
    patch: Annotated[schemas.CptsPatch, Body()],
    session: WriteSession,
    caller: DescribingCaller,
    if_match: IfMatch = None,
) -> dict[str, Any]:
    """Rights: `ars` in its region, `admin`; `editor` its own CPTS, but not its stage."""
    _check_precondition(session, cpts_id, if_match)
    service.update_cpts(
        session, cpts_id, patch, caller, may_correct_stage=caller.may("registry.correct-stage")
    )
    return cpts_item(session, cpts_id)


@router.put(
    "/{cpts_id}/territory",
    summary="Fixer le territoire d'une CPTS",
    responses=_CONFLICTS | {200: {"model": schemas.CptsWritten}},
)
def amend(
    cpts_id: Id,
    territory: Annotated[schemas.TerritoryWrite, Body()],
    session: WriteSession,
    caller: AmendingCaller,
    if_match: IfMatch = None,
) -> dict[str, Any]:
    """Rights: `ars` in its region, `admin`."""
    _check_precondition(session, cpts_id, if_match)
    return _answer(session, service.amend_territory(session, cpts_id, territory, caller))


@router.delete(
    "/{cpts_id:bare}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Mettre fin à une CPTS",
    response_class=Response,
    responses=declared(PlannedChangeDropped),
)
def end(
    cpts_id: Id,
    session: WriteSession,
    caller: EndingCaller,
    reason: Annotated[schemas.Reason | None, Query()] = None,
) -> None:
    """Its communes are free from today on; its history stays. Rights: `admin`."""
    service.end_cpts(session, cpts_id, caller, reason)
