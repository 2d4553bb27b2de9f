"""What a client sends to change the registry."""

from datetime import date
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

MAXIMUM_COMMUNES = 5_000


def _plain_text(value: str) -> str:
    if any(ord(character) < 32 or ord(character) == 127 for character in value):
        raise ValueError("Les caractères de contrôle ne sont pas acceptés.")
    return value


def _web_address(value: str) -> str:
    refusal = "Une adresse http:// ou https:// est attendue."
    if not value.startswith(("http://", "https://")) or " " in value or len(value) < 11:
        raise ValueError(refusal)
    try:
        host = urlsplit(value).hostname
    except ValueError:  # such as an unfinished IPv6 address
        raise ValueError(refusal) from None
    if not host:
        raise ValueError(refusal)
    return value


def _mailbox(value: str) -> str:
    local, separator, domain = value.partition("@")
    if not (local and separator and "." in domain) or any(c in value for c in ' <>",;'):
        raise ValueError("Une adresse électronique est attendue.")
    return value


def _text(maximum: int, pattern: str | None = None) -> Any:
    return StringConstraints(
        strip_whitespace=True, min_length=1, max_length=maximum, pattern=pattern
    )


PLAIN = AfterValidator(_plain_text)

Name = Annotated[str, _text(200), PLAIN]
Acronym = Annotated[str, _text(40), PLAIN]
# Nine characters; the second may be the letter of a Corsican department.
Finess = Annotated[str, _text(9, r"^[0-9][0-9AB][0-9]{7}$")]
Website = Annotated[str, _text(300), PLAIN, AfterValidator(_web_address)]
Mailbox = Annotated[str, _text(200), PLAIN, AfterValidator(_mailbox)]
Phone = Annotated[str, _text(30, r"^\+?[0-9 .()-]{6,}$")]
Address = Annotated[str, _text(300), PLAIN]
Reason = Annotated[str, _text(500), PLAIN]
CommuneCode = Annotated[str, _text(20), PLAIN]
Communes = Annotated[list[CommuneCode], Field(max_length=MAXIMUM_COMMUNES)]
# ids are 64-bit in the database.
CptsId = Annotated[int, Field(ge=1, lt=2**63, strict=True)]
# Before 1900 or after 2200 a date is a slip of the pen.
Day = Annotated[date, Field(ge=date(1900, 1, 1), lt=date(2200, 1, 1))]


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
