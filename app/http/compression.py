"""Content codings: which one a client accepts best, and the bytes in it."""

import gzip
from functools import lru_cache

import brotli

IDENTITY, GZIP, BROTLI = "", "gzip", "br"
# Below one network packet a coding saves nothing.
_SMALLEST = 1_000
# Compressed once, read many times; beyond these levels time grows and bytes hardly shrink.
_BROTLI_QUALITY = 6
_GZIP_LEVEL = 6
_MOST_READ_BYTES = 256
# How the addresses of what is compressed in itself end.
_COMPRESSED = (".pdf", ".pmtiles", ".png", ".xlsx")


def coding_at(path: str, accept_encoding: bytes) -> str:
    """Choose the coding of the answer at an address: none for what is compressed in itself.

    Parameters: `path`, of the address; `accept_encoding`, as for `best_coding`.
    """
    return IDENTITY if path.endswith(_COMPRESSED) else best_coding(accept_encoding)


def best_coding(accept_encoding: bytes) -> str:
    """Choose among Brotli, gzip and identity after an Accept-Encoding header (RFC 9110).

    256 bytes of it are read: browsers send 25, and what is remembered has a bound. Of equal
    weights the smaller result wins; a coding of weight 0 is refused, and identity serves
    whoever refuses all.
    """
    return _best_coding(accept_encoding[:_MOST_READ_BYTES])


@lru_cache(maxsize=256)
def _best_coding(accept_encoding: bytes) -> str:
    weights: dict[str, float] = {}
    for part in accept_encoding.decode("latin-1").lower().split(","):
        name, _, parameters = part.partition(";")
        weights[name.strip()] = _weight(parameters)
    anything = weights.get("*", 0.0)
    best, best_weight = IDENTITY, 0.0
    for coding in (BROTLI, GZIP):
        weight = weights.get(coding, anything)
        if weight > best_weight:
            best, best_weight = coding, weight
    return IDENTITY if weights.get("identity", 0.0) > best_weight else best


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(1.0, max(0.0, float(value)))
    except ValueError:
        return 0.0


def encoded(body: bytes, coding: str) -> tuple[bytes, str]:
    """Give the bytes to send and the coding that they are in; small ones stay as they are."""
    if len(body) >= _SMALLEST:
        if coding == BROTLI:
            return bytes(brotli.compress(body, quality=_BROTLI_QUALITY)), BROTLI
        if coding == GZIP:
            return gzip.compress(body, compresslevel=_GZIP_LEVEL, mtime=0), GZIP
    return body, IDENTITY
