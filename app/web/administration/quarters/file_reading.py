"""The quarters of an uploaded file, read in a process of its own, and kept by the form."""

import base64
import binascii
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import shapely
from starlette.datastructures import UploadFile

from app.files.given_names import shown_name
from app.files.isolation import FILE_ONLY
from app.files.uploads import read_apart
from app.geography.division.rules import IRIS_CODE, DrawnPart, refusal_of_name
from app.problems import Invalid
from app.processes.bounds import Bounds
from app.processes.fork_server import ForkServer
from app.processes.pool import Places, ProcessPool

LARGEST_FILE_BYTES = 30 * 2**20
# The quarters of one commune as a form carries them, and what that may unpack to.
LARGEST_KEPT_BYTES = 3 * 2**20
_LARGEST_UNPACKED_BYTES = 12 * 2**20
BOUNDS = Bounds(cpu_s=20, memory_bytes=3 * 2**30, file_bytes=300 * 2**20)
# A file of the IRIS of a region takes some ten seconds.
_PLACES = Places(at_once=1, within_s=30.0)
# It starts nothing before the first file.
_SERVER = ForkServer("app.web.administration.quarters.reading_process", FILE_ONLY)


@dataclass(frozen=True)
class SentParts:
    """What is to be divided by what: `source` is the name of the file."""

    code: str
    source: str
    population_column: str | None
    parts: Sequence[DrawnPart]

    def kept(self) -> str:
        """Write it as text that a form carries from the preview to the division."""
        rows = [
            [part.name, part.code, part.weight, shapely.to_wkb(part.polygon, hex=True)]
            for part in self.parts
        ]
        about = [self.code, self.source, self.population_column, rows]
        packed = zlib.compress(json.dumps(about).encode(), 9)
        return base64.urlsafe_b64encode(packed).decode()


class PartsReader:
    """Reads uploaded files of quarters; one for each worker, on its event loop."""

    def __init__(self) -> None:
        self.pool = ProcessPool(_SERVER, BOUNDS, what="fichiers", places=_PLACES)

    async def read(
        self,
        file: UploadFile,
        *,
        code: str,
        population_column: str | None,
        crs: str | None,
        address: str,
    ) -> SentParts:
        """Give the quarters that a file draws of a commune.

        Parameters: `code`, of the commune; `population_column`, the field that counts the
        inhabitants; `crs`, the coordinate system of a file that states none; `address`, of
        the client. Raises `Failure` with a French sentence on what cannot be used,
        `TooLarge`, `ServiceBusy`.
        """
        asked = {"code": code, "population_column": population_column, "crs": crs}
        name, told = await read_apart(
            self.pool, file, asked, largest_bytes=LARGEST_FILE_BYTES, address=address
        )
        return SentParts(code, name, population_column, _drawn(told["parts"]))


def sent_parts(kept: str) -> SentParts:
    """Read what `SentParts.kept` wrote; raises `Invalid` when it is something else."""
    try:
        packed = base64.b64decode(kept, altchars=b"-_", validate=True)
        unpacker = zlib.decompressobj()
        about = unpacker.decompress(packed, _LARGEST_UNPACKED_BYTES)
        if not unpacker.eof:
            raise ValueError
        code, source, column, rows = json.loads(about)
        if not all(isinstance(each, str) for each in (code, source, column or "")):
            raise ValueError
        return SentParts(code, shown_name(source), column, _drawn(rows))
    except (ValueError, TypeError, binascii.Error, zlib.error, shapely.errors.GEOSException):
        raise Invalid.at(
            "body",
            "parts",
            message="Les quartiers n’ont pas pu être relus : renvoyez le fichier.",
        ) from None


def _drawn(rows: Sequence[Sequence[Any]]) -> list[DrawnPart]:
    parts = []
    for name, code, weight, wkb in rows:
        polygon = shapely.from_wkb(wkb)
        wanted = polygon.geom_type in ("Polygon", "MultiPolygon") and polygon.is_valid
        coded = code is None or IRIS_CODE.fullmatch(code)
        counted = weight is None or float(weight) >= 0
        if not (wanted and coded and counted and refusal_of_name(name) is None):
            raise ValueError
        parts.append(DrawnPart(name, polygon, code, None if weight is None else float(weight)))
    return parts
