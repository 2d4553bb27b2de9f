"""What a file of a letter is, as its content says, and what it is called."""

import io
import struct
from collections.abc import Mapping
from enum import StrEnum
from pathlib import PurePosixPath

PDF, PNG, JPEG = "application/pdf", "image/png", "image/jpeg"
SUFFIXES: Mapping[str, str] = {PDF: ".pdf", PNG: ".png", JPEG: ".jpg"}
_OF_IMAGES = {"PNG": PNG, "JPEG": JPEG}
# ISO 32000, 7.5.2 and 7.5.5: the header stands first, the mark of the end in the last bytes.
_PDF_HEADER, _PDF_END, _PDF_END_WITHIN = b"%PDF-", b"%%EOF", 1024
LONGEST_NAME = 100


class Kind(StrEnum):
    """What was handed in."""

    LETTER = "letter"
    MAP = "map"
    DIAGNOSIS = "diagnosis"
    OTHER = "other"


KIND_LABELS: Mapping[str, str] = {
    Kind.LETTER: "Lettre",
    Kind.MAP: "Carte",
    Kind.DIAGNOSIS: "Diagnostic",
    Kind.OTHER: "Autre",
}


def media_type_of(content: bytes) -> str | None:
    """Tell what a file is by its content, None when it is none of those that are taken.

    Pictures are opened by the library that knows them, without being decoded.
    """
    if content.startswith(_PDF_HEADER):
        return PDF if _PDF_END in content[-_PDF_END_WITHIN:] else None
    from PIL import Image  # noqa: PLC0415  (slow to import, and for this only)

    try:
        with Image.open(io.BytesIO(content), formats=tuple(_OF_IMAGES)) as picture:
            found = _OF_IMAGES[picture.format or ""]
            picture.verify()
    except (
        OSError,
        ValueError,
        SyntaxError,
        KeyError,
        IndexError,
        struct.error,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
    ):
        return None
    return found


def name_for(shown: str, media_type: str) -> str:
    """Give a file the suffix of what it is, whatever it was called.

    Parameters: `shown`, the last part of the name that its sender gave, printable.
    """
    stem = PurePosixPath(shown).stem.strip(". ") or "piece"
    return stem[:LONGEST_NAME] + SUFFIXES[media_type]
