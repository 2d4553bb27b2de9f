"""What the page of the builder sends and receives beside the API."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.cpts.writing.schemas import MAXIMUM_COMMUNES, CptsId
from app.geography.evidence.codes import UNIT_CODE


class NearbyQuestion(BaseModel):
    """A territory that looks for its next commune."""

    model_config = ConfigDict(extra="forbid")

    communes: Annotated[
        list[Annotated[str, StringConstraints(pattern=UNIT_CODE.pattern)]],
        Field(min_length=1, max_length=MAXIMUM_COMMUNES),
    ]
    exclude_cpts: CptsId | None = None


class NearbyCommune(BaseModel):
    """A free commune near the territory."""

    code: str
    name: str
    department: str
    population: int
    asked: bool = Field(description="Demandée par une lettre en cours d'examen.")
    shared_border_km: float | None
    distance_km: float | None


class NearbyAnswer(BaseModel):
    """Free communes: `ring` 1 touches the territory; 0 lies beyond water or far away."""

    ring: int
    items: list[NearbyCommune]
