"""What the process does that typesets a note (`app.processes`): typst, with our fonts.

typst keeps for good what it has once laid out, some hundred megabytes for a long note: that
goes with the process. A request is JSON, `{"note": …, "map": an SVG}`; a PDF answers.
"""

import json
from functools import cache
from pathlib import Path

import typst

from app.web.letters.notes.fonts import FONTS_FOLDER

_TEMPLATE = Path(__file__).parent / "templates" / "note.typ"


def prepare() -> None:
    """Load the fonts, for all jobs to come."""
    _fonts()


@cache
def _fonts() -> typst.Fonts:
    # No others: a sign that ours do not hold has been replaced before.
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS_FOLDER]
    )


def run(request: bytes) -> bytes:
    """Typeset one note. The PDF is tagged (PDF/UA-1), or typst refuses it."""
    asked = json.loads(request)
    written: bytes = typst.compile(
        _TEMPLATE.read_bytes(),
        font_paths=_fonts(),
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"note": json.dumps(asked["note"]), "map": asked["map"]},
        pdf_standards=["ua-1"],
    )
    return written
