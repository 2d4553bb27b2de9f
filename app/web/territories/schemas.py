"""What the pages of territories show."""

from dataclasses import dataclass
from typing import Any

from app.institutions.repository import Contact
from app.web.layout.controls import FormControl
from app.web.territories.repository import FreeCommune, Holding
from app.web.territories.rules import Column


@dataclass(frozen=True, slots=True)
class StageCount:
    """A stage and how many CPTS are there; `start` and `width` in percent of all of them."""

    slug: str
    label: str
    meaning: str
    count: int
    start: float
    width: float


@dataclass(frozen=True, slots=True)
class Downloads:
    """Addresses of exactly what a page shows."""

    json: str
    geojson: str
    compositions: str
    csv: str
    geopackage: str


@dataclass(frozen=True, slots=True)
class TerritoryPage:
    """A region or a department, narrowed by the filters of the address.

    `counted` is the text that names the stages that count as coverage; `departments` are
    rows of coverage (empty for a department), which follow the filter of stages alone:
    `beyond_stages` says that others were chosen; `free` the largest of the communes that
    nobody holds; `base` what the figures rest on, as the coverage tells it;
    `contacts` whom to call: in the place itself, then in the departments of a region by name.
    """

    level: str
    code: str
    name: str
    region_code: str
    region_name: str
    filtered: bool
    beyond_stages: bool
    chosen: list[tuple[str, str]]
    sort: str
    day: str
    map_address: str
    cpts: list[Any]
    columns: list[Column]
    by_stage: list[StageCount]
    holding: Holding
    base: dict[str, Any]
    counted: str
    controls: list[FormControl]
    departments: list[dict[str, Any]]
    free: list[FreeCommune]
    free_address: str
    contacts: list[tuple[str, list[Contact]]]
    downloads: Downloads
