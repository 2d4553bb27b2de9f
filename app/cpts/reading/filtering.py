"""What a filter is: all that parameters, statements, forms, headings and links know of one.

`app.cpts.reading.filters` declares those of the registry. Another noun may declare more of
its own over the same CPTS: `requested` and whatever takes `Filters` work with any of them.
"""

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Annotated, Any, Generic, Literal, TypeVar

from fastapi import Query
from sqlalchemy import ColumnElement

from app.cpts.reading.schemas import Detail
from app.database.sessions import ReadingSession
from app.http.parameters import DEFAULT_LIMIT, Day, Limit, Offset

V = TypeVar("V")
# One of a few values, several of a few, several of many in groups, a day.
Control = Literal["one", "several", "grouped", "day"]


@dataclass(frozen=True, slots=True)
class Offer:
    """A value that a filter accepts; `group` names what it belongs to in a form.

    `wording` is what a form calls it where the `label` alone would not tell.
    """

    value: str | int
    label: str
    group: str | None = None
    wording: str | None = None


Offers = Callable[[ReadingSession, date], Sequence[Offer]]


def as_written(value: Any) -> str:
    """Write a value as a parameter: what holds several, a box too, with commas between."""
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _unchanged(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


@dataclass(frozen=True, eq=False, kw_only=True)
class Filter(Generic[V]):
    """One filter, declared once.

    What asks:
        name: of the parameter. `type`: what FastAPI reads it as, with its validators, whose
        errors name the accepted values (`app.problems.stated`). `description` and `example`,
        for OpenAPI and for pages, French.
        read: makes the value of what FastAPI read; nothing is asked for by an empty one.
        write: the value as a parameter again, so that reading it gives the same.
        empty: the value when nothing is asked for.

    What it lets through:
        condition: over the columns of `Cpts`, on a day. `rank`: what its best matches come
        first by, if it ranks. `offers`: the accepted values of a day, when they are a list;
        `accepted`, those of any day, when that may differ.

    How it is shown:
        label: in forms. `control`: what chooses it there, None when no form offers it.
        anything: what a form calls choosing nothing. `hint`: what a form says beside it.
        held: which of its values a CPTS has, of a CPTS as the API tells it: forms say how many
        each choice would leave.
        coloured: its values have colours on the maps. `told`: the value in a heading;
        parameters are the value and the labels of `offers` by value.
        detail: how fine a map of it is drawn. A filter that has one names a place.
    """

    name: str
    type: Any
    description: str
    example: str
    condition: Callable[[V, date], ColumnElement[bool]]
    empty: V
    read: Callable[[Any], V] = _unchanged
    write: Callable[[V], str] = as_written
    rank: Callable[[V], ColumnElement[Any]] | None = None
    offers: Offers | None = None
    accepted: Callable[[ReadingSession], Sequence[Any]] | None = None
    label: str
    control: Control | None = None
    anything: str = "Tous"
    hint: str | None = None
    held: Callable[[Mapping[str, Any]], Collection[str]] | None = None
    coloured: bool = False
    told: Callable[[V, Mapping[str, str]], str]
    detail: Callable[[V], Detail] | None = None

    @property
    def takes_several(self) -> bool:
        """Whether it takes several values, of which one must hold."""
        return isinstance(self.empty, tuple)

    @property
    def names_a_place(self) -> bool:
        """Whether it chooses by where CPTS are."""
        return self.detail is not None

    def parameter(self) -> inspect.Parameter:
        """Give the parameter of a FastAPI dependency."""
        repeatable = " Répétable, ou séparé par des virgules." if self.takes_several else ""
        asked = Query(description=self.description + repeatable, examples=[self.example])
        return inspect.Parameter(
            self.name,
            inspect.Parameter.KEYWORD_ONLY,
            annotation=Annotated[self.type, asked],
            default=[] if self.takes_several else None,
        )

    def accepted_values(self, session: ReadingSession, day: date) -> list[Any] | None:
        """List the values that are accepted; None when they are no list."""
        if self.accepted is not None:
            return list(self.accepted(session))
        if self.offers is None:
            return None
        return [offer.value for offer in self.offers(session, day)]

    def labels(self, session: ReadingSession, day: date) -> dict[str, str]:
        """Give the labels of its values."""
        offers = self.offers(session, day) if self.offers else ()
        return {str(offer.value): offer.label for offer in offers}


@dataclass(frozen=True, slots=True)
class Filters:
    """Which CPTS are asked for: OR inside a filter, AND between them; none lets all pass.

    `asked` holds only filters that ask for something; `at` is None for today
    (Europe/Paris).
    """

    asked: Mapping[Filter[Any], Any] = field(default_factory=dict)
    at: date | None = None
    limit: int = DEFAULT_LIMIT
    offset: int = 0

    def __getitem__(self, key: Filter[V]) -> V:
        value: V = self.asked.get(key, key.empty)
        return value

    def narrowed(self, key: Filter[V], value: V) -> "Filters":
        """Ask for this value of a filter instead, or too."""
        return replace(self, asked={**self.asked, key: value})

    def kept(self, keep: Callable[[Filter[Any]], bool]) -> "Filters":
        """Ask only by the filters of which `keep` is true."""
        kept = {key: value for key, value in self.asked.items() if keep(key)}
        return replace(self, asked=kept)

    def pairs(self) -> list[tuple[str, str]]:
        """Write what is asked as parameters by name, as links have them, without the page."""
        return [
            (key.name, written)
            for key, value in self._by_name()
            for written in (value if key.takes_several else [key.write(value)])
        ]

    def short_pairs(self) -> list[tuple[str, str]]:
        """Write the same with one parameter a filter, for addresses that people copy."""
        return [(key.name, key.write(value)) for key, value in self._by_name()]

    def _by_name(self) -> list[tuple[Filter[Any], Any]]:
        return sorted(self.asked.items(), key=lambda pair: pair[0].name)


def _page(paged: bool) -> list[inspect.Parameter]:
    if not paged:
        return []
    kinds: list[tuple[str, Any, Any]] = [
        ("at", Day, None),
        ("limit", Limit, DEFAULT_LIMIT),
        ("offset", Offset, 0),
    ]
    return [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=default
        )
        for name, kind, default in kinds
    ]


def requested(declared: Iterable[Filter[Any]], *, paged: bool = True) -> Callable[..., Any]:
    """Make the FastAPI dependency that reads these filters from a request.

    Parameters: `paged`, whether `at`, `limit` and `offset` are parameters too. FastAPI sees
    a parameter for each, as if they were written out, so the description of the API and
    the refusal of unknown parameters follow.
    """
    filters = tuple(declared)

    async def dependency(**given: Any) -> Filters:
        values = {key: key.read(given.pop(key.name)) for key in filters}
        asked = {key: value for key, value in values.items() if value}
        return Filters(asked, **given)

    parameters = [*(key.parameter() for key in filters), *_page(paged)]
    dependency.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        parameters, return_annotation=Filters
    )
    return dependency
