"""The filters of the directory: those of the registry, and its own over the same CPTS.

They are declared like those of the registry. Which CPTS pass is judged by `facets`, all of
them at once, because the counts of each leave out the filter itself; what is not judged there,
such as a box or a date, is judged by the filter's own condition before.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any, Literal, get_args

from fastapi import Depends, Query
from pydantic import BeforeValidator, Field, WithJsonSchema
from sqlalchemy import ColumnElement, exists, select

from app.cpts.models import Cpts, Mission, Theme
from app.cpts.reading.filtering import Filter, Filters, Offer, requested
from app.cpts.reading.filters import (
    DEPARTMENT,
    FILTERS,
    REGION,
    SEARCH,
    STAGE,
    THEME,
    TIER,
    Codes,
    Several,
)
from app.database.sessions import ReadingSession
from app.directory.models import CptsAction, CptsSheet, DirectoryEntry
from app.directory.search.rules import STATES
from app.http.parameters import WholeNumber
from app.problems import stated

Match = Literal["all", "any"]
Sort = Literal["relevance", "distance", "name", "population"]
SORTS: tuple[Sort, ...] = get_args(Sort)
# Half the globe's circumference, in kilometres.
FARTHEST_KM = 20_037
MOST_MEMBERS = 100_000


def _missions(session: ReadingSession, _day: date) -> list[Offer]:
    rows = session.execute(select(Mission.slug, Mission.label).order_by(Mission.rank))
    return [Offer(*row) for row in rows]


def _states(_session: ReadingSession, _day: date) -> list[Offer]:
    return [Offer(slug, label) for slug, label in STATES.items()]


def _in_mission(slugs: Codes, _day: date) -> ColumnElement[bool]:
    return exists().where(
        DirectoryEntry.cpts_id == Cpts.id,
        Theme.mission_slug.in_(slugs),
        DirectoryEntry.themes.any(Theme.slug),  # type: ignore[arg-type]
    )


def _in_state(states: Codes, _day: date) -> ColumnElement[bool]:
    return exists().where(CptsAction.cpts_id == Cpts.id, CptsAction.state.in_(states))


def _members(count: int | None, *, least: bool) -> ColumnElement[bool]:
    column = CptsSheet.members_count
    bound = column >= count if least else column <= count
    return exists().where(CptsSheet.cpts_id == Cpts.id, bound)


def _nothing_of_its_own(_value: Any, _day: date) -> ColumnElement[bool]:
    """Say nothing: it says how another filter is meant."""
    return Cpts.id.is_not(None)


def _left_empty(value: Any) -> Any:
    # A form sends the field that nobody filled in as an empty text.
    return None if value == "" else value


def _kilometres(value: Any) -> Any:
    if isinstance(value, str) and value:
        try:
            read = float(value.replace(",", "."))
        except ValueError:
            read = math.nan
        if not math.isfinite(read) or not 0 < read <= FARTHEST_KM or not value.isascii():
            raise stated(
                "Une distance en kilomètres est attendue.", f"0 < within_km ≤ {FARTHEST_KM}"
            )
        return read
    return value or None


def _by_label(value: Codes, labels: Mapping[str, str]) -> str:
    return ", ".join(labels.get(each, each) for each in value)


Count = Annotated[
    Annotated[WholeNumber, Field(ge=0, le=MOST_MEMBERS)] | None, BeforeValidator(_left_empty)
]

TEXT: Filter[str | None] = replace(
    SEARCH,
    label="Mots",
    description="Mots, ou leurs débuts, du nom, du sigle, des communes, des thèmes et de ce "
    "que la CPTS a écrit ; sans égard aux accents, aux terminaisons ni aux fautes de frappe.",
    example="insuffisance cardiaque",
)
PUBLIC_TEXT: Filter[str | None] = replace(
    TEXT,
    description="Mots, ou leurs débuts, du nom, du sigle, des communes et des thèmes.",
)
MISSION: Filter[Codes] = Filter(
    name="mission",
    label="Missions",
    type=Several,
    description="Missions de l'ACI.",
    example="parcours",
    empty=(),
    condition=_in_mission,
    offers=_missions,
    control="several",
    told=_by_label,
)
THEME_MATCH: Filter[str | None] = Filter(
    name="theme_match",
    label="Thèmes et missions",
    type=Annotated[Match | None, BeforeValidator(_left_empty)],
    description="Des thèmes et des missions : tous (`all`), ou l'un d'eux (`any`).",
    example="any",
    empty=None,
    condition=_nothing_of_its_own,
    told=lambda match, _labels: "tous les thèmes" if match == "all" else "l’un des thèmes",
)
ACTION_STATE: Filter[Codes] = Filter(
    name="action_state",
    label="État des actions",
    type=Several,
    description="États des actions, sur les thèmes et missions demandés s'il y en a.",
    example="realise",
    empty=(),
    condition=_in_state,
    offers=_states,
    control="several",
    told=_by_label,
)
NEAR: Filter[str | None] = Filter(
    name="near",
    label="Près de",
    type=Annotated[str | None, Field(max_length=10), BeforeValidator(_left_empty)],
    description="Code INSEE de la commune d'où les distances sont comptées, jusqu'au "
    "territoire.",
    example="59350",
    empty=None,
    condition=_nothing_of_its_own,
    told=lambda code, labels: f"près de {labels.get(code or '', code or '')}",
)
WITHIN_KM: Filter[float | None] = Filter(
    name="within_km",
    label="À moins de (km)",
    type=Annotated[
        float | None, BeforeValidator(_kilometres), WithJsonSchema({"type": "number"})
    ],
    description="Distance au plus, en kilomètres ; avec `near`.",
    example="50",
    empty=None,
    write=lambda km: f"{km:g}",
    condition=_nothing_of_its_own,
    told=lambda km, _labels: f"à moins de {km:g} km",
)
MEMBERS_MIN: Filter[int | None] = Filter(
    name="members_min",
    label="Membres, au moins",
    type=Count,
    description="Nombre de membres, au moins.",
    example="50",
    empty=None,
    condition=lambda count, _day: _members(count, least=True),
    told=lambda count, _labels: f"au moins {count} membres",
)
MEMBERS_MAX: Filter[int | None] = Filter(
    name="members_max",
    label="Membres, au plus",
    type=Count,
    description="Nombre de membres, au plus.",
    example="200",
    empty=None,
    condition=lambda count, _day: _members(count, least=False),
    told=lambda count, _labels: f"au plus {count} membres",
)

MEMBERS_FILTERS: tuple[Filter[Any], ...] = (
    *(TEXT if key is SEARCH else key for key in FILTERS),
    MISSION,
    THEME_MATCH,
    ACTION_STATE,
    NEAR,
    WITHIN_KM,
    MEMBERS_MIN,
    MEMBERS_MAX,
)
PUBLIC_FILTERS: tuple[Filter[Any], ...] = (
    *(PUBLIC_TEXT if key is SEARCH else key for key in FILTERS),
    MISSION,
    THEME_MATCH,
    NEAR,
    WITHIN_KM,
)
# What `facets` judges; any other filter is judged by its own condition.
JUDGED_TOGETHER: frozenset[Filter[Any]] = frozenset(
    {
        REGION,
        DEPARTMENT,
        STAGE,
        TIER,
        THEME,
        *(key for key in (*MEMBERS_FILTERS, *PUBLIC_FILTERS) if key not in FILTERS),
    }
)
# Those whose values are counted, in the order of forms.
COUNTED: tuple[Filter[Any], ...] = (
    REGION,
    DEPARTMENT,
    STAGE,
    TIER,
    THEME,
    MISSION,
    ACTION_STATE,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of the directory: filters, an order, and a page.

    `members` tells whether a member asks; a visitor is told public data only.
    """

    filters: Filters
    sort: Sort = "relevance"
    members: bool = True

    @classmethod
    def of_nothing(cls) -> "Asked":
        """Ask for every CPTS, as a member."""
        return cls(Filters())

    @property
    def text(self) -> str | None:
        """The words asked for."""
        return self.filters[TEXT if self.members else PUBLIC_TEXT]

    @property
    def limit(self) -> int:
        """How many a page holds."""
        return self.filters.limit

    @property
    def offset(self) -> int:
        """After how many the page begins."""
        return self.filters.offset


def _usual_order(value: Any) -> Any:
    # A form sends the choice that it begins with as an empty text.
    return value or "relevance"


AskedSort = Annotated[
    Sort,
    BeforeValidator(_usual_order),
    Query(
        description="Ordre : pertinence, distance (avec `near`), nom, population.",
        examples=["relevance"],
    ),
]


async def _of_members(
    filters: Annotated[Filters, Depends(requested(MEMBERS_FILTERS))],
    sort: AskedSort = "relevance",
) -> Asked:
    return Asked(filters, sort)


AskedOfMembers = Annotated[Asked, Depends(_of_members)]
