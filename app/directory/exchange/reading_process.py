"""What the process does that reads an uploaded table (`app.processes`).

A request is one line of JSON, `{"name": …}` for messages, and then the file. One JSON object
answers: `{"entries": [[sheet, row, cells, columns]…]}` or `{"refused": a French sentence}`.
"""

import json
import tempfile
from pathlib import Path


def prepare() -> None:
    """Import what reads files, for all jobs to come."""
    import app.directory.exchange.tables  # noqa: F401, PLC0415


def run(request: bytes) -> bytes:
    """Answer one request."""
    # In the process only.
    from app.directory.exchange.tables import MOST_ENTRIES, read_entries  # noqa: PLC0415
    from app.failures import Failure  # noqa: PLC0415
    from app.files.sources import open_source  # noqa: PLC0415

    asked, _, content = request.partition(b"\n")
    name = json.loads(asked)["name"]
    path = Path(tempfile.gettempdir()) / "tableau"
    path.write_bytes(content)
    try:
        entries = read_entries(open_source(path, name=name))
    except Failure as failure:
        return json.dumps({"refused": failure.message}).encode()
    except MemoryError:
        return json.dumps({"refused": f"« {name} » est trop complexe."}).encode()
    if len(entries) > MOST_ENTRIES:
        return json.dumps({"refused": f"« {name} » a plus de {MOST_ENTRIES} lignes."}).encode()
    told = [[each.sheet, each.row, dict(each.cells), sorted(each.columns)] for each in entries]
    return json.dumps({"entries": told}).encode()
