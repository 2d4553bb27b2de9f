"""The use cases of a letter on record: each in the caller's transaction, never committing.

Every one takes the registry's lock before it looks at anything, as the registry's own do:
of two validations at once, the second sees what the first has done.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.cpts.agreements.service import territory_on
from app.cpts.writing.service import living_cpts
from app.database.calendar import today
from app.database.sessions import WritingSession
from app.http.repository import lock_registry
from app.letters.conciliations.rules import Outcome
from app.letters.conciliations.service import bring_in_line
from app.letters.record import repository, rules, schemas
from app.letters.record.actions import Action, check_may, check_pending
from app.letters.record.errors import NothingInDispute, no_such_letter
from app.letters.record.repository import StoredLetter
from app.letters.record.rules import DECIDING, Agent, State
from app.letters.record.territory import (
    Subject,
    check_not_blocked,
    check_subject,
    day_of_effect,
    parts_of,
    read_territory,
)
from app.problems import Invalid


@dataclass(frozen=True)
class Deposited:
    """A letter that was written, and how its communes were read where it took reading."""

    letter_id: int
    readings: list[dict[str, object]]


def deposit(session: WritingSession, asked: schemas.LetterDeposit, agent: Agent) -> Deposited:
    """Put a letter on record; whatever is in dispute opens a conciliation by itself.

    Raises:
        Forbidden: the agent may not deposit letters for these regions.
        Invalid: unreadable communes (all are named), CPTS, themes, region or dates.
        TerritoryOverlap: a recognised CPTS holds some of it; all are named.
    """
    lock_registry(session)
    deposited_on = asked.deposited_on or today()
    rules.check_day(deposited_on, earliest=None, today=today(), member="deposited_on")
    _check_themes(session, asked.orientations)
    subject = Subject(asked.kind, asked.cpts, tuple(dict.fromkeys(asked.merged_cpts)))
    check_subject(session, subject)
    day = day_of_effect(asked.effective_on)
    held = territory_on(session, asked.cpts, day) if asked.by_difference and asked.cpts else ()
    read = read_territory(session, asked, held, day)
    parts = parts_of(session, subject, read.communes, day)
    regions = repository.regions_by_inhabitants(session, parts, day)
    rules.check_may_deposit(agent, regions)
    _check_own(session, agent, subject)
    _check_lead_region(asked.lead_region, regions)
    rules.check_lead(agent, regions[0], asked.lead_region or regions[0])
    check_not_blocked(session, subject, parts, day)
    contact = asked.contact or schemas.Contact()
    letter_id = repository.insert_letter(
        session,
        {
            "name": asked.name,
            "kind": asked.kind,
            "contact_name": contact.name,
            "contact_email": contact.email,
            "contact_phone": contact.phone,
            "documents": asked.documents,
            "deposited_on": deposited_on,
            "effective_on": asked.effective_on,
            "lead_region": asked.lead_region or regions[0],
            "lead_region_corrected": asked.lead_region is not None,
            "subject_cpts_id": asked.cpts,
            "created_by": agent.token_id,
        },
    )
    repository.put_parts(session, letter_id, parts)
    repository.put_themes(session, letter_id, asked.orientations)
    repository.put_absorbed(session, letter_id, subject.absorbed)
    repository.record_event(
        session,
        letter_id,
        "deposited",
        agent,
        state=State.DEPOSITED,
        occurred_on=deposited_on,
        note=asked.note,
    )
    bring_in_line(session, [letter_id], agent, day=today())
    return Deposited(letter_id, read.readings)


def correct(
    session: WritingSession, letter_id: int, patch: schemas.LetterPatch, agent: Agent
) -> None:
    """Correct what a letter says, but for its territory; members left out stay.

    Contact and documents may be corrected at any time, so that personal data can be put
    right or taken out; the rest as long as the letter is pending.

    Raises:
        NotFound, Forbidden, Invalid: as for `deposit`.
        LetterClosed: another member of a letter that is not pending.
    """
    letter = open_for_change(session, letter_id)
    check_may(Action.CORRECT, agent, letter)
    given = patch.model_fields_set - {"note"}
    if given - {"contact", "documents"}:
        check_pending(letter)
    values: dict[str, Any] = {}
    if "name" in given:
        if patch.name is None:
            raise Invalid.at("body", "name", message="Le nom ne peut pas être vide.")
        values["name"] = patch.name
    if "contact" in given:
        contact = patch.contact or schemas.Contact()
        values |= {
            "contact_name": contact.name,
            "contact_email": contact.email,
            "contact_phone": contact.phone,
        }
    if "documents" in given:
        values["documents"] = patch.documents or []
    if "effective_on" in given:
        values["effective_on"] = patch.effective_on
    if "lead_region" in given:
        if agent.reach("letters.handle") == "own":
            rules.check_may_conciliate(agent, letter.regions)
        _check_lead_region(patch.lead_region, letter.regions)
        lead = patch.lead_region or letter.regions[0]
        rules.check_lead(agent, letter.lead_region, lead)
        values["lead_region"] = lead
        values["lead_region_corrected"] = patch.lead_region is not None
    if "orientations" in given:
        _check_themes(session, patch.orientations or [])
        repository.put_themes(session, letter_id, patch.orientations or [])
    repository.update_letter(session, letter_id, values)
    # Of personal data the timeline keeps that it changed, never what it was.
    details = {"members": sorted(given)}
    record(session, letter, "corrected", agent, note=patch.note, details=details)
    if "effective_on" in given:
        _check_still_free(session, letter_id)
        bring_in_line(session, [letter_id], agent, day=today(), outcome=Outcome.SHARED_OUT)


def change_territory(
    session: WritingSession, letter_id: int, asked: schemas.LetterTerritory, agent: Agent
) -> Deposited:
    """Give a pending letter another territory; decisions on the old one lapse.

    Parameters: `asked`, the whole of it, or what is added to the one that the letter asks
    for so far and withdrawn from it.

    Raises:
        NotFound, Forbidden, Invalid, TerritoryOverlap: as for `deposit`.
        LetterClosed: the letter is not pending.
    """
    letter = open_for_change(session, letter_id)
    check_may(Action.TERRITORY, agent, letter)
    so_far = letter.communes(rules.Part.ASKED, rules.Part.KEPT)
    read = read_territory(session, asked, so_far, day_of_effect(letter.effective_on))
    put_territory(session, letter, read.communes, agent, note=asked.note)
    # The new territory may have left the agent's region.
    check_may(Action.TERRITORY, agent, open_for_change(session, letter_id))
    bring_in_line(session, [letter_id], agent, day=today(), outcome=Outcome.SHARED_OUT)
    return Deposited(letter_id, read.readings)


def put_territory(
    session: WritingSession,
    letter: StoredLetter,
    communes: Collection[str],
    agent: Agent,
    *,
    note: str | None = None,
) -> None:
    """Write the territory of a pending letter, without touching conciliations.

    Raises:
        Invalid, TerritoryOverlap: as for `deposit`.
    """
    subject = Subject(letter.kind, letter.subject_cpts_id, letter.absorbed)
    day = day_of_effect(letter.effective_on)
    parts = parts_of(session, subject, communes, day)
    regions = repository.regions_by_inhabitants(session, parts, day)
    check_not_blocked(session, subject, parts, day)
    if parts == letter.parts:
        return
    repository.put_parts(session, letter.id, parts)
    kept = letter.lead_region_corrected and letter.lead_region in regions
    lead = letter.lead_region if kept else regions[0]
    rules.check_lead(agent, letter.lead_region, lead)
    repository.update_letter(
        session, letter.id, {"lead_region": lead, "lead_region_corrected": kept}
    )
    details = _difference(letter.parts, parts)
    lapsed = repository.drop_positions(session, letter.id, DECIDING)
    if lapsed:
        details["lapsed_decisions"] = lapsed
    record(session, letter, "territory", agent, note=note, details=details)


def withdraw(
    session: WritingSession, letter_id: int, withdrawal: schemas.Withdrawal, agent: Agent
) -> None:
    """Take a pending letter back; a conciliation that it leaves alone ends.

    Raises:
        NotFound, Forbidden, Invalid, LetterClosed: as for `decide`.
    """
    letter = open_for_change(session, letter_id)
    check_may(Action.WITHDRAW, agent, letter)
    day = withdrawal.withdrawn_on or today()
    rules.check_day(day, earliest=letter.deposited_on, today=today(), member="withdrawn_on")
    close_letter(session, letter, State.WITHDRAWN, agent, day=day, note=withdrawal.note)
    bring_in_line(session, [letter_id], agent, day=today())


def conciliate(session: WritingSession, letter_id: int, agent: Agent) -> None:
    """Bring a letter's conciliation in line with the registry of now.

    One opens with a dynamic noted since; one ends whose dynamic has gone.

    Raises:
        NotFound, Forbidden, LetterClosed: as for `decide`.
        NothingInDispute: nobody else asks for its communes, or all is settled.
    """
    letter = open_for_change(session, letter_id)
    check_may(Action.CONCILIATE, agent, letter)
    bring_in_line(session, [letter_id], agent, day=today())
    after = open_for_change(session, letter_id)
    if State.IN_CONCILIATION not in (letter.state, after.state):
        raise NothingInDispute("Personne d'autre ne demande ces communes.")


def close_letter(
    session: WritingSession,
    letter: StoredLetter,
    state: State,
    agent: Agent,
    *,
    day: date,
    note: str | None = None,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Refuse or withdraw a letter, without touching conciliations."""
    repository.update_letter(session, letter.id, {"state": state, "closed_on": day})
    repository.record_event(
        session,
        letter.id,
        "refused" if state == State.REFUSED else "withdrawn",
        agent,
        state=state,
        occurred_on=day,
        note=note,
        details=details,
    )


