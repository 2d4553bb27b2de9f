"""`/membres…` for whoever is signed in, and `/annuaire…` for everyone."""

from typing import Annotated, Any, Literal
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter, Path, Query, Request
from pydantic import BeforeValidator
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app.accounts.dependencies import DirectoryPageCaller, page_form_token
from app.accounts.permissions import ROLE_LABELS
from app.accounts.rules import Caller
from app.cpts.reading.schemas import Detail
from app.database.request_sessions import ReadSession
from app.database.sessions import ReadingSession
from app.directory.comparable.service import similar
from app.directory.contacts.repository import viewers
from app.directory.search.endpoints import shown_to
from app.directory.search.filters import Asked
from app.directory.search.rules import STATES
from app.files.cells import CSV_MEDIA_TYPE
from app.files.office_tables import XLSX_MEDIA_TYPE
from app.http.caching import keep_until_change
from app.http.geojson import GeoJsonResponse
from app.http.parameters import RowId, separated
from app.http.repository import current_revision
from app.maps.addresses import Addresses
from app.maps.policy import page_policy, tile_origin
from app.maps.service import map_page
from app.problems import NotFound
from app.settings import Settings
from app.web.directory import files, service
from app.web.directory.asking import AskedByEveryone, AskedByMembers
from app.web.directory.rules import address, mailboxes, mailto, people_of, without_empty
from app.web.layout.rendering import render

router = APIRouter()

Chosen = Annotated[list[RowId], Query(), BeforeValidator(separated)]
Scale = Annotated[Detail, Query(description="Finesse du tracé.")]
Kind = Literal["csv", "xlsx", "vcf"]
_WRITTEN = {
    "csv": (files.csv_file, CSV_MEDIA_TYPE),
    "xlsx": (files.xlsx_file, XLSX_MEDIA_TYPE),
    "vcf": (files.vcard_file, "text/vcard; charset=utf-8"),
}
MEMBERS, EVERYONE = "/membres", "/annuaire"


@router.get(MEMBERS, response_class=HTMLResponse)
def members_directory(
    request: Request, session: ReadSession, caller: DirectoryPageCaller, asked: AskedByMembers
) -> Response:
    """Search by what CPTS did; each choice says how many it would leave."""
    filled = _filled(request)
    if filled:
        return filled
    return _members_page(
        request,
        session,
        caller,
        "directory.html",
        **service.page(
            session,
            asked,
            MEMBERS,
            request.query_params.multi_items(),
            shown_to(request, caller),
        ),
        own_commune=service.commune_of_own(session, caller.cpts_id),
    )


@router.get(EVERYONE, response_class=HTMLResponse)
def public_directory(
    request: Request, session: ReadSession, asked: AskedByEveryone
) -> Response:
    """The CPTS of the country, with what is public of them."""
    filled = _filled(request)
    if filled:
        return filled
    pairs = request.query_params.multi_items()
    return render(
        request,
        "directory/directory.html",
        session=session,
        section="annuaire",
        robots="noindex" if pairs else None,
        own_commune=None,
        **service.page(session, asked, EVERYONE, pairs),
    )


@router.get(f"{MEMBERS}/carte", response_class=HTMLResponse)
def members_map(
    request: Request, session: ReadSession, caller: DirectoryPageCaller, asked: AskedByMembers
) -> Response:
    """The map of what a member found."""
    del caller  # being let in is all that its role is for
    response = _map(request, session, asked, MEMBERS)
    response.headers["Cache-Control"] = "no-store"
    return response


@router.get(f"{EVERYONE}/carte", response_class=HTMLResponse)
def public_map(request: Request, session: ReadSession, asked: AskedByEveryone) -> Response:
    """The map of what a visitor found."""
    response = _map(request, session, asked, EVERYONE)
    keep_until_change(request, current_revision(session))
    return response


@router.get(f"{MEMBERS}/cpts.geojson")
def members_territories(
    session: ReadSession,
    caller: DirectoryPageCaller,
    asked: AskedByMembers,
    detail: Scale = "national",
) -> Response:
    """The territories of what a member found; of each, public data only."""
    del caller  # being let in is all that its role is for
    response = _territories(session, asked, detail)
    response.headers["Cache-Control"] = "no-store"
    return response


@router.get(f"{EVERYONE}/cpts.geojson")
def public_territories(
    request: Request, session: ReadSession, asked: AskedByEveryone, detail: Scale = "national"
) -> Response:
    """The territories of what a visitor found."""
    response = _territories(session, asked, detail)
    keep_until_change(request, current_revision(session))
    return response


