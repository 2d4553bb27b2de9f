"""A file that somebody sends, read in a process of its own and within bounds."""

import json
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import UploadFile

from app.failures import Failure
from app.files.given_names import shown_name
from app.files.sources import unusable
from app.problems import TooLarge
from app.processes.errors import JobEnded, JobExhausted
from app.processes.pool import ProcessPool


async def read_apart(
    pool: ProcessPool,
    file: UploadFile,
    asked: Mapping[str, Any],
    *,
    largest_bytes: int,
    address: str,
) -> tuple[str, dict[str, Any]]:
    """Give the name of a file, as it is shown, and what a process reads in it.

    Parameters: `asked`, what the process is told besides the name; `address`, of the client,
    which has few places at once. Raises `Failure` with a French sentence on what cannot be
    used, `TooLarge`, `ServiceBusy`.
    """
    content = await file.read(largest_bytes + 1)
    if len(content) > largest_bytes:
        raise TooLarge(f"Le fichier dépasse {largest_bytes // 2**20} Mo.")
    name = shown_name(file.filename)
    request = json.dumps({"name": name, **asked}).encode() + b"\n" + content
    try:
        told: dict[str, Any] = json.loads(await pool.run(request, address=address))
    except JobExhausted:
        raise unusable(f"« {name} » est trop complexe.") from None
    except JobEnded:
        raise unusable(f"« {name} » n'a pas pu être lu : il est endommagé.") from None
    if "refused" in told:
        raise Failure(told["refused"])
    return name, told
