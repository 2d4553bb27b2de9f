"""The Content-Security-Policy of a page, computed from the page itself.

A cached body cannot carry nonces, so each inline script and style is allowed by the
hash of its text: what is not in the page as it was rendered does not run.
"""

import base64
import hashlib
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

_INLINE = re.compile(r"<(script|style)\b([^>]*)>(.*?)</\1\s*>", re.DOTALL | re.IGNORECASE)
_SOURCE = re.compile(r"\bsrc\s*=", re.IGNORECASE)


def page_policy(
    html: str, image_origins: Iterable[str], frame_ancestors: str = "'self'"
) -> str:
    """Write the policy of a page.

    Parameters: `html`, the page as sent; `image_origins`, other hosts from which the
    page may take images (the base map), as `tile_origin` gives them; `frame_ancestors`,
    who may frame the page.
    """
    hashes: dict[str, set[str]] = {"script": set(), "style": set()}
    for tag, attributes, content in _INLINE.findall(html):
        if not _SOURCE.search(attributes):
            hashes[tag.lower()].add(_hash(content))
    images = " ".join(("'self'", "data:", *sorted(image_origins)))
    return "; ".join(
        (
            "default-src 'none'",
            " ".join(("script-src 'self'", *sorted(hashes["script"]))),
            " ".join(("style-src 'self'", *sorted(hashes["style"]))),
            f"img-src {images}",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            f"frame-ancestors {frame_ancestors}",
        )
    )


def tile_origin(address: str) -> str | None:
    """Give the origin that a tile address needs in a policy, None when it is our own.

    Parameters: `address`, a Leaflet tile template; `{s}` stands for any subdomain.
    """
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return None
    host = parts.netloc.rpartition("@")[2]
    if "{" in host:
        # A policy knows a wildcard only as the whole first label.
        host = "*." + host.rpartition("}")[2].partition(".")[2]
    return f"{parts.scheme}://{host}"


def _hash(content: str) -> str:
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
