"""`/atlas.pdf`."""

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, Response

from app.database.calendar import today
from app.database.request_sessions import read_in_session
from app.http.address_limit import limited
from app.http.entity_tags import names
from app.http.repository import current_revision
from app.problems import declared
from app.web.atlas.kept import AtlasBeingMade, Atlases

router = APIRouter()


@router.get(
    "/atlas.pdf",
    response_class=Response,
    responses=declared(AtlasBeingMade),
    dependencies=[limited("document")],
)
async def atlas(request: Request) -> Response:
    """The country, each region and each department, a page each, as they are today."""
    day = today()
    atlases: Atlases = request.app.state.atlases
    # In a thread: the first of a worker to ask reads the program.
    name = await read_in_session(
        request, lambda session: atlases.name_of(current_revision(session), day)
    )
    tag = f'"{name.removesuffix(".pdf")}"'
    headers = {"ETag": tag, "Cache-Control": "public, no-cache"}
    if names(request.headers.get("if-none-match", "").encode("latin-1"), tag):
        return Response(status_code=304, headers=headers)
    return FileResponse(
        await atlases.path_of(name),
        media_type="application/pdf",
        filename=f"atlas-des-cpts-{day.isoformat()}.pdf",
        content_disposition_type="inline",
        headers=headers,
    )
