"""The work on a draft: reading its file, its plan, the import, the undo.

Made by a process of its own (`app.web.administration.imports.working_process`), in which each
step is a transaction; the import and what the draft then says are one.
"""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func

from app.cpts.errors import TerritoryOverlap
from app.cpts.importing import service as importing
from app.cpts.importing.columns import Role, find_header
from app.cpts.importing.drafts import repository, rules
from app.cpts.importing.drafts.models import ImportDraft
from app.cpts.importing.entries import Entry as FileEntry
from app.cpts.importing.listing import Listing
from app.cpts.importing.plan import Options, Plan
from app.cpts.importing.rules import OnConflict
from app.cpts.reversal import repository as reversal
from app.cpts.reversal.rules import Entry
from app.cpts.reversal.service import undo
from app.database.calendar import today
from app.database.sessions import ReadingSession, WritingSession, session_scope
from app.failures import Failure
from app.files.sources import Source, open_source, unusable
from app.files.tables import read_tables
from app.problems import Problem
from app.progress import Step

LettersBehind = Callable[[ReadingSession, Sequence[Entry]], Sequence[int]]
_FIRST_ROWS, _MOST_COLUMNS, _MOST_LISTED = 5, 40, 500


class Changed(Exception):
    """The plan is no longer the one that was shown."""


@dataclass(frozen=True)
class Importer:
    """In whose name an import is undone; the right was judged when it was asked for."""

    token_id: int | None
    name: str

    def may_undo(self, **_: object) -> None:
        """Allow it: whoever may import may undo an import, anywhere."""


@dataclass(frozen=True)
class Read:
    """A file as it was read, with what was decided of its rows, and its columns."""

    original: Listing
    listing: Listing
    columns: dict[str, Any]


class DraftProgress:
    """Tells how far the job is in the draft itself, at most twice a second."""

    def __init__(self, engine: Engine, number: int) -> None:
        self._engine = engine
        self._number = number
        self._label, self._done, self._total = "", 0.0, 0.0
        self._told = 0.0

    def say(self, line: str) -> None:
        """Show nothing: what is said is in the plan."""

    @contextmanager
    def step(self, label: str, total: float | None = None) -> Iterator[Step]:
        """Show a step while the block runs."""
        self._label, self._done, self._total = label, 0.0, total or 0.0
        self._tell(at_once=True)
        yield self

    def advance(self, count: float = 1) -> None:
        """Say that more of the step is done."""
        self._done += count
        self._tell(at_once=False)

    def _tell(self, *, at_once: bool) -> None:
        if at_once or time.monotonic() > self._told + 0.5:
            self._told = time.monotonic()
            with session_scope(self._engine) as session:
                repository.tell(
                    session, self._number, self._label, int(self._done), int(self._total)
                )


def work_on(engine: Engine, number: int, letters_behind: LettersBehind) -> None:
    """Do what a draft waits for, unless another job does; what goes wrong is in the draft.

    Parameters: `letters_behind` of changes, for an undo. Raises what is ours to mend, once the
    draft says that nothing was written.
    """
    with repository.taken(engine, number) as is_ours:
        if is_ours:
            _work(engine, number, letters_behind)


def _work(engine: Engine, number: int, letters_behind: LettersBehind) -> None:
    with session_scope(engine) as session:
        if not repository.begin(session, number):
            return
        draft = repository.draft(session, number)
        assert draft is not None
        session.expunge(draft)
    progress = DraftProgress(engine, number)
    try:
        if draft.options.get("undo"):
            _undo(engine, draft, letters_behind, progress)
        elif draft.task == "import":
            _import(engine, draft, progress)
        else:
            _plan(engine, draft, progress)
    except Failure as failure:
        _end(engine, draft, failure.message)
    except Problem as problem:
        told = problem.detail
        if isinstance(problem, TerritoryOverlap):
            names = {each["cpts"]["name"] for each in problem.extensions["conflicts"]}
            told += f" ({', '.join(sorted(names)[:10])})"
        _end(engine, draft, told)
    except MemoryError:
        _end(engine, draft, f"« {draft.file_name} » est trop gros pour être lu ici.")
    except Exception:
        _end(engine, draft, "Une erreur inattendue s'est produite : rien n'a été écrit.")
        raise


def corrected(session: ReadingSession, listing: Listing, source: str) -> Listing:
    """Put what was decided of a source's rows in the place of what a listing says."""
    kept = repository.corrections(session, rules.source_key(source))
    entries, count = rules.corrected(listing.entries, kept)
    if not count:
        return listing
    remark = f"{count} ligne(s) corrigée(s) comme il a été décidé pour « {source} »."
    return replace(listing, entries=entries, remarks=[*listing.remarks, remark])


def _end(engine: Engine, draft: ImportDraft, refusal: str) -> None:
    with session_scope(engine) as session:
        if draft.options.get("undo"):
            back = {name: each for name, each in draft.options.items() if name != "undo"}
            repository.change(
                session, draft.id, state="imported", options=back, refusal=refusal
            )
        else:
            repository.change(session, draft.id, state="refused", refusal=refusal)


def _plan(engine: Engine, draft: ImportDraft, progress: DraftProgress) -> None:
    with _listing(engine, draft, progress) as read:
        with session_scope(engine) as session:
            options = options_of(session, draft)
            plan = importing.plan_import(session, read.listing, options, progress)
        with progress.step("Enregistrement du plan"), session_scope(engine) as session:
            _keep_plan(session, draft, plan, read)


