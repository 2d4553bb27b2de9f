"""What a reader may ask for, and the shape of what comes back."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal, get_args

from fastapi import Depends
from pydantic import BaseModel, ConfigDict

from app.http.parameters import (
    DEFAULT_LIMIT,
    Bbox,
    BboxFilter,
    Day,
    DepartmentCodes,
    Limit,
    Offset,
    RegionCodes,
    SearchText,
    StageSlugs,
    ThemeSlugs,
    Tiers,
)

Detail = Literal["national", "region", "department", "full"]
DETAILS: tuple[Detail, ...] = get_args(Detail)
CoverageLevel = Literal["country", "region", "department"]


@dataclass(frozen=True, slots=True)
class Filters:
    """Which CPTS are asked for: OR inside a filter, AND between them; empty lets all pass.

    `at` is None for today (Europe/Paris); `bbox` is in CRS84 degrees.
    """

    regions: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    q: str | None = None
    bbox: Bbox | None = None
    at: date | None = None
    limit: int = DEFAULT_LIMIT
    offset: int = 0


async def _filters(
    *,
    bbox: BboxFilter,
    region: RegionCodes = [],  # noqa: B006  (FastAPI copies defaults)
    department: DepartmentCodes = [],  # noqa: B006
    stage: StageSlugs = [],  # noqa: B006
    theme: ThemeSlugs = [],  # noqa: B006
    tier: Tiers = [],  # noqa: B006
    q: SearchText = None,
    at: Day = None,
    limit: Limit = DEFAULT_LIMIT,
    offset: Offset = 0,
) -> Filters:
    return Filters(
        regions=tuple(region),
        departments=tuple(department),
        stages=tuple(stage),
        themes=tuple(theme),
        tiers=tuple(tier),
        q=q.strip() or None if q else None,
        bbox=bbox,
        at=at,
        limit=limit,
        offset=offset,
    )


RequestedFilters = Annotated[Filters, Depends(_filters)]


class ThemeOfCpts(BaseModel):
    """A theme that a CPTS works on, and its mission."""

    slug: str
    label: str
    mission: str


class PlannedTerritory(BaseModel):
    """What a validated letter will change: codes of the communes that come and go."""

    letter: int
    effective_on: date
    add: list[str]
    withdraw: list[str]


class Cpts(BaseModel):
    """A CPTS as of a day; `planned` is what lies ahead of that day and of today."""

    id: int
    name: str
    acronym: str | None
    finess: str | None
    stage: str | None
    stage_label: str | None
    stage_since: date | None
    population: int
    population_year: int | None
    population_note: str | None
    tier: int | None
    commune_count: int
    departments: list[str]
    regions: list[str]
    lead_department: str | None
    themes: list[ThemeOfCpts]
    website: str | None
    email: str | None
    phone: str | None
    address: str | None
    demonstration: bool
    planned: list[PlannedTerritory]
    updated_at: str

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 12,
                    "name": "CPTS du Val d'Exemple",
                    "acronym": "CVE",
                    "finess": None,
                    "stage": "aci_signe",
                    "stage_label": "ACI signé",
                    "stage_since": "2024-03-01",
                    "population": 64210,
                    "population_year": 2023,
                    "population_note": None,
                    "tier": 2,
                    "commune_count": 31,
                    "departments": ["04", "05"],
                    "regions": ["93"],
                    "lead_department": "04",
                    "themes": [{"slug": "diabete", "label": "Diabète", "mission": "parcours"}],
                    "website": "https://cpts.example",
                    "email": "contact@cpts.example",
                    "phone": None,
                    "address": None,
                    "demonstration": False,
                    "planned": [
                        {
                            "letter": 31,
                            "effective_on": "2027-01-01",
                            "add": ["04001"],
                            "withdraw": [],
                        }
                    ],
                    "updated_at": "2026-02-03T09:12:00.000Z",
                }
            ]
        }
    )


class HeldCommune(BaseModel):
    """A commune of a territory, with its population of the day."""

    code: str
    name: str
    population: int


class CptsItem(Cpts):
    """A single CPTS, with its communes; `ended_on` is the first day without it."""

    ended_on: date | None
    communes: list[HeldCommune]


class Link(BaseModel):
    """Another page of the same answer."""

    rel: Literal["self", "next", "prev"]
    href: str


class CptsPage(BaseModel):
    """A page of CPTS, without geometry."""

    items: list[Cpts]
    number_matched: int
    number_returned: int
    links: list[Link]


class Feature(BaseModel):
    """A GeoJSON Feature (RFC 7946); no commune, null geometry."""

    type: Literal["Feature"]
    id: int
    geometry: dict[str, Any] | None
    properties: Cpts


class FeatureOfItem(Feature):
    """The Feature of a single CPTS, whose properties hold its communes too."""

    properties: CptsItem


class FeatureCollection(BaseModel):
    """A GeoJSON FeatureCollection; `timeStamp` is that of the registry's last change."""

    type: Literal["FeatureCollection"]
    numberMatched: int  # noqa: N815  (names of OGC API Features)
    numberReturned: int  # noqa: N815
    timeStamp: str  # noqa: N815
    detail: Detail
    links: list[Link]
    features: list[Feature]


class ReferenceList(BaseModel):
    """A list of reference."""

    items: list[dict[str, Any]]

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"items": [{"code": "32", "name": "Hauts-de-France"}]}]}
    )


class CoverageOfTerritory(BaseModel):
    """How much of a territory CPTS cover; `share_covered` is of the population, 0 to 1."""

    code: str
    name: str
    population: int
    population_covered: int
    share_covered: float
    communes: int
    communes_covered: int
    cpts_by_stage: dict[str, int]


class Coverage(BaseModel):
    """Coverage per territory, with the definition and the date it is worth nothing without."""

    level: CoverageLevel
    date: date
    stages: list[str]
    definition: str
    items: list[CoverageOfTerritory]
