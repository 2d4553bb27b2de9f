"""How departments are named on the command line; plain Python."""

import re


def department_codes(text: str) -> list[str]:
    """Read codes between commas or spaces, each once: « 4, 05 2a » is 04, 05, 2A."""
    given = [part for part in re.split(r"[,;\s]+", text) if part]
    return list(dict.fromkeys(part.upper().zfill(2) for part in given))
