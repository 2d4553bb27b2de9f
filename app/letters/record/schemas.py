"""What a client sends about a letter on record."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from app.cpts.writing.schemas import (
    MAXIMUM_COMMUNES,
    CptsId,
    Day,
    Name,
    Phone,
)
from app.http.texts import LINE, LINES, Mailbox
from app.letters.check.schemas import GivenCommune

Note = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000), LINES
]
Reference = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500), LINE
]
Documents = Annotated[
    list[Reference],
    Field(max_length=50, description="Références des pièces : textes courts ou adresses."),
]
Themes = Annotated[list[str], Field(max_length=100, description="Thèmes, par leur code.")]
Siren = Annotated[str, StringConstraints(pattern=r"^[0-9]{9}$")]
RegionCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{2}$")]
GivenCommunes = Annotated[
    list[GivenCommune],
    Field(max_length=MAXIMUM_COMMUNES, description="Codes INSEE, noms ou EPCI."),
]
Epci = Annotated[
    list[Siren], Field(max_length=MAXIMUM_COMMUNES, description="Numéros SIREN d'EPCI.")
]


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid")


def _example(value: dict[str, Any]) -> ConfigDict:
    return ConfigDict(extra="forbid", json_schema_extra={"examples": [value]})


class Contact(_Sent):
    """The person who leads the project; never public."""

    name: Name | None = None
    email: Mailbox | None = None
    phone: Phone | None = None


class Territory(_Sent):
    """A territory: whole, or by what is added to another and withdrawn from it."""

    communes: GivenCommunes = []
    epci: Epci = []
    add: Annotated[
        list[GivenCommune],
        Field(max_length=MAXIMUM_COMMUNES, description="Communes ajoutées, comme `communes`."),
    ] = []
    withdraw: Annotated[
        list[GivenCommune],
        Field(max_length=MAXIMUM_COMMUNES, description="Communes retirées, comme `communes`."),
    ] = []

    @property
    def by_difference(self) -> bool:
        """Whether it says what is added and withdrawn."""
        return bool(self.add or self.withdraw)

    @model_validator(mode="after")
    def _says_it_one_way(self) -> Self:
        if self.by_difference and (self.communes or self.epci):
            raise ValueError(
                "Le territoire entier (communes, epci) ou la différence (add, withdraw), "
                "pas les deux."
            )
        return self


class LetterTerritory(Territory):
    """The territory that a letter asks for; a difference is one from what it asked before."""

    note: Note | None = None

    model_config = _example({"communes": ["59350", "Lambersart"], "epci": []})


class LetterDeposit(Territory):
    """A letter to be put on record; a difference is one from what its CPTS holds."""

    name: Name
    kind: Literal["creation", "amendment", "merger"] = "creation"
    cpts: Annotated[
        CptsId | None,
        Field(
            description="La dynamique que la lettre fait avancer, la CPTS de l'avenant, "
            "ou celle qui absorbe les autres."
        ),
    ] = None
    merged_cpts: Annotated[
        list[CptsId], Field(max_length=100, description="Les CPTS qu'une fusion absorbe.")
    ] = []
    contact: Contact | None = None
    deposited_on: Day | None = None
    effective_on: Annotated[
        Day | None, Field(description="Jour d'effet souhaité ; sinon celui de la décision.")
    ] = None
    orientations: Themes = []
    documents: Documents = []
    lead_region: Annotated[
        RegionCode | None, Field(description="Sinon celle qui a le plus d'habitants.")
    ] = None
    note: Note | None = None

    model_config = _example(
        {
            "name": "CPTS des Weppes",
            "communes": ["59350", "Lambersart", "59378"],
            "contact": {
                "name": "Camille Exemple",
                "email": "projet@weppes.example",
                "phone": "03 20 00 00 00",
            },
            "deposited_on": "2026-03-02",
            "orientations": ["soins_non_programmes", "diabete"],
            "documents": ["Lettre d'intention du 2 mars 2026"],
        }
    )

    @model_validator(mode="after")
    def _amends_by_difference(self) -> Self:
        if self.by_difference and self.kind != "amendment":
            raise ValueError("Seul un avenant ajoute (add) et retire (withdraw) des communes.")
        return self


class LetterPatch(_Sent):
    """What is corrected of a letter; a member left out stays, null empties it."""

    name: Name | None = None
    contact: Contact | None = None
    documents: Documents | None = None
    orientations: Themes | None = None
    lead_region: RegionCode | None = None
    effective_on: Day | None = None
    note: Note | None = None

    model_config = _example({"documents": ["Lettre signée", "https://projet.example/plan"]})

    @model_validator(mode="after")
    def _corrects_something(self) -> "LetterPatch":
        if not self.model_fields_set - {"note"}:
            raise ValueError("Au moins un champ à corriger est attendu.")
        return self


class Decision(_Sent):
    """What the ARS or the Assurance Maladie decides."""

    decision: Literal["favorable", "defavorable"]
    decided_on: Annotated[Day | None, Field(description="Aujourd'hui par défaut.")] = None
    authority: Annotated[
        Literal["ars", "assurance_maladie"] | None,
        Field(description="De qui est la décision ; un administrateur le précise."),
    ] = None
    note: Note | None = None

    model_config = _example({"decision": "favorable", "decided_on": "2026-05-04"})


class Opinion(_Sent):
    """What the URPS thinks of it; it does not bind."""

    opinion: Literal["favorable", "defavorable", "reserve"]
    given_on: Annotated[Day | None, Field(description="Aujourd'hui par défaut.")] = None
    note: Note | None = None

    model_config = _example({"opinion": "reserve", "note": "Consulter les voisins."})


class Withdrawal(_Sent):
    """The project holders take their letter back."""

    withdrawn_on: Annotated[Day | None, Field(description="Aujourd'hui par défaut.")] = None
    note: Note | None = None

    model_config = _example({"note": "Projet remis à l'an prochain."})
