"""The SQL of the imports made in the browser."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, delete, func, insert, select, text, update

from app.cpts.importing.drafts import rules
from app.cpts.importing.drafts.models import (
    ImportCorrection,
    ImportDraft,
    ImportFile,
    ImportRow,
)
from app.cpts.models import CptsChange
from app.database.sessions import ReadingSession, WritingSession
from app.geography.models import Commune

# A file that nobody imports goes after a week, what was read of it after a month.
FILE_KEPT = timedelta(days=7)
DRAFT_KEPT = timedelta(days=30)
# A job that has said nothing for so long waits for somebody, or has been killed.
SILENT = timedelta(seconds=90)
# How long a job that is over may take to leave its draft.
_LEAVING_S = 10.0
_LOCK = "hashtext('import_draft'), CAST(:number AS integer)"
_TAKE = text(f"SELECT pg_try_advisory_lock({_LOCK})")
_LEAVE = text(f"SELECT pg_advisory_unlock({_LOCK})")
_IS_TAKEN = text("""
    SELECT EXISTS (
        SELECT FROM pg_locks l
        WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
          AND l.database =
              (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
          AND l.classid::bigint = hashtext('import_draft')::bigint & 4294967295
          AND l.objid::bigint = :number)
""")


def insert_draft(session: WritingSession, content: bytes, **values: Any) -> int:
    """Keep a file and what is to be done with it; gives the number of the draft."""
    number = session.execute(
        insert(ImportDraft).values(**values).returning(ImportDraft.id)
    ).scalar_one()
    session.execute(insert(ImportFile).values(draft_id=number, content=content))
    return number


def draft(session: ReadingSession, number: int) -> ImportDraft | None:
    """Give a draft as it stands now, None when there is none."""
    return session.get(ImportDraft, number, populate_existing=True)


def locked(session: WritingSession, number: int) -> ImportDraft | None:
    """Give a draft for a change that depends on how it stands."""
    return session.get(ImportDraft, number, with_for_update=True, populate_existing=True)


def drafts(session: ReadingSession, limit: int) -> Sequence[ImportDraft]:
    """List the latest drafts."""
    statement = select(ImportDraft).order_by(ImportDraft.id.desc()).limit(limit)
    return session.execute(statement).scalars().all()


def sources(session: ReadingSession) -> list[str]:
    """List the sources of former drafts, by name."""
    statement = select(ImportDraft.source).distinct().order_by(ImportDraft.source)
    return list(session.execute(statement).scalars())


def content(session: ReadingSession, number: int) -> bytes | None:
    """Give the file of a draft, None when it is gone."""
    return session.execute(
        select(ImportFile.content).where(ImportFile.draft_id == number)
    ).scalar_one_or_none()


def forget_file(session: WritingSession, number: int) -> None:
    """Delete the file of a draft."""
    session.execute(delete(ImportFile).where(ImportFile.draft_id == number))


def forget_draft(session: WritingSession, number: int) -> None:
    """Delete a draft and all that hangs on it."""
    session.execute(delete(ImportDraft).where(ImportDraft.id == number))


def change(session: WritingSession, number: int, **values: Any) -> None:
    """Change columns of a draft."""
    session.execute(update(ImportDraft).where(ImportDraft.id == number).values(**values))


@contextmanager
def taken(engine: Engine, number: int) -> Iterator[bool]:
    """Keep a draft to this process while the block runs; False while another does.

    The lock is a session's of its own, so that it goes with the process, however it ends. One
    that is held while the draft waits is of a job that ends, or begins, this moment.
    """
    key = {"number": number}
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        deadline = time.monotonic() + _LEAVING_S
        while not (is_ours := bool(connection.execute(_TAKE, key).scalar_one())):
            state = connection.execute(
                select(ImportDraft.state).where(ImportDraft.id == number)
            ).scalar_one_or_none()
            if state != "waiting" or time.monotonic() > deadline:
                break
            time.sleep(0.2)
        try:
            yield is_ours
        finally:
            if is_ours:
                connection.execute(_LEAVE, key)


def begin(session: WritingSession, number: int) -> bool:
    """Take up a draft that waits, or whose job was killed; it is kept to this process."""
    begun = session.execute(
        update(ImportDraft)
        .where(ImportDraft.id == number, ImportDraft.state.in_(["waiting", "working"]))
        .values(state="working", told_at=func.clock_timestamp(), step="", done=0, total=0)
        .returning(ImportDraft.id)
    )
    return begun.first() is not None


def tell(session: WritingSession, number: int, step: str, done: int, total: int) -> None:
    """Say how far the job of a draft is."""
    change(session, number, step=step, done=done, total=total, told_at=func.clock_timestamp())


def is_silent(session: ReadingSession, number: int) -> bool:
    """Tell whether the job of a draft was killed: long silent, and no process keeps it."""
    statement = select(ImportDraft.told_at < func.now() - SILENT).where(
        ImportDraft.id == number, ImportDraft.state == "working"
    )
    return bool(session.execute(statement).scalar_one_or_none()) and not bool(
        session.execute(_IS_TAKEN, {"number": number}).scalar_one()
    )


def put_rows(session: WritingSession, number: int, rows: Sequence[Mapping[str, Any]]) -> None:
    """Replace what the plan of a draft says of its rows, in their order."""
    session.execute(delete(ImportRow).where(ImportRow.draft_id == number))
    for row in range(0, len(rows), 5_000):
        session.execute(
            insert(ImportRow),
            [{"draft_id": number, **each} for each in rows[row : row + 5_000]],
        )


def rows(
    session: ReadingSession, number: int, *, outcome: str | None, limit: int, offset: int
) -> Sequence[ImportRow]:
    """List rows of a plan in the order of the file."""
    statement = (
        select(ImportRow)
        .where(ImportRow.draft_id == number)
        .order_by(ImportRow.position)
        .limit(limit)
        .offset(offset)
    )
    if outcome is not None:
        statement = statement.where(ImportRow.outcome == outcome)
    return session.execute(statement).scalars().all()


def row(session: ReadingSession, number: int, position: int) -> ImportRow | None:
    """Give one row of a plan."""
    return session.get(ImportRow, (number, position))


def corrections(session: ReadingSession, source: str) -> dict[str, tuple[str, ...]]:
    """Give what was decided of the rows of a source, by key: units, none for one left out."""
    found = session.execute(
        select(ImportCorrection.correction_key, ImportCorrection.commune_code).where(
            ImportCorrection.source_key == source
        )
    )
    return rules.decisions((each.correction_key, each.commune_code) for each in found)


def put_correction(
    session: WritingSession, *, source: str, key: str, codes: Sequence[str], **values: Any
) -> None:
    """Keep what was decided of a row; a later decision takes its place.

    Parameters: `codes` of the units that it means, none for a row to be left out.
    """
    forget_correction(session, source, key)
    session.execute(
        insert(ImportCorrection),
        [
            {"source_key": source, "correction_key": one, "commune_code": code, **values}
            for one, code in rules.keys_of(key, codes)
        ],
    )


def forget_correction(session: WritingSession, source: str, key: str) -> None:
    """Take a decision back."""
    session.execute(
        delete(ImportCorrection).where(
            ImportCorrection.source_key == source,
            func.split_part(ImportCorrection.correction_key, rules.NUMBERED, 1) == key,
        )
    )


def commune_is_known(session: ReadingSession, code: str) -> bool:
    """Tell whether a code is that of a commune of today."""
    return session.get(Commune, code) is not None


def last_revision(session: ReadingSession) -> int:
    """Give the revision of the latest change of the history, which has one."""
    return session.execute(
        select(CptsChange.revision).order_by(CptsChange.id.desc()).limit(1)
    ).scalar_one()


def forget_old_drafts(session: WritingSession) -> int:
    """Delete files that wait for a week, and drafts of a month that were not imported."""
    old = select(ImportDraft.id).where(ImportDraft.created_at < func.now() - FILE_KEPT)
    files = session.execute(
        delete(ImportFile).where(ImportFile.draft_id.in_(old)).returning(ImportFile.draft_id)
    ).all()
    gone = session.execute(
        delete(ImportDraft)
        .where(
            ImportDraft.created_at < func.now() - DRAFT_KEPT,
            ImportDraft.state.not_in(["imported", "undone"]),
        )
        .returning(ImportDraft.id)
    ).all()
    return len(files) + len(gone)
