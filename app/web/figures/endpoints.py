"""`/cartes/…`: the maps of the registry as images, for any filter."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from app.cpts.reading.filtering import Filters, requested
from app.cpts.reading.filters import FILTERS
from app.http.address_limit import limited
from app.http.parameters import Day
from app.web.figures.answers import Form, figure_to_keep
from app.web.figures.maps import map_of_coverage, map_of_cpts

router = APIRouter(prefix="/cartes")


async def _dated(
    filters: Annotated[Filters, Depends(requested(FILTERS, paged=False))], at: Day = None
) -> Filters:
    return replace(filters, at=at)


ShownFilters = Annotated[Filters, Depends(_dated)]


async def _cpts(request: Request, filters: Filters, form: Form) -> Response:
    return await figure_to_keep(request, lambda session: map_of_cpts(session, filters), form)


async def _coverage(request: Request, at: Day, form: Form) -> Response:
    return await figure_to_keep(request, lambda session: map_of_coverage(session, at), form)


@router.get("/cpts.svg", response_class=Response)
async def cpts_as_svg(request: Request, filters: ShownFilters) -> Response:
    """The CPTS of a filter by stage, as SVG."""
    return await _cpts(request, filters, "svg")


@router.get("/cpts.png", response_class=Response, dependencies=[limited("image")])
async def cpts_as_png(request: Request, filters: ShownFilters) -> Response:
    """The same as PNG."""
    return await _cpts(request, filters, "png")


@router.get("/couverture.svg", response_class=Response)
async def coverage_as_svg(request: Request, at: Day = None) -> Response:
    """The share of the population that is covered, by department, as SVG."""
    return await _coverage(request, at, "svg")


@router.get("/couverture.png", response_class=Response, dependencies=[limited("image")])
async def coverage_as_png(request: Request, at: Day = None) -> Response:
    """The same as PNG."""
    return await _coverage(request, at, "png")
