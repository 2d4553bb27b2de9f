"""What a form shows for the filters that it offers, as they are declared."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.cpts.reading.filtering import Control, Filter, Filters
from app.database.calendar import today
from app.database.sessions import ReadingSession

Counts = Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Option:
    """A value that a form offers.

    `swatch` names the class of its colour, if any; `count` is how many CPTS it would leave,
    None where that is not told.
    """

    value: str
    label: str
    chosen: bool
    group: str | None = None
    swatch: str | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True)
class FormControl:
    """What chooses a filter, of the `kind` it declares; `value` is of one without options."""

    name: str
    kind: Control
    label: str
    anything: str
    hint: str | None
    options: Sequence[Option]
    value: str

    @property
    def chosen(self) -> int:
        """How many options are chosen."""
        return sum(option.chosen for option in self.options)

    @property
    def groups(self) -> list[tuple[str | None, list[Option]]]:
        """Its options by what they belong to, in their order."""
        found: dict[str | None, list[Option]] = {}
        for option in self.options:
            found.setdefault(option.group, []).append(option)
        return list(found.items())


def form_controls(
    session: ReadingSession,
    declared: Iterable[Filter[Any]],
    filters: Filters,
    counts: Counts | None = None,
) -> list[FormControl]:
    """Give what a form shows, in the order of the filters, with what is asked for chosen.

    Parameters: `counts`, by filter and value, how many CPTS each choice would leave; a value
    that it does not name would leave none.
    """
    return [
        _control(session, key, key.control, filters, (counts or {}).get(key.name))
        for key in declared
        if key.control
    ]


def _control(
    session: ReadingSession,
    key: Filter[Any],
    kind: Control,
    filters: Filters,
    counts: Mapping[str, int] | None,
) -> FormControl:
    value = filters[key]
    asked = value if key.takes_several else ()
    offers = key.offers(session, filters.at or today()) if key.offers else ()
    return FormControl(
        name=key.name,
        kind=kind,
        label=key.label,
        anything=key.anything,
        hint=key.hint,
        options=[
            Option(
                str(offer.value),
                offer.wording or offer.label,
                str(offer.value) in asked,
                offer.group,
                f"{key.name}-{offer.value}" if key.coloured else None,
                None if counts is None else counts.get(str(offer.value), 0),
            )
            for offer in offers
        ],
        value=key.write(value) if value else "",
    )
