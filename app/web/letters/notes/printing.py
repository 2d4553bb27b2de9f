"""The PDF of a note, typeset by typst from a template of ours; nothing is fetched."""

import json
from collections import OrderedDict
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import typst
from xstatic.pkg import roboto_fontface

from app.letters.notes.service import Note

_TEMPLATE = Path(__file__).parent / "templates" / "note.typ"
_FONTS = Path(roboto_fontface.BASE_DIR) / "fonts" / "roboto"
# A note never changes; the last ones are kept, some 100 kB each.
_MOST_KEPT = 32

_kept: OrderedDict[str, bytes] = OrderedDict()
# One at a time: typesetting takes a core for a tenth of a second.
_lock = Lock()


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, font_paths=[_FONTS])


def pdf_of(note: Note, shown: dict[str, Any]) -> bytes:
    """Typeset a note.

    Parameters: `shown`, what `service.view` gives. The PDF is tagged (PDF/UA-1), so that
    screen readers find its headings, tables and the text of its map.
    """
    # The template and the address are part of what is printed.
    kept_as = f"{note.key} {shown['address']}"
    with _lock:
        if kept_as in _kept:
            _kept.move_to_end(kept_as)
            return _kept[kept_as]
        written: bytes = typst.compile(
            _TEMPLATE.read_bytes(),
            font_paths=_fonts(),
            ignore_system_fonts=True,
            format="pdf",
            sys_inputs={"note": json.dumps(shown), "map": note.drawing},
            pdf_standards=["ua-1"],
        )
        _kept[kept_as] = written
        while len(_kept) > _MOST_KEPT:
            _kept.popitem(last=False)
        return written
