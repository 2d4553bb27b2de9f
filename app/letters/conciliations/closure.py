"""Closing a conciliation: the outcome is applied to the parties, in one transaction."""

from datetime import date

from app.cpts.claims import repository as registry
from app.database.calendar import today
from app.database.sessions import WritingSession
from app.french import short_date
from app.http.repository import lock_registry
from app.letters.conciliations import repository
from app.letters.conciliations.repository import StoredConciliation
from app.letters.conciliations.rules import Outcome
from app.letters.conciliations.schemas import Closure
from app.letters.conciliations.service import bring_in_line
from app.letters.record import repository as letters
from app.letters.record import rules
from app.letters.record.errors import (
    ConciliationClosed,
    ConciliationUnsettled,
    no_such_conciliation,
    no_such_letter,
    within,
)
from app.letters.record.repository import StoredLetter
from app.letters.record.rules import Agent, Part, State
from app.letters.record.service import close_letter, put_territory
from app.letters.record.territory import read_communes
from app.problems import Invalid


def begin_to_close(session: WritingSession) -> None:
    """Let nobody write until the end of the transaction.

    For whoever reads how a conciliation stands, and closes it with what follows from that.
    """
    lock_registry(session)


def close(
    session: WritingSession, conciliation_id: int, closure: Closure, agent: Agent
) -> None:
    """Close a conciliation with its outcome, once nothing is disputed between its parties.

    `territoire_partage`: the letters named get the territories given. `projets_reunis`:
    one letter takes the communes of the others, which are withdrawn. `retrait`: letters
    are withdrawn, or dynamics give way. Decisions on a territory that changes lapse.

    Raises:
        NotFound, Forbidden, ConciliationClosed: none such, not theirs, already closed.
        Invalid: the outcome lacks what it needs, or names who is no party.
        TerritoryOverlap: a new territory holds communes of a recognised CPTS.
        ConciliationUnsettled: parties would still ask for the same communes.
    """
    lock_registry(session)
    stored = repository.read_conciliation(session, conciliation_id)
    if stored is None:
        raise no_such_conciliation(conciliation_id)
    rules.check_may_conciliate(agent, repository.regions_of(session, stored.letters))
    if stored.closed_on is not None:
        raise ConciliationClosed(f"Elle a été close le {short_date(stored.closed_on)}.")
    day = closure.closed_on or today()
    rules.check_day(day, earliest=stored.opened_on, today=today(), member="closed_on")
    pending = set(repository.pending_states(session, stored.letters))
    _check_parties(closure, stored, pending)
    _withdraw_others(session, closure, pending, agent, day=day)
    _share_out(session, closure, agent)
    _settle(session, closure, stored, agent, day=day)
    bring_in_line(
        session,
        stored.letters,
        agent,
        day=day,
        closing={"conciliation": stored.id, "outcome": closure.outcome},
    )


def _check_parties(closure: Closure, stored: StoredConciliation, pending: set[int]) -> None:
    named = {each.letter for each in closure.territories} | set(closure.withdrawn_letters)
    if closure.retained_letter is not None:
        named.add(closure.retained_letter)
    strangers = named - pending
    if strangers:
        raise _at("letters", f"Sans part en cours à la conciliation : {_numbers(strangers)}.")
    others = set(closure.superseded_cpts or ()) - stored.cpts
    if others:
        raise _at("superseded_cpts", f"CPTS étrangères à la conciliation : {_numbers(others)}.")
    gone = set(closure.withdrawn_letters)
    if gone and closure.outcome != Outcome.WITHDRAWN:
        raise _at("withdrawn_letters", "Seule l'issue « retrait » retire des lettres.")
    if closure.outcome == Outcome.WITHDRAWN and not (gone or closure.superseded_cpts):
        raise _at("withdrawn_letters", "Un retrait nomme la lettre, ou la dynamique, qui cède.")
    if closure.outcome == Outcome.JOINED:
        if closure.retained_letter is None and len(pending) > 1:
            raise _at("retained_letter", "La lettre qui réunit les projets est à nommer.")
    elif closure.retained_letter is not None:
        raise _at("retained_letter", "Réservé à l'issue « projets_reunis ».")