@router.get(f"{MEMBERS}/comparables", response_class=HTMLResponse)
def comparable(
    request: Request,
    session: ReadSession,
    caller: DirectoryPageCaller,
    cpts: Annotated[RowId | None, Query()] = None,
) -> HTMLResponse:
    """The CPTS that are like one's own, or like another, and why."""
    number = cpts or caller.cpts_id
    if number is None:
        raise NotFound("Votre compte n'est celui d'aucune CPTS : choisissez-en une.")
    own = service.selected(session, [number], None)
    if not own:
        raise NotFound("Cette CPTS n'existe pas.")
    told = similar(session, number, shown_to(request, caller))
    return _members_page(
        request,
        session,
        caller,
        "comparable.html",
        items=told["items"],
        own=own[0],
        is_own=number == caller.cpts_id,
        states=STATES,
        asked=Asked.of_nothing(),
    )


@router.get(f"{MEMBERS}/selection", response_class=HTMLResponse)
def selection(
    request: Request,
    session: ReadSession,
    caller: DirectoryPageCaller,
    cpts: Chosen = [],  # noqa: B006  (FastAPI copies defaults)
) -> HTMLResponse:
    """Whom to call of the CPTS chosen: addresses to copy, a message to all, files."""
    items = service.selected(session, cpts, shown_to(request, caller))
    people = people_of(items)
    addresses = mailboxes(people)
    pairs = [("cpts", ",".join(str(item["id"]) for item in items))]
    return _members_page(
        request,
        session,
        caller,
        "selection.html",
        items=items,
        people=people,
        addresses=addresses,
        mailto=mailto(addresses),
        withheld=any(item["contacts_withheld"] for item in items),
        files={kind: address(f"{MEMBERS}/selection.{kind}", pairs) for kind in _WRITTEN},
    )


@router.get(MEMBERS + "/selection.{kind}")
def selection_file(
    request: Request,
    session: ReadSession,
    caller: DirectoryPageCaller,
    kind: Annotated[Kind, Path()],
    cpts: Chosen = [],  # noqa: B006  (FastAPI copies defaults)
) -> Response:
    """The same as a file."""
    write, media_type = _WRITTEN[kind]
    items = service.selected(session, cpts, shown_to(request, caller))
    return Response(
        write(people_of(items)),
        media_type=media_type,
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": f'attachment; filename="contacts-cpts.{kind}"',
        },
    )


@router.get(f"{MEMBERS}/consultations", response_class=HTMLResponse)
def views(request: Request, session: ReadSession, caller: DirectoryPageCaller) -> HTMLResponse:
    """Who was shown the contacts of one's own CPTS."""
    if caller.cpts_id is None:
        raise NotFound("Votre compte n'est celui d'aucune CPTS.")
    return _members_page(
        request,
        session,
        caller,
        "views.html",
        views=viewers(session, caller.cpts_id),
        roles=ROLE_LABELS,
    )


def _filled(request: Request) -> Response | None:
    """Lead a form on to the address without the fields that nobody filled in."""
    filled = without_empty(request.query_params.multi_items())
    if filled is None:
        return None
    query = f"?{urlencode(filled, safe=',:')}" if filled else ""
    return RedirectResponse(f"{request.url.path}{query}", status_code=303)


def _members_page(
    request: Request,
    session: ReadingSession,
    caller: Caller,
    template: str,
    **values: Any,
) -> HTMLResponse:
    response = render(
        request,
        f"directory/{template}",
        session=session,
        section="membres",
        keep=False,
        caller=caller,
        csrf=page_form_token(request),
        robots="noindex",
        may_save=caller.person_id is not None,
        has_cpts=caller.cpts_id is not None,
        **values,
    )
    # What is asked for stays between the member and the service.
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def _map(request: Request, session: ReadingSession, asked: Asked, path: str) -> HTMLResponse:
    settings: Settings = request.app.state.settings
    body = map_page(
        session,
        asked.filters,
        [
            pair
            for pair in request.query_params.multi_items()
            if pair[0] not in ("page", "sort")
        ],
        settings.maps,
        addresses=Addresses(cpts=f"{path}/cpts.geojson", listing=path),
    )
    origin = tile_origin(settings.maps.basemap_url)
    policy = page_policy(body, [origin] if origin else [])
    return HTMLResponse(body, headers={"Content-Security-Policy": policy})


def _territories(session: ReadingSession, asked: Asked, detail: Detail) -> Response:
    features, matched = service.territories(session, asked, detail)
    head = orjson.dumps(
        {
            "type": "FeatureCollection",
            "numberMatched": matched,
            "numberReturned": len(features),
            "detail": detail,
            "timeStamp": current_revision(session).changed_at,
            "links": [],
        },
        option=orjson.OPT_UTC_Z,
    )
    body = head[:-1] + b',"features":[' + ",".join(features).encode() + b"]}"
    return GeoJsonResponse(body)
