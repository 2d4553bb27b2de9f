"""What a client sends to change the registry, and is told of it."""

from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from app.cpts.reading.schemas import CptsItem
from app.http.texts import LINE, Mailbox, Website, written_day

MAXIMUM_COMMUNES = 5_000


def _text(maximum: int, pattern: str | None = None) -> Any:
    return StringConstraints(
        strip_whitespace=True, min_length=1, max_length=maximum, pattern=pattern
    )


Name = Annotated[str, _text(200), LINE]
Acronym = Annotated[str, _text(40), LINE]
# Nine characters; the second may be the letter of a Corsican department.
Finess = Annotated[str, _text(9, r"^[0-9][0-9AB][0-9]{7}$")]
Phone = Annotated[str, _text(30, r"^\+?[0-9 .()-]{6,}$")]
Address = Annotated[str, _text(300), LINE]
Reason = Annotated[str, _text(500), LINE]
CommuneCode = Annotated[str, _text(20), LINE]
Communes = Annotated[list[CommuneCode], Field(max_length=MAXIMUM_COMMUNES)]
# ids are 64-bit in the database.
CptsId = Annotated[int, Field(ge=1, lt=2**63, strict=True)]
# Before 1900 or after 2200 a date is a slip of the pen.
Day = Annotated[
    date, Field(ge=date(1900, 1, 1), lt=date(2200, 1, 1)), BeforeValidator(written_day)
]


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TerritoryWrite(_Sent):
    """The whole territory from a day on."""

    communes: Communes
    effective_on: Day | None = None
    supersede: Annotated[list[CptsId], Field(max_length=1_000)] = []

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"communes": ["59350", "59009", "59378"]}]},
    )


class CptsCreation(TerritoryWrite):
    """A new CPTS with its territory."""

    name: Name
    stage: str
    acronym: Acronym | None = None
    finess: Finess | None = None
    themes: Annotated[list[str], Field(max_length=100)] = []
    website: Website | None = None
    email: Mailbox | None = None
    phone: Phone | None = None
    address: Address | None = None
    stage_since: Day | None = None

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "CPTS du Val d'Exemple",
                    "stage": "lettre_intention_validee",
                    "communes": ["59350", "59009"],
                    "themes": ["soins_non_programmes", "diabete"],
                    "website": "https://cpts.example",
                }
            ]
        },
    )


class CptsPatch(_Sent):
    """What changes of a CPTS; a member that is left out stays as it is, null empties it."""

    name: Name | None = None
    stage: str | None = None
    acronym: Acronym | None = None
    finess: Finess | None = None
    themes: Annotated[list[str], Field(max_length=100)] | None = None
    website: Website | None = None
    email: Mailbox | None = None
    phone: Phone | None = None
    address: Address | None = None
    stage_since: Day | None = None
    reason: Reason | None = None

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"stage": "aci_signe", "stage_since": "2026-03-01"}]},
    )


class TranslatedCommune(BaseModel):
    """A code that is no longer one, as it was given, and the communes that it stands for."""

    given: str
    communes: list[str]


class CptsWritten(CptsItem):
    """A CPTS whose territory was written."""

    translated_communes: list[TranslatedCommune]
