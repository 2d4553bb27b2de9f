"""Reading the file that a client uploads: small text here, all else in a process of its own."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import shapely
from starlette.datastructures import UploadFile

from app.files.given_names import shown_name
from app.files.isolation import FILE_ONLY
from app.geography.resolution import Given
from app.letters.check.errors import file_too_complex, file_too_large, unusable_file
from app.letters.check.small_lists import is_small, read_small
from app.processes.bounds import Bounds
from app.processes.errors import JobEnded, JobExhausted
from app.processes.fork_server import ForkServer
from app.processes.pool import ProcessPool

LARGEST_FILE_BYTES = 10 * 2**20
# A plain list takes some hundredths of a second, a department at full detail two seconds.
BOUNDS = Bounds(cpu_s=6, memory_bytes=3 * 2**30, file_bytes=300 * 2**20)
_SUFFIXES = frozenset(
    (".csv", ".tsv", ".txt", ".xlsx", ".json", ".geojson", ".gpkg", ".kml", ".zip")
)
# One for this worker process; it starts nothing before the first file.
_SERVER = ForkServer("app.letters.check.reading_process", FILE_ONLY)


@dataclass(frozen=True)
class FileContent:
    """What a file asks for: communes as they are written there, or a shapely surface.

    `surface` is in longitude and latitude (EPSG:4326), None for a list.
    """

    given: Sequence[Given]
    surface: Any = None


class FileReader:
    """Reads uploaded files, a few at a time; one for each worker, on its event loop."""

    def __init__(self) -> None:
        self.pool = ProcessPool(_SERVER, BOUNDS, what="fichiers")
        # Reading holds the interpreter: more at once would end no sooner.
        self._threads = anyio.CapacityLimiter(1)

    async def read(
        self, file: UploadFile, *, address: str, crs: str | None = None
    ) -> FileContent:
        """Give the communes that a file names, or the polygon that it draws (EPSG:4326).

        Parameters: `address`, of the client, which has few places at once; `crs`, the
        coordinate system of polygons that state none. Raises
        `TooLarge`, `ServiceBusy` when there is no place or too little time, or `Invalid` with a
        French sentence on whatever cannot be used.
        """
        content = await file.read(LARGEST_FILE_BYTES + 1)
        if len(content) > LARGEST_FILE_BYTES:
            raise file_too_large(LARGEST_FILE_BYTES)
        name = shown_name(file.filename)
        suffix = Path(name).suffix.lower()
        suffix = suffix if suffix in _SUFFIXES else ".txt"
        if is_small(content):
            return _understood(
                await anyio.to_thread.run_sync(
                    read_small, content, suffix, name, limiter=self._threads
                )
            )
        about = {"suffix": suffix, "name": name, "crs": crs}
        request = json.dumps(about).encode() + b"\n" + content
        try:
            return _understood(json.loads(await self.pool.run(request, address=address)))
        except JobExhausted:
            raise file_too_complex(name) from None
        except JobEnded:
            raise unusable_file(
                f"« {name} » n'a pas pu être lu : il est peut-être endommagé. "
                "Envoyez la liste des communes."
            ) from None


def _understood(read: Mapping[str, Any]) -> FileContent:
    if "refused" in read:
        raise unusable_file(read["refused"])
    if read["polygons"] is None:
        return FileContent([Given(*parts) for parts in read["given"]])
    return FileContent([], shapely.from_wkb(base64.b64decode(read["polygons"])))
