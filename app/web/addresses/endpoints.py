"""`/recherche/adresse`, which sends what is written to the geocoder and keeps none of it."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import HTMLResponse

from app.database.request_sessions import ReadSession
from app.database.sessions import ReadingSession
from app.geography.geocoding.rules import FoundAddress
from app.geography.geocoding.service import Geocoder, GeocoderUnavailable
from app.http.address_limit import limited
from app.http.departure import while_client_waits
from app.http.texts import refusal_of_line
from app.problems import Invalid, NotFound
from app.web.addresses import service
from app.web.layout.rendering import render

router = APIRouter()
LONGEST = 200


def _geocoder(request: Request) -> Geocoder:
    geocoder: Geocoder | None = request.app.state.geocoder
    if geocoder is None:
        raise NotFound("La recherche d'adresses n'est pas proposée ici.")
    return geocoder


TheGeocoder = Annotated[Geocoder, Depends(_geocoder)]
Sought = Annotated[str, Form(max_length=LONGEST, alias="adresse")]
Found = list[FoundAddress] | GeocoderUnavailable


async def _found(request: Request, geocoder: TheGeocoder, sought: Sought = "") -> Found:
    refusal = refusal_of_line(sought)
    if refusal:
        raise Invalid.at("body", "adresse", message=refusal)
    if not sought.strip():
        return []
    try:
        return await while_client_waits(request, lambda: geocoder.addresses(sought.strip()))
    except GeocoderUnavailable as unavailable:
        return unavailable


@router.get("/recherche/adresse", response_class=HTMLResponse)
def form(request: Request, session: ReadSession, geocoder: TheGeocoder) -> HTMLResponse:
    """The empty form."""
    return _page(request, session, geocoder)


# By a form that is posted: the address of a page is kept by browsers and written to logs.
@router.post(
    "/recherche/adresse", response_class=HTMLResponse, dependencies=[limited("address")]
)
def search(
    *,
    request: Request,
    geocoder: TheGeocoder,
    # Asked for before a database session is opened.
    found: Annotated[Found, Depends(_found)],
    session: ReadSession,
    sought: Sought = "",
) -> HTMLResponse:
    """The communes of an address, and the CPTS that cover them."""
    if isinstance(found, GeocoderUnavailable):
        return _page(
            request, session, geocoder, sought=sought, unavailable=found, status=found.status
        )
    return _page(
        request, session, geocoder, sought=sought, answers=service.answers(session, found)
    )


def _page(
    request: Request,
    session: ReadingSession,
    geocoder: Geocoder,
    *,
    status: int = 200,
    **values: Any,
) -> HTMLResponse:
    defaults: dict[str, Any] = {"sought": "", "unavailable": None, "answers": []}
    answer = render(
        request,
        "addresses/addresses.html",
        session=session,
        keep=request.method == "GET",
        status=status,
        robots="noindex",
        longest=LONGEST,
        geocoder=geocoder.label,
        **(defaults | values),
    )
    if status != 200:
        answer.headers.update(GeocoderUnavailable.headers)
    return answer
