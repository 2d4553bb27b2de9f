"""The rows of a table of sheets, read in bounds: of an upload, in a process of its own."""

from fastapi import UploadFile

from app.directory.exchange.rules import HEADINGS, Column, Entry, entries_of
from app.files.cells import without_guard
from app.files.sources import Format, Source, unusable
from app.files.tables import read_tables
from app.files.uploads import read_apart
from app.processes.bounds import Bounds
from app.processes.fork_server import ForkServer
from app.processes.pool import ProcessPool

LARGEST_FILE_BYTES = 7 * 2**20
MOST_ENTRIES = 50_000
BOUNDS = Bounds(cpu_s=8, memory_bytes=2 * 2**30, file_bytes=300 * 2**20)
# It starts nothing before the first file.
_SERVER = ForkServer("app.directory.exchange.reading_process", {})


def read_entries(source: Source) -> list[Entry]:
    """Read the rows of a table of sheets.

    Raises `Failure` (exit status 2) when no sheet has a heading that names CPTS and what
    they tell.
    """
    if source.format.has_polygons:
        raise unusable(f"« {source.name} » n'est pas un tableau.")
    found = [entries_of(table) for table in read_tables(source)]
    headed = [entries for entries in found if entries is not None]
    if not headed:
        raise unusable(
            f"« {source.name} » : aucun en-tête avec une CPTS ({HEADINGS[Column.ID][0]}, "
            f"{HEADINGS[Column.FINESS][0]} ou {HEADINGS[Column.CPTS][0]}) et une thématique, "
            "un nom ou une présentation."
        )
    entries = [entry for entries in headed for entry in entries]
    if source.format is Format.CSV:
        entries = [
            Entry(
                entry.sheet,
                entry.row,
                {name: without_guard(cell) for name, cell in entry.cells.items()},
                entry.columns,
            )
            for entry in entries
        ]
    return entries


class TableReader:
    """Reads uploaded tables, a few at a time; one for each worker, on its event loop."""

    def __init__(self) -> None:
        self.pool = ProcessPool(_SERVER, BOUNDS, what="fichiers")

    async def read(self, file: UploadFile, *, address: str) -> tuple[str, list[Entry]]:
        """Give the name of a file and its rows.

        Parameters: `address`, of the client, which has few places at once. Raises
        `Failure` with a French sentence on what cannot be used, `TooLarge`, `ServiceBusy`.
        """
        name, told = await read_apart(
            self.pool, file, {}, largest_bytes=LARGEST_FILE_BYTES, address=address
        )
        return name, [
            Entry(sheet, row, cells, frozenset(columns))
            for sheet, row, cells, columns in told["entries"]
        ]
