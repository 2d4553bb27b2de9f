"""A page, from a template to an answer with its headers."""

from collections.abc import Iterable
from functools import cache
from typing import Any, Protocol

from fastapi import Request
from jinja2 import Environment, PrefixLoader, StrictUndefined
from jinja2.loaders import FileSystemLoader
from starlette.responses import HTMLResponse

from app import french
from app.cpts.stages import FIRST_STAGE, SIGNED_STAGE
from app.database.sessions import ReadingSession
from app.http.caching import keep_until_change
from app.http.content_policy import ANY_SITE, NOTHING, OWN, page_content_policy
from app.http.dependence import standing_of
from app.settings import Settings
from app.web.layout.assets import WEB, static
from app.web.layout.colours import COLOUR_RULES, COLOUR_RULES_HASH
from app.web.layout.links import mail_address, safe_website, telephone_address
from app.web.layout.repository import holds_demonstration
from app.web.layout.wording import coverage_base

SITE_NAME = "Cartographie des CPTS"


class SignedIn(Protocol):
    """Whom a page is for; structurally the caller of `app.accounts`."""

    @property
    def shown_name(self) -> str: ...
    @property
    def person_id(self) -> int | None: ...
    def may(self, permission: Any, /) -> bool:
        """Tell whether they have a right."""


def site_policy(image_origins: Iterable[str] = (), frame_ancestors: str = NOTHING) -> str:
    """Write the Content-Security-Policy of the site's pages.

    Parameters: `image_origins`, other hosts from which the page may take images (the base
    map of a map drawn in the page itself); `frame_ancestors`, who may frame it.
    """
    return page_content_policy(
        styles=[COLOUR_RULES_HASH],
        image_origins=image_origins,
        own=["manifest-src", "frame-src"],
        form_action=OWN,
        frame_ancestors=frame_ancestors,
    )


@cache
def _environment() -> Environment:
    groups = {
        directory.parent.name: FileSystemLoader(directory)
        for directory in sorted([*WEB.glob("*/templates"), *WEB.glob("*/*/templates")])
    }
    environment = Environment(
        loader=PrefixLoader(groups),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters.update(
        number=french.number,
        percent=french.percent,
        aligned_percent=french.aligned_percent,
        day=french.day,
        clock=french.clock,
        euros=french.euros,
        counted=french.counted,
        others=french.others,
        origin_free=french.origin_free,
        by_name=french.by_name,
    )
    environment.globals.update(
        static=static,
        site_name=SITE_NAME,
        colour_rules=COLOUR_RULES,
        number=french.number,
        coverage_words=coverage_base,
        first_stage=FIRST_STAGE,
        signed_stage=SIGNED_STAGE,
        safe_website=safe_website,
        mail_address=mail_address,
        telephone_address=telephone_address,
    )
    return environment


def page_text(
    settings: Settings, path: str, template: str, *, demonstration: bool, **values: Any
) -> str:
    """Render a template that extends `layout/base.html`.

    Parameters: `path` of the page, its canonical address unless `canonical` is given;
    `demonstration`, whether the registry holds fictitious data; `values`, those of the
    template.
    """
    defaults: dict[str, Any] = {
        "section": "",
        "canonical": path,
        "social_image": "/apercu/accueil.png",
        "robots": None,
        "caller": None,
        "csrf": None,
    }
    return french.typeset(
        _environment()
        .get_template(template)
        .render(
            {
                **defaults,
                **values,
                "path": path,
                "base_url": settings.service.public_url or "",
                "demonstration": demonstration,
            }
        )
    )


def render(
    request: Request,
    template: str,
    *,
    session: ReadingSession,
    keep: bool = True,
    status: int = 200,
    image_origins: Iterable[str] = (),
    framed: bool = False,
    caller: SignedIn | None = None,
    **values: Any,
) -> HTMLResponse:
    """Answer with a page.

    Parameters: `template`, `<group>/<file>`; `session`, in which the page was read;
    `keep`, False for a page that is not the same for everyone or answers a form: it is
    then never stored, while all others are kept until the registry changes;
    `image_origins`, other hosts of images; `framed`, True for `/embed/…` alone, which
    any site may frame; `caller`, whom the page is for.
    """
    settings: Settings = request.app.state.settings
    text = page_text(
        settings,
        request.url.path,
        template,
        demonstration=holds_demonstration(session),
        caller=caller,
        **values,
    )
    personal = caller is not None or not keep
    headers = {
        "Content-Security-Policy": site_policy(image_origins, ANY_SITE if framed else NOTHING),
    }
    if not framed:
        headers["X-Frame-Options"] = "DENY"
    if personal:
        headers["Cache-Control"] = "no-store"
    elif status == 200:
        keep_until_change(request, standing_of(request, session))
    return HTMLResponse(text, status_code=status, headers=headers)
