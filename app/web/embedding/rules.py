"""Addresses and markup of a map on another site. Plain Python."""

from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode

MAP_ADDRESS = "/embed/carte"
DEFAULT_HEIGHT_PX = 600


@dataclass(frozen=True, slots=True)
class Choice:
    """What a map shows: codes and slugs, the most particular territory alone."""

    regions: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()

    def _chosen(self) -> list[tuple[str, tuple[str, ...]]]:
        return [("stage", self.stages), ("theme", self.themes), ("tier", self.tiers)]

    def map_address(self) -> str:
        """Give the root-relative address of the map; departments outrank regions."""
        place = (
            ("department", self.departments) if self.departments else ("region", self.regions)
        )
        return _address(MAP_ADDRESS, [place, *self._chosen()])

    def source_address(self) -> str:
        """Give the page of the site that shows the same, with its table.

        That of the region or department when there is one of them, else the home page.
        """
        if len(self.departments) == 1:
            return _address(f"/departements/{self.departments[0]}", self._chosen())
        if len(self.regions) == 1 and not self.departments:
            return _address(f"/regions/{self.regions[0]}", self._chosen())
        return "/"


def _address(path: str, parameters: list[tuple[str, tuple[str, ...]]]) -> str:
    pairs = [(name, ",".join(values)) for name, values in parameters if values]
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
