"""What the pages of the directory show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from app.cpts.reading.filtering import Filter
from app.cpts.reading.filters import BBOX, UPDATED_SINCE
from app.cpts.reading.repository import described as described_with_territory
from app.cpts.reading.schemas import Detail
from app.database.calendar import today
from app.database.sessions import ReadingSession
from app.directory.contacts.service import Showing
from app.directory.search import service as search
from app.directory.search.filters import (
    COUNTED,
    MEMBERS_MAX,
    MEMBERS_MIN,
    NEAR,
    THEME_MATCH,
    WITHIN_KM,
    Asked,
)
from app.directory.search.rules import STATES, Hit
from app.http.keeping import moment_of
from app.http.paging import NOWHERE
from app.web.directory import repository
from app.web.directory.asking import A_PAGE
from app.web.directory.rules import Pairs, address

SORTS = {
    "relevance": "Pertinence",
    "distance": "Distance",
    "name": "Nom",
    "population": "Population",
}
# Chosen in a list of one line: too many to tick.
_LISTS = ("region", "department")
_WRITTEN: tuple[Filter[Any], ...] = (WITHIN_KM, MEMBERS_MIN, MEMBERS_MAX, BBOX, UPDATED_SINCE)


@dataclass(frozen=True, slots=True)
class Option:
    """A choice: what it is called, how many it would leave, whether it is made."""

    value: str
    label: str
    count: int
    chosen: bool
    group: str | None = None


@dataclass(frozen=True, slots=True)
class Control:
    """A filter of the form, with its choices."""

    name: str
    label: str
    options: list[Option]
    is_list: bool

    @property
    def chosen(self) -> list[Option]:
        """The choices that are made."""
        return [option for option in self.options if option.chosen]

    @property
    def groups(self) -> Mapping[str | None, list[Option]]:
        """The choices by what they belong to."""
        found: dict[str | None, list[Option]] = {}
        for option in self.options:
            found.setdefault(option.group, []).append(option)
        return found


def page(
    session: ReadingSession,
    asked: Asked,
    path: str,
    pairs: Pairs,
    shown: Showing | None = None,
) -> dict[str, Any]:
    """Give what the page of the directory shows; raises `Invalid` for unknown values.

    Parameters: `path` and `pairs` of its address; `shown`, for members' contacts.
    """
    told = search.listed(session, asked, NOWHERE, shown)
    number = asked.offset // A_PAGE + 1
    pages = max(1, ceil(told["number_matched"] / A_PAGE))
    filters = asked.filters
    near = filters[NEAR]
    return {
        **told,
        "asked": asked,
        "sort": asked.sort,
        "sorts": {sort: label for sort, label in SORTS.items() if sort != "distance" or near},
        "controls": _controls(session, asked, told["facets"]),
        "near": near,
        "near_name": repository.commune_name(session, near) if near else None,
        "values": {
            key.name: key.write(value)
            for key, value in filters.asked.items()
            if key in _WRITTEN
        },
        "every": filters[THEME_MATCH] == "all",
        "text": asked.text or "",
        "filtered": bool(filters.asked),
        "page": number,
        "pages": pages,
        "previous": address(path, pairs, page=str(number - 1)) if number > 1 else None,
        "next": address(path, pairs, page=str(number + 1)) if number < pages else None,
        "own_path": path,
        "query": address("", pairs),
        "query_without_bbox": address("", pairs, bbox=None),
        "map_address": address(f"{path}/carte", pairs, sort=None),
        "states": STATES,
        "withheld": any(item.get("contacts_withheld") for item in told["items"]),
    }


def _controls(
    session: ReadingSession, asked: Asked, facets: Mapping[str, Sequence[Mapping[str, Any]]]
) -> list[Control]:
    groups = repository.missions_of_themes(session)
    return [
        _control(key, asked, facets[key.name], groups) for key in COUNTED if key.name in facets
    ]


def _control(
    key: Filter[Any],
    asked: Asked,
    choices: Sequence[Mapping[str, Any]],
    groups: Mapping[str, str],
) -> Control:
    chosen = set(asked.filters[key])
    return Control(
        name=key.name,
        label=key.label,
        is_list=key.name in _LISTS,
        options=[
            Option(
                choice["value"],
                choice["label"],
                choice["count"],
                choice["value"] in chosen,
                groups.get(choice["value"]) if key.name == "theme" else None,
            )
            for choice in choices
        ],
    )


def territories(session: ReadingSession, asked: Asked, detail: Detail) -> tuple[list[str], int]:
    """Give the CPTS that pass as GeoJSON Features, public data only, and how many pass."""
    ids = search.ids_of(session, asked)
    found = described_with_territory(session, ids, today(), detail=detail) if ids else []
    return [
        f'{{"type":"Feature","id":{each.id},"geometry":{each.geometry or "null"},'
        f'"properties":{each.properties}}}'
        for each in found
    ], len(ids)


def selected(
    session: ReadingSession, cpts_ids: Sequence[int], shown: Showing | None
) -> list[dict[str, Any]]:
    """Tell of the CPTS that somebody chose, those that there are today, in their order."""
    there = repository.there_today(session, cpts_ids, today())
    hits = [Hit(each) for each in dict.fromkeys(cpts_ids) if each in there]
    return search.described(
        session, hits, moment_of(session, today()), members=True, shown=shown
    )


def commune_of_own(session: ReadingSession, cpts_id: int | None) -> str | None:
    """Give the largest commune of one's own CPTS, from which distances may be counted."""
    return repository.largest_commune(session, cpts_id, today()) if cpts_id else None
