"""The page of a map, written by Folium."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Thread
from typing import Any

from app.french import typeset_text
from app.maps.picture import Picture
from app.maps.repository import Bounds
from app.settings import MapSettings

# Without any outline in the database: about metropolitan France.
_ANY_VIEW: Bounds = (-5.2, 41.3, 9.6, 51.1)


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a filter that the form of a map offers."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class MapForm:
    """What searches and filters a map, by a plain GET: the address is what is shown.

    Parameters: `action`, the path of the map; `search`, the words asked for; `kept`, other
    parameters that stay as they are; `filters`, the name and label of each, and its
    choices by their group;
    `everything`, root-relative, the same map without a choice; `asked`, how many there are.
    """

    action: str
    search: str
    kept: Sequence[tuple[str, str]]
    filters: Sequence[tuple[str, str, Sequence[tuple[str, Sequence[Choice]]]]]
    everything: str
    asked: int


@dataclass(frozen=True, slots=True)
class MapDescription:
    """A map to be written.

    Parameters: `heading`, the title; `dated`, which data it shows; `view`, the box shown
    first (WGS 84); `picture`, what is seen there until the program has drawn, if anything;
    `data`, what the program of the page needs (see `elements`);
    `listing` and `compositions`, root-relative addresses of the text alternatives, the
    second if there is one; `at`, the ISO date that the filter asks for, if any; `source`,
    root-relative, the page of the site that a map shown on another site leads back to;
    `form`, None for a map whose filters stand beside it.
    """

    heading: str
    dated: str
    view: Bounds | None
    picture: Picture | None
    data: Mapping[str, Any]
    listing: str
    compositions: str | None
    at: str | None = None
    source: str | None = None
    form: MapForm | None = None


def render_page(described: MapDescription, settings: MapSettings) -> str:
    """Write the page: the same text in every process for the same description."""
    from app.maps.elements import (  # noqa: PLC0415
        BaseMap,
        CptsByAddress,
        FirstView,
        LocalMap,
        MapPage,
    )

    heading = typeset_text(described.heading)
    page = MapPage(
        title=f"{heading} – carte",
        heading=heading,
        dated=described.dated,
        at=described.at,
        listing=described.listing,
        compositions=described.compositions,
        source=described.source,
        territories=described.data["cpts"],
        form=described.form,
        picture=described.picture,
    )
    west, south, east, north = described.view or _ANY_VIEW
    plan = LocalMap(
        location=[(south + north) / 2, (west + east) / 2],
        zoom_start=6,
        # Options of Leaflet's own map; Folium's `min_zoom` and `max_zoom` are for tiles.
        minZoom=3,
        maxZoom=settings.basemap_max_zoom,
        zoomSnap=0.5,
        font_size="0.875rem",
    )
    page.add_child(plan)
    # Before the base map, which would otherwise ask for tiles of the wrong zoom.
    FirstView([[south, west], [north, east]]).add_to(plan)
    basemap = None
    if settings.basemap_url:
        basemap = BaseMap(
            settings.basemap_url, settings.basemap_attribution, settings.basemap_max_zoom
        )
        basemap.add_to(plan)
    CptsByAddress(dict(described.data), basemap).add_to(plan)
    return str(page.render())


def warm() -> None:
    """Import Folium beside the start of the service, so that no reader waits for it."""

    def fetch_folium() -> None:
        from app.maps import elements  # noqa: F401, PLC0415

    Thread(target=fetch_folium, name="folium", daemon=True).start()
