"""What the columns of a table of sheets mean, and how its rows join what a sheet tells."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from app.files.tables import Row, Table, clean
from app.files.words import words_of


class Column(StrEnum):
    """What a column says."""

    ID = "id"
    FINESS = "finess"
    CPTS = "cpts"
    PRESENTATION = "presentation"
    MEMBERS = "members_count"
    DECLARED = "declared_themes"
    THEME = "theme"
    STATE = "state"
    YEAR = "year"
    TEXT = "text"
    LINKS = "links"
    ROLE = "role"
    NAME = "name"
    EMAIL = "email"
    PHONE = "phone"


class Outcome(StrEnum):
    """What became of a row."""

    LOADED = "loaded"
    UNCHANGED = "unchanged"
    UNKNOWN = "unknown"
    AMBIGUOUS = "ambiguous"
    REFUSED = "refused"
    SKIPPED = "skipped"


# The heading that an export writes comes first.
HEADINGS: Mapping[Column, tuple[str, ...]] = {
    Column.ID: ("Identifiant", "id", "id cpts", "cpts id", "numéro", "n° cpts"),
    Column.FINESS: ("N° FINESS", "finess", "numéro finess"),
    Column.CPTS: ("CPTS", "nom cpts", "nom de la cpts", "structure"),
    Column.PRESENTATION: ("Présentation", "présentation de la cpts"),
    Column.MEMBERS: ("Membres", "nombre de membres", "nb membres", "adhérents"),
    Column.DECLARED: ("Thèmes déclarés", "thématiques déclarées"),
    Column.THEME: ("Thématique", "thème", "parcours"),
    Column.STATE: ("État", "état de l'action", "avancement"),
    Column.YEAR: ("Année",),
    Column.TEXT: ("Action", "description", "ce qui est fait", "texte"),
    Column.LINKS: ("Documents", "liens", "lien", "document"),
    Column.ROLE: ("Fonction", "rôle", "qualité"),
    Column.NAME: (
        "Nom",
        "contact",
        "nom du contact",
        "personne",
        "nom prénom",
        "nom et prénom",
    ),
    Column.EMAIL: ("Courriel", "e-mail", "email", "mail", "adresse électronique"),
    Column.PHONE: ("Téléphone", "tél", "téléphone portable", "portable", "mobile"),
}
_MEANING = {words_of(word): column for column, words in HEADINGS.items() for word in words}
IDENTIFYING = (Column.ID, Column.FINESS, Column.CPTS)
_TELLING = frozenset(
    (Column.PRESENTATION, Column.MEMBERS, Column.DECLARED, Column.THEME, Column.NAME)
)
FACTS = (Column.PRESENTATION, Column.MEMBERS, Column.DECLARED)
ACTION = (Column.THEME, Column.STATE, Column.YEAR, Column.TEXT, Column.LINKS)
CONTACT = (Column.ROLE, Column.NAME, Column.EMAIL, Column.PHONE)
_HEADING_WITHIN = 20

STATES: Mapping[str, str] = {
    "en projet": "en_projet",
    "projet": "en_projet",
    "prevu": "en_projet",
    "en cours": "en_cours",
    "realise": "realise",
    "realisee": "realise",
    "termine": "realise",
    "fait": "realise",
}


@dataclass(frozen=True)
class Entry:
    """A row of a table: where it stands, and its cells by what they say."""

    sheet: str
    row: int
    cells: Mapping[str, str]
    columns: frozenset[str] = frozenset()

    def of(self, columns: Sequence[Column]) -> dict[str, str]:
        """Give the cells of these columns that are filled in."""
        return {name: self.cells[name] for name in columns if self.cells.get(name)}


@dataclass
class Line:
    """What became of a row, for the report."""

    sheet: str
    row: int
    cpts: str
    given: str
    outcome: Outcome
    cpts_id: int | None = None
    detail: str = ""


@dataclass
class Told:
    """What a file tells of one CPTS, each with the line that tells it."""

    facts: dict[str, Any] = field(default_factory=dict)
    declared: list[str] = field(default_factory=list)
    actions: list[tuple[dict[str, Any], Line]] = field(default_factory=list)
    contacts: list[tuple[dict[str, Any], Line]] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)


def entries_of(table: Table) -> list[Entry] | None:
    """Read the rows below a table's heading, None when no row heads it."""
    for position, row in enumerate(table.rows[:_HEADING_WITHIN]):
        meant = _columns(row)
        if set(meant) & set(IDENTIFYING) and set(meant) & _TELLING:
            found = frozenset(str(column) for column in meant)
            return [
                Entry(
                    table.name,
                    each.number,
                    {
                        str(column): each.cells[at]
                        for column, at in meant.items()
                        if at < len(each.cells) and each.cells[at]
                    },
                    found,
                )
                for each in table.rows[position + 1 :]
            ]
    return None


