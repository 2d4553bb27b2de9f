"""A verification note as the API tells it."""

from datetime import datetime

from pydantic import BaseModel, Field

from app.letters.check.schemas import LetterCheck, LetterQuestion
from app.letters.notes.service import Note


class StoredNote(BaseModel):
    """A check on record: where to read it, what was asked, what was answered."""

    number: str = Field(examples=["NV-2026-000123"])
    url: str = Field(description="Page à imprimer ; qui a ce lien peut la lire.")
    pdf_url: str
    created_at: datetime
    question: LetterQuestion
    answer: LetterCheck

    @classmethod
    def of(cls, note: Note, base: str) -> "StoredNote":
        """Write a note; its addresses begin with `base`, root-relative when that is empty."""
        url = f"{base}/lettres/notes/{note.key}"
        return cls(
            number=note.number,
            url=url,
            pdf_url=f"{url}.pdf",
            created_at=note.created_at,
            question=note.question,
            answer=note.answer,
        )
