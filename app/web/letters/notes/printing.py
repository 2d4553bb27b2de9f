"""The PDF of a note, typeset in a process of its own (`typesetting_process`)."""

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

import anyio.to_thread
from cachetools import LRUCache

from app.french import number
from app.letters.notes.service import Note
from app.processes.bounds import Bounds
from app.processes.fork_server import ForkServer
from app.processes.pool import Places, ProcessPool
from app.web.letters.notes.fonts import FONTS, REPLACEMENT, Fitting, covered_signs

# A note of 900 communes takes a second, one of `MOST_ROWS` two.
BOUNDS = Bounds(cpu_s=8, memory_bytes=2 * 2**30, file_bytes=2**20)
# Of all tables: no territory of a CPTS comes near, and typst takes a second for 1 000.
MOST_ROWS = 2_500
_MOST_SIGNS_NAMED = 8
# A note never changes; the last ones are kept, some 100 kB each.
_MOST_KEPT_BYTES = 8 * 2**20
# One for this worker process; it starts nothing before the first PDF.
_SERVER = ForkServer(
    "app.web.letters.notes.typesetting_process",
    # Threads of typst and their stacks count as address space.
    {"RAYON_NUM_THREADS": "2", "MALLOC_ARENA_MAX": "2"},
)


class NotePrinter:
    """Typesets notes, a few at a time, and keeps the last; one for each worker."""

    def __init__(self, places: Places | None = None) -> None:
        self.pool = ProcessPool(_SERVER, BOUNDS, what="notes en PDF", places=places)
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
        request = await anyio.to_thread.run_sync(typesetting_request, note, shown)
        written = await self.pool.run(request, address=address)
        if len(written) <= _MOST_KEPT_BYTES:
            self._kept[kept_as] = written
        return written


def typesetting_request(note: Note, shown: dict[str, Any]) -> bytes:
    """Word a request to the typesetting process, of signs that its fonts hold only."""
    fitting = Fitting(_covered())
    sections = _within_rows(shown["sections"])
    fitted, drawing = fitting.fit(shown | {"sections": sections}), fitting.fit(note.drawing)
    asked = {
        "note": fitted | {"replaced": _replacement_told(list(fitting.replaced))},
        "map": drawing,
    }
    return json.dumps(asked).encode()


def _replacement_told(signs: Sequence[str]) -> str:
    """Say how many signs are replaced, and which; nothing when none is.

    By number, since the fonts do not show them.
    """
    if not signs:
        return ""
    named = ", ".join(f"U+{ord(sign):04X}" for sign in signs[:_MOST_SIGNS_NAMED])
    more = ", …" if len(signs) > _MOST_SIGNS_NAMED else ""
    what, become = (
        ("signe", "est remplacé") if len(signs) == 1 else ("signes", "sont remplacés")
    )
    return (
        f"{number(len(signs))} {what} que la police ne contient pas ({named}{more}) {become} "
        f"par « {REPLACEMENT} » ; la page de la note, à l’adresse donnée à la fin, les montre."
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


@cache
def _covered() -> frozenset[str]:
    return frozenset.intersection(*map(covered_signs, FONTS))
