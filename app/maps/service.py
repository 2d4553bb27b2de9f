"""The use cases: a map page for a filter, and the outlines that lie over it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from app.cpts.reading.filtering import Filter, Filters
from app.cpts.reading.filters import BBOX, DEPARTMENT, REGION, SEARCH, STAGE, THEME, TIER
from app.cpts.reading.rules import suitable_detail
from app.cpts.reading.schemas import Detail
from app.cpts.reading.service import check_filters
from app.cpts.references import repository as references
from app.cpts.references.schemas import DepartmentItem, StageItem, TierItem
from app.database.calendar import day_in_paris, today
from app.database.sessions import ReadingSession
from app.french import long_date, typeset_text
from app.http.parameters import Bbox
from app.http.repository import current_revision
from app.maps import palette, repository
from app.maps.addresses import (
    COMMUNES_ADDRESS,
    CONCILIATIONS_ADDRESS,
    DEPARTMENTS_ADDRESS,
    LISTING_ADDRESS,
    REGISTRY,
    Addresses,
    address,
    box_parameter,
    corners,
    is_one_page,
)
from app.maps.around import around_data, around_label
from app.maps.page import Choice, MapDescription, MapForm, render_page
from app.maps.picture import picture_of
from app.maps.repository import DepartmentExtent
from app.maps.rules import (
    ZOOM_OF_DETAIL,
    first_view,
    follows_data,
    heading,
    inner_paris_of,
    is_overseas,
    mainland_of,
    names_a_place,
    outline_detail,
    places_asked,
    surroundings,
    tier_label,
    unknown_text,
)
from app.maps.subjects import NAMES as SUBJECTS
from app.maps.subjects import AskedSubject, Subject, found_subject, window
from app.problems import Invalid
from app.settings import MapSettings


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
    subject: AskedSubject | None = None,
    searched_at: str | None = None,
) -> str:
    """Write the page of a map.

    Parameters: `filters`, what it shows; `parameters`, the same as they stand in the
    query of the page, which the data's address repeats; `source`, the page that a map on
    another site leads back to; `addresses`, of the CPTS that other filters than the
    registry's let pass; `subject`, what the address names besides; `searched_at`, the path
    of the page, which then searches and filters itself. Raises `Invalid` for values that no
    reference list knows, `NotFound` for a subject that there is not.
    """
    check_filters(session, filters)
    at = addresses or REGISTRY
    extents = repository.departments(session)
    day = filters.at or today()
    stages = references.stages(session)
    tiers = references.tiers(session, day)
    about = found_subject(session, subject, filters.at) if subject else None
    shown = _shown(filters, parameters, at, about, extents)
    around = around_data(filters, shown.suited, parameters, about, whole=addresses is None)
    changed_on = day_in_paris(current_revision(session).changed_at)
    dated = f"données du {long_date(changed_on)}"
    if filters.at is not None:
        dated = f"situation au {long_date(filters.at)}, {dated}"
    departments = references.departments(session, day)
    unknown = unknown_text(filters, departments)
    if unknown:
        dated = f"{dated}, {unknown}"
    mainland = mainland_of(extents)
    # Of the whole country alone: what has a place or a filter shows less, and sooner.
    is_country = not filters.asked and about is None and addresses is None
    pictured = is_country and not is_one_page(parameters)
    return render_page(
        MapDescription(
            heading=_heading(session, filters, about),
            dated=dated,
            view=shown.view or mainland,
            picture=picture_of(mainland, filters.at) if pictured and mainland else None,
            listing=shown.addresses.listing,
            compositions=shown.addresses.compositions,
            at=filters.at.isoformat() if filters.at else None,
            source=source,
            form=_form(session, filters, parameters, searched_at) if searched_at else None,
            data={
                "cpts": shown.addresses.cpts,
                "item": LISTING_ADDRESS,
                **_subject_data(about, subject, filters),
                "onePage": is_one_page(parameters),
                "conciliations": _conciliations(filters),
                "departments": DEPARTMENTS_ADDRESS,
                "outlined": corners(shown.outlined),
                "at": filters.at.isoformat() if filters.at else None,
                "detail": outline_detail(shown.suited),
                "details": [{"detail": step, "zoom": zoom} for step, zoom in ZOOM_OF_DETAIL],
                "fit": follows_data(filters) and about is None,
                "unknown": unknown,
                **around,
                "ground": _ground(
                    filters, departments, around_label(about) if around["around"] else None
                ),
                "mainland": corners(mainland),
                "territories": [] if shown.outlined else _territories(extents),
                **_legend(stages, tiers),
            },
        ),
        settings,
    )


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a map shows first, and where it finds it.

    `outlined`, None for the whole country, is a box in which what lies around `view` is;
    `suited`, the detail that suits the view; `addresses`, with their parameters.
    """

    view: repository.Bounds | None
    outlined: repository.Bounds | None
    suited: Detail
    addresses: Addresses


