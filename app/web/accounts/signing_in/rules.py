"""Where signing in leads to."""

import re

# A path of this site: one slash, then no second one nor its backslash twin.
_OWN_PATH = re.compile(r"/(?![/\\])[\x21-\x7e]{0,1000}", re.ASCII)


def safe_return(asked: str, otherwise: str) -> str:
    """Give the address to go back to: one of this site, else `otherwise`."""
    return asked if _OWN_PATH.fullmatch(asked) and "\\" not in asked else otherwise
