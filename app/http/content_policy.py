"""The Content-Security-Policy of an answer: nothing, but what is named.

A cached body cannot carry nonces, so each inline script and style is allowed by the hash
of its text.
"""

import base64
import hashlib
from collections.abc import Iterable
from typing import Literal

OWN = "'self'"
NOTHING = "'none'"
ANY_SITE = "*"
INLINE = "'unsafe-inline'"

# For JSON and the like, which show nothing.
BARE_POLICY = f"default-src {NOTHING}; frame-ancestors {OWN}"

Directive = Literal["manifest-src", "frame-src"]


def page_content_policy(
    *,
    scripts: Iterable[str] = (),
    styles: Iterable[str] = (),
    image_origins: Iterable[str] = (),
    own: Iterable[Directive] = (),
    form_action: str = NOTHING,
    frame_ancestors: str = OWN,
) -> str:
    """Write the policy of a page that takes scripts, styles, images and data from this site.

    Parameters: `scripts` and `styles`, what is allowed besides, as `hash_of` gives it;
    `image_origins`, other hosts of images (the base map); `own`, what else this site may
    give; `form_action`, where forms go; `frame_ancestors`, who may frame the page.
    """
    directives: list[tuple[str, Iterable[str]]] = [
        ("default-src", (NOTHING,)),
        ("script-src", (OWN, *sorted(scripts))),
        ("style-src", (OWN, *sorted(styles))),
        ("img-src", (OWN, "data:", *sorted(image_origins))),
        ("connect-src", (OWN,)),
        *((name, (OWN,)) for name in own),
        ("form-action", (form_action,)),
        ("base-uri", (NOTHING,)),
        ("frame-ancestors", (frame_ancestors,)),
    ]
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in directives)


def hash_of(content: str) -> str:
    """Give the source that allows an inline script or style of just this text."""
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
