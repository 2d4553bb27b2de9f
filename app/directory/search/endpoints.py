"""The members' routes of the directory."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Request, Response

from app.accounts.dependencies import DirectoryCaller
from app.accounts.rules import Caller
from app.database.request_sessions import ReadSession
from app.directory.comparable import service as comparable
from app.directory.contacts.service import Showing, Viewer
from app.directory.search import service
from app.directory.search.filters import AskedOfMembers
from app.directory.search.schemas import ComparableCpts, MembersCptsItem, MembersCptsPage
from app.directory.sheets.repository import sheet_version
from app.directory.sheets.rules import sheet_tag
from app.http.paging import PageAddress
from app.http.parameters import RowId
from app.settings import Settings

router = APIRouter(prefix="/api/v1/members/cpts", tags=["Membres"])

CptsId = Annotated[RowId, Path(description="Identifiant de la CPTS.")]


def viewer_of(request: Request, caller: Caller) -> Viewer:
    """Tell who would be shown contacts."""
    settings: Settings = request.app.state.settings
    return Viewer(caller.token_id, caller.cpts_id, settings.accounts.contacts_per_day)


def shown_to(request: Request, caller: Caller) -> Showing:
    """Give what notes that a caller is shown contacts, and bounds them."""
    return Showing(request.app.state.sessions, viewer_of(request, caller))


@router.get(
    "",
    response_model=MembersCptsPage,
    summary="L'annuaire des membres : les CPTS, leurs actions, leurs contacts",
)
def list_members_cpts(
    request: Request,
    session: ReadSession,
    caller: DirectoryCaller,
    asked: AskedOfMembers,
) -> Response:
    """By token or by session. `facets` says how many each further choice would leave.

    Contacts are shown of a limited number of CPTS a day, and who was shown them is noted.
    Rights: any role.
    """
    shown = shown_to(request, caller)
    page = service.listed(session, asked, PageAddress.of(request), shown)
    # Half a megabyte of texts; what the database wrote is not checked against its types anew.
    return Response(
        orjson.dumps(page),
        media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


@router.get(
    "/{cpts_id}",
    response_model=MembersCptsItem,
    summary="Une CPTS, telle que les membres la voient",
)
def read_members_cpts(
    request: Request,
    response: Response,
    session: ReadSession,
    caller: DirectoryCaller,
    cpts_id: CptsId,
) -> dict[str, Any]:
    """By token or by session; the ETag is that of its sheet. Rights: any role."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["ETag"] = sheet_tag(sheet_version(session, cpts_id))
    return service.single(session, cpts_id, shown_to(request, caller))


@router.get(
    "/{cpts_id}/similar",
    response_model=ComparableCpts,
    summary="Les CPTS comparables à une CPTS, et pourquoi",
)
def list_similar_cpts(
    request: Request,
    response: Response,
    session: ReadSession,
    caller: DirectoryCaller,
    cpts_id: CptsId,
) -> dict[str, Any]:
    """By tier, density, age, themes and distance, the most alike first. Rights: any role."""
    response.headers["Cache-Control"] = "no-store"
    return comparable.similar(session, cpts_id, shown_to(request, caller))