def _columns(row: Row) -> dict[Column, int]:
    found: dict[Column, int] = {}
    for at, cell in enumerate(row.cells):
        column = _MEANING.get(words_of(cell))
        if column is not None:
            found.setdefault(column, at)
    return found


def state_of(text: str) -> str:
    """Read the state of an action, the text itself when it is none; in progress by default."""
    words = words_of(text)
    return STATES.get(words, words.replace(" ", "_")) if words else "en_cours"


def number_of(text: str) -> int | str:
    """Read a whole number, the text itself when it is none."""
    plain = "".join(text.split())
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 12 else text


def values_of(text: str) -> list[str]:
    """Read several values of one cell, by line or semicolon."""
    return [part.strip() for part in text.replace(";", "\n").split("\n") if part.strip()]


def same_text(one: str | None, other: str | None) -> bool:
    """Tell whether two texts are the same, as a cell of a table holds them."""
    return clean(one or "") == clean(other or "")


def joined_actions(
    standing: Sequence[Mapping[str, Any]],
    told: Sequence[tuple[dict[str, Any], Line]],
    *,
    replace: bool,
) -> list[dict[str, Any]]:
    """Join the actions of a file to those of a sheet.

    One of the same theme and text is the same, as is the only one of its theme on both
    sides; others come last. Parameters: `replace`, whether those that the file does not
    give go.
    """
    result = [dict(each) for each in standing]
    given: set[int] = set()
    rest = []
    for action, line in told:
        at = _place(result, lambda each, action=action: _same_action(each, action))  # type: ignore[misc]
        if at is None:
            rest.append((action, line))
        else:
            given.add(at)
            _update(result[at], action, line)
    for action, line in rest:
        at = _place(result, lambda each, action=action: _same_action(each, action))  # type: ignore[misc]
        if at is not None:
            _update(result[at], action, line)
            continue
        alike = [
            at
            for at, each in enumerate(result)
            if at not in given and each["theme"] == action["theme"]
        ]
        if len(alike) == 1 and [each["theme"] for each, _ in rest].count(action["theme"]) == 1:
            given.add(alike[0])
            _update(result[alike[0]], action, line)
        else:
            _append(result, action, line, given)
    return [each for at, each in enumerate(result) if not replace or at in given]


def joined_contacts(
    standing: Sequence[Mapping[str, Any]],
    told: Sequence[tuple[dict[str, Any], Line]],
    *,
    replace: bool,
) -> list[dict[str, Any]]:
    """Join the contacts of a file to those of a sheet, by address or else by name."""
    result = [dict(each) for each in standing]
    given: set[int] = set()
    for contact, line in told:
        at = _place(result, lambda each, contact=contact: _same_person(each, contact))  # type: ignore[misc]
        if at is None:
            _append(result, contact, line, given)
        else:
            given.add(at)
            _update(result[at], contact, line)
    return [each for at, each in enumerate(result) if not replace or at in given]


def _place(
    items: Sequence[Mapping[str, Any]], is_meant: Callable[[Mapping[str, Any]], bool]
) -> int | None:
    return next((at for at, each in enumerate(items) if is_meant(each)), None)


def _append(
    items: list[dict[str, Any]], item: Mapping[str, Any], line: Line, given: set[int]
) -> None:
    line.outcome = Outcome.LOADED
    given.add(len(items))
    items.append(dict(item))


def _same_action(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return bool(one["theme"] == other["theme"]) and same_text(one["text"], other["text"])


def _same_person(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    if one["email"] and other["email"]:
        return bool(one["email"].lower() == other["email"].lower())
    return words_of(one["name"]) == words_of(other["name"])


def _update(standing: dict[str, Any], told: Mapping[str, Any], line: Line) -> None:
    """Take over what a row says; an empty cell says nothing."""
    changed = False
    for name, value in told.items():
        if value in (None, "", []):
            continue
        before = standing[name]
        is_same = same_text(before, value) if isinstance(value, str) else before == value
        if not is_same:
            standing[name] = value
            changed = True
    line.outcome = Outcome.LOADED if changed else Outcome.UNCHANGED
