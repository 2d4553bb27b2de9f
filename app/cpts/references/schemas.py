"""The items of the lists of reference, as the API gives them too."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel

Item = TypeVar("Item")


class ReferenceList(BaseModel, Generic[Item]):
    """A list of reference."""

    items: list[Item]


@dataclass(frozen=True, slots=True)
class RegionItem:
    """A region by its INSEE code."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class DepartmentItem:
    """A department; `complete` when its content is declared complete on the day asked for."""

    code: str
    name: str
    region: str
    complete: bool


@dataclass(frozen=True, slots=True)
class StageItem:
    """A stage of progress; a later one has a greater `rank`."""

    slug: str
    rank: int
    label: str
    meaning: str


@dataclass(frozen=True, slots=True)
class ThemeItem:
    """A theme that CPTS work on, and its mission in the ACI contract."""

    slug: str
    label: str
    mission: str
    mission_label: str
    mission_optional: bool


@dataclass(frozen=True, slots=True)
class TierItem:
    """A tier: from so many inhabitants to under so many, None for the last one."""

    tier: int
    label: str
    population_from: int
    population_under: int | None
