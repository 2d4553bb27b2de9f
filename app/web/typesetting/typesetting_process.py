"""What the process does that typesets (`app.processes`): typst, with our fonts.

typst keeps for good what it has once laid out, some hundred megabytes for a long document:
that goes with the process. A request is JSON: `files`, texts by name, of which `main.typ` is
the document; `width_px`, of a PNG, null for a PDF, which is tagged (PDF/UA-1). Nothing is
read but the files of the request and `house.typ`.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import typst

from app.web.typesetting.fonts import FONTS_FOLDER

_HOUSE = Path(__file__).parent / "templates" / "house.typ"
# Of a document's units: PNG are asked for by pixels an inch.
POINTS_PER_INCH = 72


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
    """Typeset one document, or one image of the width asked for."""
    asked = json.loads(request)
    # By name, as typst takes them though its types do not say so.
    files: Any = {name: text.encode() for name, text in asked["files"].items()}
    files["house.typ"] = _HOUSE.read_bytes()
    pixels, points = asked["width_px"], asked["width_pt"]
    written: bytes = typst.compile(
        files,
        font_paths=_fonts(),
        ignore_system_fonts=True,
        format="png" if pixels else "pdf",
        ppi=POINTS_PER_INCH * pixels / points if pixels else None,
        pdf_standards=[] if pixels else ["ua-1"],
    )
    return written
