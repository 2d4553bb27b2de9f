"""Tables that cross communes and CPTS: a column per CPTS, a mark where it holds the row's."""

import re
from collections.abc import Iterator, Mapping, Sequence

from app.cpts.importing.columns import Columns, Header, Role
from app.cpts.importing.entries import Entry, is_sum, struck_out
from app.cpts.importing.membership import NOT_IN
from app.cpts.importing.values import is_mark, names_nobody
from app.files.sources import unusable
from app.files.tables import Row, Table
from app.files.words import words_of

_UNMARKED = frozenset({"", "0", "non", "n", "faux"})
# Headers over marks that say which communes are meant.
_CHOICE = re.compile(
    r"(.* )?(projet|retenue?s?|choi\w+|select\w+|demand\w+|cpts|territoires?|perimetre|inclu\w+"
    r"|dans|membres?|adh\w+|integr\w+|appart\w+|concern\w+|participe\w*|lettre|couver\w+"
    r"|rattach\w+|garde\w*|commune|x|ok|oui)( .*)?"
)


def is_crosstab(table: Table, header: Header) -> bool:
    """Whether a table of communes has columns of marks, each headed by a CPTS."""
    columns = _marked_columns(table.rows[header.start + 1 :], header.columns)
    return Role.NAME not in header.columns.positions and bool(_of_cpts(columns))


def crosstab_entries(table: Table, header: Header) -> Iterator[Entry]:
    """Give an entry per commune and mark; one marked for several CPTS is shared by them.

    Columns that head no CPTS (a total, « Littoral ») claim nothing; « Hors CPTS » is nobody,
    and a commune marked there and for a CPTS is doubtful.
    """
    rows = table.rows[header.start + 1 :]
    columns = header.columns
    headed = _marked_columns(rows, columns)
    marked = _of_cpts(headed)
    nobody = {index: name for index, name in headed.items() if names_nobody(name)}
    for row in rows:
        holders = _marked_in(row, marked)
        against = _marked_in(row, nobody) if holders else []
        entry = Entry(
            row.number,
            " / ".join(holders),
            commune=columns.cell(row.cells, Role.COMMUNE),
            code=columns.cell(row.cells, Role.CODE),
            postcode=columns.cell(row.cells, Role.POSTCODE),
            department=columns.cell(row.cells, Role.DEPARTMENT),
            is_unclaimed=not holders,
            shared=tuple(holders) if len(holders) > 1 else (),
            doubt=struck_out(row, columns)
            or _struck_mark(row, marked)
            or _unclear(row, marked)
            or (f"marquée aussi dans « {against[0]} »" if against else ""),
        )
        if entry.given and not is_sum(entry.given):
            yield entry


def chosen_rows(rows: Sequence[Row], columns: Columns) -> list[Row] | None:
    """Give the rows of a list of communes that its one column of marks keeps.

    None when there is no such column, or when several say different things. A column of what
    is out (« À exclure », « Hors projet ») keeps the rows that it does not mark.

    Raises `Failure` (exit status 2) when its header does not say what is marked.
    """
    marked = _marked_columns(rows, columns)
    if len(marked) != 1:
        return None
    [index] = marked
    header = words_of(marked[index])
    is_out = NOT_IN.search(header) is not None and not header.startswith("projet")
    kept = [
        row
        for row in rows
        if (index < len(row.cells) and is_mark(row.cells[index])) is not is_out
    ]
    if not 0 < len(kept) < len(rows):
        return None
    if not (is_out or _CHOICE.fullmatch(header)):
        raise unusable(
            f"La colonne « {marked[index]} » marque une partie des communes : nommez-la "
            "« Retenue » si ce sont celles du territoire, ou ôtez-la."
        )
    return kept


def _of_cpts(marked: Mapping[int, str]) -> dict[int, str]:
    """Keep the columns that are headed by a CPTS."""
    return {
        index: name
        for index, name in marked.items()
        if words_of(name).startswith("cpts") and not names_nobody(name)
    }


def _marked_in(row: Row, columns: Mapping[int, str]) -> list[str]:
    return [name for index, name in columns.items() if not _is_unmarked(_cell(row, index))]


def _cell(row: Row, index: int) -> str:
    return row.cells[index] if index < len(row.cells) else ""


def _is_unmarked(cell: str) -> bool:
    return words_of(cell) in _UNMARKED and not is_mark(cell) and "?" not in cell


def _unclear(row: Row, marked: Mapping[int, str]) -> str:
    """Say in French that a cell among marks is none: « ? », « en partie »."""
    for index, name in marked.items():
        cell = _cell(row, index)
        if not (is_mark(cell) or _is_unmarked(cell)):
            return f"« {cell[:60]} » dans « {name} » : fait-elle partie de la CPTS ?"
    return ""


def _struck_mark(row: Row, marked: Mapping[int, str]) -> str:
    crossed = [name for index, name in marked.items() if index in row.struck]
    return f"barré dans « {crossed[0]} » : fait-elle partie de la CPTS ?" if crossed else ""


def _marked_columns(rows: Sequence[Row], columns: Columns) -> Mapping[int, str]:
    """Give the columns without a role that hold marks only, at least one, by index.

    One that is headed by a CPTS may hold other words, which are doubtful, as long as most are
    marks. Rows that sum others up have no say.
    """
    taken = set(columns.positions.values())
    rows = [row for row in rows if not is_sum(columns.cell(row.cells, Role.COMMUNE))]
    found = {}
    for index, header in enumerate(columns.headers):
        if index in taken or not header:
            continue
        told = [cell for row in rows if not _is_unmarked(cell := _cell(row, index))]
        marks = sum(map(is_mark, told))
        heads_cpts = words_of(header).startswith("cpts")
        if marks and (marks == len(told) or (heads_cpts and 2 * marks > len(told))):
            found[index] = " ".join(header.split())
    return found
