"""Figures as answers: SVG or PNG, kept until the registry changes."""

from collections.abc import Callable
from typing import Literal

from fastapi import Request
from starlette.responses import Response

from app.database.request_sessions import read_in_session
from app.database.sessions import ReadingSession
from app.french import day
from app.http.address_limit import client_network
from app.http.addresses import settled_base
from app.http.caching import keep_until_change
from app.http.departure import while_client_waits
from app.http.repository import Revision, current_revision
from app.web.figures.drawing import MARGIN, Figure, framed
from app.web.layout.rendering import SITE_NAME
from app.web.layout.repository import holds_demonstration
from app.web.layout.sources import LICENCE, SOURCES
from app.web.typesetting.printing import Typesetter, image_request

Form = Literal["svg", "png"]


def sources(session: ReadingSession, base: str) -> list[str]:
    """Say where a figure comes from, of which day it is and how it may be used.

    Parameters: `base`, the outside address of the service, empty when none is settled.
    """
    changed_at = current_revision(session).changed_at
    here = f"{SITE_NAME} ({base})" if base else SITE_NAME
    others = " ; ".join(source["title"] for source in SOURCES[1:])
    told = [f"Source : {here}, registre au {day(changed_at)} ; {others}. {LICENCE['title']}."]
    if holds_demonstration(session):
        told.append("Données de démonstration : les CPTS fictives y sont comprises.")
    return told


async def figure_to_keep(
    request: Request, read: Callable[[ReadingSession], Figure], form: Form
) -> Response:
    """Answer with a figure that says by itself what it shows.

    Parameters: `read` draws it, of one snapshot of the registry. No database session is
    held while a PNG is made. Raises what `read` raises, `ServiceBusy`.
    """

    def drawn(session: ReadingSession) -> tuple[Figure, str, Revision]:
        figure = read(session)
        document = framed(figure, sources(session, settled_base(request)))
        return figure, document, current_revision(session)

    figure, document, revision = await read_in_session(request, drawn)
    if form == "svg":
        content, media_type = document.encode(), "image/svg+xml"
    else:
        typesetter: Typesetter = request.app.state.typesetter
        content = await while_client_waits(
            request,
            lambda: typesetter.typeset(
                lambda: image_request(document, figure.width + 2 * MARGIN),
                address=client_network(request),
            ),
        )
        media_type = "image/png"
    keep_until_change(request, revision)
    named = {"Content-Disposition": f'inline; filename="{figure.name}.{form}"'}
    return Response(content, media_type=media_type, headers=named)
