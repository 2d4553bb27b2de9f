"""Claims that were wrong: of a CPTS's own, and of those that an import refused."""

from collections.abc import Collection
from datetime import date

from app.acts.repository import record_act
from app.cpts.claims import repository as claims
from app.cpts.claims import rules as holding
from app.cpts.claims.models import RefusedClaim
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


def grant_refusal(session: WritingSession, refusal: int, authority: Authority) -> None:
    """Give a commune, or a part of one, to the CPTS whose claim an import refused.

    From today on; whoever holds it, or was to, gives it up.

    Raises:
        NotFound, Invalid: the claim is no more, its CPTS is not in the registry or has ended;
            a holder would be left without any commune.
        Forbidden: the authority does not reach that far.
        PlannedChangeDropped: a validated letter has planned it for a holder.
    """
    found = _refusal(session, refusal)
    if found.cpts_id is None:
        message = "Cette CPTS n'est pas au registre : importez-la d'abord."
        raise Invalid.at("path", "refusal", message=message)
    claimant = living_cpts(session, found.cpts_id)
    day = max(today(), claimant.started_on)
    code = found.commune_code
    standing = claims.conflicts(
        session, [code], day, stage_day=day, excluded_cpts=[claimant.id]
    )
    for holder in dict.fromkeys(claim.cpts_id for claim in standing):
        reason = f"attribuée à {claimant.name}"
        exclude_claims(session, holder, [code], authority, reason=reason, since=day)
    change = RegistryChange.by(session, authority)
    held = claims.periods_from(session, [claimant.id], day).get(claimant.id, {})
    planned = planned_of(session, [claimant.id]).get(claimant.id, {})
    authority.may_amend(
        touched_regions=claims.regions_by_weight(session, [code], day),
        lead_before=claims.lead_region(session, held, day),
        lead_after=claims.lead_region(session, {*held, code}, day),
    )
    change.watch([claimant.id], "territory", "demande qu'un import avait refusée")
    settle_territory(
        change,
        session,
        claimant.id,
        holding.periods_as_planned({code: True}, day, planned),
        day,
        stage=repository.stages_of(session, claimant.id)[-1].slug,
        supersede=[],
        authority=authority,
    )
    change.record()


def _refusal(session: WritingSession, refusal: int) -> RefusedClaim:
    lock_registry(session)
    found = refusals.refusal(session, refusal)
    if found is None:
        raise NotFound("Cette demande n'est plus au registre.")
    return found


def dismiss_refusal(session: WritingSession, refusal: int, authority: Authority) -> None:
    """Forget a claim that an import refused; an act of the journal tells of it.

    Raises:
        NotFound: it is no more.
        Forbidden: its commune is another region's.
    """
    found = _refusal(session, refusal)
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
