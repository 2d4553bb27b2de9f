"""`/communes/{code}` and `/cpts/{id}`, and the forms that report an error on them."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import HTMLResponse, Response

from app.cpts.reading.service import cpts_item
from app.database.request_sessions import ReadSession
from app.files.cells import CSV_MEDIA_TYPE, csv_table
from app.http.address_limit import limited
from app.http.caching import keep_until_change
from app.http.dependence import standing_of
from app.http.parameters import Day, RowId
from app.settings import Settings
from app.web.figures.answers import figure_to_keep
from app.web.layout.rendering import render
from app.web.sheets import service
from app.web.sheets.contacts import contact_of, read_contacts
from app.web.sheets.figures import map_of_commune, map_of_cpts_sheet
from app.web.sheets.reporting import router as reporting
from app.web.sheets.rules import embed_code

router = APIRouter()

# A commune's, an arrondissement's or a part's: « 06088-01 », or the nine digits of an IRIS.
CommuneCode = Annotated[str, Path(pattern=r"^[0-9][0-9ABab][0-9]{3}(?:-[0-9]{2,4}|[0-9]{4})?$")]
# As wide as the database counts.
CptsId = Annotated[RowId, Path()]


@router.get("/communes/{code}", response_class=HTMLResponse)
def commune(
    request: Request, session: ReadSession, code: CommuneCode, at: Day = None
) -> HTMLResponse:
    """Which CPTS covers a commune; what a code may mean when it is not one commune."""
    code = code.upper()
    choice = service.commune_choice(session, code)
    if choice is not None:
        return render(
            request,
            "sheets/commune_choice.html",
            session=session,
            section="accueil",
            robots="noindex",
            choice=choice,
        )
    settings: Settings = request.app.state.settings
    values = service.commune_sheet(session, code, at)
    contacts = read_contacts(settings.service.contacts_file)
    return render(
        request,
        "sheets/commune.html",
        session=session,
        section="accueil",
        canonical=f"/communes/{values['commune']['code']}",
        contact=contact_of(contacts, values["commune"]["region"]),
        drawing_width=service.DRAWING_WIDTH,
        drawing_height=service.DRAWING_HEIGHT,
        **values,
    )


@router.get("/cpts/{cpts_id}", response_class=HTMLResponse)
def cpts(
    request: Request, session: ReadSession, cpts_id: CptsId, at: Day = None
) -> HTMLResponse:
    """The sheet of a CPTS."""
    return render(
        request,
        "sheets/cpts.html",
        session=session,
        section="regions",
        embed_code=embed_code,
        drawing_width=service.DRAWING_WIDTH,
        drawing_height=service.DRAWING_HEIGHT,
        **service.cpts_sheet(session, cpts_id, at),
    )


@router.get("/cpts/{cpts_id}/communes.csv", response_class=Response)
def communes_of_cpts(
    request: Request, session: ReadSession, cpts_id: CptsId, at: Day = None
) -> Response:
    """The communes of a CPTS as CSV (UTF-8, comma)."""
    item = cpts_item(session, cpts_id, at)
    columns = ("code", "name", "population")
    rows = [[held[name] for name in columns] for held in item["communes"]]
    keep_until_change(request, standing_of(request, session))
    return Response(
        csv_table(columns, rows),
        media_type=CSV_MEDIA_TYPE,
        headers={"Content-Disposition": f'attachment; filename="cpts-{cpts_id}-communes.csv"'},
    )


@router.get("/communes/{code}/carte.svg", response_class=Response)
async def commune_as_svg(request: Request, code: CommuneCode, at: Day = None) -> Response:
    """The drawing of a commune with its title, date, legend and source, as SVG."""
    return await figure_to_keep(
        request, lambda session: map_of_commune(session, code.upper(), at), "svg"
    )


@router.get(
    "/communes/{code}/carte.png", response_class=Response, dependencies=[limited("image")]
)
async def commune_as_png(request: Request, code: CommuneCode, at: Day = None) -> Response:
    """The same as PNG."""
    return await figure_to_keep(
        request, lambda session: map_of_commune(session, code.upper(), at), "png"
    )


@router.get("/cpts/{cpts_id}/carte.svg", response_class=Response)
async def cpts_as_svg(request: Request, cpts_id: CptsId, at: Day = None) -> Response:
    """The drawing of a CPTS with its title, date, legend and source, as SVG."""
    return await figure_to_keep(
        request, lambda session: map_of_cpts_sheet(session, cpts_id, at), "svg"
    )


@router.get(
    "/cpts/{cpts_id}/carte.png", response_class=Response, dependencies=[limited("image")]
)
async def cpts_as_png(request: Request, cpts_id: CptsId, at: Day = None) -> Response:
    """The same as PNG."""
    return await figure_to_keep(
        request, lambda session: map_of_cpts_sheet(session, cpts_id, at), "png"
    )


router.include_router(reporting)
