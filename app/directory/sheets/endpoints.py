"""The route by which a CPTS writes its sheet."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Header, Path, Request, Response

from app.accounts.dependencies import WritingSheetCaller
from app.accounts.mail.repository import enqueue_text
from app.database.request_sessions import WriteSession
from app.directory.sheets import schemas, service
from app.directory.sheets.notices import Notices
from app.directory.sheets.repository import StoredSheet
from app.directory.sheets.rules import names_version, sheet_tag
from app.http.parameters import RowId
from app.settings import Settings

router = APIRouter(prefix="/api/v1/cpts", tags=["Annuaire"])

Id = Annotated[RowId, Path(description="Identifiant de la CPTS")]
IfMatch = Annotated[
    str | None,
    Header(description="ETag de `GET /api/v1/members/cpts/{id}` : refuse si la fiche a changé"),
]


def terms_of(request: Request) -> service.Terms:
    """Give how long contacts are kept here, and how they learn that they are told of."""
    settings: Settings = request.app.state.settings
    return service.Terms(
        settings.sheets.contacts_kept,
        settings.sheets.former_contacts_kept,
        Notices(enqueue_text, settings.service.link_base),
    )


@router.put(
    "/{cpts_id}/sheet",
    summary="Écrire la fiche d'une CPTS",
    response_model=schemas.Sheet,
)
def write_sheet(
    *,
    request: Request,
    response: Response,
    cpts_id: Id,
    sheet: Annotated[schemas.SheetWrite, Body()],
    session: WriteSession,
    caller: WritingSheetCaller,
    if_match: IfMatch = None,
) -> dict[str, Any]:
    """The whole sheet. Rights: `editor` of this CPTS, which confirms it so; `admin`.

    By a token, or by a session of the site with the header `X-CSRF-Token`.
    """

    def is_expected(stored: StoredSheet) -> bool:
        return if_match is None or names_version(if_match, stored.version)

    written = service.write_sheet(
        session, cpts_id, sheet, caller, terms_of(request), is_expected=is_expected
    )
    response.headers["ETag"] = sheet_tag(written.version)
    response.headers["Cache-Control"] = "no-store"
    return written.members() | {
        "cpts_id": cpts_id,
        "confirmed_on": written.confirmed_on,
        "version": written.version,
        "updated_at": written.updated_at,
    }
