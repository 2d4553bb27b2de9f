"""Reading the file that a client uploads, in a process of its own (`reading_process`)."""

import base64
import json
import os
import re
import sys
import tempfile
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import anyio
import shapely
from anyio import CapacityLimiter
from fastapi import UploadFile

from app.geography.resolution import Given
from app.letters.check.errors import TooManyFiles, file_too_large, file_too_long, unusable_file

LARGEST_FILE_BYTES = 10 * 2**20
# Wall clock; a plain list takes half a second, a department at full detail two.
SECONDS = 12.0
# Files read at once by one worker, and how many more may wait for their turn.
AT_ONCE = 2
MOST_WAITING = 16
_LONGEST_NAME = 100
_SUFFIXES = frozenset(
    (".csv", ".tsv", ".txt", ".xlsx", ".json", ".geojson", ".gpkg", ".kml", ".zip")
)

_ROOT = Path(__file__).resolve().parents[3]

# Drivers that look elsewhere than in the file that they are given.
_FOREIGN_DRIVERS = (
    "ADBC,AIVector,AmigoCloud,Carto,CSW,EEDA,Elasticsearch,GDALG,GMLAS,GPSBabel,GTFS,HTTP,"
    "LIBKML,MVT,NGW,OAPIF,OGCAPI,OGR_VRT,PDF,PLSCENES,PMTiles,STACIT,STACTA,VRT,WFS,WMS"
)


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
        self._places = CapacityLimiter(AT_ONCE)

    async def read(self, file: UploadFile) -> FileContent:
        """Give the communes that a file names, or the polygon that it draws (EPSG:4326).

        Raises `TooLarge`, `TooManyFiles` when too many wait already, or `Invalid` with a
        French sentence on whatever cannot be used.
        """
        content = await file.read(LARGEST_FILE_BYTES + 1)
        if len(content) > LARGEST_FILE_BYTES:
            raise file_too_large(LARGEST_FILE_BYTES)
        if self._places.statistics().tasks_waiting >= MOST_WAITING:
            raise TooManyFiles()
        name = shown_name(file.filename)
        async with self._places:
            return _understood(await _read_apart(content, name))


def shown_name(given: str | None) -> str:
    """Give the last part of a file's name, without anything that does not print."""
    last = PurePosixPath((given or "").replace("\\", "/")).name
    kept = "".join(c for c in last if unicodedata.category(c)[0] not in "CZ" or c == " ")
    return re.sub(r"\s+", " ", kept).strip()[-_LONGEST_NAME:] or "fichier"


async def _read_apart(content: bytes, name: str) -> bytes:
    suffix = Path(name).suffix.lower()
    with tempfile.TemporaryDirectory(prefix="cpts-fichier-") as folder:
        path = Path(folder) / f"fichier{suffix if suffix in _SUFFIXES else '.txt'}"
        path.write_bytes(content)
        with anyio.move_on_after(SECONDS):
            finished = await anyio.run_process(
                [sys.executable, "-m", "app.letters.check.reading_process", str(path), name],
                check=False,
                cwd=_ROOT,
                env=_environment(folder),
                stderr=None,
            )
            if finished.returncode == 0:
                return finished.stdout
    raise file_too_long(name)


def _environment(folder: str) -> dict[str, str]:
    """Give the reading process what it needs, and nothing that is secret."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if key in ("PATH", "LANG", "LC_ALL", "VIRTUAL_ENV", "LD_LIBRARY_PATH")
    }
    return kept | {
        "TMPDIR": folder,
        "PYTHONPATH": str(_ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        # A thread for each core would only reserve memory.
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "OGR_SKIP": _FOREIGN_DRIVERS,
        "GDAL_SKIP": _FOREIGN_DRIVERS,
        "CPL_VSIL_CURL_ALLOWED_FILENAME": "none",
        "GDAL_DISABLE_READDIR_ON_OPEN": "TRUE",
        "PROJ_NETWORK": "OFF",
    }


def _understood(written: bytes) -> FileContent:
    read = json.loads(written)
    if "refused" in read:
        raise unusable_file(read["refused"])
    if read["polygons"] is None:
        return FileContent([Given(*parts) for parts in read["given"]])
    return FileContent([], shapely.from_wkb(base64.b64decode(read["polygons"])))
