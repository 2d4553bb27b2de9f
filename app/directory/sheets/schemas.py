"""What a client sends and gets of a sheet."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.cpts.writing.schemas import Phone
from app.http.texts import LINE, LINES, Mailbox, Website

MOST_ACTIONS = 60
MOST_LINKS = 10
MOST_CONTACTS = 30
LONGEST_PRESENTATION = 10_000
LONGEST_ACTION = 4_000

ActionState = Literal["en_projet", "en_cours", "realise"]


def _text(maximum: int, minimum: int = 0) -> Any:
    return StringConstraints(strip_whitespace=True, min_length=minimum, max_length=maximum)


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ActionWrite(_Sent):
    """What a CPTS did, does or plans on a theme; `links` lead to its documents."""

    theme: Annotated[str, _text(60, 1), LINE]
    state: ActionState
    year: Annotated[int | None, Field(ge=2000, le=2100, strict=True)] = None
    text: Annotated[str, _text(LONGEST_ACTION), LINES] = ""
    links: Annotated[list[Website], Field(max_length=MOST_LINKS)] = []


class ContactWrite(_Sent):
    """Somebody of the CPTS whom members may call."""

    role: Annotated[str, _text(200), LINE] = ""
    name: Annotated[str, _text(200, 1), LINE]
    email: Mailbox | None = None
    phone: Phone | None = None


class SheetWrite(_Sent):
    """The whole sheet: what is not in it any more is taken out."""

    presentation: Annotated[str, _text(LONGEST_PRESENTATION), LINES]
    members_count: Annotated[int | None, Field(ge=0, le=100_000, strict=True)]
    actions: Annotated[list[ActionWrite], Field(max_length=MOST_ACTIONS)]
    contacts: Annotated[list[ContactWrite], Field(max_length=MOST_CONTACTS)]

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "presentation": "Née de trois maisons de santé.",
                    "members_count": 112,
                    "actions": [
                        {
                            "theme": "diabete",
                            "state": "en_cours",
                            "year": 2025,
                            "text": "Dépistage du pied diabétique.",
                            "links": ["https://cpts.example/pied"],
                        }
                    ],
                    "contacts": [
                        {
                            "role": "Coordination",
                            "name": "Camille Exemple",
                            "email": "coordination@cpts.example",
                            "phone": "04 99 00 00 01",
                        }
                    ],
                }
            ]
        },
    )


class Sheet(BaseModel):
    """A sheet as it stands; its ETag is what `If-Match` names."""

    cpts_id: int
    presentation: str
    members_count: int | None
    actions: list[ActionWrite]
    contacts: list[ContactWrite]
    confirmed_on: date | None
    version: int
    updated_at: datetime | None