def open_for_change(session: WritingSession, letter_id: int) -> StoredLetter:
    """Lock the registry and read a letter as it stands.

    Raises:
        NotFound: no such letter.
    """
    lock_registry(session)
    letter = repository.read_letter(session, letter_id, today())
    if letter is None:
        raise no_such_letter(letter_id)
    return letter


def _check_still_free(session: WritingSession, letter_id: int) -> None:
    letter = open_for_change(session, letter_id)
    subject = Subject(letter.kind, letter.subject_cpts_id, letter.absorbed)
    check_not_blocked(session, subject, letter.parts, day_of_effect(letter.effective_on))


def _check_own(session: WritingSession, agent: Agent, subject: Subject) -> None:
    if subject.cpts is not None:
        named = living_cpts(session, subject.cpts)
        rules.check_is_own(agent, named.id, named.created_by)


def _check_lead_region(lead: str | None, regions: Collection[str]) -> None:
    if lead is not None and lead not in regions:
        raise Invalid.at(
            "body",
            "lead_region",
            message="La région qui instruit est l'une de celles du territoire.",
            accepted=list(regions),
        )


def _check_themes(session: WritingSession, themes: Collection[str]) -> None:
    known = repository.theme_slugs(session)
    unknown = [slug for slug in themes if slug not in known]
    if unknown:
        raise Invalid.at(
            "body",
            "orientations",
            message="Thématiques inconnues : " + ", ".join(unknown)[:200] + ".",
            accepted=known,
        )


def _difference(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, Any]:
    def territory(parts: Mapping[str, str]) -> set[str]:
        return {code for code, part in parts.items() if part != rules.Part.WITHDRAWN}

    old, new = territory(before), territory(after)
    return {"added": sorted(new - old), "removed": sorted(old - new)}


def record(
    session: WritingSession,
    letter: StoredLetter,
    action: str,
    agent: Agent,
    *,
    occurred_on: date | None = None,
    note: str | None = None,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Write an entry of the timeline that leaves the letter's state as it is."""
    repository.record_event(
        session,
        letter.id,
        action,
        agent,
        state=letter.state,
        occurred_on=occurred_on or today(),
        note=note,
        details=details,
    )
