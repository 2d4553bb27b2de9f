"""The shape of what a reader gets."""

from datetime import date
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict

Detail = Literal["national", "region", "department", "full"]
DETAILS: tuple[Detail, ...] = get_args(Detail)
CoverageLevel = Literal["country", "region", "department"]


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
    """A CPTS as of a day; `planned` is what lies ahead of that day and of today.

    `stage_since` is null when nobody knows the date of the stage; `stage_recorded_on` is the
    day since which the registry knows the stage.
    """

    id: int
    name: str
    acronym: str | None
    finess: str | None
    stage: str | None
    stage_label: str | None
    stage_since: date | None
    stage_recorded_on: date | None
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
                    "stage_recorded_on": "2024-03-04",
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


class CoverageOfTerritory(BaseModel):
    """How much of a territory CPTS cover; `share_covered` is of the population, 0 to 1.

    What it rests on: `complete` when the content of the registry is declared complete for
    all of its departments, the last one `completed_on`; `population_complete` lives in
    those that are.
    """

    code: str
    name: str
    population: int
    population_covered: int
    share_covered: float
    communes: int
    communes_covered: int
    complete: bool
    completed_on: date | None
    departments_complete: int
    departments_total: int
    population_complete: int
    cpts_by_stage: dict[str, int]


class Coverage(BaseModel):
    """Coverage per territory, with the definition and the date it is worth nothing without."""

    level: CoverageLevel
    date: date
    stages: list[str]
    definition: str
    items: list[CoverageOfTerritory]
