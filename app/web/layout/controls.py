"""What a form shows for the filters that it offers, as they are declared."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from app.cpts.reading.filtering import Control, Filter, Filters
from app.database.calendar import today
from app.database.sessions import ReadingSession

# Wordings up to so many characters stand beside each other.
_SHORT = 2


@dataclass(frozen=True, slots=True)
class Option:
    """A value that a form offers; `swatch` names the class of its colour, if any."""

    value: str
    label: str
    chosen: bool
    group: str | None = None
    swatch: str | None = None


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

    @property
    def is_short(self) -> bool:
        """Whether its options stand beside each other."""
        return all(len(option.label) <= _SHORT for option in self.options)


def form_controls(
    session: ReadingSession, declared: Iterable[Filter[Any]], filters: Filters
) -> list[FormControl]:
    """Give what a form shows, in the order of the filters, with what is asked for chosen."""
    return [_control(session, key, key.control, filters) for key in declared if key.control]


def _control(
    session: ReadingSession, key: Filter[Any], kind: Control, filters: Filters
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
            )
            for offer in offers
        ],
        value=key.write(value) if value else "",
    )
