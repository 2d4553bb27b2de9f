"""Lists that are read where they are received: small plain text, which cannot blow up.

What is larger, or anything else than text, is read in a process of its own.
"""

import re
import tempfile
from pathlib import Path
from typing import Any

from app.letters.check import reading_process

# Reading takes time in proportion to these: hundredths of a second for a list, one second for
# the worst that somebody may think of. Wider tables are for the process.
LARGEST_BYTES = 64 * 1024
_MOST_LINES = 2_000
_LONGEST_LINE = 2_000
_MOST_SEPARATORS = 12

# Signs that no text has, and beginnings of what is text and no list.
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_OTHER_KINDS = re.compile(rb"(\xef\xbb\xbf)?\s*[{\[<%]")
_SEPARATORS = re.compile(rb"[;,\t|]")
_LINE_ENDS = re.compile(rb"\r\n?|\n")


def is_small(content: bytes) -> bool:
    """Whether a file is plain text, small in every direction."""
    if len(content) > LARGEST_BYTES or _BINARY.search(content) or _OTHER_KINDS.match(content):
        return False
    lines = _LINE_ENDS.split(content)
    return len(lines) <= _MOST_LINES and all(
        len(line) <= _LONGEST_LINE and len(_SEPARATORS.findall(line)) <= _MOST_SEPARATORS
        for line in lines
    )


def read_small(content: bytes, suffix: str, name: str) -> dict[str, Any]:
    """Give what a small list asks for, as the process for files would answer it."""
    with tempfile.TemporaryDirectory(prefix="cpts-liste-") as folder:
        path = Path(folder) / f"liste{suffix}"
        path.write_bytes(content)
        return reading_process.read(path, name)
