"""The use cases: a map page for a filter, and the outlines that lie over it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from app.cpts.reading.filtering import Filter, Filters
from app.cpts.reading.filters import DEPARTMENT, REGION, SEARCH, STAGE, THEME, TIER
from app.cpts.reading.rules import suitable_detail
from app.cpts.reading.schemas import Detail
from app.cpts.reading.service import check_filters
from app.cpts.references import repository as references
from app.cpts.references.schemas import DepartmentItem, StageItem, TierItem
from app.database.calendar import PARIS, today
from app.database.sessions import ReadingSession
from app.french import long_date
from app.http.repository import current_revision
from app.maps import palette, repository
from app.maps.page import Choice, MapDescription, MapForm, render_page
from app.maps.repository import DepartmentExtent
from app.maps.rules import (
    ZOOM_OF_DETAIL,
    first_view,
    follows_data,
    heading,
    is_overseas,
    mainland_of,
    names_a_place,
    outline_detail,
    places_asked,
    surroundings,
    tier_label,
    unknown_text,
)
from app.settings import MapSettings

CPTS_ADDRESS = "/api/v1/cpts.geojson"
LISTING_ADDRESS = "/api/v1/cpts"
COMPOSITIONS_ADDRESS = "/api/v1/compositions.csv"
CONCILIATIONS_ADDRESS = "/api/v1/conciliations.geojson"
DEPARTMENTS_ADDRESS = "/maps/departments.geojson"
MAP_ADDRESS = "/maps/cpts"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a map finds its CPTS (GeoJSON), and its readers the list and the compositions."""

    cpts: str
    listing: str
    compositions: str | None = None


REGISTRY = Addresses(CPTS_ADDRESS, LISTING_ADDRESS, COMPOSITIONS_ADDRESS)


def department_outlines(
    session: ReadingSession, detail: Detail, box: repository.Bounds | None = None
) -> bytes:
    """Give the outlines of the departments, in a box if any, as GeoJSON bytes (RFC 7946)."""
    return repository.department_outlines(session, detail, box)


def map_page(
    session: ReadingSession,
    filters: Filters,
    parameters: Sequence[tuple[str, str]],
    settings: MapSettings,
    *,
    source: str | None = None,
    addresses: Addresses | None = None,
    searched_at: str | None = None,
) -> str:
    """Write the page of a map.

    Parameters: `filters`, what it shows; `parameters`, the same as they stand in the
    query of the page, which the data's address repeats; `source`, the page that a map on
    another site leads back to; `addresses`, of the CPTS that other filters than the
    registry's let pass; `searched_at`, the path of the page, which then searches and filters
    itself. Raises `Invalid` for values that no reference list knows.
    """
    check_filters(session, filters)
    at = addresses or REGISTRY
    extents = repository.departments(session)
    day = filters.at or today()
    stages = references.stages(session)
    tiers = references.tiers(session, day)
    view = first_view(filters, extents)
    outlined = surroundings(view) if view and names_a_place(filters) else None
    changed_on = current_revision(session).changed_at.astimezone(PARIS).date()
    dated = f"données du {long_date(changed_on)}"
    if filters.at is not None:
        dated = f"situation au {long_date(filters.at)}, {dated}"
    departments = references.departments(session, day)
    unknown = unknown_text(filters, departments)
    if unknown:
        dated = f"{dated}, {unknown}"
    return render_page(
        MapDescription(
            heading=map_heading(session, filters),
            dated=dated,
            view=view,
            listing=_address(at.listing, parameters),
            compositions=_address(at.compositions, parameters) if at.compositions else None,
            at=filters.at.isoformat() if filters.at else None,
            source=source,
            form=_form(session, filters, parameters, searched_at) if searched_at else None,
            data={
                "cpts": _address(at.cpts, parameters),
                "onePage": any(name in ("limit", "offset") for name, _ in parameters),
                "conciliations": _conciliations(filters),
                "departments": _address(DEPARTMENTS_ADDRESS, _bbox(outlined)),
                "allDepartments": DEPARTMENTS_ADDRESS,
                "outlined": _corners(outlined),
                "at": filters.at.isoformat() if filters.at else None,
                "detail": outline_detail(suitable_detail(filters)),
                "details": [{"detail": step, "zoom": zoom} for step, zoom in ZOOM_OF_DETAIL],
                "fit": follows_data(filters),
                "unknown": unknown,
                "ground": _ground(filters, departments),
                "mainland": _corners(mainland_of(extents)),
                "territories": [] if names_a_place(filters) else _territories(extents),
                **_legend(stages, tiers),
            },
        ),
        settings,
    )


