"""What ARS and Assurance Maladie agree on, beyond a single CPTS's own changes.

As in `app.cpts.writing.service`: in the caller's transaction, the registry locked first.
What an agreement changes on a day to come is planned: no other change drops it.
"""

from collections.abc import Collection, Sequence
from datetime import date

from app.cpts.claims import repository as claims
from app.cpts.claims.rules import (
    Period,
    check_effective_date,
    periods_as_planned,
    together,
)
from app.cpts.claims.service import (
    RegistryChange,
    check_nothing_planned,
    plan,
    planned_of,
    settle_territory,
)
from app.cpts.errors import TerritoryOverlap
from app.cpts.stages import FIRST_STAGE, RECOGNISED_STAGE
from app.cpts.writing import repository
from app.cpts.writing.rules import Authority, StageRecord
from app.cpts.writing.service import living_cpts
from app.database.calendar import today
from app.database.sessions import ReadingSession, WritingSession
from app.problems import Invalid


def recognise_dynamic(
    session: WritingSession,
    cpts_id: int,
    *,
    communes: Collection[str],
    themes: Sequence[str],
    supersede: Collection[int],
    decided_on: date,
    effective_on: date,
    letter: int,
    authority: Authority,
) -> None:
    """Advance a dynamic to a recognised CPTS, with exactly these communes from a day on.

    Parameters: `communes`, codes of today's communes; `themes`, slugs, which add to its
    own; `supersede`, dynamics that give way; `decided_on`, the first day of its new stage,
    unless the dynamic was noted later; `effective_on`, not before the CPTS began;
    `letter`, the number of the letter that plans it.

    Raises:
        NotFound, Invalid: no such CPTS, or it is no dynamic any more.
        TerritoryOverlap: communes are held by others; all are named, nothing is written.
    """
    change = RegistryChange.by(session, authority)
    cpts = living_cpts(session, cpts_id)
    dynamic = repository.stages_of(session, cpts_id)[-1]
    if dynamic.slug != FIRST_STAGE:
        raise Invalid.at(
            "body", "cpts", message="Cette CPTS n'est plus au stade « Dynamique identifiée »."
        )
    check_effective_date(effective_on, cpts.started_on)
    change.watch([cpts_id], "updated")
    held = claims.periods_from(session, [cpts_id], effective_on).get(cpts_id, {})
    planned = planned_of(session, [cpts_id]).get(cpts_id, {})
    wanted = {code: code in communes for code in {*communes, *held}}
    settle_territory(
        change,
        session,
        cpts_id,
        periods_as_planned(wanted, effective_on, planned),
        effective_on,
        stage=RECOGNISED_STAGE,
        supersede=supersede,
        authority=authority,
    )
    reached = max(decided_on, dynamic.since or decided_on)
    repository.put_stages(session, [(cpts_id, StageRecord(RECOGNISED_STAGE, reached, today()))])
    own = repository.themes_of(session, cpts_id)
    repository.set_themes(session, {cpts_id: sorted({*own, *themes})})
    change.record()
    plan(session, letter, {cpts_id: dict.fromkeys(wanted, effective_on)}, adds=communes)


def amend_by_letter(
    session: WritingSession,
    cpts_id: int,
    *,
    add: Collection[str],
    withdraw: Collection[str],
    supersede: Collection[int],
    effective_on: date,
    letter: int,
    authority: Authority,
) -> None:
    """Add communes to a CPTS and withdraw others from a day on; the rest stays untouched.

    Parameters: `add`, `withdraw`, codes of today's communes; `supersede`, dynamics that
    give way; `effective_on`, not before the CPTS began; `letter`, the number of the
    letter that plans it.

    Raises:
        NotFound, Invalid: no such CPTS, or it would be left without any commune.
        TerritoryOverlap: communes are held by others; all are named, nothing is written.
        PlannedChangeDropped: another letter has planned the contrary by then.
    """
    change = RegistryChange.by(session, authority)
    cpts = living_cpts(session, cpts_id)
    check_effective_date(effective_on, cpts.started_on)
    stage = repository.stages_of(session, cpts_id)[-1].slug
    wanted = dict.fromkeys(withdraw, False) | dict.fromkeys(add, True)
    change.watch([cpts_id], "territory")
    settle_territory(
        change,
        session,
        cpts_id,
        periods_as_planned(
            wanted, effective_on, planned_of(session, [cpts_id]).get(cpts_id, {})
        ),
        effective_on,
        stage=stage,
        supersede=supersede,
        authority=authority,
    )
    change.record()
    plan(session, letter, {cpts_id: dict.fromkeys(wanted, effective_on)}, adds=add)


