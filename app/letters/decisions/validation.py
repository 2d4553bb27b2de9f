"""What a validated letter does to the registry, in the transaction of the last decision."""

from datetime import date

from app.cpts.agreements import service as agreements
from app.cpts.claims import repository as claims
from app.cpts.claims.rules import ClaimConflict
from app.cpts.claims.service import plan
from app.cpts.errors import TerritoryOverlap
from app.cpts.stages import RECOGNISED_STAGE
from app.cpts.writing import repository as registry
from app.cpts.writing.schemas import CptsCreation
from app.cpts.writing.service import create_cpts
from app.database.calendar import today
from app.database.sessions import WritingSession
from app.letters.conciliations import repository as conciliations
from app.letters.record import repository
from app.letters.record.errors import ConciliationOpen, of_a_decision
from app.letters.record.repository import StoredLetter
from app.letters.record.rules import Agent, DecisionAuthority, Kind, Part, State
from app.problems import Invalid


def validate(
    session: WritingSession, letter: StoredLetter, agent: Agent, *, decided_on: date
) -> None:
    """Make of a letter what it asks for: a CPTS, an amended territory, a merger.

    It takes effect on the day wished for, but neither before it was decided nor before
    the CPTS that it names were in the registry. The registry must be locked; whatever is
    raised leaves nothing changed once the transaction ends.

    Raises:
        ConciliationOpen: the letter is in conciliation.
        TerritoryOverlap: the territory has been taken meanwhile; all conflicts are named.
        PlannedChangeDropped: another letter has planned what this one would undo.
        Invalid: a CPTS that the letter names has ended or changed stage meanwhile.
    """
    named = [*letter.absorbed, *([letter.subject_cpts_id] if letter.subject_cpts_id else [])]
    day = max(
        [
            letter.effective_on or decided_on,
            decided_on,
            *registry.first_days(session, named),
        ]
    )
    _check_undisputed(session, letter, day)
    authority = DecisionAuthority(agent.token_id, f"{agent.name}, lettre n° {letter.id}")
    supersede = conciliations.settled_cpts(session, letter.id)
    with of_a_decision():
        cpts_id = _carry_out(
            session,
            letter,
            day=day,
            decided_on=decided_on,
            supersede=supersede,
            authority=authority,
        )
    repository.update_letter(
        session,
        letter.id,
        {
            "state": State.VALIDATED,
            "closed_on": decided_on,
            "in_effect_from": day,
            "resulting_cpts_id": cpts_id,
        },
    )
    repository.record_event(
        session,
        letter.id,
        "validated",
        agent,
        state=State.VALIDATED,
        occurred_on=decided_on,
        details={"cpts": cpts_id, "in_effect_from": day.isoformat()},
    )


def _check_undisputed(session: WritingSession, letter: StoredLetter, day: date) -> None:
    open_ones = [
        dispute
        for dispute in conciliations.disputes(session, today())
        if letter.id in (dispute.letter, dispute.other_letter)
    ]
    if letter.state == State.IN_CONCILIATION:
        raise ConciliationOpen({dispute.commune for dispute in open_ones})
    # A dynamic noted since the last change of the letter: nothing has settled it.
    unsettled = {(dispute.cpts, dispute.commune) for dispute in open_ones}
    found = [
        claim
        for claim in _claims_of_others(session, letter, day)
        if (claim.cpts_id, claim.commune_code) in unsettled
    ]
    if found:
        raise TerritoryOverlap([claim.public() for claim in found])


def _claims_of_others(
    session: WritingSession, letter: StoredLetter, day: date
) -> list[ClaimConflict]:
    own = [letter.subject_cpts_id] if letter.subject_cpts_id is not None else []
    return claims.conflicts(
        session,
        letter.communes(Part.ASKED),
        day,
        stage_day=max(day, today()),
        excluded_cpts=own,
    )


def _carry_out(
    session: WritingSession,
    letter: StoredLetter,
    *,
    day: date,
    decided_on: date,
    supersede: list[int],
    authority: DecisionAuthority,
) -> int:
    if letter.kind == Kind.CREATION and letter.subject_cpts_id is None:
        return _create(
            session,
            letter,
            day=day,
            decided_on=decided_on,
            supersede=supersede,
            authority=authority,
        )
    cpts_id = letter.subject_cpts_id
    if cpts_id is None or (letter.kind == Kind.MERGER and not letter.absorbed):
        raise Invalid.at("body", message="La CPTS que la lettre nomme n'est plus au registre.")
    if letter.kind == Kind.MERGER:
        agreements.merge_cpts(
            session,
            cpts_id,
            letter.absorbed,
            effective_on=day,
            letter=letter.id,
            authority=authority,
        )
    elif letter.kind == Kind.AMENDMENT:
        # What has changed since the deposit, by another amendment, stays changed.
        agreements.amend_by_letter(
            session,
            cpts_id,
            add=letter.communes(Part.ASKED),
            withdraw=letter.communes(Part.WITHDRAWN),
            supersede=supersede,
            effective_on=day,
            letter=letter.id,
            authority=authority,
        )
    else:
        agreements.recognise_dynamic(
            session,
            cpts_id,
            communes=letter.communes(Part.ASKED),
            themes=letter.themes,
            supersede=supersede,
            decided_on=decided_on,
            effective_on=day,
            letter=letter.id,
            authority=authority,
        )
    return cpts_id


def _create(
    session: WritingSession,
    letter: StoredLetter,
    *,
    day: date,
    decided_on: date,
    supersede: list[int],
    authority: DecisionAuthority,
) -> int:
    communes = sorted(letter.communes(Part.ASKED))
    creation = CptsCreation(
        name=letter.name,
        stage=RECOGNISED_STAGE,
        stage_since=decided_on,
        communes=communes,
        themes=list(letter.themes),
        effective_on=day,
        supersede=supersede,
    )
    cpts_id = create_cpts(session, creation, authority).cpts_id
    plan(session, letter.id, {cpts_id: dict.fromkeys(communes, day)}, adds=communes)
    return cpts_id