def _form(
    session: ReadingSession,
    filters: Filters,
    parameters: Sequence[tuple[str, str]],
    action: str,
) -> MapForm:
    """Give what searches and filters a map; the place and the day stay as they are."""
    day = filters.at or today()
    offered = (STAGE, TIER, THEME)
    changed = {SEARCH.name, *(key.name for key in offered), "limit", "offset"}
    kept = [pair for pair in parameters if pair[0] not in changed]
    return MapForm(
        action=action,
        search=filters[SEARCH] or "",
        kept=kept,
        filters=[
            (key.name, key.label, _choices(key, filters, session, day)) for key in offered
        ],
        everything=_address(action, kept),
        asked=sum(key in filters.asked for key in (SEARCH, *offered)),
    )


def _choices(
    key: Filter[Any], filters: Filters, session: ReadingSession, day: date
) -> list[tuple[str, list[Choice]]]:
    offers = key.offers(session, day) if key.offers else ()
    return [
        (
            group or "",
            [
                Choice(str(each.value), each.label, str(each.value) in filters[key])
                for each in members
            ],
        )
        for group, members in groupby(offers, key=lambda each: each.group)
    ]


def map_heading(session: ReadingSession, filters: Filters) -> str:
    """Write the title of the map of these filters."""
    day = filters.at or today()
    return heading(filters, {key.name: key.labels(session, day) for key in filters.asked})


def _address(path: str, parameters: Sequence[tuple[str, str]]) -> str:
    return f"{path}?{urlencode(parameters)}" if parameters else path


def _conciliations(filters: Filters) -> str | None:
    """Give the address of the zones in dispute; they are those of today only."""
    if filters.at is not None:
        return None
    places = filters.kept(lambda key: key in (REGION, DEPARTMENT)).pairs()
    return _address(CONCILIATIONS_ADDRESS, [*places, ("detail", "department")])


def _bbox(bounds: repository.Bounds | None) -> list[tuple[str, str]]:
    """Write a box as a parameter, rounded as `_corners` rounds it."""
    if bounds is None:
        return []
    return [("bbox", ",".join(str(round(value, 3)) for value in bounds))]


def _corners(bounds: repository.Bounds | None) -> list[list[float]] | None:
    """Write a box as Leaflet reads it: [[south, west], [north, east]]."""
    if bounds is None:
        return None
    west, south, east, north = (round(value, 3) for value in bounds)
    return [[south, west], [north, east]]


def _ground(filters: Filters, departments: Sequence[DepartmentItem]) -> dict[str, Any]:
    """Say what the land is where no CPTS is drawn, by codes of departments.

    `inside` is None where the filter names no region or department.
    """
    inside = places_asked(filters, departments)
    shown = [each.code for each in departments if inside is None or each.code in inside]
    incomplete = {each.code for each in departments if not each.complete}
    return {
        "inside": None if inside is None else sorted(inside),
        "unknown": [code for code in shown if code in incomplete],
        "narrowed": any(key not in (REGION, DEPARTMENT) for key in filters.asked),
        "colour": palette.PAPER_COLOUR,
    }


def _territories(extents: Sequence[DepartmentExtent]) -> list[dict[str, Any]]:
    overseas = [
        {"name": extent.name, "bounds": _corners(extent.bounds)}
        for extent in extents
        if is_overseas(extent.code)
    ]
    mainland = _corners(mainland_of(extents))
    if mainland is None or not overseas:
        return []
    return [{"name": "Métropole", "bounds": mainland}, *overseas]


def _legend(stages: Sequence[StageItem], tiers: Sequence[TierItem]) -> dict[str, Any]:
    return {
        "stages": [
            {
                "slug": item.slug,
                "label": item.label,
                "colour": palette.stage_colour(item.slug),
                "dashed": item.slug in palette.DASHED_STAGES,
            }
            for item in stages
        ],
        "tiers": [
            {
                "tier": item.tier,
                "label": tier_label(item.tier, item.population_from, item.population_under),
                "colour": palette.tier_colour(item.tier),
            }
            for item in tiers
        ],
        "palette": {
            "border": palette.BORDER_COLOUR,
            "unknown": palette.UNKNOWN_COLOUR,
            "conciliation": palette.CONCILIATION_COLOUR,
            "opacity": palette.FILL_OPACITY,
            "closeOpacity": palette.CLOSE_FILL_OPACITY,
        },
    }
