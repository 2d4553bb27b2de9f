"""Which institutions there are, what a table of them says, and which rows mean the same."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Literal, Protocol

from app.files.tables import Row
from app.files.words import words_of

Kind = Literal["ars", "assurance_maladie", "urps", "other"]
# In the order in which they are shown.
KINDS: Mapping[Kind, str] = MappingProxyType(
    {
        "ars": "Agence régionale de santé",
        "assurance_maladie": "Assurance Maladie",
        "urps": "URPS",
        "other": "Autre",
    }
)
_KIND_WORDS: Mapping[str, Kind] = MappingProxyType(
    {
        **{words_of(label): kind for kind, label in KINDS.items()},
        "ars": "ars",
        "agence regionale de sante ars": "ars",
        "cpam": "assurance_maladie",
        "cgss": "assurance_maladie",
        "union regionale des professionnels de sante": "urps",
    }
)
# What all members but the place say, in the order of tables.
MEMBERS: Mapping[str, str] = MappingProxyType(
    {
        "institution": "Institution",
        "organisation": "Organisme",
        "service": "Service",
        "email": "Courriel",
        "phone": "Téléphone",
        "website": "Site",
    }
)


class Outcome(StrEnum):
    """What becomes of a row of a table."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


class Column(StrEnum):
    """What a column says."""

    REGION = "region"
    DEPARTMENT = "department"
    INSTITUTION = "institution"
    ORGANISATION = "organisation"
    SERVICE = "service"
    EMAIL = "email"
    PHONE = "phone"
    WEBSITE = "website"


# The heading that an export writes comes first.
HEADINGS: Mapping[Column, tuple[str, ...]] = MappingProxyType(
    {
        Column.REGION: ("Région", "code région"),
        Column.DEPARTMENT: ("Département", "code département", "dpt"),
        Column.INSTITUTION: ("Institution", "nature", "type"),
        Column.ORGANISATION: ("Organisme", "organisation", "nom de l'organisme"),
        Column.SERVICE: ("Service", "direction"),
        Column.EMAIL: ("Courriel", "e-mail", "email", "mail", "adresse électronique"),
        Column.PHONE: ("Téléphone", "tél"),
        Column.WEBSITE: ("Site", "site internet", "site web"),
    }
)
_MEANING = {words_of(word): column for column, words in HEADINGS.items() for word in words}
_HEADING_WITHIN = 20


class Keeper(Protocol):
    """Whoever keeps the contacts."""

    @property
    def token_id(self) -> int | None: ...
    @property
    def name(self) -> str: ...
    def may_work_in(
        self, permission: Literal["institutions.keep"], regions: Collection[str], /
    ) -> None:
        """Raise `Forbidden` unless it may, in one of these regions."""


@dataclass(frozen=True, slots=True)
class Place:
    """A region or a department; `region` is the code of the one that it is, or lies in."""

    level: Literal["region", "department"]
    code: str
    name: str
    region: str

    @property
    def key(self) -> str:
        """Tell it from all others in one word, as forms send it."""
        return f"{self.level}-{self.code}"

    @property
    def label(self) -> str:
        """Name it with its code when it is a department."""
        return self.name if self.level == "region" else f"{self.name} ({self.code})"


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of a table: its number as a spreadsheet shows it, its cells by what they say.

    `columns` are those that the table has at all; of these, `cells` are the filled ones.
    """

    row: int
    cells: Mapping[Column, str]
    columns: frozenset[Column]


@dataclass(slots=True)
class Line:
    """What became of a row; of one that is refused, `detail` says why."""

    row: int
    place: str
    organisation: str
    outcome: Outcome = Outcome.UNCHANGED
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What an import did, or would have done: a line a row, and what it took out.

    One that is refused takes nothing out.
    """

    lines: Sequence[Line]
    removed: Sequence[str] = ()
    tried: bool = False

    @property
    def is_refused(self) -> bool:
        """Whether a row cannot be used, so that nothing at all was written."""
        return any(line.outcome is Outcome.REFUSED for line in self.lines)

    def count(self, outcome: Outcome) -> int:
        """Count the rows of an outcome."""
        return sum(line.outcome is outcome for line in self.lines)


@dataclass(frozen=True, slots=True)
class PlaceBook:
    """The regions and departments, found by what a table calls them."""

    places: Sequence[Place]
    _found: dict[tuple[str, str], Place] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        for place in self.places:
            self._found[place.level, place.code] = place
            self._found[place.level, words_of(place.name)] = place

    def sent(self, key: str) -> Place | None:
        """Give the place of a `Place.key`, None when there is none."""
        level, _, code = key.partition("-")
        return self._found.get((level, code))

    def meant(self, region: str, department: str) -> Place:
        """Give the place that a row means, by codes or names.

        Raises:
            ValueError: none, an unknown one, or two that contradict each other.
        """
        asked = [("department", department), ("region", region)]
        found = [self._named(level, given) for level, given in asked if given]
        if not found:
            raise ValueError("La région ou le département manque.")
        place = found[0]
        if any(each.region != place.region for each in found):
            raise ValueError(f"{place.label} n'est pas de la région {found[1].name}.")
        return place

    def _named(self, level: str, given: str) -> Place:
        # A spreadsheet has taken the zero of 04 and of 2a for no more than a number.
        code = given.strip().upper().zfill(2)
        place = self._found.get((level, code)) or self._found.get((level, words_of(given)))
        if place is None:
            what = "Région inconnue" if level == "region" else "Département inconnu"
            raise ValueError(f"{what} : {given[:60]}.")
        return place


def kind_of(given: str) -> str:
    """Give the slug of an institution as a table calls it; what is none stays as it is."""
    return _KIND_WORDS.get(words_of(given), given)


def kind_in(organisation: str) -> Kind:
    """Tell the institution by the name of an organisation, `other` when it does not say."""
    first = words_of(organisation).partition(" ")[0]
    return _KIND_WORDS.get(first, "other")


def key_of(place: Place, organisation: str, service: str) -> tuple[str, str, str, str]:
    """Give that by which two rows are of the same service, however it is spelled."""
    return place.level, place.code, words_of(organisation), words_of(service)


def entries_of(rows: Iterable[Row]) -> list[Entry] | None:
    """Read the rows below the heading of a table, None when it has no heading of contacts."""
    below = iter(rows)
    columns: list[Column | None] = []
    for row, _ in zip(below, range(_HEADING_WITHIN), strict=False):
        columns = [_MEANING.get(words_of(cell)) for cell in row.cells]
        if Column.ORGANISATION in columns and (
            Column.REGION in columns or Column.DEPARTMENT in columns
        ):
            break
    else:
        return None
    named = frozenset(column for column in columns if column is not None)
    return [
        Entry(
            row.number,
            {
                column: cell
                for column, cell in zip(columns, row.cells, strict=False)
                if column is not None and cell
            },
            named,
        )
        for row in below
    ]
