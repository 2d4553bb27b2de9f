"""What is asked about communes, and the shape of what comes back."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from fastapi import Depends, Query
from pydantic import BaseModel, BeforeValidator, ConfigDict

from app.http.parameters import Day, DepartmentCodes, Offset, RegionCodes, whole_number
from app.problems import Invalid

DEFAULT_LIMIT = 20
MAXIMUM_LIMIT = 1_000


def _check_postcode(postcode: str | None) -> None:
    if postcode is not None and not re.fullmatch(r"[0-9]{5}", postcode):
        raise Invalid.at(
            "query",
            "postcode",
            message="Un code postal de cinq chiffres est attendu.",
            accepted=["cinq chiffres"],
        )


@dataclass(frozen=True, slots=True)
class CommuneFilters:
    """Which communes are asked for; empty or None lets all pass.

    `at` is None for today (Europe/Paris).
    """

    q: str | None = None
    departments: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    postcode: str | None = None
    held: bool | None = None
    at: date | None = None
    limit: int = DEFAULT_LIMIT
    offset: int = 0


async def _filters(
    *,
    q: Annotated[
        str | None,
        Query(
            max_length=200,
            description="Nom, début de nom, ancien nom, code postal ou code INSEE.",
            examples=["saint-et"],
        ),
    ] = None,
    department: DepartmentCodes = [],  # noqa: B006  (FastAPI copies defaults)
    region: RegionCodes = [],  # noqa: B006
    postcode: Annotated[
        str | None,
        Query(description="Code postal, cinq chiffres.", examples=["42000"]),
    ] = None,
    held: Annotated[
        Literal["true", "false"] | None,
        Query(description="`true` : tenues par une CPTS ; `false` : libres."),
    ] = None,
    at: Day = None,
    limit: Annotated[
        int,
        Query(ge=1, le=MAXIMUM_LIMIT, description="Nombre maximal de communes."),
        BeforeValidator(whole_number),
    ] = DEFAULT_LIMIT,
    offset: Offset = 0,
) -> CommuneFilters:
    _check_postcode(postcode)
    return CommuneFilters(
        q=q.strip() or None if q else None,
        departments=tuple(department),
        regions=tuple(region),
        postcode=postcode,
        held=None if held is None else held == "true",
        at=at,
        limit=limit,
        offset=offset,
    )


RequestedCommunes = Annotated[CommuneFilters, Depends(_filters)]


class Holder(BaseModel):
    """The CPTS that holds a commune."""

    id: int
    name: str
    stage: str | None


class Claimant(BaseModel):
    """A CPTS whose claim was refused; `id` is null when it is not in the registry."""

    id: int | None
    name: str
    stage: str | None


class CommuneItem(BaseModel):
    """A commune, a municipal arrondissement or a part of a commune, and who holds it.

    A part names its `city`.
    Where its department is not `complete`, that nobody holds it is not known.
    """

    code: str
    name: str
    kind: Literal["commune", "arrondissement", "part"]
    department: str
    region: str
    population: int
    population_year: int
    postcodes: list[str]
    complete: bool
    cpts: Holder | None
    also_claimed_by: list[Claimant]
    city: str | None = None

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "code": "42218",
                    "name": "Saint-Étienne",
                    "kind": "commune",
                    "department": "42",
                    "region": "84",
                    "population": 172569,
                    "population_year": 2023,
                    "postcodes": ["42000", "42100", "42230"],
                    "complete": True,
                    "cpts": {"id": 12, "name": "CPTS d'Exemple", "stage": "aci_signe"},
                    "also_claimed_by": [],
                }
            ]
        }
    )


class Link(BaseModel):
    """A page of the same list."""

    rel: str
    href: str


class CommunePage(BaseModel):
    """A page of communes."""

    items: list[CommuneItem]
    number_matched: int
    number_returned: int
    links: list[Link]


class SingleCommune(BaseModel):
    """One commune; `former_code` when it was asked for by a code of the past.

    Paris, Lyon and Marseille are of kind `city` and list their `arrondissements`; a commune
    that is divided is one too, and lists its `parts`.
    """

    code: str
    name: str
    kind: Literal["commune", "arrondissement", "part", "city"]
    department: str
    region: str
    population: int
    population_year: int
    postcodes: list[str]
    complete: bool
    cpts: Holder | None
    also_claimed_by: list[Claimant]
    former_code: str | None = None
    city: str | None = None
    arrondissements: list[CommuneItem] | None = None
    parts: list[CommuneItem] | None = None
