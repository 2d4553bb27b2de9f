"""What a file that somebody sends is called."""

import re
import unicodedata
from pathlib import PurePosixPath

_LONGEST = 100


def shown_name(given: str | None) -> str:
    """Give the last part of a file's name, without anything that does not print."""
    last = PurePosixPath((given or "").replace("\\", "/")).name
    kept = "".join(c for c in last if unicodedata.category(c)[0] not in "CZ" or c == " ")
    return re.sub(r"\s+", " ", kept).strip()[-_LONGEST:] or "fichier"
