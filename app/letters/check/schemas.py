"""What a client asks of the check, and the answer."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from app.cpts.writing.schemas import MAXIMUM_COMMUNES, CptsId, Day, Name
from app.funding.schemas import FundingAnswer
from app.http.parameters import RowId, WholeNumber
from app.http.texts import LINES
from app.letters.check.polygons import checked_geometry
from app.letters.check.rules import Severity, Verdict

# Longer than any name of a commune with its department.
LONGEST_NAME = 200

# Kept as given, so that the answer can say it back; odd characters are resolution's affair.
GivenCommune = Annotated[
    str, StringConstraints(min_length=1, max_length=LONGEST_NAME, pattern=r"\S"), LINES
]


# As a form sends it: text.
SentCptsId = RowId
# Of an association; the largest CPTS have some thousand.
Members = Annotated[WholeNumber, Field(ge=0, le=1_000_000)]
MEMBERS_DESCRIPTION = "Membres de l'association : à partir de 100, la taille 4 paie plus."


def _siren(value: str) -> str:
    if not (value.isascii() and value.isdigit() and len(value) == 9):
        raise ValueError("Un numéro SIREN de neuf chiffres est attendu.")
    return value


class LetterQuestion(BaseModel):
    """A territory asked for: communes, EPCI and a polygon add up."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "communes": ["59350", "Lambersart", "Saint-Denis (974)"],
                    "epci": ["245901160"],
                    "name": "CPTS des Weppes",
                }
            ]
        },
    )

    communes: Annotated[
        list[GivenCommune],
        Field(max_length=MAXIMUM_COMMUNES),
        Field(description="Codes INSEE ou noms, avec le département si le nom est partagé."),
    ] = []
    epci: Annotated[
        list[Annotated[str, AfterValidator(_siren)]],
        Field(max_length=MAXIMUM_COMMUNES, description="Numéros SIREN d'EPCI."),
    ] = []
    geometry: Annotated[
        dict[str, Any] | None,
        BeforeValidator(lambda value: None if value is None else checked_geometry(value)),
        Field(
            description="Polygon ou MultiPolygon GeoJSON (WGS 84) : une commune compte "
            "quand la moitié au moins de sa surface est dedans."
        ),
    ] = None
    name: Annotated[Name | None, Field(description="Nom du projet, rappelé tel quel.")] = None
    exclude_cpts: Annotated[
        CptsId | None, Field(description="CPTS dont le territoire serait ainsi modifié.")
    ] = None
    effective_on: Annotated[
        Day | None, Field(description="Jour d'effet ; aujourd'hui par défaut.")
    ] = None
    members: Annotated[Members | None, Field(description=MEMBERS_DESCRIPTION)] = None

    @model_validator(mode="after")
    def _asks_for_something(self) -> "LetterQuestion":
        if not self.communes and not self.epci and self.geometry is None:
            raise ValueError("Au moins l'un de communes, epci et geometry est attendu.")
        return self


class CommuneAnswer(BaseModel):
    """A commune and its inhabitants."""

    code: str
    name: str
    population: int


class TerritoryCommune(CommuneAnswer):
    """A commune of the territory and the input that led to it."""

    given: str
    note: str | None = Field(description="Ce qui a été corrigé ou complété.")


class TierMargin(BaseModel):
    """Distance to the tiers beside, in inhabitants."""

    lower_bound: int
    upper_bound: int | None
    to_next: int | None = Field(description="Habitants manquants pour la taille suivante.")
    to_previous: int | None = Field(description="Perte qui ramène à la taille précédente.")


class Piece(BaseModel):
    """A part of a territory in several; an island is one that no land border could join."""

    communes: list[CommuneAnswer]
    population: int
    island: bool = Field(description="Sans aucune frontière terrestre avec le reste.")


class Territory(BaseModel):
    """The communes asked for, and what follows from them."""

    communes: list[TerritoryCommune]
    population: int
    population_year: int | None
    population_note: str | None = Field(description="Communes d'un autre millésime.")
    tier: int | None
    tier_margin: TierMargin | None
    departments: list[str]
    regions: list[str]
    parts: int = Field(description="Morceaux d'un seul tenant (frontière commune).")
    pieces: list[Piece] = Field(description="Ces morceaux, quand il y en a plusieurs.")


class CptsReference(BaseModel):
    """A CPTS as an answer names it."""

    id: int
    name: str
    stage: str
    demonstration: bool


class Conflict(BaseModel):
    """A commune of the territory that another CPTS holds, or will hold."""

    commune: CommuneAnswer
    cpts: CptsReference
    severity: Severity
    held_from: date
    held_until: date | None = Field(description="Premier jour où elle ne l'est plus.")


class Contact(BaseModel):
    """How to reach a CPTS: the association's own, never a person's."""

    website: str | None
    email: str | None
    phone: str | None


class ConflictingCpts(BaseModel):
    """A CPTS in conflict, with all that is at stake between it and the territory."""

    cpts: CptsReference
    contact: Contact
    severity: Severity = Field(description="La plus grave de ses communes.")
    communes: list[CommuneAnswer]
    population: int = Field(description="Habitants des communes en cause.")


class LetterReference(BaseModel):
    """A letter on record as an answer names it."""

    id: int
    name: str


class CompetingLetter(BaseModel):
    """A pending letter that asks for communes of the territory; to the public, never whose."""

    communes: list[CommuneAnswer]
    letter: LetterReference | None = Field(
        default=None, description="Pour les ARS, l'Assurance Maladie et l'administration."
    )


class Candidate(BaseModel):
    """A commune that an input may mean."""

    code: str
    name: str
    department: str


class UnresolvedInput(BaseModel):
    """An input that leads to no commune, or to several."""

    given: str
    reason: Literal["unknown", "ambiguous"]
    candidates: list[Candidate]
    note: str | None = Field(
        default=None,
        description="Ce que chaque élément donné veut dire, quand ils ne s'accordent pas, "
        "et ce qui n'a pas pu être lu.",
    )


class FreeTerritory(BaseModel):
    """The territory without the communes in conflict."""

    communes: list[CommuneAnswer]
    population: int
    tier: int | None


class Enclave(BaseModel):
    """Communes held by nobody that the territory would cut off from all others."""

    communes: list[CommuneAnswer]
    population: int


class Neighbour(BaseModel):
    """A CPTS beside the territory."""

    cpts: CptsReference
    shared_border_km: float


class TerritorySize(BaseModel):
    """How large a territory is, and what its tier pays."""

    commune_count: int
    population: int
    tier: int | None
    funding: FundingAnswer | None


class Amendment(BaseModel):
    """What would change for the CPTS whose territory is asked about."""

    cpts: CptsReference
    added: list[CommuneAnswer]
    withdrawn: list[CommuneAnswer]
    before: TerritorySize
    after: TerritorySize


class LetterCheck(BaseModel):
    """The answer of the check."""

    name: str | None
    effective_on: date
    verdict: Verdict
    territory: Territory
    conflicts: list[Conflict]
    conflicts_by_cpts: list[ConflictingCpts]
    competing_letters: list[CompetingLetter]
    unresolved: list[UnresolvedInput]
    free_territory: FreeTerritory
    enclaves: list[Enclave]
    neighbours: list[Neighbour]
    funding: FundingAnswer | None
    amendment: Amendment | None = Field(description="Quand `exclude_cpts` est donné.")
    registry_revision: int
    checked_at: datetime
