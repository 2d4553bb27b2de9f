"""Carrying out a plan, in the caller's transaction, with a handful of statements."""

from dataclasses import replace
from datetime import date

from app.cpts.claims import repository as claims
from app.cpts.claims.service import RegistryChange
from app.cpts.importing import repository
from app.cpts.importing.plan import Entering, Plan
from app.cpts.writing import repository as registry
from app.cpts.writing.rules import first_day
from app.database.sessions import WritingSession

ACTOR = "import"


def write_plan(session: WritingSession, plan: Plan, *, origin: str) -> bool:
    """Write what a plan changes; nothing at all, not even a revision, when it changes nothing.

    Tells whether anything entered the history.

    Parameters: `origin`, the file's name, kept with every entry of the history. The
    registry is locked and free of demonstration data.

    Raises:
        PlannedChangeDropped: what a validated letter has planned would not come to be.
    """
    changing = [entering for entering in plan.entering if entering.changes]
    ids = {e.cpts.position: e.registered.id for e in plan.entering if e.registered}
    change = RegistryChange(session, actor=ACTOR, token_id=None)
    reason = f"fichier {origin}"
    present = [ids[e.cpts.position] for e in changing if e.registered]
    change.watch(present, "imported", reason)
    inserted = _insert_new(session, plan)
    ids |= inserted
    change.created(inserted.values(), "imported", reason)
    repository.update_columns(
        session, {ids[e.cpts.position]: e.columns for e in changing if e.registered}
    )
    registry.put_stages(
        session,
        [
            (ids[e.cpts.position], record)
            for e in changing
            for record in (*e.earlier_stages, *([e.stage.record] if e.stage.record else []))
        ],
    )
    themes = {ids[e.cpts.position]: e.themes for e in changing if e.themes is not None}
    if themes:
        registry.set_themes(session, themes)
    claims.put_periods(
        session,
        {
            (ids[e.cpts.position], code): periods
            for e in changing
            for code, periods in sorted(e.periods.items())
        },
        plan.as_of,
    )
    by_key = {e.cpts.key: ids[e.cpts.position] for e in plan.entering}
    repository.put_refusals(
        session,
        [replace(r, cpts_id=by_key.get(r.key, r.cpts_id)) for r in plan.refusals],
        plan.as_of,
    )
    repository.drop_refusals(session, plan.fulfilled)
    return change.record()


def _insert_new(session: WritingSession, plan: Plan) -> dict[int, int]:
    new = [entering for entering in plan.entering if entering.registered is None]
    if not new:
        return {}
    rows = [
        {column: entering.columns.get(column) for column in repository.COLUMNS}
        | {
            "started_on": _first_day(entering, plan.as_of),
            "demonstration": entering.cpts.is_demonstration,
        }
        for entering in new
    ]
    inserted = registry.insert_cpts(session, rows)
    return {e.cpts.position: cpts_id for e, cpts_id in zip(new, inserted, strict=True)}


def _first_day(entering: Entering, as_of: date) -> date:
    stages = [*entering.earlier_stages, *filter(None, [entering.stage.record])]
    held = [since for periods in entering.periods.values() for since, _ in periods]
    return first_day([*(stage.known_from for stage in stages), *held], as_of)
