"""What the process does that reads an uploaded file of quarters (`app.processes`).

A request is one line of JSON, `{"name": …, "code": …, "population_column": …, "crs": …}`, and
then the file; `code` is that of the commune that is to be divided. One JSON object answers:
`{"parts": [[name, code, weight, WKB in hexadecimal]…]}` in longitude and latitude (EPSG:4326),
or `{"refused": a French sentence}`.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

# All quarters of one commune, as they are drawn.
MOST_VERTICES = 60_000


def prepare() -> None:
    """Import what reads files, for all jobs to come."""
    # pandas would start its threads, which no fork copies, for nothing that is read here.
    sys.modules["pyarrow"] = None  # type: ignore[assignment]
    import app.files.layers  # noqa: PLC0415
    import app.geography.division.reading  # noqa: F401, PLC0415


def run(request: bytes) -> bytes:
    """Answer one request."""
    asked, _, content = request.partition(b"\n")
    about = json.loads(asked)
    path = Path(tempfile.gettempdir()) / f"quartiers{Path(about['name']).suffix.lower()}"
    path.write_bytes(content)
    return json.dumps(read(path, about)).encode()


def read(path: Path, about: dict[str, Any]) -> dict[str, Any]:
    """Give the quarters of a file, as the JSON object that this process writes."""
    # In the process only: these are the large libraries.
    import shapely  # noqa: PLC0415

    from app.failures import Failure  # noqa: PLC0415
    from app.geography.division.reading import parts_of, read_parts  # noqa: PLC0415

    name = about["name"]
    try:
        file = read_parts(
            path,
            name=name,
            population_column=about["population_column"],
            crs=about["crs"],
        )
        parts = parts_of(file, about["code"])
    except Failure as failure:
        return {"refused": failure.message}
    except MemoryError:
        return {"refused": f"« {name} » est trop complexe : simplifiez ses contours."}
    drawn = sum(shapely.get_num_coordinates(part.polygon) for part in parts)
    if drawn > MOST_VERTICES:
        return {
            "refused": f"« {name} » dessine les quartiers de {drawn} points, pour "
            f"{MOST_VERTICES} au plus : simplifiez-les, ou employez la commande."
        }
    return {
        "parts": [
            [part.name, part.code, part.weight, shapely.to_wkb(part.polygon, hex=True)]
            for part in parts
        ]
    }
