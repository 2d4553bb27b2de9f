"""Addresses and markup of a map on another site. Plain Python."""

from html import escape
from urllib.parse import quote, urlencode

from app.cpts.reading.filtering import Filters
from app.cpts.reading.filters import DEPARTMENT, REGION
from app.maps.subjects import AskedSubject

MAP_ADDRESS = "/embed/carte"
DEFAULT_HEIGHT_PX = 600
# Where the page of a map's subject lies.
SUBJECT_PAGES = {"cpts": "cpts", "commune": "communes"}


def embeddable(filters: Filters) -> Filters:
    """Keep what a map on another site is chosen by: departments outrank regions."""
    return filters.kept(
        lambda key: key.control is not None and not (key is REGION and filters[DEPARTMENT])
    )


def map_address(filters: Filters) -> str:
    """Give the root-relative address of the map."""
    return _address(MAP_ADDRESS, embeddable(filters))


def source_address(filters: Filters, subject: AskedSubject | None = None) -> str:
    """Give the page of the site that shows the same, with its table.

    That of the map's subject, or of the region or department when there is one of them,
    else the home page.
    """
    if subject:
        for name, value in subject.pairs():
            return f"/{SUBJECT_PAGES[name]}/{quote(value, safe='')}"
    shown = embeddable(filters)
    chosen = shown.kept(lambda key: not key.names_a_place)
    for key, path in ((DEPARTMENT, "departements"), (REGION, "regions")):
        if len(shown[key]) == 1:
            return _address(f"/{path}/{shown[key][0]}", chosen)
    return "/"


def _address(path: str, filters: Filters) -> str:
    pairs = filters.short_pairs()
    return f"{path}?{urlencode(pairs, safe=',')}" if pairs else path


def _attribute(text: str) -> str:
    """Escape for an attribute in double quotes, leaving apostrophes legible."""
    return escape(text, quote=False).replace('"', "&quot;")


def frame_code(address: str, title: str, height_px: int) -> str:
    """Write the HTML that shows a map, to be pasted as it is.

    Parameters: `address`, in full; `title`, what screen readers say of the frame.
    """
    return (
        f'<iframe src="{escape(address)}" title="{_attribute(title)}" width="100%" '
        f'height="{height_px}" style="border: 0" loading="lazy" allowfullscreen></iframe>'
    )
