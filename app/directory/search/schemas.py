"""The shape of what members get."""

from datetime import date

from pydantic import BaseModel, ConfigDict

from app.cpts.reading.schemas import Cpts, HeldCommune, Link


class Action(BaseModel):
    """What a CPTS did, does or plans on a theme; `links` lead to its documents."""

    theme: str
    theme_label: str
    mission: str
    state: str
    year: int | None
    text: str
    links: list[str]


class Contact(BaseModel):
    """Somebody of a CPTS to call."""

    role: str
    name: str
    email: str | None
    phone: str | None


class MembersCpts(Cpts):
    """A CPTS as members see it; `reasons` say why it is listed.

    `confirmed_on` is the day on which the CPTS last said that all of it is so, and `stale`
    whether that is more than a year ago or never was. `contacts_withheld`: there are
    contacts, and the caller has seen as many as one may in a day.
    """

    members_count: int | None
    presentation: str
    confirmed_on: date | None
    stale: bool
    actions: list[Action]
    contacts: list[Contact]
    contacts_withheld: bool
    distance_km: float | None = None
    reasons: list[str]

    # Of the registry's own answer there is an example.
    model_config = ConfigDict(json_schema_extra={"examples": []})


class MembersCptsItem(MembersCpts):
    """A single CPTS, with its communes; `ended_on` is the first day without it."""

    ended_on: date | None
    communes: list[HeldCommune]


class Choice(BaseModel):
    """A value of a filter, and how many CPTS would remain with it, in its filter instead."""

    value: str
    label: str
    count: int


class MembersCptsPage(BaseModel):
    """A page of CPTS, with what each further choice would leave."""

    items: list[MembersCpts]
    facets: dict[str, list[Choice]]
    number_matched: int
    number_returned: int
    links: list[Link]


class ComparableCpts(BaseModel):
    """CPTS that are like one, the most alike first."""

    items: list[MembersCpts]
    number_matched: int
