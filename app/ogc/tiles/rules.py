"""Which layers there are, from which zoom to which, and how finely each zoom is drawn."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from app.cpts.reading.schemas import Detail

if TYPE_CHECKING:
    from morecantile import TileMatrixSet

MATRIX_SET = "WebMercatorQuad"
# Units along a side of a tile, and beyond it, so that borders are not drawn along its edge.
EXTENT, BUFFER = 4096, 64
# Beyond, what is drawn is as exact as it is kept, and clients enlarge it.
MAXIMUM_ZOOM = 12
# Of the archive: some 1 400 tiles, the last of which hold full outlines.
ARCHIVED_ZOOM = 10

# By the last zoom that each generalisation suits: half a pixel is not seen.
_DETAILS: tuple[tuple[int, Detail], ...] = ((6, "national"), (7, "region"), (9, "department"))
# How far a generalised outline may lie outside the exact one, in degrees.
_DEVIATIONS: dict[Detail, float] = {
    "national": 0.1,
    "region": 0.05,
    "department": 0.02,
    "full": 0.0,
}

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True)
class Layer:
    """A layer, which has the name of its collection, and the properties that tiles hold."""

    name: str
    minimum_zoom: int
    properties: tuple[str, ...]


CPTS_LAYER = Layer("cpts", 0, ("id", "name", "stage", "tier", "population", "demonstration"))
# Sooner a tile would hold more communes than two hundred kilobytes tell.
COMMUNES_LAYER = Layer("communes", 8, ("code", "name", "cpts_id", "cpts_stage"))
LAYERS = (CPTS_LAYER, COMMUNES_LAYER)


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """A tile of the set: its zoom, and its place from the north and from the west."""

    zoom: int
    row: int
    column: int

    @property
    def exists(self) -> bool:
        """Whether the set has it."""
        side = 1 << self.zoom
        return self.row < side and self.column < side


@cache
def matrix_set() -> "TileMatrixSet":
    """Give the set of tile matrices; its library takes long to import."""
    import morecantile  # noqa: PLC0415

    return morecantile.tms.get(MATRIX_SET)


def detail_of(zoom: int) -> Detail:
    """Choose the generalisation that suits a zoom."""
    return next((detail for last, detail in _DETAILS if zoom <= last), "full")


def box_around(tile: Tile) -> Bounds:
    """Give a box in degrees that holds whatever may show in a tile, its buffer included."""
    from morecantile import Tile as Place  # noqa: PLC0415

    bounds = matrix_set().bounds(Place(tile.column, tile.row, tile.zoom))
    margin = _DEVIATIONS[detail_of(tile.zoom)]
    width = (bounds.right - bounds.left) * BUFFER / EXTENT + margin
    height = (bounds.top - bounds.bottom) * 2 * BUFFER / EXTENT + margin
    return (
        max(-180.0, bounds.left - width),
        max(-90.0, bounds.bottom - height),
        min(180.0, bounds.right + width),
        min(90.0, bounds.top + height),
    )


def tiles_within(boxes: Iterable[Bounds], zoom: int) -> list[Tile]:
    """List the tiles of a zoom that touch any of these boxes, in degrees."""
    places = {place for box in boxes for place in matrix_set().tiles(*box, zooms=[zoom])}
    return sorted(Tile(place.z, place.y, place.x) for place in places)