def _import(engine: Engine, draft: ImportDraft, progress: DraftProgress) -> None:
    with _listing(engine, draft, progress) as read:
        try:
            with session_scope(engine) as session:
                plan, has_recorded = importing.import_listing(
                    session,
                    read.listing,
                    options_of(session, draft),
                    progress,
                    origin=draft.file_name,
                )
                if rules.digest(plan.lines) != draft.findings["digest"]:
                    raise Changed
                repository.change(
                    session,
                    draft.id,
                    state="imported",
                    imported_at=func.now(),
                    refusal=None,
                    revision=repository.last_revision(session) if has_recorded else None,
                )
                repository.forget_file(session, draft.id)
        except Changed:
            with session_scope(engine) as session:
                plan = importing.plan_import(
                    session, read.listing, options_of(session, draft), progress
                )
                _keep_plan(session, draft, plan, read, is_changed=True)


def _undo(
    engine: Engine, draft: ImportDraft, letters_behind: LettersBehind, progress: DraftProgress
) -> None:
    with progress.step("Annulation"), session_scope(engine) as session:
        if draft.revision is not None:
            first = reversal.first_of(session, draft.revision)
            assert first is not None
            asked_by = draft.options["undo"]
            undo(
                session,
                first,
                Importer(asked_by["token_id"], asked_by["name"]),
                reason=f"import de {draft.file_name}"[:200],
                letters_behind=lambda entries: letters_behind(session, entries),
            )
        back = {name: each for name, each in draft.options.items() if name != "undo"}
        repository.change(
            session,
            draft.id,
            state="undone",
            undone_at=func.now(),
            options=back,
            refusal=None,
        )


def options_of(session: ReadingSession, draft: ImportDraft) -> Options:
    """Read the options of a draft; raises `Failure` on one that is not understood."""
    given = draft.options
    return Options(
        date.fromisoformat(given["as_of"]) if given.get("as_of") else today(),
        OnConflict(given.get("on_conflict") or OnConflict.REFUSE),
        importing.default_stage(given.get("default_stage") or None),
        departments=importing.stated_departments(session, given.get("departments") or None),
    )


@contextmanager
def _listing(engine: Engine, draft: ImportDraft, progress: DraftProgress) -> Iterator[Read]:
    with session_scope(engine) as session:
        content = repository.content(session, draft.id)
    if content is None:
        raise unusable("Le fichier n'est plus là : déposez-le à nouveau.")
    chosen = {Role(role): header for role, header in draft.options.get("columns", {}).items()}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("fichier" + Path(draft.file_name).suffix.lower())
        path.write_bytes(content)
        with progress.step("Lecture du fichier"):
            source = open_source(path, name=draft.file_name)
            listing = importing.read_listing(source, chosen)
            columns = _columns(source, chosen)
        with session_scope(engine) as session:
            told = corrected(session, listing, draft.source)
        yield Read(listing, told, columns)


def _columns(source: Source, chosen: dict[Role, str]) -> dict[str, Any]:
    """Tell which columns were recognised, with the first rows; those of persons stay out."""
    if source.format.has_polygons:
        return {}
    for table in read_tables(source):
        header = find_header(table.rows, chosen)
        if header is None:
            continue
        columns = header.columns
        shown = [
            at
            for at, text in enumerate(columns.headers[:_MOST_COLUMNS])
            if text not in columns.persons
        ]
        first = table.rows[header.start + 1 : header.start + 1 + _FIRST_ROWS]
        return {
            "headers": [columns.headers[at] for at in shown],
            "roles": {
                role.value: columns.headers[at] for role, at in columns.positions.items()
            },
            "rows": [
                [row.cells[at][:80] if at < len(row.cells) else "" for at in shown]
                for row in first
            ],
            "unread_persons": len(columns.persons),
        }
    return {}


def _keep_plan(
    session: WritingSession,
    draft: ImportDraft,
    plan: Plan,
    read: Read,
    *,
    is_changed: bool = False,
) -> None:
    rows = [
        _row(position, line, entry)
        for position, (line, entry) in enumerate(
            zip(plan.lines, read.original.entries, strict=True)
        )
    ]
    repository.put_rows(session, draft.id, rows)
    counts: dict[str, int] = {}
    for row in rows:
        counts[row["outcome"]] = counts.get(row["outcome"], 0) + 1
    new = [each.cpts.name for each in plan.entering if each.registered is None]
    changed = [e.cpts.name for e in plan.entering if e.registered is not None and e.changes]
    findings = {
        "columns": read.columns,
        "remarks": list(read.listing.remarks)[:50],
        "counts": counts,
        "new": len(new),
        "changed": len(changed),
        "unchanged": len(plan.entering) - len(new) - len(changed),
        "kept_out": dict(list(plan.kept_out.items())[:_MOST_LISTED]),
        "kept_out_number": len(plan.kept_out),
        "digest": rules.digest(plan.lines),
        "is_changed": is_changed,
        "is_stale": False,
    }
    repository.change(
        session, draft.id, state="planned", task="plan", findings=findings, refusal=None
    )


def _row(position: int, line: Any, entry: FileEntry) -> dict[str, Any]:
    return {
        "position": position,
        "row_number": line.row,
        "cpts": line.cpts,
        "given": entry.given,
        "department": line.department,
        "outcome": "unclaimed" if line.is_unclaimed else line.outcome.value,
        "commune_codes": list(line.commune_codes),
        "commune_names": list(line.commune_names),
        "detail": line.detail,
        "correction_key": rules.correction_key(entry),
        "candidates": [f"{c.code} {c.name} ({c.department})" for c in line.candidates],
    }
