"""The PDF of a note."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cachetools import LRUCache

from app.french import number
from app.letters.notes.service import Note
from app.web.typesetting.printing import Typesetter, document_request

# Of all tables: no territory of a CPTS comes near, and typst takes a second for 1 000.
MOST_ROWS = 2_500
# A note never changes; the last ones are kept, some 100 kB each.
_MOST_KEPT_BYTES = 8 * 2**20
_TEMPLATE = Path(__file__).parent / "templates" / "note.typ"


class NotePrinter:
    """Typesets notes and keeps the last; one for each worker."""

    def __init__(self, typesetter: Typesetter) -> None:
        self.typesetter = typesetter
        self._kept: LRUCache[str, bytes] = LRUCache(_MOST_KEPT_BYTES, getsizeof=len)

    async def pdf_of(self, note: Note, shown: dict[str, Any], *, address: str) -> bytes:
        """Typeset a note, or give what was kept of it.

        Parameters: `shown`, what `service.view` gives; `address`, of the client, which has
        few places at once. The PDF is tagged (PDF/UA-1), so that screen readers find its
        headings, tables and the text of its map. Signs that the fonts do not hold are
        replaced, and the note says so. Raises `ServiceBusy`.
        """
        # The template and the address are part of what is printed.
        kept_as = f"{note.key} {shown['address']}"
        kept = self._kept.get(kept_as)
        if kept is not None:
            return kept
        written = await self.typesetter.typeset(
            lambda: typesetting_request(note, shown), address=address
        )
        if len(written) <= _MOST_KEPT_BYTES:
            self._kept[kept_as] = written
        return written


def typesetting_request(note: Note, shown: dict[str, Any]) -> bytes:
    """Word a request to the typesetting process, of signs that its fonts hold only."""
    return document_request(
        _TEMPLATE,
        {
            **shown,
            "sections": _within_rows(shown["sections"]),
            "has_map": bool(note.drawing),
        },
        {"map.svg": note.drawing},
        seen_at="la page de la note, à l’adresse donnée à la fin,",
    )


def _within_rows(sections: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Cut tables beyond the rows that are printed, and say so above each that is cut."""
    left = MOST_ROWS
    printed = []
    for section in sections:
        table = section["table"]
        if table is not None and len(table["rows"]) > left:
            said = (
                f"{number(left)} lignes sur {number(len(table['rows']))} sont imprimées ; "
                "toutes se lisent à l’adresse donnée à la fin."
            )
            section = {  # noqa: PLW2901
                **section,
                "text": [*section["text"], said],
                "table": {**table, "rows": table["rows"][:left]},
            }
        left -= len(section["table"]["rows"]) if section["table"] else 0
        printed.append(section)
    return printed
