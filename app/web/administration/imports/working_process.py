"""The process that works on a draft, by its number as argument.

A file of 30 000 rows takes much processor, which no worker has to spare, and libraries that
read files may take all the memory that they get. What it finds, and how far it is, stands in
the draft; the database's address is in `DATABASE_URL`.
"""

import os
import resource
import sys
from collections.abc import Sequence

from app.cpts.reversal.rules import Entry
from app.database.sessions import ReadingSession

MOST_MEMORY_BYTES = 4 * 2**30
MOST_PROCESSOR_S = 1_800


def letters_of(session: ReadingSession, entries: Sequence[Entry]) -> Sequence[int]:
    """Give the numbers of the letters that changes rest on, or that rest on what they made."""
    from app.letters.reading.repository import letters_behind  # noqa: PLC0415

    return letters_behind(
        session,
        [each.cpts_id for each in entries],
        [each.cpts_id for each in entries if each.before is None],
        entries[0].changed_at,
    )


def main(number: int) -> None:
    """Do what a draft waits for."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY_BYTES, MOST_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_PROCESSOR_S, MOST_PROCESSOR_S))
    from app.cpts.importing.drafts.service import work_on  # noqa: PLC0415
    from app.database.engine import create_database_engine  # noqa: PLC0415

    # Requests come first.
    os.nice(10)
    engine = create_database_engine(os.environ["DATABASE_URL"], application_name="cpts-import")
    try:
        work_on(engine, number, letters_of)
    except Exception as error:
        # By its class: its words may hold what the file says of persons.
        sys.stderr.write(f"import {number}: {type(error).__name__}\n")
    finally:
        engine.dispose()


if __name__ == "__main__":
    main(int(sys.argv[1]))
