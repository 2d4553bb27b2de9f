"""What a client sends to close a conciliation."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.cpts.writing.schemas import CptsId, Day
from app.letters.conciliations.rules import Outcome
from app.letters.record.schemas import Epci, GivenCommunes, Note

LetterId = Annotated[int, Field(ge=1, lt=2**63, strict=True)]


class SharedTerritory(BaseModel):
    """The territory that a letter has in the end."""

    model_config = ConfigDict(extra="forbid")

    letter: LetterId
    communes: GivenCommunes = []
    epci: Epci = []


class Closure(BaseModel):
    """How a conciliation ends, and what becomes of its parties."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "outcome": "territoire_partage",
                    "territories": [
                        {"letter": 4, "communes": ["59350", "59009"]},
                        {"letter": 7, "communes": ["59378"]},
                    ],
                    "note": "Réunion du 3 juin 2026.",
                }
            ]
        },
    )

    outcome: Outcome
    territories: Annotated[
        list[SharedTerritory],
        Field(max_length=50, description="Le territoire entier de lettres parties."),
    ] = []
    retained_letter: Annotated[
        LetterId | None, Field(description="Celle qui absorbe les autres (projets réunis).")
    ] = None
    withdrawn_letters: Annotated[
        list[LetterId], Field(max_length=50, description="Les lettres retirées (retrait).")
    ] = []
    superseded_cpts: Annotated[
        list[CptsId] | None,
        Field(
            max_length=50,
            description="Les dynamiques qui cèdent leurs communes disputées ; toutes celles "
            "de la conciliation quand les projets sont réunis, sinon aucune.",
        ),
    ] = None
    closed_on: Annotated[Day | None, Field(description="Aujourd'hui par défaut.")] = None
    note: Note | None = None
