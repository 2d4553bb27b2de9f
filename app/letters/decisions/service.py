"""What ARS, Assurance Maladie and URPS say of a letter, and what it leads to."""

from app.database.calendar import today
from app.database.sessions import WritingSession
from app.letters.conciliations.service import bring_in_line
from app.letters.decisions.validation import validate
from app.letters.record import repository, rules, schemas
from app.letters.record.rules import DECIDING, Agent, Authority, State
from app.letters.record.service import (
    check_pending,
    close_letter,
    open_for_change,
    record,
)


def decide(
    session: WritingSession, letter_id: int, decision: schemas.Decision, agent: Agent
) -> None:
    """Record the decision of the ARS or of the Assurance Maladie, and what it leads to.

    The second one in favour validates the letter, in this very transaction; as soon as
    both are known and one is against, the letter is refused.

    Raises:
        NotFound, Forbidden, Invalid: no such letter, not theirs to decide, a bad date.
        LetterClosed: it is decided already.
        ConciliationOpen, TerritoryOverlap: it cannot be validated; nothing is recorded.
    """
    letter = open_for_change(session, letter_id)
    authority = rules.deciding_authority(agent, decision.authority, letter.lead_region)
    check_pending(letter)
    if letter.state == State.IN_CONCILIATION:
        # The dynamic that it met may have gone since.
        bring_in_line(session, [letter_id], agent, day=today())
        letter = open_for_change(session, letter_id)
    given_on = decision.decided_on or today()
    rules.check_day(given_on, earliest=letter.deposited_on, today=today(), member="decided_on")
    repository.put_position(
        session,
        letter_id,
        authority,
        position=decision.decision,
        given_on=given_on,
        note=decision.note,
        agent=agent,
    )
    record(
        session,
        letter,
        "decision",
        agent,
        occurred_on=given_on,
        note=decision.note,
        details={"authority": authority, "decision": decision.decision},
    )
    positions = repository.positions_of(session, letter_id)
    outcome = rules.outcome_of({name: said for name, (said, _) in positions.items()})
    if outcome is None:
        return
    decided_on = max(positions[each][1] for each in DECIDING)
    if outcome == State.VALIDATED:
        validate(session, letter, agent, decided_on=decided_on)
    else:
        close_letter(session, letter, State.REFUSED, agent, day=decided_on)
    bring_in_line(session, [letter_id], agent, day=today())


def record_opinion(
    session: WritingSession, letter_id: int, opinion: schemas.Opinion, agent: Agent
) -> None:
    """Record what the URPS thinks of a pending letter; it binds nobody.

    Raises:
        NotFound, Forbidden, Invalid, LetterClosed: as for `decide`.
    """
    letter = open_for_change(session, letter_id)
    rules.check_may_opine(agent, letter.regions)
    check_pending(letter)
    given_on = opinion.given_on or today()
    rules.check_day(given_on, earliest=letter.deposited_on, today=today(), member="given_on")
    repository.put_position(
        session,
        letter_id,
        Authority.URPS,
        position=opinion.opinion,
        given_on=given_on,
        note=opinion.note,
        agent=agent,
    )
    record(
        session,
        letter,
        "opinion",
        agent,
        occurred_on=given_on,
        note=opinion.note,
        details={"authority": Authority.URPS, "opinion": opinion.opinion},
    )
