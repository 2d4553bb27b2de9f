"""The Content-Security-Policy of a page, computed from the page itself.

Each inline script and style is allowed by the hash of its text: what is not in the page as
it was rendered does not run.
"""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from app.http.content_policy import NOTHING, OWN, hash_of, page_content_policy

_INLINE = re.compile(r"<(script|style)\b([^>]*)>(.*?)</\1\s*>", re.DOTALL | re.IGNORECASE)
_SOURCE = re.compile(r"\bsrc\s*=", re.IGNORECASE)


def page_policy(
    html: str,
    image_origins: Iterable[str],
    frame_ancestors: str = OWN,
    form_action: str = NOTHING,
) -> str:
    """Write the policy of a page.

    Parameters: `html`, the page as sent; `image_origins`, other hosts from which the
    page may take images (the base map), as `tile_origin` gives them; `frame_ancestors`,
    who may frame the page; `form_action`, where its forms go.
    """
    hashes: dict[str, set[str]] = {"script": set(), "style": set()}
    for tag, attributes, content in _INLINE.findall(html):
        if not _SOURCE.search(attributes):
            hashes[tag.lower()].add(hash_of(content))
    return page_content_policy(
        scripts=hashes["script"],
        styles=hashes["style"],
        image_origins=image_origins,
        frame_ancestors=frame_ancestors,
        form_action=form_action,
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
