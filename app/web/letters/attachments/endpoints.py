"""The files of a letter: handed in, downloaded and taken out on its page."""

from typing import Annotated
from urllib.parse import quote

import anyio
from fastapi import APIRouter, Depends, Path, Request
from starlette.datastructures import FormData, UploadFile
from starlette.responses import HTMLResponse, Response

from app.accounts.dependencies import HandlingActingPageCaller, ReadingPageCaller
from app.database.request_sessions import ReadSession, WriteSession
from app.files.given_names import shown_name
from app.http.address_limit import limit_of
from app.http.parameters import RowId
from app.letters.attachments import service
from app.letters.attachments.antivirus import check_clean
from app.letters.attachments.rules import media_type_of, name_for
from app.letters.attachments.service import SentFile
from app.problems import Invalid, Problem, TooLarge
from app.settings import Settings
from app.web.layout.fields import text
from app.web.letters.record.endpoints import SentForm, letter_page, to_page

router = APIRouter(prefix="/lettres/{letter_id:int}/pieces")

LetterId = Annotated[RowId, Path()]
AttachmentId = Annotated[RowId, Path()]


async def _sent_file(request: Request, _caller: HandlingActingPageCaller) -> SentFile | Problem:
    """Read what a form brings, examine it, or tell why it is not taken."""
    settings: Settings = request.app.state.settings
    form: FormData = await request.form()
    file = form.get("file")
    try:
        if not isinstance(file, UploadFile) or not file.filename:
            raise Invalid.at("body", "file", message="Choisissez un fichier.")
        await limit_of(request, "file_check").count_aside(request)
        largest = settings.attachments.megabytes
        content = await file.read(largest * 2**20 + 1)
        if len(content) > largest * 2**20:
            raise TooLarge(f"Une pièce pèse au plus {largest} Mo.")
        media_type = await anyio.to_thread.run_sync(media_type_of, content)
        if media_type is None:
            raise Invalid.at(
                "body", "file", message="Un fichier PDF, PNG ou JPEG est attendu, et entier."
            )
        await check_clean(content, settings.attachments)
    except Problem as problem:
        return problem
    return SentFile(name_for(shown_name(file.filename), media_type), content, media_type)


@router.post("", response_class=HTMLResponse)
def attach(
    request: Request,
    *,
    caller: HandlingActingPageCaller,
    # Read and examined before a database session is opened.
    file: Annotated[SentFile | Problem, Depends(_sent_file)],
    form: SentForm,
    session: WriteSession,
    letter_id: LetterId,
) -> Response:
    """Keep a file with the letter; what is wrong with it is told on the letter's page."""
    settings: Settings = request.app.state.settings
    try:
        if isinstance(file, Problem):
            raise file
        service.attach(
            session,
            letter_id,
            file,
            text(form, "kind"),
            caller,
            most=settings.attachments.per_letter,
        )
        session.flush()
    except Problem as problem:
        session.rollback()
        return letter_page(
            request, session, caller, letter_id, problem, refused="pieces", form=form
        )
    return to_page(f"/lettres/{letter_id}")


@router.get("/{attachment_id:int}", response_class=Response)
def download(
    session: ReadSession,
    caller: ReadingPageCaller,
    letter_id: LetterId,
    attachment_id: AttachmentId,
) -> Response:
    """Give a file to be saved, never to be shown in the site's place."""
    found = service.read(session, letter_id, attachment_id, caller)
    return Response(
        found.content,
        media_type=found.media_type,
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.name, safe='')}",
            "X-Content-Type-Options": "nosniff",
            "X-Robots-Tag": "noindex",
        },
    )


@router.post("/{attachment_id:int}/retrait")
def detach(
    session: WriteSession,
    caller: HandlingActingPageCaller,
    letter_id: LetterId,
    attachment_id: AttachmentId,
) -> Response:
    """Take a file out of the letter."""
    service.detach(session, letter_id, attachment_id, caller)
    session.flush()
    return to_page(f"/lettres/{letter_id}")
