"""`/lettres/notes/{key}`: the page of a note, and its PDF."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup

from app.accounts.dependencies import OptionalPageCaller, page_form_token
from app.database.request_sessions import ReadSession, read_in_session
from app.database.sessions import ReadingSession
from app.http.address_limit import client_network, limited
from app.http.addresses import outside_address
from app.http.departure import while_client_waits
from app.letters.notes.endpoints import NoteKey
from app.letters.notes.service import Note, read_note
from app.problems import DatabaseUnavailable, declared
from app.settings import Settings
from app.web.layout.rendering import render
from app.web.letters.notes.printing import NotePrinter
from app.web.letters.notes.service import view

router = APIRouter(prefix="/lettres/notes")


@router.get(
    "/{key}.pdf",
    response_class=Response,
    responses=declared(DatabaseUnavailable),
    dependencies=[limited("note_pdf")],
)
async def note_pdf(request: Request, key: NoteKey) -> Response:
    """Give the note as PDF. No database session is held while it is typeset."""

    def read(session: ReadingSession) -> tuple[Note, dict[str, Any]]:
        note = _read(request, session, key)
        return note, view(note, _address(request, key))

    note, shown = await read_in_session(request, read)
    printer: NotePrinter = request.app.state.note_printer
    content = await while_client_waits(
        request, lambda: printer.pdf_of(note, shown, address=client_network(request))
    )
    return Response(
        content,
        media_type="application/pdf",
        headers={
            "Content-Disposition": f'inline; filename="{note.number}.pdf"',
            "Cache-Control": "no-store",
            "X-Robots-Tag": "noindex",
        },
    )


@router.get("/{key}", response_class=HTMLResponse)
def note_page(
    request: Request, session: ReadSession, caller: OptionalPageCaller, key: NoteKey
) -> HTMLResponse:
    """Show the note as it was made, for reading and printing."""
    note = _read(request, session, key)
    return render(
        request,
        "notes/note.html",
        session=session,
        keep=False,
        section="lettres",
        robots="noindex",
        note=view(note, _address(request, key)),
        # Made by this service, of escaped names.
        drawing=Markup(note.drawing),  # noqa: S704
        pdf_address=f"/lettres/notes/{key}.pdf",
        caller=caller,
        csrf=page_form_token(request),
        deposit_address=f"/lettres/depot?note={key}"
        if caller is not None and caller.may("letters.deposit")
        else None,
    )


def _read(request: Request, session: ReadingSession, key: str) -> Note:
    settings: Settings = request.app.state.settings
    return read_note(session, key, kept_days=settings.service.notes_kept_days)


def _address(request: Request, key: str) -> str:
    return f"{outside_address(request).base}/lettres/notes/{key}"
