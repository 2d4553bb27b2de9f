"""Entity tags: strong, of the body before any coding, with the coding as suffix."""

import hashlib
import re

_TAG = re.compile(r'(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_CODING_SUFFIX = re.compile(r"-(?:br|gzip)$")


def entity_tag(body: bytes, coding: str = "") -> str:
    """Give the strong ETag, quotes included, of a body sent in a coding (`br`, `gzip`, none).

    Parameters: `body`, before any coding.
    """
    digest = hashlib.sha256(body).hexdigest()[:32]
    return f'"{digest}-{coding}"' if coding else f'"{digest}"'


def matches(if_match: str, body: bytes) -> bool:
    """Tell whether an If-Match header names this body, in whichever coding it was sent."""
    if if_match.strip() == "*":
        return True
    own = entity_tag(body).strip('"')
    return any(
        _CODING_SUFFIX.sub("", tag) == own
        for tag in (found.group(1) for found in _TAG.finditer(if_match))
    )


def names(if_none_match: bytes, tag: str) -> bool:
    """Tell whether an If-None-Match header names a tag, weakly compared (RFC 9110)."""
    text = if_none_match.decode("latin-1")
    if text.strip() == "*":
        return True
    own = tag.strip('"')
    return any(found.group(1) == own for found in _TAG.finditer(text))
