"""The process that makes the atlas of a link: `FOLDER EDITION BASE`, `DATABASE_URL` set.

It inherits the lock that keeps others from working in the folder. What it writes is named
after the state and the day that it shows; what was there before goes. It ends with the
worker that started it, and after five minutes in any case.
"""

import os
import resource
import signal
import sys
from pathlib import Path

from app.processes.bounds import die_with_parent

MOST_MEMORY_BYTES = 4 * 2**30
MOST_PROCESSOR_S = 120
MOST_S = 300
# For the database: as `WaitLimits.of_requests`, of one that nobody's request waits for.
PATIENCE_S = 60


def main(folder: Path, edition: str, base: str) -> None:
    """Make the atlas of today.

    Parameters: `edition` as for `file_name`; `base`, the outside address that it prints.
    """
    die_with_parent()
    signal.alarm(MOST_S)
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_PROCESSOR_S, MOST_PROCESSOR_S))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY_BYTES, MOST_MEMORY_BYTES))
    # Requests come first.
    os.nice(10)
    from app.database.calendar import today  # noqa: PLC0415
    from app.database.engine import create_database_engine  # noqa: PLC0415
    from app.database.waiting import WaitLimits  # noqa: PLC0415
    from app.progress import SilentProgress  # noqa: PLC0415
    from app.web.atlas.kept import file_name  # noqa: PLC0415
    from app.web.atlas.making import make_atlas, write_whole  # noqa: PLC0415

    day = today()
    engine = create_database_engine(
        os.environ["DATABASE_URL"],
        application_name="cpts-atlas",
        limits=WaitLimits.of_requests(PATIENCE_S),
    )
    try:
        content, _, revision = make_atlas(engine, day, base=base, progress=SilentProgress())
    finally:
        engine.dispose()
    made = folder / file_name(revision, day, edition)
    write_whole(made, content)
    # With what a process left half written that was ended.
    for path in folder.glob("*.pdf*"):
        if path != made:
            path.unlink(missing_ok=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
