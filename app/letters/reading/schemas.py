"""What a reader of letters may ask for, and the shape of what comes back."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import Depends, Query
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from app.http.parameters import (
    DEFAULT_LIMIT,
    NOT_FILLED_IN,
    Day,
    DepartmentCodes,
    Limit,
    Offset,
    RegionCodes,
    SearchText,
    separated,
)
from app.letters.conciliations.rules import Outcome
from app.letters.record.rules import Kind, State


@dataclass(frozen=True, slots=True)
class LetterFilters:
    """Which letters are asked for: OR inside a filter, AND between them; empty lets all pass.

    `since` and `until` are days of deposit, both included.
    """

    regions: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    q: str | None = None
    limit: int = DEFAULT_LIMIT
    offset: int = 0


def _several(description: str, example: str) -> Any:
    return Query(
        description=f"{description} Répétable, ou séparé par des virgules.", examples=[example]
    )


States = Annotated[
    list[State], _several("États des lettres.", "deposee"), BeforeValidator(separated)
]
Kinds = Annotated[
    list[Kind], _several("Nature des lettres.", "creation"), BeforeValidator(separated)
]


def _nothing_when_empty(value: object) -> object:
    # A form sends the fields that nobody filled in as empty texts.
    return None if value == "" else value


DayOfForm = Annotated[
    Day,
    BeforeValidator(_nothing_when_empty),
    WithJsonSchema({"anyOf": [{"type": "string", "format": "date"}, NOT_FILLED_IN]}),
]


async def _filters(
    *,
    region: RegionCodes = [],  # noqa: B006  (FastAPI copies defaults)
    department: DepartmentCodes = [],  # noqa: B006
    state: States = [],  # noqa: B006
    kind: Kinds = [],  # noqa: B006
    since: Annotated[
        DayOfForm, Query(alias="from", description="Déposées depuis ce jour.")
    ] = None,
    until: Annotated[DayOfForm, Query(description="Déposées jusqu'à ce jour inclus.")] = None,
    q: SearchText = None,
    limit: Limit = DEFAULT_LIMIT,
    offset: Offset = 0,
) -> LetterFilters:
    return LetterFilters(
        regions=tuple(region),
        departments=tuple(department),
        states=tuple(state),
        kinds=tuple(kind),
        since=since,
        until=until,
        q=q.strip() or None if q else None,
        limit=limit,
        offset=offset,
    )


RequestedLetters = Annotated[LetterFilters, Depends(_filters)]


class Named(BaseModel):
    """A region, by its code and name."""

    code: str
    name: str


class CptsNamed(BaseModel):
    """A CPTS, by its id and name; `ended_on` may lie ahead, when its end is planned."""

    id: int
    name: str
    ended_on: date | None = None


class LetterCommune(BaseModel):
    """A commune of a letter."""

    code: str
    name: str
    department: str
    population: int


class LetterTerritory(BaseModel):
    """The territory that a letter asks for, whole, and what an amendment gives up."""

    commune_count: int
    population: int
    population_year: int | None
    tier: int | None
    communes: list[LetterCommune]
    withdrawn: list[LetterCommune]


class ConciliationOfLetter(BaseModel):
    """A conciliation that a letter is or was a party to."""

    id: int
    opened_on: date
    closed_on: date | None
    outcome: Outcome | None


class ThemeTold(BaseModel):
    """An orientation."""

    slug: str
    label: str
    mission: str


class ContactTold(BaseModel):
    """The person who leads the project."""

    name: str | None
    email: str | None
    phone: str | None


class AttachmentTold(BaseModel):
    """A file handed in with a letter: `media_type` as read in it, `size` in bytes."""

    id: int
    kind: Literal["letter", "map", "diagnosis", "other"]
    name: str
    media_type: str
    size: int
    sha256: str
    added_at: datetime


class PositionTold(BaseModel):
    """Where an authority stands; who recorded it, and a note, for those who may see them."""

    position: Literal["favorable", "defavorable", "reserve"]
    given_on: date
    recorded_at: datetime
    note: str | None = None
    actor: str | None = None


class EventTold(BaseModel):
    """What happened: on which day, recorded when and by whom, and the state after."""

    action: str
    occurred_on: date
    state: State
    state_label: str
    recorded_at: datetime | None = None
    actor: str | None = None
    note: str | None = None
    details: dict[str, Any] | None = None


class LetterTold(BaseModel):
    """A letter as its reader may see it.

    The public sees the communes, the state and the dates; names and what follows
    `conciliations` are there for agents, and for everybody once a letter is validated,
    but the contact and the notes only for agents of a region concerned.
    """

    id: int
    kind: Kind
    kind_label: str
    state: State
    state_label: str
    name: str | None = Field(description="Pour le public, une fois la lettre validée.")
    deposited_on: date
    effective_on: date | None = Field(description="Jour d'effet souhaité.")
    closed_on: date | None = Field(description="Jour de la décision ou du retrait.")
    in_effect_from: date | None = Field(description="Jour d'effet, une fois validée.")
    lead_region: Named
    other_regions: list[Named]
    departments: list[str]
    territory: LetterTerritory
    conciliations: list[ConciliationOfLetter]
    orientations: list[ThemeTold] | None = None
    cpts: CptsNamed | None = None
    merged_cpts: list[CptsNamed] | None = None
    resulting_cpts: CptsNamed | None = None
    decisions: dict[Literal["ars", "assurance_maladie"], PositionTold | None] | None = None
    opinion: PositionTold | None = None
    documents: list[str] | None = None
    attachments: list[AttachmentTold] | None = Field(
        default=None, description="Fichiers déposés ; se téléchargent sur la page de la lettre."
    )
    contact: ContactTold | None = None
    updated_at: datetime | None = None


class LetterDetail(LetterTold):
    """One letter with its timeline, and what its reader may do with it."""

    timeline: list[EventTold]
    actions: list[str] = Field(
        description="Ce que peut l'appelant : correct, territory, withdraw, opinion, decide."
    )


class LetterWritten(LetterDetail):
    """A letter just written, and how its communes were read where it took reading."""

    readings: list[dict[str, Any]]


class Link(BaseModel):
    """Where the other pages are."""

    rel: str
    href: str


class LetterPage(BaseModel):
    """A page of letters."""

    items: list[LetterTold]
    number_matched: int
    number_returned: int
    links: list[Link]


class LetterNamed(BaseModel):
    """A letter that is a party to a conciliation."""

    id: int
    name: str
    state: State


class ConciliationTold(BaseModel):
    """A conciliation: to the public, where and since when; to agents, between whom."""

    id: int
    open: bool
    opened_on: date
    closed_on: date | None
    outcome: Outcome | None
    outcome_label: str | None
    joined_into: int | None
    communes: list[LetterCommune]
    population: int
    departments: list[str]
    regions: list[str]
    letters: list[LetterNamed] = Field(
        description="Pour le public, celles qui ont été validées."
    )
    cpts: list[CptsNamed] | None = None
    note: str | None = None
    closed_by: str | None = None

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": 3,
                    "open": True,
                    "opened_on": "2026-03-02",
                    "closed_on": None,
                    "outcome": None,
                    "outcome_label": None,
                    "joined_into": None,
                    "communes": [
                        {
                            "code": "59350",
                            "name": "Lille",
                            "department": "59",
                            "population": 238246,
                        }
                    ],
                    "population": 238246,
                    "departments": ["59"],
                    "regions": ["32"],
                    "letters": [],
                }
            ]
        }
    )


class ConciliationList(BaseModel):
    """Conciliations, newest first."""

    items: list[ConciliationTold]
    number_matched: int


class ConciliationFeatures(BaseModel):
    """A FeatureCollection (RFC 7946) of the zones in dispute, without any party."""

    type: Literal["FeatureCollection"]
    features: list[dict[str, Any]]
