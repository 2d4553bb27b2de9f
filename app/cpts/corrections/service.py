"""Claims that were wrong: of a CPTS's own, and of those that an import refused."""

from collections.abc import Collection
from datetime import date

from app.acts.repository import record_act
from app.cpts.claims import repository as claims
from app.cpts.claims import rules as holding
from app.cpts.claims.service import RegistryChange, planned_of, settle_territory
from app.cpts.corrections import repository as refusals
from app.cpts.writing import repository
from app.cpts.writing.rules import Authority
from app.cpts.writing.service import living_cpts
from app.database.calendar import today
from app.database.sessions import WritingSession
from app.geography.resolution import translate_codes
from app.http.repository import lock_registry
from app.problems import Invalid, NotFound


def exclude_claims(
    session: WritingSession,
    cpts_id: int,
    communes: Collection[str],
    authority: Authority,
    *,
    reason: str | None,
    since: date | None = None,
) -> None:
    """Take communes out of a CPTS that it was wrongly given.

    Parameters: `since`, from which day on, None as if it had never held them.

    Raises:
        NotFound, Invalid: no such CPTS, or it has ended; communes that it does not hold; no
            reason; it would be left without any commune.
        Forbidden: the authority does not reach that far.
        PlannedChangeDropped: a validated letter has planned them for it.
    """
    change = RegistryChange.by(session, authority)
    cpts = living_cpts(session, cpts_id)
    if not reason:
        raise Invalid.at("body", "reason", message="Dites pourquoi ces communes sont retirées.")
    # Before its first claim a CPTS may have had a stage, and no commune.
    day = since or claims.first_claim_day(session, cpts_id) or cpts.started_on
    holding.check_effective_date(day, cpts.started_on)
    if day < today():
        authority.may_settle_the_past_or_supersede()
    codes = set(translate_codes(session, sorted(communes)).communes)
    held = claims.periods_from(session, [cpts_id], day).get(cpts_id, {})
    strange = codes - held.keys()
    if strange or not codes:
        raise Invalid.at(
            "body",
            "communes",
            message="La CPTS ne tient pas ces communes : " + ", ".join(sorted(strange)) + "."
            if strange
            else "Choisissez au moins une commune.",
        )
    left = held.keys() - codes
    authority.may_amend(
        touched_regions=claims.regions_by_weight(session, codes, day),
        lead_before=claims.lead_region(session, held, day),
        lead_after=claims.lead_region(session, left, day),
    )
    change.watch([cpts_id], "territory", reason)
    planned = planned_of(session, [cpts_id]).get(cpts_id, {})
    settle_territory(
        change,
        session,
        cpts_id,
        holding.periods_as_planned(dict.fromkeys(codes, False), day, planned),
        day,
        stage=repository.stages_of(session, cpts_id)[-1].slug,
        supersede=[],
        authority=authority,
    )
    change.record()


def dismiss_refusal(session: WritingSession, refusal: int, authority: Authority) -> None:
    """Forget a claim that an import refused; an act of the journal tells of it.

    Raises:
        NotFound: it is no more.
        Forbidden: its commune is another region's.
    """
    lock_registry(session)
    found = refusals.refusal(session, refusal)
    if found is None:
        raise NotFound("Cette demande n'est plus au registre.")
    regions = claims.regions_by_weight(session, [found.commune_code], today())
    authority.may_amend(touched_regions=regions, lead_before=None, lead_after=None)
    record_act(
        session,
        "refusal-dismissed",
        authority,
        subject=found.commune_code,
        regions=regions,
        details={"claimant": found.claimant_name},
    )
    refusals.forget(session, refusal)
