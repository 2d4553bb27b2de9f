"""Making a verification note, and reading it again as it was."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.database.calendar import PARIS
from app.database.sessions import ReadingSession, WritingSession
from app.letters.check import service as check
from app.letters.check.rules import Severity
from app.letters.check.schemas import LetterCheck, LetterQuestion
from app.letters.notes import repository
from app.letters.notes.drawing import HEIGHT, LEAST_WIDTH_M, WIDTH, draw
from app.letters.notes.models import VerificationNote
from app.problems import NotFound

# 144 random bits: no one comes upon a note that was not shown to him.
_KEY_BYTES = 18
# Beyond, a map of single communes shows nothing, and costs.
MOST_DRAWN = 1_500


@dataclass(frozen=True)
class Note:
    """A check as it was asked and answered; `drawing` is an SVG, "" when there is none."""

    number: str
    key: str
    created_at: datetime
    question: LetterQuestion
    answer: LetterCheck
    wordings: dict[str, dict[str, str]]
    drawing: str


def make_note(session: WritingSession, asked: LetterQuestion) -> Note:
    """Check a territory as anyone may, and keep question and answer under a number.

    The session must not have been used before. Raises what the check raises.
    """
    repository.one_snapshot(session)
    answer = check.check_letter(session, check.Question.of(asked))
    return _note(
        repository.insert_note(
            session,
            key=secrets.token_urlsafe(_KEY_BYTES),
            question=asked.model_dump(mode="json", exclude_defaults=True),
            answer=answer.model_dump(mode="json"),
            wordings=repository.wordings(
                session, answer.territory.departments, answer.territory.regions
            ),
            drawing=_drawing(session, answer),
        )
    )


def read_note(session: ReadingSession, key: str, *, kept_days: int) -> Note:
    """Give a note by the key of its address.

    Parameters: `kept_days`, how long notes are kept. Raises `NotFound`.
    """
    found = repository.note_by_key(session, key, kept_days=kept_days)
    if found is None:
        raise NotFound("Cette note de vérification n'existe pas, ou n'est plus conservée.")
    return _note(found)


def _note(row: VerificationNote) -> Note:
    created_at = row.created_at.astimezone(PARIS)
    return Note(
        number=f"NV-{created_at.year}-{row.id:06d}",
        key=row.key,
        created_at=created_at,
        question=LetterQuestion.model_validate(row.question),
        answer=LetterCheck.model_validate(_with_defaults(row.answer)),
        wordings=row.wordings,
        drawing=row.drawing,
    )


def _with_defaults(answer: dict[str, Any]) -> dict[str, Any]:
    """Let answers that were stored before a member existed be read: it is then absent."""
    missing = {
        name: None for name, field in LetterCheck.model_fields.items() if field.is_required()
    }
    return missing | answer


def _drawing(session: ReadingSession, answer: LetterCheck) -> str:
    codes = [commune.code for commune in answer.territory.communes]
    if not 0 < len(codes) <= MOST_DRAWN:
        return ""
    severities: dict[str, Severity] = {}
    for conflict in answer.conflicts:
        if severities.get(conflict.commune.code) is not Severity.BLOCKING:
            severities[conflict.commune.code] = conflict.severity
    shapes = repository.map_shapes(
        session,
        codes,
        answer.effective_on,
        enclaves=[c.code for enclave in answer.enclaves for c in enclave.communes],
        excluded_cpts=[answer.amendment.cpts.id] if answer.amendment else [],
        width=WIDTH,
        height=HEIGHT,
        least_m=LEAST_WIDTH_M,
    )
    return draw(shapes, severities)