def _withdraw_others(
    session: WritingSession, closure: Closure, pending: set[int], agent: Agent, *, day: date
) -> None:
    """Withdraw the letters that the outcome ends; the one retained takes their communes."""
    if closure.outcome == Outcome.WITHDRAWN:
        for letter_id in sorted(set(closure.withdrawn_letters)):
            letter = _letter(session, letter_id)
            rules.check_may_handle(agent, letter.regions)
            close_letter(session, letter, State.WITHDRAWN, agent, day=day, note=closure.note)
        return
    if closure.outcome != Outcome.JOINED or len(pending) < 2:
        return
    retained = _letter(session, closure.retained_letter or min(pending))
    communes = retained.communes(Part.ASKED, Part.KEPT)
    for letter_id in sorted(pending - {retained.id}):
        letter = _letter(session, letter_id)
        rules.check_may_handle(agent, letter.regions)
        communes |= letter.communes(Part.ASKED)
        close_letter(
            session,
            letter,
            State.WITHDRAWN,
            agent,
            day=day,
            note=closure.note,
            details={"joined_letter": retained.id},
        )
    if retained.id not in {each.letter for each in closure.territories}:
        with within("retained_letter"):
            put_territory(session, retained, communes, agent)


def _share_out(session: WritingSession, closure: Closure, agent: Agent) -> None:
    for position, share in enumerate(closure.territories):
        letter = _letter(session, share.letter)
        rules.check_may_handle(agent, letter.regions)
        if not letter.pending:
            raise _at("territories", f"La lettre n° {letter.id} ne reste pas en cours.")
        with within("territories", position):
            read = read_communes(session, share.communes, share.epci)
            put_territory(session, letter, read.communes, agent, note=closure.note)


def _settle(
    session: WritingSession,
    closure: Closure,
    stored: StoredConciliation,
    agent: Agent,
    *,
    day: date,
) -> None:
    """Record which dynamics give way, and close once nothing else is disputed inside."""
    session.flush()
    giving_way = set(closure.superseded_cpts or ())
    if closure.superseded_cpts is None and closure.outcome == Outcome.JOINED:
        giving_way = set(stored.cpts)
    inside = [
        dispute
        for dispute in repository.disputes(session, today())
        if dispute.letter in stored.letters
        and (dispute.other_letter in stored.letters or dispute.cpts in stored.cpts)
    ]
    left = [each for each in inside if each.cpts is None or each.cpts not in giving_way]
    if left:
        raise ConciliationUnsettled(
            [
                {
                    "commune": each.commune,
                    "letters": sorted({each.letter, each.other_letter or each.letter}),
                    "cpts": each.cpts,
                }
                for each in left
            ]
        )
    settled = [(each.letter, each.cpts, each.commune) for each in inside if each.cpts]
    for cpts_id in sorted({cpts_id for _, cpts_id, _ in settled}):
        _check_may_give_way(
            session, agent, cpts_id, {code for _, cpts, code in settled if cpts == cpts_id}
        )
    repository.settle(session, stored.id, settled)
    repository.close_conciliation(
        session,
        stored.id,
        day,
        outcome=closure.outcome,
        note=closure.note,
        closed_by=agent.name,
    )


def _check_may_give_way(
    session: WritingSession, agent: Agent, cpts_id: int, communes: set[str]
) -> None:
    day = today()
    rules.check_may_give_way(
        agent,
        cpts_id,
        touched_regions=registry.regions_by_weight(session, communes, day),
        lead_region=registry.lead_region(
            session, registry.own_claims_from(session, [cpts_id], day).get(cpts_id, {}), day
        ),
    )


def _letter(session: WritingSession, letter_id: int) -> StoredLetter:
    letter = letters.read_letter(session, letter_id, today())
    if letter is None:
        raise no_such_letter(letter_id)
    return letter


def _numbers(ids: set[int]) -> str:
    return ", ".join(str(each) for each in sorted(ids))


def _at(member: str, message: str) -> Invalid:
    return Invalid.at("body", member, message=message)
