"""What ARS and Assurance Maladie agree on, beyond a single CPTS's own changes.

As in `app.cpts.writing.service`: in the caller's transaction, the registry locked first.
"""

from collections.abc import Collection, Sequence
from datetime import date

from app.cpts.claims import repository as claims
from app.cpts.claims.rules import FIRST_STAGE, check_effective_date
from app.cpts.errors import TerritoryOverlap
from app.cpts.history.repository import Change, snapshot
from app.cpts.writing import repository
from app.cpts.writing.rules import Authority
from app.cpts.writing.service import clear_the_way, living_cpts, record
from app.database.calendar import today
from app.database.sessions import WritingSession
from app.problems import Invalid

RECOGNISED_STAGE = "lettre_intention_validee"


def recognise_dynamic(
    session: WritingSession,
    cpts_id: int,
    *,
    communes: Collection[str],
    themes: Sequence[str],
    supersede: Collection[int],
    decided_on: date,
    effective_on: date,
    authority: Authority,
) -> None:
    """Advance a dynamic to a recognised CPTS, with exactly these communes from a day on.

    Parameters: `communes`, codes of today's communes; `themes`, slugs, which add to its
    own; `supersede`, dynamics that give way; `decided_on`, the first day of its new stage,
    unless the dynamic was noted later; `effective_on`, not before the CPTS began.

    Raises:
        NotFound, Invalid: no such CPTS, or it is no dynamic any more.
        TerritoryOverlap: communes are held by others; all are named, nothing is written.
    """
    claims.lock_registry(session)
    cpts = living_cpts(session, cpts_id)
    stage, since = repository.stages_of(session, cpts_id)[-1]
    if stage != FIRST_STAGE:
        raise Invalid.at(
            "body", "cpts", message="Cette CPTS n'est plus au stade « Dynamique identifiée »."
        )
    check_effective_date(effective_on, cpts.started_on)
    ranks = repository.stage_ranks(session)
    superseded = clear_the_way(
        session,
        communes,
        effective_on,
        rank=ranks[RECOGNISED_STAGE],
        supersede=supersede,
        own=cpts_id,
    )
    before = snapshot(session, [cpts_id])[cpts_id]
    repository.put_stages(session, [(cpts_id, RECOGNISED_STAGE, max(decided_on, since))])
    repository.set_themes(session, {cpts_id: sorted({*before["themes"], *themes})})
    held = claims.own_claims_from(session, [cpts_id], effective_on).get(cpts_id, {})
    settled = {code for code, unchanged in held.items() if unchanged}
    claims.release_from(
        session,
        [(cpts_id, code) for code in held.keys() - (settled & set(communes))],
        effective_on,
    )
    claims.hold_from(
        session, [(cpts_id, code) for code in set(communes) - settled], effective_on
    )
    repository.forget_fulfilled_refusals(session, [cpts_id])
    repository.touch_cpts(session, [cpts_id])
    after = snapshot(session, [cpts_id])[cpts_id]
    record(session, authority, [Change(cpts_id, "updated", before, after), *superseded])


def merge_cpts(
    session: WritingSession,
    absorbing: int,
    absorbed: Collection[int],
    *,
    effective_on: date,
    reason: str,
    authority: Authority,
) -> None:
    """Make several CPTS one: from a day on the absorbing one holds what they all held.

    The others end on that day, which may lie ahead, and keep their history. Communes that
    a party was to hold later only are held from that day too.

    Raises:
        NotFound, Invalid: a CPTS that is not there, has ended, or begins later.
        TerritoryOverlap: somebody else is to hold one of the communes later on.
    """
    claims.lock_registry(session)
    parties = [absorbing, *sorted(set(absorbed) - {absorbing})]
    for cpts_id in parties:
        check_effective_date(effective_on, living_cpts(session, cpts_id).started_on)
    held = claims.own_claims_from(session, parties, effective_on)
    communes = set().union(*(held.get(cpts_id, {}) for cpts_id in parties))
    others = claims.conflicts(
        session,
        communes,
        effective_on,
        stage_day=max(effective_on, today()),
        excluded_cpts=parties,
    )
    if others:
        raise TerritoryOverlap([conflict.public() for conflict in others])
    before = snapshot(session, parties)
    own = {code for code, unchanged in held.get(absorbing, {}).items() if unchanged}
    claims.release_from(
        session,
        [
            (cpts_id, code)
            for cpts_id in parties
            for code in held.get(cpts_id, {})
            if cpts_id != absorbing or code not in own
        ],
        effective_on,
    )
    claims.hold_from(session, [(absorbing, code) for code in communes - own], effective_on)
    repository.forget_fulfilled_refusals(session, [absorbing])
    repository.touch_cpts(session, [absorbing])
    for cpts_id in parties[1:]:
        repository.update_cpts_columns(session, cpts_id, {"ended_on": effective_on})
        repository.forget_refusals_of(session, cpts_id)
    after = snapshot(session, parties)
    record(
        session,
        authority,
        [
            Change(
                cpts_id,
                "territory" if cpts_id == absorbing else "ended",
                before[cpts_id],
                after[cpts_id],
                reason,
            )
            for cpts_id in parties
        ],
    )


def planned_territory(session: WritingSession, cpts_id: int, day: date) -> set[str]:
    """Give the communes that a CPTS holds, or is to hold, on or after a day."""
    return set(claims.own_claims_from(session, [cpts_id], day).get(cpts_id, {}))
