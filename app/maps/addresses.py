"""The addresses of a map: where its page, its data and its readers' lists are."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from app.maps.repository import Bounds

CPTS_ADDRESS = "/api/v1/cpts.geojson"
LISTING_ADDRESS = "/api/v1/cpts"
COMPOSITIONS_ADDRESS = "/api/v1/compositions.csv"
CONCILIATIONS_ADDRESS = "/api/v1/conciliations.geojson"
AROUND_ADDRESS = "/maps/around.geojson"
COMMUNES_ADDRESS = "/maps/communes.geojson"
DEPARTMENTS_ADDRESS = "/maps/departments.geojson"
PICTURE_ADDRESS = "/maps/first.svg"
MAP_ADDRESS = "/maps/cpts"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a map finds its CPTS (GeoJSON), and its readers the list and the compositions."""

    cpts: str
    listing: str
    compositions: str | None = None


REGISTRY = Addresses(CPTS_ADDRESS, LISTING_ADDRESS, COMPOSITIONS_ADDRESS)


def address(path: str, parameters: Sequence[tuple[str, str]]) -> str:
    """Write an address with its parameters, if any."""
    return f"{path}?{urlencode(parameters)}" if parameters else path


def is_one_page(parameters: Sequence[tuple[str, str]]) -> bool:
    """Tell whether a part of a list is asked for, by its length or where it begins."""
    return any(name in ("limit", "offset") for name, _ in parameters)


def box_parameter(bounds: Bounds | None) -> list[tuple[str, str]]:
    """Write a box as a parameter, rounded as `corners` rounds it."""
    if bounds is None:
        return []
    return [("bbox", ",".join(str(round(value, 3)) for value in bounds))]


def corners(bounds: Bounds | None) -> list[list[float]] | None:
    """Write a box as Leaflet reads it: [[south, west], [north, east]]."""
    if bounds is None:
        return None
    west, south, east, north = (round(value, 3) for value in bounds)
    return [[south, west], [north, east]]
