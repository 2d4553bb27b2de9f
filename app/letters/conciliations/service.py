"""Conciliations open, join and end by themselves, as letters come, change and go."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from app.database.calendar import today
from app.database.sessions import WritingSession
from app.letters.conciliations import repository, rules
from app.letters.conciliations.rules import Meeting, Outcome
from app.letters.record import repository as letters
from app.letters.record.rules import Agent, State


def bring_in_line(
    session: WritingSession,
    changed: Collection[int],
    agent: Agent,
    *,
    day: date,
    outcome: Outcome = Outcome.WITHDRAWN,
    closing: Mapping[str, Any] | None = None,
) -> None:
    """Open, join and close the conciliations around some letters, and set letters' states.

    The registry must be locked. Parameters: `changed`, the letters that came, changed or
    went; `day`, on which that happened; `outcome`, how a conciliation ends in which
    nothing is disputed any more; `closing`, what the timelines of the letters set free
    tell, when a conciliation was closed on purpose.
    """
    session.flush()
    concerned = set(changed)
    for parties in repository.open_conciliations(session, concerned).values():
        concerned |= parties
    held = [
        meeting
        for meeting in rules.meetings(repository.disputes(session, today()))
        if not meeting.letters.isdisjoint(concerned)
    ]
    for meeting in held:
        concerned |= meeting.letters
    plan = rules.arrange(held, repository.open_conciliations(session, concerned))
    for conciliation, into in plan.joined.items():
        repository.close_conciliation(session, conciliation, day, joined_into=into)
    for conciliation in plan.over:
        repository.close_conciliation(
            session, conciliation, day, outcome=outcome, closed_by=agent.name
        )
    numbered = [(number, meeting) for number, meeting in plan.kept.items()]
    numbered += [(repository.open_conciliation(session, day), each) for each in plan.fresh]
    for number, meeting in numbered:
        repository.put_meeting(session, number, meeting)
    told = closing or {"outcome": outcome}
    _set_states(session, concerned, numbered, agent, day=day, closing=told)


def _set_states(
    session: WritingSession,
    concerned: Collection[int],
    numbered: Collection[tuple[int, Meeting]],
    agent: Agent,
    *,
    day: date,
    closing: Mapping[str, Any],
) -> None:
    meeting_of = {
        letter: (number, meeting) for number, meeting in numbered for letter in meeting.letters
    }
    for letter, state in sorted(repository.pending_states(session, concerned).items()):
        number, meeting = meeting_of.get(letter, (None, None))
        wanted = State.IN_CONCILIATION if meeting else State.DEPOSITED
        if state == wanted:
            continue
        letters.update_letter(session, letter, {"state": wanted})
        details: dict[str, Any] = dict(closing)
        if meeting is not None:
            details = {"conciliation": number, "communes": sorted(meeting.communes)}
        letters.record_event(
            session,
            letter,
            "conciliation_opened" if meeting else "conciliation_closed",
            agent,
            state=wanted,
            occurred_on=day,
            details=details,
        )
