"""What the process does that reads an uploaded file (`app.processes`).

Files come from anyone, and the libraries that read them are large. They run there, in a
process that holds no secret, has no network where the system allows to give it up, and is
bounded in memory and time, so that whatever a file does to it stays there.

A request is one line of JSON, `{"suffix": …, "name": …, "crs": …}`, the name being for
messages and the coordinate system for a file that states none, and then the file. One JSON
object answers: `{"given": [the parts of a `Given`…], "polygons": WKB in base64 or null}` in
longitude and latitude (EPSG:4326), or `{"refused": a French sentence}`.
"""

import base64
import json
import sys
import tempfile
from dataclasses import astuple
from pathlib import Path
from typing import Any

MOST_GIVEN = 5_000
LONGEST_GIVEN = 200
# All polygons of a file, as they are drawn.
MOST_VERTICES = 500_000
# Their union, as it is compared with communes: beyond, details of metres are smoothed.
MOST_VERTICES_KEPT = 20_000
# Degrees: about a metre, ten, fifty. Whether half a commune is inside does not hang on that.
SMOOTHINGS = (0.00001, 0.0001, 0.0005)


def prepare() -> None:
    """Import what reads files, for all jobs to come."""
    # pandas would start its threads, which no fork copies, for nothing that is read here.
    sys.modules["pyarrow"] = None  # type: ignore[assignment]
    import app.files.layers  # noqa: PLC0415
    import app.letters.check.commune_lists  # noqa: F401, PLC0415


def run(request: bytes) -> bytes:
    """Answer one request."""
    asked, _, content = request.partition(b"\n")
    about = json.loads(asked)
    path = Path(tempfile.gettempdir()) / f"fichier{about['suffix']}"
    path.write_bytes(content)
    return json.dumps(read(path, about["name"], about.get("crs"))).encode()


def read(path: Path, name: str, crs: str | None = None) -> dict[str, Any]:
    """Give what a file asks for, as the JSON object that this process writes."""
    # In the process only: these are the large libraries.
    from app.failures import Failure  # noqa: PLC0415
    from app.letters.check.commune_lists import read_commune_list  # noqa: PLC0415

    try:
        found = read_commune_list(path, name=name, most_vertices=MOST_VERTICES, crs=crs)
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
