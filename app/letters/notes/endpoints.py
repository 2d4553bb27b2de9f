"""Routes of verification notes."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Request, Response

from app.database.request_sessions import ReadSession, WriteSession
from app.http.address_limit import limited
from app.http.addresses import settled_base
from app.letters.check.schemas import LetterQuestion
from app.letters.notes import service
from app.letters.notes.schemas import StoredNote
from app.settings import Settings

router = APIRouter(prefix="/api/v1/letters/notes", tags=["Lettres d'intention"])

NoteKey = Annotated[str, Path(max_length=64, description="Clef de la note, dans son adresse.")]


@router.post(
    "",
    summary="Faire une note de vérification",
    description="Pose la même question que la vérification, et garde question et réponse, "
    "telles quelles, sous un numéro et une adresse que l'on ne devine pas. Ouvert à tous.",
    status_code=201,
    response_model=StoredNote,
    dependencies=[limited("note")],
)
def make_note(
    request: Request,
    response: Response,
    session: WriteSession,
    question: Annotated[LetterQuestion, Body()],
) -> StoredNote:
    """Check a territory and keep the answer on record."""
    note = StoredNote.of(service.make_note(session, question), settled_base(request))
    response.headers["Location"] = note.url
    response.headers["Cache-Control"] = "no-store"
    return note


@router.get(
    "/{key}",
    summary="Relire une note de vérification",
    response_model=StoredNote,
)
def read_note(
    request: Request, response: Response, session: ReadSession, key: NoteKey
) -> StoredNote:
    """Give question and answer as they were, whatever has changed since."""
    settings: Settings = request.app.state.settings
    kept_days = settings.service.notes_kept_days
    response.headers["Cache-Control"] = "no-store"
    note = service.read_note(session, key, kept_days=kept_days)
    return StoredNote.of(note, settled_base(request))
