"""What a map shows for a filter: scale, first view, title, legend. Plain Python."""

from collections.abc import Iterable, Mapping, Sequence

from app.cpts.drawing.rules import INNER_PARIS
from app.cpts.reading.filtering import Filters
from app.cpts.reading.filters import BBOX, DEPARTMENT, REGION
from app.cpts.reading.schemas import DETAILS, Detail
from app.cpts.references.rules import tier_range
from app.cpts.references.schemas import DepartmentItem
from app.french import long_date
from app.maps.repository import Bounds, DepartmentExtent

# From which zoom of Leaflet each generalisation is shown, the coarsest first.
ZOOM_OF_DETAIL: tuple[tuple[Detail, int], ...] = (
    ("national", 0),
    ("region", 8),
    ("department", 10),
)
# Departments that are named one by one.
MOST_NAMED = 6


# Labels of the values that filters name: by the name of the filter, then by value.
Labels = Mapping[str, Mapping[str, str]]


def names_a_place(filters: Filters) -> bool:
    """Tell whether a filter names a place, which the first view then shows."""
    return any(key.names_a_place for key in filters.asked)


def follows_data(filters: Filters) -> bool:
    """Tell whether the view follows the CPTS found, rather than show the whole country."""
    return bool(filters.asked)


def outline_detail(detail: Detail) -> Detail:
    """Choose the department outlines that lie over CPTS of a detail."""
    return "department" if detail == "full" else detail


def coarser_detail(detail: Detail) -> Detail:
    """Choose the scale of what lies around CPTS of a detail: the next coarser."""
    return DETAILS[max(0, DETAILS.index(detail) - 1)]


def is_overseas(department: str) -> bool:
    """Tell whether a department code is one of the five overseas (971 to 976)."""
    return department.startswith("97")


def merged(bounds: Iterable[Bounds]) -> Bounds | None:
    """Give the smallest box around these boxes, None when there are none."""
    boxes = list(bounds)
    if not boxes:
        return None
    west, south, east, north = zip(*boxes, strict=True)
    return min(west), min(south), max(east), max(north)


def mainland_of(extents: Sequence[DepartmentExtent]) -> Bounds | None:
    """Give the box around metropolitan France, Corsica included."""
    return merged(e.bounds for e in extents if not is_overseas(e.code))


def inner_paris_of(extents: Sequence[DepartmentExtent]) -> Bounds | None:
    """Give the box around Paris and the three departments next to it."""
    return merged(e.bounds for e in extents if e.code in INNER_PARIS)


def first_view(filters: Filters, extents: Sequence[DepartmentExtent]) -> Bounds | None:
    """Give the box that the map shows before it knows its data.

    Metropolitan France unless the filter names a place; of places on both sides of an
    ocean, those in metropolitan France. None when nothing of it has an outline.
    """
    box = filters[BBOX]
    if box is not None:
        return box
    codes, regions = filters[DEPARTMENT], filters[REGION]
    chosen = [e for e in extents if e.code in codes or (not codes and e.region in regions)]
    if not chosen:
        return mainland_of(extents)
    return mainland_of(chosen) or merged(e.bounds for e in chosen)


def padded_box(bounds: Bounds, share: float) -> Bounds:
    """Widen a box by a share of its sides, west, south, east, north in degrees."""
    west, south, east, north = bounds
    aside, above = (east - west) * share, (north - south) * share
    return (
        max(-180.0, west - aside),
        max(-90.0, south - above),
        min(180.0, east + aside),
        min(90.0, north + above),
    )


def surroundings(view: Bounds) -> Bounds:
    """Give a box around `view` in which a map of any usual shape that shows it fits.

    Degrees (WGS 84), kept on the globe.
    """
    west, south, east, north = view
    width, height = east - west, north - south
    aside = max(width * 0.75, height * 1.2)
    above = max(height * 0.75, width * 0.8)
    return (
        max(-180.0, west - aside),
        max(-90.0, south - above),
        min(180.0, east + aside),
        min(90.0, north + above),
    )


def places_asked(
    filters: Filters, departments: Sequence[DepartmentItem]
) -> frozenset[str] | None:
    """Give the codes of the departments that a filter asks for, None when it names none.

    Parameters: `departments`, all of them.
    """
    codes, regions = filters[DEPARTMENT], filters[REGION]
    if not codes and not regions:
        return None
    return frozenset(
        each.code
        for each in departments
        if (not codes or each.code in codes) and (not regions or each.region in regions)
    )


def unknown_text(filters: Filters, departments: Sequence[DepartmentItem]) -> str:
    """Say of how much of a map the registry is not declared complete; empty when it is of all.

    Parameters: `departments`, all of them.
    """
    inside = places_asked(filters, departments)
    shown = [each for each in departments if inside is None or each.code in inside]
    missing = [each.code for each in shown if not each.complete]
    if not missing:
        return ""
    if len(missing) == len(shown):
        return "territoire non renseigné"
    if len(missing) <= MOST_NAMED:
        return f"territoire non renseigné : {', '.join(missing)}"
    return f"territoire non renseigné dans {len(missing)} départements sur {len(shown)}"


def heading(filters: Filters, labels: Labels) -> str:
    """Write the title of a map, which names its filters.

    Such as « CPTS – Hauts-de-France – ACI signé – au 1er janvier 2026 ».
    """
    told = [key.told(value, labels.get(key.name, {})) for key, value in filters.asked.items()]
    if filters.at:
        told.append(f"au {long_date(filters.at)}")
    return " – ".join(["CPTS", *told] if told else ["CPTS de France"])


def tier_label(tier: int, population_from: int, population_under: int | None) -> str:
    """Write a tier with its inhabitants: « Taille 2 : de 40 000 à 79 999 habitants ».

    Parameters: `population_from`, the fewest inhabitants of the tier; `population_under`,
    the first number beyond it, None for the largest tier.
    """
    return f"Taille {tier} : {tier_range(population_from, population_under)}"
