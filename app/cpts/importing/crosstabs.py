"""Tables that cross communes and CPTS: a column per CPTS, a mark where it holds the row's."""

from collections.abc import Iterator, Mapping, Sequence

from app.cpts.importing.columns import Columns, Header, Role
from app.cpts.importing.entries import Entry, struck_out
from app.files.tables import Row, Table
from app.files.words import words_of

_MARKED = frozenset({"x", "1", "oui", "o", "ok", "vrai", "v"})
_UNMARKED = frozenset({"", "0", "non", "n", "faux"})
_SIGNS = frozenset("✓✔●■☑✕✗×•")


def is_crosstab(table: Table, header: Header) -> bool:
    """Whether a table of communes has columns of marks, each headed by a CPTS."""
    columns = _marked_columns(table.rows[header.start + 1 :], header.columns)
    return Role.NAME not in header.columns.positions and any(
        words_of(name).startswith("cpts") for name in columns.values()
    )


def crosstab_entries(table: Table, header: Header) -> Iterator[Entry]:
    """Give an entry per commune and mark; one marked for several CPTS is shared by them."""
    rows = table.rows[header.start + 1 :]
    columns = header.columns
    marked = _marked_columns(rows, columns)
    for row in rows:
        holders = [
            name
            for index, name in marked.items()
            if index < len(row.cells) and is_mark(row.cells[index])
        ]
        entry = Entry(
            row.number,
            " / ".join(holders),
            commune=columns.cell(row.cells, Role.COMMUNE),
            code=columns.cell(row.cells, Role.CODE),
            postcode=columns.cell(row.cells, Role.POSTCODE),
            department=columns.cell(row.cells, Role.DEPARTMENT),
            is_unclaimed=not holders,
            shared=tuple(holders) if len(holders) > 1 else (),
            doubt=struck_out(row, columns) or _struck_mark(row, marked),
        )
        if entry.given:
            yield entry


def chosen_rows(rows: Sequence[Row], columns: Columns) -> list[Row] | None:
    """Give the rows of a list of communes that its one column of marks keeps.

    None when there is no such column, or when several say different things.
    """
    marked = _marked_columns(rows, columns)
    if len(marked) != 1:
        return None
    [index] = marked
    kept = [row for row in rows if index < len(row.cells) and is_mark(row.cells[index])]
    return kept if 0 < len(kept) < len(rows) else None


def is_mark(cell: str) -> bool:
    """Whether a cell is a mark: « x », « oui », « 1 », a tick."""
    return words_of(cell) in _MARKED or (bool(cell) and set(cell) <= _SIGNS)


def _struck_mark(row: Row, marked: Mapping[int, str]) -> str:
    crossed = [name for index, name in marked.items() if index in row.struck]
    return f"barré dans « {crossed[0]} » : fait-elle partie de la CPTS ?" if crossed else ""


def _marked_columns(rows: Sequence[Row], columns: Columns) -> Mapping[int, str]:
    """Give the columns without a role that hold marks only, at least one, by index."""
    taken = set(columns.positions.values())
    found = {}
    for index, header in enumerate(columns.headers):
        if index in taken or not header:
            continue
        cells = [row.cells[index] if index < len(row.cells) else "" for row in rows]
        if any(is_mark(cell) for cell in cells) and all(
            is_mark(cell) or words_of(cell) in _UNMARKED for cell in cells
        ):
            found[index] = " ".join(header.split())
    return found
