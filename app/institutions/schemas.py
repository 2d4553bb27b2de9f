"""What is told of a service of an institution."""

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator

from app.cpts.writing.schemas import Phone
from app.http.texts import LINE, Mailbox, Website
from app.institutions.rules import Kind

MEANS_EXPECTED = "Un courriel, un téléphone ou un site est attendu."


class ContactWrite(BaseModel):
    """A service and how to reach it: a mailbox, a number or a site, of no person."""

    model_config = ConfigDict(extra="forbid")

    institution: Kind
    organisation: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), LINE
    ]
    service: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200), LINE] = ""
    email: Mailbox | None = None
    phone: Phone | None = None
    website: Website | None = None

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if not (self.email or self.phone or self.website):
            raise ValueError(MEANS_EXPECTED)
        return self
