"""Recognising what the columns of a listing hold, by their header and by their cells.

Columns of persons are told first, so that « Mail président » is one of them: they are
read past and reach nothing.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from app.cpts.importing.column_wordings import (
    ADDRESS,
    BARE_CODES,
    BARE_NAMES,
    BY_NUMBER,
    DBF_LENGTH,
    FIGURE,
    LONG_NAMES,
    NO_ADDRESS,
    NOT_ITS_DATE,
    NOT_THE_STAGE,
    PATTERNS,
    PERSON,
    SEAT,
    WHOLE_TERRITORY,
    Role,
)
from app.cpts.importing.values import cut_list, says_nothing
from app.files.sources import unusable
from app.files.tables import Row
from app.files.words import words_of

__all__ = ["Columns", "Header", "Role", "find_header", "parse_column_options", "recognise"]

# A header stands near the top; further down, a row that looks like one is data.
HEADER_WITHIN = 60
# Enough to tell what a column holds.
_ROWS_LOOKED_AT = 500
_MOSTLY = 0.8
_HALF = 0.5

# « 04001 », « 4001.0 », « ="04001" », « 2A004 - Ajaccio »…
_LIKE_A_CODE = re.compile(
    r"[=\s\"'’]*(\d[\dAB]\d{7}|\d{4,5}|\d[\dABab][\s ]\d{3}|2[ABab]\d{3})(?!\d)"
)
_NUMBER = re.compile(r"n?\s*[°º]?\s*\d+([.,]\d+)?", re.IGNORECASE)

_FRENCH_ROLES = {
    "nom": Role.NAME, "cpts": Role.NAME, "sigle": Role.ACRONYM, "territoire": Role.COMMUNE,
    "communes": Role.COMMUNE, "insee": Role.CODE, "departement": Role.DEPARTMENT,
    "dpt": Role.DEPARTMENT, "postal": Role.POSTCODE, "code postal": Role.POSTCODE,
    "arrondissement": Role.DISTRICT, "intercommunalite": Role.EPCI, "quartier": Role.QUARTER,
    "iris": Role.IRIS,
    "stade": Role.STAGE, "date": Role.SINCE, "site": Role.WEBSITE, "mail": Role.EMAIL,
    "courriel": Role.EMAIL, "contact": Role.EMAIL, "telephone": Role.PHONE,
    "themes": Role.THEMES, "thematiques": Role.THEMES,
}  # fmt: skip
_PLACES = (Role.COMMUNE, Role.CODE, Role.IRIS)
_YEAR = re.compile(r"\b20\d\d\b")
_NAMES_A_CPTS = re.compile(r"\bcpts\b|communaut", re.IGNORECASE)


@dataclass(frozen=True)
class Columns:
    """Where each role stands in the rows.

    `positions` gives the index of each role's column, `headers` the texts of the header,
    `persons` those of persons, read past; `others` those that nothing is read from;
    `rejected` why a column that its header would fit was not taken, by header.
    """

    positions: Mapping[Role, int]
    headers: tuple[str, ...]
    persons: tuple[str, ...]
    others: tuple[str, ...]
    rejected: Mapping[str, str] = field(default_factory=dict)

    def cell(self, cells: Sequence[str], role: Role) -> str:
        """Give the text of a role in a row, "" when it has none."""
        position = self.positions.get(role)
        return cells[position] if position is not None and position < len(cells) else ""

    def described(self) -> str:
        """Say in French which column was taken for what, and why another was not."""
        taken = ", ".join(
            f"{role} ← « {_one_line(self.headers[position])} »"
            for role, position in self.positions.items()
        )
        refused = "".join(
            f" ; « {_one_line(header)} » non retenue : {reason}"
            for header, reason in self.rejected.items()
        )
        unread = ", ".join(_one_line(header) for header in (*self.persons, *self.others))
        return taken + refused + (f" ; non lues : {unread}" if unread else "")


@dataclass(frozen=True)
class Header:
    """A header of a table: `start` is the index in its rows of the last row of the header."""

    start: int
    columns: Columns


def parse_column_options(options: Sequence[str]) -> dict[Role, str]:
    """Read what `--column` was given: `role=header`, several times.

    Raises `Failure` (exit status 2) on an unknown role or a missing header.
    """
    chosen: dict[Role, str] = {}
    for option in options:
        left, equals, header = option.partition("=")
        word = words_of(left)
        role = _FRENCH_ROLES.get(word) or next((r for r in Role if r == word), None)
        if not equals or not header.strip() or role is None:
            raise unusable(
                f"--column {option} : « rôle=en-tête » est attendu, avec un rôle parmi "
                f"{', '.join(Role)}."
            )
        chosen[role] = header.strip()
    return chosen


def recognise(
    headers: Sequence[str],
    chosen: Mapping[Role, str] | None = None,
    rows: Sequence[Sequence[str]] = (),
    *,
    with_name: bool = True,
) -> Columns:
    """Give each header its role; what the user chose stands before what is recognised.

    Parameters: `headers`, the texts of the header; `chosen`, the header that the user
    names for a role, compared without accents, case or punctuation; `rows`, the cells
    below, which have a say: a column of codes holds codes, one of names no numbers, and
    the town of the seat is no territory; `with_name`, False for a plain list of communes,
    whose « nom » is that of a commune. Raises `KeyError` with the header when a chosen
    one is not among them.
    """
    keys = [words_of(header) for header in headers]
    positions: dict[Role, int] = {}
    for role, header in (chosen or {}).items():
        positions[role] = keys.index(words_of(header)) if words_of(header) in keys else -1
        if positions[role] < 0:
            raise KeyError(header)
    persons = [index for index, key in enumerate(keys) if _is_person(key, keys)]
    judgement = _Judgement(keys, rows[:_ROWS_LOOKED_AT], with_name=with_name)
    roles = {
        index: _roles_of(headers[index], key, with_name=with_name)
        for index, key in enumerate(keys)
        if index not in positions.values() and index not in persons
    }
    # The surest wording first: what a bare « Nom » is depends on who stands beside it.
    for index in sorted(filter(roles.get, roles), key=lambda each: roles[each][0][1]):
        for role, rank in roles[index]:
            if role not in positions and judgement.accepts(role, rank, index):
                break
    positions |= judgement.chosen(taken=positions)
    taken = set(positions.values())
    return Columns(
        positions={role: positions[role] for role in Role if role in positions},
        headers=tuple(headers),
        persons=tuple(headers[i] for i in persons if i not in taken),
        others=tuple(
            header
            for i, header in enumerate(headers)
            if header and i not in taken and i not in persons and i not in judgement.rejected
        ),
        rejected={
            headers[i]: reason for i, reason in judgement.rejected.items() if i not in taken
        },
    )


def find_header(
    rows: Sequence[Row], chosen: Mapping[Role, str] | None = None, *, with_name: bool = True
) -> Header | None:
    """Find the header among the first rows of a table, below any title.

    Parameters: `rows`, those of one sheet; `chosen` and `with_name` as for `recognise`; a
    header has a column of communes (or their codes), and one of the CPTS's name when
    `with_name`. It may take two rows, groups of columns above their names. None when
    there is none.
    """
    for index, row in enumerate(rows[:HEADER_WITHIN]):
        columns = _columns_of(rows, index, row.cells, chosen, with_name=with_name)
        if columns is None:
            continue
        if index + 1 < len(rows):
            joined = _joined(row.cells, rows[index + 1].cells)
            below = joined and _columns_of(rows, index + 1, joined, chosen, with_name=with_name)
            if below:
                return Header(index + 1, below)
        return Header(index, columns)
    return None


def _columns_of(
    rows: Sequence[Row],
    index: int,
    cells: Sequence[str],
    chosen: Mapping[Role, str] | None,
    *,
    with_name: bool,
) -> Columns | None:
    below = [row.cells for row in rows[index + 1 : index + 1 + _ROWS_LOOKED_AT]]
    try:
        columns = recognise(cells, chosen, below, with_name=with_name)
    except KeyError:
        return None
    has_communes = not columns.positions.keys().isdisjoint(_PLACES)
    if has_communes and (Role.NAME in columns.positions or not with_name):
        return columns
    return None


def _joined(above: Sequence[str], below: Sequence[str]) -> list[str] | None:
    """Give the header that two rows make, None when the second is no header.

    « Territoire » above « Commune » and « Code INSEE » is a group; « CPTS » above « Nom »
    says whose name it is.
    """
    words = [words_of(cell) for cell in below]
    told = [word for word in words if _roles_of(word, word, with_name=True)]
    if len(told) < 2 or len(told) < _HALF * sum(map(bool, words)):
        return None
    joined: list[str] = []
    group = ""
    for index, cell in enumerate(below):
        group = (above[index] if index < len(above) else "") or group
        bare = words[index] in BARE_NAMES | BARE_CODES
        joined.append(f"{group} {cell}".strip() if bare or not cell else cell)
    return joined


def _roles_of(header: str, key: str, *, with_name: bool) -> list[tuple[Role, int]]:
    """List the roles that a header may have, with how sure its wording is (0 is surest)."""
    if not key or len(key) > 80:
        return []
    found = [
        (role, rank)
        for rank, (role, pattern) in enumerate(PATTERNS)
        if pattern.fullmatch(key) and (role in BY_NUMBER or not FIGURE.search(key))
    ]
    if not found and len(header) == DBF_LENGTH:
        field_name = header.lower()
        found = [
            (role, len(PATTERNS))
            for role, name in LONG_NAMES
            if name[:DBF_LENGTH] == field_name
        ]
    if key in BARE_NAMES:
        found.append((Role.COMMUNE, len(PATTERNS) + 1))
    if key in BARE_CODES and not with_name:
        found.append((Role.CODE, len(PATTERNS) + 1))
    if not with_name:
        found = [(role, rank) for role, rank in found if role is not Role.NAME]
    return found


class _Judgement:
    """Which of the columns that fit a role has it, and why another has not."""

    def __init__(
        self, keys: Sequence[str], rows: Sequence[Sequence[str]], *, with_name: bool
    ) -> None:
        self._keys = keys
        self._rows = rows
        self._with_name = with_name
        self._fitting: dict[Role, list[tuple[int, int]]] = {}
        self.rejected: dict[int, str] = {}
        self._has_address = any(
            ADDRESS.search(key) and not NO_ADDRESS.search(key) for key in keys
        )

    def accepts(self, role: Role, rank: int, index: int) -> bool:
        """Whether the cells of a column do not belie the role of its header."""
        cells = self._cells(index)
        if role is Role.NAME and cells and _share(cells, _NUMBER.fullmatch) >= _MOSTLY:
            self.rejected[index] = "des numéros, pas des noms"
            return False
        if role is Role.CODE and cells and _share(cells, _LIKE_A_CODE.match) < _HALF:
            self.rejected[index] = "ses valeurs ne sont pas des codes de communes"
            return False
        if (role is Role.STAGE and NOT_THE_STAGE.search(self._keys[index])) or (
            role is Role.SINCE and NOT_ITS_DATE.search(self._keys[index])
        ):
            self.rejected[index] = "ce n'est pas le stade atteint"
            return False
        bare = self._keys[index] in BARE_NAMES
        if role is Role.NAME and bare and self._fitting.get(Role.NAME):
            # Another column has the CPTS's name: this one may be the communes'.
            return False
        self.rejected.pop(index, None)
        self._fitting.setdefault(role, []).append((rank, index))
        return True

    def chosen(self, taken: Mapping[Role, int]) -> dict[Role, int]:
        """Give the column of each role, those that the user chose left out."""
        best = {
            role: min(fitting)[1]
            for role, fitting in self._fitting.items()
            if role not in taken
        }
        if Role.STAGE in best:
            best[Role.STAGE] = self._latest([i for _, i in sorted(self._fitting[Role.STAGE])])
        named = taken.get(Role.NAME, best.get(Role.NAME))
        if Role.COMMUNE in best:
            territory = self._territory(
                [i for _, i in sorted(self._fitting[Role.COMMUNE])], named
            )
            best = {role: index for role, index in best.items() if role is not Role.COMMUNE}
            if territory is not None:
                best[Role.COMMUNE] = territory
        if Role.POSTCODE in best and (
            self._has_address or any("siège" in why for why in self.rejected.values())
        ):
            self.rejected[best.pop(Role.POSTCODE)] = "celui du siège"
        if self._names_communes(best, taken):
            self.rejected[best.pop(Role.NAME)] = (
                "le nom des communes ou celui des CPTS ? (--column name=…)"
            )
        return best

    def _latest(self, fitting: Sequence[int]) -> int:
        """Give the column of the latest year: « Stade 2024 » beside « Stade 2023 »."""
        years = {index: max(_YEAR.findall(self._keys[index]), default="") for index in fitting}
        latest = max(fitting, key=lambda index: years[index])
        for index in fitting:
            if years[index] < years[latest]:
                self.rejected[index] = "un stade plus récent est donné à côté"
        return latest

    def _territory(self, fitting: Sequence[int], named: int | None) -> int | None:
        """Give the column of the territory among those of communes: never the seat's."""
        seats = [i for i in fitting if SEAT.search(self._keys[i])]
        rest = [i for i in fitting if i not in seats]
        whole = [i for i in rest if WHOLE_TERRITORY.search(self._keys[i])]
        single = [i for i in rest if i not in whole]
        one_row_each = self._names_are_distinct(named)
        if whole and single:
            lists = any(self._holds_lists(i) for i in whole)
            if lists or one_row_each:
                seats, rest = [*seats, *single], whole
            else:
                rest = single
                for index in whole:
                    self.rejected[index] = "une commune par ligne est donnée à côté"
        if not rest and not self._has_address:
            # « Ville » alone is another word for commune.
            return seats[0] if seats else None
        if len(rest) == 1 and self._has_address and one_row_each and rest[0] in single:
            seats, rest = [*seats, *rest], []
        for index in seats:
            self.rejected[index] = "la ville du siège, pas le territoire"
        return rest[0] if rest else None

    def _names_communes(self, best: Mapping[Role, int], taken: Mapping[Role, int]) -> bool:
        """Whether a bare « Nom » beside codes may well be that of the communes."""
        if Role.NAME in taken or Role.COMMUNE in taken or not self._with_name:
            return False
        index = best.get(Role.NAME)
        if index is None or Role.COMMUNE in best or self._keys[index] not in BARE_NAMES:
            return False
        cells = self._cells(index)
        return bool(cells) and _share(cells, _NAMES_A_CPTS.search) < _HALF

    def _names_are_distinct(self, named: int | None) -> bool:
        if named is None:
            return len(self._rows) == 1
        names = self._cells(named)
        # A name that is left blank below its first row has several rows.
        return bool(names) and len(set(names)) == len(names) == len(self._rows)

    def _holds_lists(self, index: int) -> bool:
        cells = self._cells(index)
        return bool(cells) and _share(cells, lambda cell: len(cut_list(cell)) > 1) >= _HALF

    def _cells(self, index: int) -> list[str]:
        return [
            row[index]
            for row in self._rows
            if index < len(row) and row[index] and not says_nothing(row[index])
        ]


def _share(cells: Sequence[str], holds: Callable[[str], object]) -> float:
    return sum(1 for cell in cells if holds(cell)) / len(cells)


def _is_person(key: str, keys: Sequence[str]) -> bool:
    if PERSON.search(key):
        return True
    # Beside a first name, « Nom » is a person's.
    return key in ("nom", "nom de famille") and any("prenom" in other for other in keys)


def _one_line(text: str) -> str:
    return " ".join(text.split())[:60]