def _shown(
    filters: Filters,
    parameters: Sequence[tuple[str, str]],
    at: Addresses,
    about: Subject | None,
    extents: Sequence[DepartmentExtent],
) -> _Shown:
    view = window(about) if about else first_view(filters, extents)
    here = names_a_place(filters)
    around_it = about is not None and view is not None and not here
    outlined = surroundings(view) if view and (here or about) else None
    asked = filters.narrowed(BBOX, Bbox(*view)) if view and around_it else filters
    suited = suitable_detail(asked)
    detail = ("detail", outline_detail(suited))
    if about and about.cpts is not None:
        day = [("at", filters.at.isoformat())] if filters.at else []
        item = f"{LISTING_ADDRESS}/{about.cpts}"
        own = Addresses(
            address(f"{item}.geojson", [*day, detail]),
            address(item, day),
            address(f"/cpts/{about.cpts}/communes.csv", day),
        )
        return _Shown(view, outlined, suited, own)
    listed = [pair for pair in parameters if pair[0] not in SUBJECTS]
    if around_it:
        listed = [*listed, *box_parameter(outlined)]
    found = Addresses(
        address(at.cpts, [*listed, detail] if around_it else listed),
        address(at.listing, listed),
        address(at.compositions, listed) if at.compositions else None,
    )
    return _Shown(view, outlined, suited, found)


def _heading(session: ReadingSession, filters: Filters, about: Subject | None) -> str:
    """Write the title of a map, which names its subject first."""
    if about is None:
        return map_heading(session, filters)
    named = about.name if about.cpts is not None else f"CPTS – {about.name} et ses environs"
    narrowed = map_heading(session, filters).partition(" – ")[2]
    return f"{named} – {narrowed}" if narrowed else named


def _subject_data(
    about: Subject | None, asked: AskedSubject | None, filters: Filters
) -> dict[str, Any]:
    """Say what the map is about: the CPTS shown in full, or the commune marked."""
    if about is None or asked is None:
        return {"own": None, "communes": None, "marked": None}
    if about.bounds is None:
        return {"own": about.cpts, "communes": None, "marked": None}
    at = [("at", filters.at.isoformat())] if filters.at else []
    return {
        "own": about.cpts,
        "communes": address(COMMUNES_ADDRESS, [*asked.pairs(), *at]),
        "marked": None if about.cpts is not None else typeset_text(about.name),
    }


def commune_outlines(session: ReadingSession, asked: AskedSubject, day: date | None) -> bytes:
    """Give the outlines of a CPTS's communes, or of one commune, as GeoJSON bytes.

    Parameters: `day`, as of which a CPTS holds them, today when None. Raises `NotFound`,
    and `Invalid` when nothing is named.
    """
    about = found_subject(session, asked, day)
    if about is None:
        message = "Une CPTS ou une commune est attendue."
        raise Invalid(
            [{"loc": ["query", name], "message": message} for name in SUBJECTS], detail=message
        )
    return repository.commune_outlines(session, about.codes)


def _form(
    session: ReadingSession,
    filters: Filters,
    parameters: Sequence[tuple[str, str]],
    action: str,
) -> MapForm:
    """Give what searches and filters a map; the place and the day stay as they are."""
    day = filters.at or today()
    offered = (STAGE, TIER, THEME)
    # A search leaves the CPTS whose map it was, and stays around a commune.
    changed = {SEARCH.name, *(key.name for key in offered), "limit", "offset", "cpts"}
    kept = [pair for pair in parameters if pair[0] not in changed]
    return MapForm(
        action=action,
        search=filters[SEARCH] or "",
        kept=kept,
        filters=[
            (key.name, key.label, _choices(key, filters, session, day)) for key in offered
        ],
        everything=address(action, kept),
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


def _conciliations(filters: Filters) -> str | None:
    """Give the address of the zones in dispute; they are those of today only."""
    if filters.at is not None:
        return None
    places = filters.kept(lambda key: key in (REGION, DEPARTMENT)).pairs()
    return address(CONCILIATIONS_ADDRESS, [*places, ("detail", "department")])


def _ground(
    filters: Filters, departments: Sequence[DepartmentItem], around: str | None
) -> dict[str, Any]:
    """Say what the land is where no CPTS is drawn, by codes of departments.

    `inside` is None where the filter names no region or department; `around` names what
    is shown without being meant.
    """
    inside = places_asked(filters, departments)
    shown = [each.code for each in departments if inside is None or each.code in inside]
    incomplete = {each.code for each in departments if not each.complete}
    return {
        "inside": None if inside is None else sorted(inside),
        "unknown": [code for code in shown if code in incomplete],
        "narrowed": any(key not in (REGION, DEPARTMENT) for key in filters.asked),
        "colour": palette.PAPER_COLOUR,
        "around": around,
    }


def _territories(extents: Sequence[DepartmentExtent]) -> list[dict[str, Any]]:
    overseas = [(extent.name, extent.bounds) for extent in extents if is_overseas(extent.code)]
    mainland, inner_paris = mainland_of(extents), inner_paris_of(extents)
    if mainland is None or not overseas:
        return []
    # All but the first are drawn beside the map as well.
    paris = [("Paris et petite couronne", inner_paris)] if inner_paris else []
    return [
        {"name": name, "bounds": corners(bounds), "inset": bounds is not mainland}
        for name, bounds in [("Métropole", mainland), *paris, *overseas]
    ]


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
            "around": palette.AROUND_COLOUR,
            "aroundOpacity": palette.AROUND_OPACITY,
            "opacity": palette.FILL_OPACITY,
            "closeOpacity": palette.CLOSE_FILL_OPACITY,
        },
    }
