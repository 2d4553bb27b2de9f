"""The process that reads an uploaded file: `python -m app.letters.check.reading_process`.

Files come from anyone, and the libraries that read them are large. They run here, in a
process that holds no secret, has no network where the system allows to give it up, and is
bounded in memory and time, so that whatever a file does to it stays here.

Arguments: the path of the file, and its name for messages. One JSON object is written:
`{"given": [the parts of a `Given`…], "polygons": WKB in base64 or null}` in longitude
and latitude (EPSG:4326), or `{"refused": a French sentence}`.
"""

import base64
import ctypes
import json
import resource
import sys
from dataclasses import astuple
from pathlib import Path
from typing import Any

MOST_MEMORY_BYTES = 3 * 2**30
MOST_SECONDS = 10
LARGEST_WRITTEN_FILE_BYTES = 300 * 2**20

MOST_GIVEN = 5_000
LONGEST_GIVEN = 200
# All polygons of a file, as they are drawn.
MOST_VERTICES = 500_000
# Their union, as it is compared with communes: beyond, details of metres are smoothed.
MOST_VERTICES_KEPT = 20_000
# Degrees: about a metre, ten, fifty. Whether half a commune is inside does not hang on that.
SMOOTHINGS = (0.00001, 0.0001, 0.0005)

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000


def main() -> None:
    """Read the file of the arguments and write what it asks for."""
    path, name = sys.argv[1:]
    _bound()
    sys.stdout.write(json.dumps(read(Path(path), name)))


def read(path: Path, name: str) -> dict[str, Any]:
    """Give what a file asks for, as the JSON object that this process writes."""
    # After the bounds are set: these are the large libraries.
    from app.failures import Failure  # noqa: PLC0415
    from app.files.commune_lists import read_commune_list  # noqa: PLC0415

    try:
        found = read_commune_list(path, name=name, most_vertices=MOST_VERTICES)
    except Failure as failure:
        return {"refused": failure.message}
    except MemoryError:
        return {"refused": f"« {name} » est trop complexe : simplifiez son contenu."}
    if len(found.given) > MOST_GIVEN:
        return {"refused": f"« {name} » a plus de {MOST_GIVEN} lignes de communes."}
    if found.geometry is None:
        given = [
            [part and part[:LONGEST_GIVEN] for part in astuple(each)] for each in found.given
        ]
        return {"given": given, "polygons": None}
    surface = _smoothed(found.geometry)
    if surface is None:
        return {"refused": f"« {name} » est trop complexe : simplifiez son contour."}
    return {"given": [], "polygons": base64.b64encode(surface).decode()}


def _smoothed(surface: Any) -> bytes | None:
    import shapely  # noqa: PLC0415

    kept = surface
    for tolerance in SMOOTHINGS:
        if shapely.get_num_coordinates(kept) <= MOST_VERTICES_KEPT:
            break
        kept = shapely.simplify(surface, tolerance)
    if shapely.get_num_coordinates(kept) > MOST_VERTICES_KEPT:
        return None
    written: bytes = shapely.to_wkb(kept)
    return written


def _bound() -> None:
    for kind, limit in (
        (resource.RLIMIT_CPU, MOST_SECONDS),
        (resource.RLIMIT_AS, MOST_MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, LARGEST_WRITTEN_FILE_BYTES),
        (resource.RLIMIT_CORE, 0),
    ):
        try:
            resource.setrlimit(kind, (limit, limit))
        except (OSError, ValueError):  # not on every system; the time limit remains
            continue
    try:
        # A network of its own, without any way out.
        ctypes.CDLL(None).unshare(_CLONE_NEWUSER | _CLONE_NEWNET)
    except (AttributeError, OSError):
        return


if __name__ == "__main__":
    main()
