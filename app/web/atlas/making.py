"""Making an atlas: what a command and the link both do, in a process of their own."""

import os
from datetime import date
from pathlib import Path

import anyio
from sqlalchemy import Engine

from app.database.sessions import snapshot_scope
from app.failures import Failure
from app.http.repository import Revision, current_revision
from app.processes.bounds import Bounds
from app.processes.errors import JobEnded
from app.progress import Progress
from app.web.atlas.service import atlas_request
from app.web.typesetting.printing import typesetting_server

# The country takes some 15 s of processor and 600 MB (docs/benchmarks.md).
BOUNDS = Bounds(cpu_s=120, memory_bytes=4 * 2**30, file_bytes=2**20)


def make_atlas(
    engine: Engine, at: date | None, *, base: str, progress: Progress
) -> tuple[bytes, int, Revision]:
    """Give an atlas as a tagged PDF (PDF/UA-1), its number of places and its revision.

    Parameters: `at`, the day that it shows, today when None; `base`, as of
    `atlas_request`. Raises `Failure` when it cannot be typeset within its bounds.
    """
    with snapshot_scope(engine) as session:
        revision = current_revision(session)
        with progress.step("Cartes et tableaux") as step:
            request, places = atlas_request(session, at, base=base, step=step)
    server = typesetting_server()
    try:
        with progress.step("Composition"):
            return anyio.run(server.run, request, BOUNDS), places, revision
    except JobEnded:
        raise Failure("l'atlas n'a pas pu être composé dans ses limites.") from None
    finally:
        server.close()


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that others see as a whole or not at all; raises `OSError`."""
    partly = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        partly.write_bytes(content)
        partly.replace(path)
    finally:
        partly.unlink(missing_ok=True)