def merge_cpts(
    session: WritingSession,
    absorbing: int,
    absorbed: Collection[int],
    *,
    effective_on: date,
    letter: int | None,
    authority: Authority,
    reason: str | None = None,
) -> None:
    """Make several CPTS one: from a day on the absorbing one holds what they all held.

    The others end on that day, which may lie ahead, and keep their history. Communes that
    a party was to hold later only are held later.

    Parameters: `letter`, the number of the letter that plans it, None for an administrator
    who records it, with a `reason` and for no day to come.

    Raises:
        NotFound, Invalid: a CPTS that is not there, has ended, or begins later.
        TerritoryOverlap: somebody else is to hold one of the communes later on.
        PlannedChangeDropped: another letter has something planned for one that would end.
    """
    change = RegistryChange.by(session, authority)
    ending = sorted(set(absorbed) - {absorbing})
    parties = [absorbing, *ending]
    for cpts_id in parties:
        check_effective_date(effective_on, living_cpts(session, cpts_id).started_on)
    check_nothing_planned(session, ending)
    held = claims.periods_from(session, parties, effective_on)
    merged = {
        code: together(held.get(cpts_id, {}).get(code, ()) for cpts_id in parties)
        for code in set().union(*(held.get(cpts_id, {}) for cpts_id in parties))
    }
    others = claims.conflicts_in_periods(
        session, merged, stage_day=max(effective_on, today()), excluded_cpts=parties
    )
    if others:
        raise TerritoryOverlap([conflict.public() for conflict in others])
    origin = reason if letter is None else f"lettre n° {letter}"
    reason = f"fusion : {origin}, absorbée par la CPTS n° {absorbing}"
    change.watch([absorbing], "territory", reason)
    change.watch(ending, "ended", reason)
    handed: dict[tuple[int, str], Sequence[Period]] = {
        (cpts_id, code): [] for cpts_id in ending for code in held.get(cpts_id, {})
    }
    own = held.get(absorbing, {})
    handed |= {
        (absorbing, code): each for code, each in merged.items() if each != own.get(code)
    }
    claims.put_periods(session, handed, effective_on)
    claims.forget_fulfilled_refusals(session, [absorbing])
    for cpts_id in ending:
        repository.update_cpts_columns(session, cpts_id, {"ended_on": effective_on})
        claims.forget_refusals_of(session, cpts_id)
    change.record()
    if letter is None:
        return
    # What one of them was to give up later is no lasting gain.
    gained = {
        code: periods[0][0]
        for cpts_id in ending
        for code, periods in held.get(cpts_id, {}).items()
        if periods[-1][1] is None
    }
    plan(session, letter, {absorbing: gained}, adds=gained)
    plan(
        session,
        letter,
        {cpts_id: dict.fromkeys(held.get(cpts_id, {}), effective_on) for cpts_id in ending},
        adds=(),
    )


def planned_territory(session: ReadingSession, cpts_id: int, day: date) -> set[str]:
    """Give the communes that a CPTS holds, or is to hold, on or after a day."""
    return set(claims.own_claims_from(session, [cpts_id], day).get(cpts_id, {}))


def territory_on(session: ReadingSession, cpts_id: int, day: date) -> set[str]:
    """Give the communes that a CPTS holds on a day."""
    held = claims.periods_from(session, [cpts_id], day).get(cpts_id, {})
    return {code for code, periods in held.items() if periods[0][0] == day}
